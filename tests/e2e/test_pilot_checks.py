"""Each check in the terminal interface, on a real klippy, to its verdict: by a person who reads the screen and presses
keys. What is found is compared with what is so."""

import asyncio
import json
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Button

from campaigns.comparison import compare
from campaigns.machine_truth import MachineTruth
from campaigns.random_truths import as_toml
from tests.e2e.pilotperson import PilotPerson, at_the_program
from zcal_tui.model.policy import SavePolicy
from zcal_tui.model.record import Level, Outcome, Record
from zcal_tui.session.snapshot import ConsoleLine
from zcal_tui.session.target import DemoOptions
from zcal_tui.sim.profile import load_profile
from zcal_tui.tui.screens.verdict import VerdictScreen

CORE = ("accuracy", "z-offset")
"""The checks that are tested on each Klipper."""
PROFILE = "voron"
"""The one printer that every check applies to."""
SPEED = 40.0
LIMIT = 240.0

QUICK: Mapping[str, Mapping[str, float]] = {
    "probe": {"thermal_lag": 20.0, "switch_offset": 0.5, "outlier_rate": 0.0, "noise": 0.001},
    "bed": {"growth_lag": 15.0, "bowl_growth": 0.0},
    "frame": {"growth": 0.0},
    "heater_bed": {"capacity": 200.0},
    "z_endstop": {"noise": 0.0005},
    "person": {"sigma": 0.002, "eye": 0.03},
}
"""A printer that is warm through within minutes, and whose switch_offset is configured as it is. Probe and person
scatter so little that what is found is near the truth, and intervals hold it, whatever the random seed."""


APART = {"y_offset": 21.5, "z_offset": 6.3}
"""True values that differ from the configured ones by more than one measurement's error."""


@dataclass(frozen=True)
class Case:
    """A check as it is run here: short, and what has to come of it."""

    check: str
    found: Mapping[str, float | None] = field(default_factory=dict)
    """Estimates that are compared with the truth, and how far off they may be in mm; None: the interval holds it."""
    save: SavePolicy = "never"
    saved: str = ""
    """The option that the person agrees to save."""
    screens: frozenset[str] = frozenset()
    """Screens that have to come up on the way."""
    told: tuple[str, ...] = ()
    """Words that have to be seen on the way."""
    parameters: Mapping[str, Any] = field(default_factory=dict)


CASES = (
    Case("ready", screens=frozenset({"QuestionModal"}), told=("Home all axes now?",)),
    Case(
        "probe-xy",
        {"x_offset": None, "y_offset": None},
        save="ask",
        saved="y_offset",
        screens=frozenset({"QuestionModal", "JogScreen"}),
        told=("Mark the tape", "behind the nozzle"),
    ),
    Case(
        "z-offset",
        {"z_offset": None},
        save="ask",
        saved="z_offset",
        screens=frozenset({"QuestionModal", "PaperScreen"}),
        told=("◇ expected", "paper"),
        parameters={"repeats": 2, "touches": 5},
    ),
    Case("accuracy", {"sigma": 0.0012}, told=("25 µm limit", "range of ten")),
    Case(
        "bias",
        {"spread": None},
        screens=frozenset({"PaperScreen"}),
        told=("Samples so far",),
        parameters={"points": 2, "touches": 3, "max_rounds": 2},
    ),
    Case(
        "temperature",
        {"shift": 0.01},
        told=("Height over minutes",),
        parameters={"baseline": 1.0, "soak": 2.5, "back": 3.0, "every": 15.0, "touches": 3},
    ),
    Case(
        "backlash",
        {"backlash_upper_bound": None, "backlash_spread": 0.002},
        told=("over the bed",),
        parameters={"iterations": 2, "rounds": 2},
    ),
    Case(
        "auto-z",
        {"offset, switch_offset aside": 0.01},
        told=("switch_offset",),
        parameters={"repeats": 2, "endstop_touches": 5},
    ),
    Case(
        "first-layer",
        {"adjustment": None},
        screens=frozenset({"ChooseModal", "PaperScreen"}),
        told=("the nozzle",),
    ),
)


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, id=case.check, marks=[pytest.mark.core] if case.check in CORE else [])
        for case in CASES
    ],
)
async def test_a_check_goes_to_its_verdict_and_finds_what_is_so(case: Case, tmp_path: Path) -> None:
    document = _document()
    if case.saved:
        document["probe"][case.saved] = APART[case.saved]
    truth = tmp_path / "truth.toml"
    truth.write_text(as_toml(document))
    demo = DemoOptions(PROFILE, truth=str(truth), speed=SPEED)
    async with at_the_program(tmp_path, demo, case.check, case.parameters, save=case.save) as person:
        await person.press("enter")
        await person.walk("VerdictScreen", LIMIT)
        front = person.app.screen
        assert isinstance(front, VerdictScreen)
        record = front.record
        assert record.outcome is Outcome.FINISHED, record.problem
        assert record.verdict is not None
        assert record.verdict.level in (Level.PASS, Level.WARN, Level.UNKNOWN), record.verdict
        assert record.verdict.summary in person.words()
        assert not person.cut, person.cut[0]
        if case.saved:
            record = await _save(person)
        assert case.screens <= person.screens
        seen = " ".join(person.seen.split())
        assert [told for told in case.told if told not in seen] == []
        _assert_saved(case, record)
        await _assert_goes_on(person, case)
        contact = await _contact(person) if case.check in ("auto-z", "first-layer") else None
        with person.control() as control:
            assert control.request("report")["report"]["events"] == []
    _assert_true(case, _kept(tmp_path, record), MachineTruth(PROFILE, document), contact)


async def _save(person: PilotPerson) -> Record:
    """Save from the result; the result that is then shown."""
    assert "Save and restart" in person.words()
    assert person.session.snapshot.printer.save_config.pending is False
    await person.press("ctrl+s")
    await person.until(lambda: person.screen != "VerdictScreen")
    await person.walk("VerdictScreen", LIMIT)
    front = person.app.screen
    assert isinstance(front, VerdictScreen)
    return front.record


def _document() -> dict[str, Any]:
    path = load_profile(PROFILE).printer_cfg.parent / "truth.toml"
    document = tomllib.loads(path.read_text())
    del document["verdicts"]
    for section, values in QUICK.items():
        document[section] = {**document.get(section, {}), **values}
    return document


def _assert_saved(case: Case, record: Record) -> None:
    saved = {change.option for change in record.changes if change.state == "saved"}
    assert (case.saved in saved) if case.saved else not saved, (record.changes, record.verdict)


async def _assert_goes_on(person: PilotPerson, case: Case) -> None:
    """Repeat and the next check are offered, on buttons and on keys, and what was saved is named."""
    await person.until(lambda: person.app.app_state.can_start)
    await person.pilot.pause(0.3)
    buttons = {button.id: button for button in person.app.screen.query(Button)}
    assert not buttons["repeat"].disabled
    assert not buttons["next-check"].disabled
    assert str(buttons["next-check"].label).startswith("Continue")
    assert "r Repeat" in person.words() and "n Next check" in person.words()
    if case.saved:
        assert "Saved in printer.cfg" in person.words()


async def _contact(person: PilotPerson) -> float:
    """Toolhead Z, as Klipper counts, at which the nozzle touches the bed where it stands; reached from above."""
    person.session.send_gcode("G90\nG1 Z15 F600\nG1 Z10\nM400\nM118 there")
    await person.until(lambda: any("there" in line.text for line in _told(person)))
    at = await asyncio.to_thread(_position, person)
    with person.control() as control:
        report = control.request("report")["report"]
    return at - float(report["toolhead"][2]) + float(report["contact_z"])


def _told(person: PilotPerson) -> list[ConsoleLine]:
    return [line for line in person.session.snapshot.console if not line.sent]


def _position(person: PilotPerson) -> float:
    """Toolhead Z once the mirror has caught up with the last move."""
    end = time.monotonic() + 10.0
    wanted = 10.0 + person.session.snapshot.printer.homing_origin[2]
    while (at := person.session.snapshot.printer.position) is None or abs(at[2] - wanted) > 0.01:
        assert time.monotonic() < end, (at, wanted)
        time.sleep(0.05)
    return at[2]


def _kept(folder: Path, record: Record) -> dict[str, Any]:
    (path,) = folder.rglob(f"*{record.id}*.jsonl")
    kept: dict[str, Any] = json.loads(path.read_text().splitlines()[-1])
    assert kept["event"] == "record"
    return kept


def _assert_true(case: Case, record: dict[str, Any], truth: MachineTruth, contact: float | None) -> None:
    found = {one.name: one for one in compare([record], truth, contact)}
    assert case.found.keys() <= found.keys(), sorted(found)
    for name, near in case.found.items():
        right = found[name].inside if near is None else abs(found[name].error) <= near
        assert right, found[name]
