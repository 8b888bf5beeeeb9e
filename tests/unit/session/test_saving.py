"""Saving on a printer that misbehaves: what must not be staged is not, what is staged is not left unsaid."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from fakes.klippy import FakeKlippy
from fakes.machine import Machine, Refused
from zcal_tui.checks.base import CheckCancelled
from zcal_tui.model.events import ChangesUpdated, Event, Notice
from zcal_tui.model.questions import Choose, Confirm, JogMove, JogStep, PaperMove, PaperStep
from zcal_tui.model.record import Change, Problem
from zcal_tui.printer.config_files import ConfigText, ConfigUnreadable
from zcal_tui.printer.interface import INTERFACE
from zcal_tui.printer.printer import Printer
from zcal_tui.session import save_words, saving
from zcal_tui.session.saving import Saver
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.opening import open_transport

FOUND = Change("probe", "z_offset", "1.500", "1.520", saves=True)


class NoFiles:
    """A printer whose files this program cannot read."""

    async def read(self) -> ConfigText:
        raise ConfigUnreadable("They are elsewhere.")

    async def backups(self) -> frozenset[str]:
        raise ConfigUnreadable("They are elsewhere.")


class Person:
    """Answers questions by their keys; None cancels."""

    present = True

    def __init__(self, **answers: bool | None) -> None:
        self._answers = answers
        self.asked: list[Confirm] = []
        self.before: Callable[[], None] = lambda: None

    async def confirm(self, question: Confirm) -> bool:
        self.asked.append(question)
        self.before()
        answer = self._answers[question.key.replace("-", "_")]
        if answer is None:
            raise CheckCancelled
        return answer

    async def choose(self, question: Choose) -> str:
        raise AssertionError(question)

    async def paper(self, question: PaperStep) -> PaperMove:
        raise AssertionError(question)

    async def jog(self, question: JogStep) -> JogMove:
        raise AssertionError(question)


class Klipper:
    """What the fake machine does with staged values: klippy's part of saving, and its failures."""

    def __init__(self, machine: Machine, server: FakeKlippy) -> None:
        self.machine = machine
        self.server = server
        self.saved = 0
        self.refusal = ""
        self.forgets = False
        """Whether the restart comes back with the old values."""
        self.stages: Callable[[float], float] = lambda value: value
        self.reads: Callable[[str], object] = float
        machine.objects["zcal"] = {"version": ".".join(map(str, INTERFACE)), "unavailable": {}}
        machine.handlers |= {
            "ZCAL_STAGE": self._stage,
            "SAVE_CONFIG": self._save,
            "SET_GCODE_OFFSET": self._offset,
            "Z_OFFSET_APPLY_PROBE": self._apply,
        }

    @property
    def pending(self) -> dict[str, Any]:
        items: dict[str, Any] = self.machine.objects["configfile"]["save_config_pending_items"]
        return items

    def without_extra(self) -> None:
        del self.machine.objects["zcal"]
        self.machine.objects["gcode"]["commands"]["Z_OFFSET_APPLY_PROBE"] = {}

    def set_pending(self, section: str, option: str, value: str) -> None:
        items = {**self.pending, section: {**self.pending.get(section, {}), option: value}}
        self.machine.change("configfile", save_config_pending=True, save_config_pending_items=items)

    async def _stage(self, parameters: dict[str, str]) -> None:
        section = parameters["SECTION"].strip('"')
        value = self.stages(float(parameters["VALUE"]))
        self.set_pending(section, parameters["OPTION"], f"{value:.3f}")

    async def _offset(self, parameters: dict[str, str]) -> None:
        self.machine.change("gcode_move", homing_origin=[0.0, 0.0, float(parameters["Z"]), 0.0])

    async def _apply(self, parameters: dict[str, str]) -> None:
        offset = self.machine.objects["gcode_move"]["homing_origin"][2]
        self.set_pending("probe", "z_offset", f"{self.stages(1.5 - offset):.3f}")

    async def _save(self, parameters: dict[str, str]) -> None:
        if self.refusal:
            raise Refused(self.refusal)
        self.saved += 1
        self._restart()

    def _restart(self) -> None:
        configfile = self.machine.objects["configfile"]
        if not self.forgets:
            for section, options in self.pending.items():
                settings = configfile["settings"].setdefault(section.lower(), {})
                settings.update({option: self.reads(value) for option, value in options.items()})
        self.machine.objects["webhooks"] = {"state": "startup", "state_message": "Printer is not ready"}

        def leave() -> None:
            configfile.update(save_config_pending=False, save_config_pending_items={})
            self.server.drop_clients()

        asyncio.get_running_loop().call_later(0.05, leave)
        asyncio.get_running_loop().call_later(0.1, self.machine.come_back)


@dataclass
class Outcome:
    """What came of it."""

    problem: Problem | None
    changes: tuple[Change, ...]
    notices: list[str] = field(default_factory=list)
    asked: list[Confirm] = field(default_factory=list)

    @property
    def state(self) -> str:
        return self.changes[0].state

    @property
    def told(self) -> str:
        problem = self.problem
        words = [] if problem is None else [problem.what, problem.cause, problem.remedy]
        return "\n".join([*self.notices, *words])


TAKEN = {"holder": "another program", "until": 99.0, "holds": []}
"""The lease, as another program's."""


@pytest.fixture
def klipper(machine: Machine, klippy: FakeKlippy) -> Klipper:
    return Klipper(machine, klippy)


@pytest.fixture
async def printer(klippy: FakeKlippy) -> AsyncIterator[Printer]:
    transport = open_transport(SocketAddress(klippy.path))
    await transport.connect()
    followed = Printer(transport)
    yield followed
    await followed.close()
    await transport.close()


async def save(
    printer: Printer,
    person: Person | None = None,
    *changes: Change,
    policy: Any = "ask",
    cancelled: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Save as a run does at its end."""
    await printer.start()
    person = person or Person(save=True, discard_pending=False)
    now = changes or (FOUND,)
    notices: list[str] = []

    def emit(event: Event) -> None:
        nonlocal now
        match event:
            case ChangesUpdated(updated):
                now = updated
            case Notice(text):
                notices.append(text)

    saver = Saver(printer, person, NoFiles(), emit, cancelled, policy)
    problem = await saver.save(now)
    return Outcome(problem, now, notices, person.asked)


async def test_without_files_the_values_alone_are_shown(printer: Printer, klipper: Klipper) -> None:
    done = await save(printer)
    assert done.state == "saved", done.told
    assert klipper.saved == 1
    assert "They are elsewhere." in done.asked[0].detail
    assert "[probe] z_offset: 1.520 (was 1.500)" in done.asked[0].detail
    assert "printer-YYYYMMDD_HHMMSS.cfg" in done.told


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("print_stats", {"state": "printing"}, "print is running"),
        ("print_stats", {"state": "paused"}, "print is paused"),
        ("manual_probe", {"is_active": True}, "manual probe"),
        ("webhooks", {"state": "shutdown", "state_message": "Lost\nPrinter is shutdown"}, "not ready"),
        ("zcal", {"lease": TAKEN}, "under the control of another program"),
    ],
)
@pytest.mark.parametrize("when", ["before", "while asked"])
async def test_it_does_not_save_over_what_goes_on(
    name: str, fields: dict[str, Any], words: str, when: str, printer: Printer, klipper: Klipper
) -> None:
    klipper.machine.objects.setdefault("zcal", {})
    person = Person(save=True)
    if when == "before":
        klipper.machine.objects[name].update(fields)
    else:
        person.before = lambda: klipper.machine.change(name, **fields)
    done = await save(printer, person)
    assert done.state == "proposed"
    assert len(done.asked) == (0 if when == "before" else 1)
    assert words in done.told
    assert "[probe] z_offset: 1.520" in done.told
    assert klipper.pending == {}
    assert klipper.saved == 0


async def test_a_cancel_after_the_yes_still_counts(printer: Printer, klipper: Klipper) -> None:
    done = await save(printer, cancelled=lambda: True)
    assert done.state == "proposed"
    assert "cancelled" in done.told
    assert klipper.pending == {}


async def test_only_what_is_proposed_and_can_be_written(printer: Printer, klipper: Klipper) -> None:
    lines = Change("probe", "samples", "1", "3")
    before = Change("probe", "x_offset", "1", "2", state="declined", saves=True)
    done = await save(printer, None, lines, before)
    assert done.changes == (lines, before)
    assert done.asked == []
    odd = Change("probe", "samples", "1", "3", saves=True)
    done = await save(printer, None, odd)
    assert done.state == "proposed"
    assert "samples is not one of the values" in done.told
    assert klipper.machine.scripts == []


async def test_a_build_that_stages_with_the_wrong_sign_is_not_saved(
    printer: Printer, klipper: Klipper
) -> None:
    klipper.without_extra()
    klipper.stages = lambda value: 3.0 - value  # the correction added the wrong way
    klipper.machine.objects["gcode_move"]["homing_origin"] = [0.0, 0.0, 0.1, 0.0]
    done = await save(printer)
    assert [question.key for question in done.asked] == ["save", "discard-pending"]
    assert klipper.saved == 0
    assert klipper.machine.objects["gcode_move"]["homing_origin"][2] == 0.1
    assert klipper.pending == {"probe": {"z_offset": "1.480"}}
    assert "was staged as 1.480" in done.told
    assert "Pending in Klipper now: [probe] z_offset: 1.480" in done.told
    assert "RESTART discards it" in done.told


async def test_the_offset_is_put_back_where_klipper_does_not_apply_it(
    printer: Printer, klipper: Klipper
) -> None:
    klipper.without_extra()

    async def refuse(_: dict[str, str]) -> None:
        raise Refused("Must home first")

    klipper.machine.handlers["Z_OFFSET_APPLY_PROBE"] = refuse
    klipper.machine.objects["gcode_move"]["homing_origin"] = [0.0, 0.0, 0.1, 0.0]
    done = await save(printer)
    assert done.state == "proposed"
    assert "nothing is pending" in done.told
    assert klipper.machine.objects["gcode_move"]["homing_origin"][2] == 0.1


async def test_what_is_left_pending_is_discarded_with_a_yes(printer: Printer, klipper: Klipper) -> None:
    klipper.refusal = "Unable to write config file during SAVE_CONFIG"
    klipper.set_pending("probe", "x_offset", "9.000")
    klipper.server.after["gcode/restart"] = lambda: klipper.machine.objects["configfile"].update(
        save_config_pending=False, save_config_pending_items={}
    )
    done = await save(printer, Person(save=True, discard_pending=True))
    assert "[probe] x_offset: 9.000" in done.asked[0].detail
    assert "[probe] x_offset: 9.000" in done.asked[1].detail
    assert done.state == "proposed"
    assert "discarded" in done.told
    assert "could not write" in done.told


async def test_a_cancel_at_the_second_question_leaves_it_said(printer: Printer, klipper: Klipper) -> None:
    klipper.refusal = "Unable to write config file during SAVE_CONFIG"
    done = await save(printer, Person(save=True, discard_pending=None))
    assert done.state == "staged"
    assert "Pending in Klipper now: [probe] z_offset: 1.520" in done.told


async def test_a_value_that_does_not_come_back_is_a_problem(printer: Printer, klipper: Klipper) -> None:
    klipper.forgets = True
    done = await save(printer)
    assert klipper.saved == 1
    assert done.state == "staged"
    assert done.problem is not None
    assert "does not read what was saved" in done.problem.what
    assert "Klipper reads 1.5" in done.problem.cause


async def test_a_klippy_that_halts_on_the_way_has_dropped_what_it_was_given(
    printer: Printer, klipper: Klipper
) -> None:
    async def halt(_: dict[str, str]) -> None:
        klipper.machine.halt("MCU 'mcu' shutdown: Timer too close")
        raise Refused("MCU 'mcu' shutdown: Timer too close\nPrinter is shutdown")

    klipper.machine.handlers["ZCAL_STAGE"] = halt
    done = await save(printer)
    assert done.state == "proposed"
    assert done.problem is not None
    assert "halted" in done.problem.what
    assert "Timer too close" in done.problem.raw


async def test_a_printer_that_stays_away_may_have_it_pending(
    printer: Printer, klipper: Klipper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "LINK_PATIENCE", 0.5)

    async def vanish(parameters: dict[str, str]) -> None:
        await stage(parameters)
        await klipper.server.stop()

    stage = klipper.machine.handlers["ZCAL_STAGE"]
    klipper.machine.handlers["ZCAL_STAGE"] = vanish
    done = await save(printer)
    assert done.state == "staged"
    assert "may be pending" in done.told
    assert "RESTART discards it" in done.told


TABLE = "\n0.050000:3000.000,0.090000:2800.000,\n0.130000:2640.000"
OWN = Change("probe", "calibrate", None, TABLE, state="staged", saves=True)


def staged_by_klipper(klipper: Klipper) -> None:
    """As a command of its own leaves it; a restart drops it."""
    klipper.set_pending("probe", "calibrate", TABLE)

    def restart() -> None:
        klipper.machine.objects["configfile"].update(save_config_pending=False, save_config_pending_items={})

    klipper.server.after["gcode/restart"] = restart


async def test_what_klipper_has_staged_itself_is_saved_as_it_is(printer: Printer, klipper: Klipper) -> None:
    staged_by_klipper(klipper)
    klipper.reads = str
    done = await save(printer, None, OWN)
    assert done.state == "saved", done.told
    assert "calibrate: 2 lines" in done.asked[0].detail
    assert not any("ZCAL_STAGE" in script for script in klipper.machine.scripts)


@pytest.mark.parametrize(
    ("answer", "policy", "change"),
    [
        (False, "ask", OWN),
        (None, "ask", OWN),
        (True, "never", OWN),
        (True, "ask", replace(OWN, saves=False)),
    ],
    ids=["no", "cancel", "never", "not for saving"],
)
async def test_what_klipper_has_staged_itself_is_discarded_otherwise(
    printer: Printer, klipper: Klipper, answer: bool | None, policy: str, change: Change
) -> None:
    staged_by_klipper(klipper)
    done = await save(printer, Person(save=answer), change, policy=policy)
    assert done.state == "declined"
    assert klipper.pending == {}
    assert klipper.saved == 0
    assert "Discarded by a RESTART: [probe] calibrate: 2 lines" in done.told


async def test_it_is_discarded_without_a_question_where_save_config_refuses(
    printer: Printer, klipper: Klipper
) -> None:
    staged_by_klipper(klipper)
    klipper.refusal = "Unable to write config file during SAVE_CONFIG"
    done = await save(printer, None, OWN)
    assert [question.key for question in done.asked] == ["save"]
    assert klipper.pending == {}
    assert "What was pending is discarded" in done.told


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("print_stats", {"state": "printing"}, "a print was started"),
        ("zcal", {"lease": TAKEN}, "another program has taken over the printer"),
    ],
)
async def test_a_print_or_another_program_is_not_restarted_away(
    name: str, fields: dict[str, Any], words: str, printer: Printer, klipper: Klipper
) -> None:
    staged_by_klipper(klipper)
    klipper.machine.objects.setdefault("zcal", {})
    person = Person(save=True)
    person.before = lambda: klipper.machine.change(name, **fields)
    done = await save(printer, person, OWN)
    assert done.state == "staged"
    assert set(klipper.pending) == {"probe"}
    assert f"not restarted: {words}" in done.told


async def test_what_klipper_has_dropped_meanwhile_is_not_saved(printer: Printer, klipper: Klipper) -> None:
    done = await save(printer, None, OWN)
    assert done.asked == []
    assert done.state == "declined"
    assert "dropped or replaced" in done.told
    assert klipper.saved == 0


async def test_a_sections_capitals_are_kept(printer: Printer, klipper: Klipper) -> None:
    klipper.machine.objects["configfile"]["config"] = {"dockable_probe Mine": {"x_offset": "1.0"}}
    klipper.machine.objects["configfile"]["settings"]["dockable_probe mine"] = {"x_offset": 1.0}
    done = await save(printer, None, Change("dockable_probe mine", "x_offset", "1.000", "2.000", saves=True))
    assert done.state == "saved", done.told
    assert done.changes[0].section == "dockable_probe Mine"
    assert any('SECTION="dockable_probe Mine"' in script for script in klipper.machine.scripts)


def test_long_runs_of_a_diff_are_cut() -> None:
    rows = ["@@", *(f"-{n}" for n in range(40)), "+a", "+b", " end"]
    shown = list(save_words.shortened(rows))
    assert shown[:4] == ["@@", "-0", "-1", "-2"]
    assert shown[4] == "- … 34 more lines …"
    assert shown[5:] == ["-37", "-38", "-39", "+a", "+b", " end"]
    assert list(save_words.shortened(rows[30:])) == rows[30:]
