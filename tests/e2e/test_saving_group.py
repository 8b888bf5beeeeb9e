"""A full calibration saves what its checks find in groups: one question, one SAVE_CONFIG, one restart."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import finding
from tests.e2e.configured import pending, setting, shown_after
from tests.e2e.cutting import CuttingProxy
from tests.e2e.finding import calibrate, change, session
from tests.e2e.simulated import PrinterSim, Starter
from zcal_tui.headless.exit_codes import ExitCode, of_record
from zcal_tui.model.questions import Choose, Confirm
from zcal_tui.model.record import DID_NOT_START, SAVE, Level, Outcome, Record
from zcal_tui.results.store import read_run
from zcal_tui.session.session import Session

FOUND = {
    "probe-xy": (change("probe", "y_offset", "24.80", "25"),),
    "accuracy": (change("zcal", "z_backlash", "0.01200"),),
}
"""No check needs the other's value: both are saved at the end."""


@pytest.fixture(scope="module")
def shared(module_printer_sim: Starter) -> PrinterSim:
    return module_printer_sim("corexy")


@pytest.fixture
def proxied(shared: PrinterSim) -> Iterator[CuttingProxy]:
    """A link to the shared printer that can be cut."""
    path = shared.config.parents[1] / "comms" / "cut.sock"
    proxy = CuttingProxy(path, shared.klippy)
    yield proxy
    proxy.close()
    path.unlink()


def all_of_it(_: Session, question: Any) -> Any:
    return "save" if isinstance(question, Choose) else True


def saves(done: finding.Saved) -> list[Record]:
    return [record for record in done.parts if record.check == SAVE]


@pytest.mark.core
def test_two_checks_values_are_written_with_one_restart(shared: PrinterSim, tmp_path: Path) -> None:
    before = shared.config.read_bytes()
    restarts = shared.log.count("Restarting printer")
    with session(shared.klippy, tmp_path) as opened:
        done = calibrate(opened, FOUND, all_of_it)
    assert [question.key for question in done.questions] == ["save"]
    assert done.states == ["saved", "saved"], done.told
    assert setting(shared, "probe", "y_offset") == 24.8
    assert setting(shared, "zcal", "z_backlash") == 0.012
    (saved,) = saves(done)
    assert saved.verdict is not None
    assert saved.verdict.summary == "Saved: y_offset 24.80, z_backlash 0.01200."
    assert shared.config.read_bytes() == shown_after(
        finding.Saved(saved, done.notices, done.questions), before
    )
    assert shared.log.count("Restarting printer") == restarts + 1
    assert pending(shared) == {}


def test_a_value_is_in_effect_before_the_check_that_needs_it(shared: PrinterSim, tmp_path: Path) -> None:
    seen: list[float] = []
    found = {
        "probe-xy": (change("probe", "x_offset", "0.50", "0"),),
        "z-offset": (change("probe", "z_offset", "1.520", "1.500"),),
    }
    with session(shared.klippy, tmp_path) as opened:
        looks = {"z-offset": lambda: seen.append(setting(shared, "probe", "x_offset"))}
        done = calibrate(opened, found, all_of_it, before=looks)
    assert seen == [0.5]
    assert done.states == ["saved", "saved"], done.told
    assert [[change.option for change in record.changes] for record in saves(done)] == [
        ["x_offset"],
        ["z_offset"],
    ]


def test_a_choice_and_a_no_leave_the_rest_alone(shared: PrinterSim, tmp_path: Path) -> None:
    before = shared.config.read_bytes()
    found = {
        "probe-xy": (change("probe", "y_offset", "24.70"),),
        "accuracy": (change("zcal", "z_backlash", "0.01300"),),
    }

    def chosen(_: Session, question: Any) -> Any:
        if isinstance(question, Choose):
            return "choose"
        return question.key == "save" or "z_backlash" in question.text

    with session(shared.klippy, tmp_path) as opened:
        assert calibrate(opened, found, lambda *_: "none").states == ["declined"] * 2
        assert shared.config.read_bytes() == before
        assert pending(shared) == {}
        done = calibrate(opened, found, chosen)
    assert done.states == ["declined", "saved"], done.told
    assert setting(shared, "probe", "y_offset") == 24.8
    assert setting(shared, "zcal", "z_backlash") == 0.013


def test_a_link_cut_before_save_config_ends_the_calibration_with_all_of_it_named(
    shared: PrinterSim, proxied: CuttingProxy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zcal_tui.session.saving.saver.LOST_AFTER", 3.0)
    left = ["cut"]
    proxied.rule = lambda piece: left.pop() if left and b"SAVE_CONFIG" in piece else "pass"
    found = {
        "probe-xy": (change("probe", "y_offset", "24.60"),),
        "accuracy": (change("zcal", "z_backlash", "0.01400"),),
    }
    with session(str(proxied.path), tmp_path) as opened:
        done = calibrate(opened, found, all_of_it)
    assert proxied.acted.is_set()
    assert [question.key for question in done.questions] == ["save", "discard-pending"], done.told
    assert done.states == ["proposed", "proposed"]
    assert done.record.problem is not None
    assert "discarded" in done.record.problem.remedy
    assert of_record(done.record) is ExitCode.PRINTER_ERROR
    assert pending(shared) == {}


def test_a_killed_calibration_has_staged_nothing_and_is_resumed_with_its_values(
    shared: PrinterSim, tmp_path: Path
) -> None:
    program = subprocess.Popen(
        [
            *(sys.executable, finding.__file__, shared.klippy, str(tmp_path), "all-asking"),
            *("probe-xy=probe=y_offset=24.50", "accuracy=zcal=z_backlash=0.01500"),
        ],
        stdout=subprocess.DEVNULL,
    )
    finding.wait_until(lambda: list(tmp_path.rglob("*-save.jsonl")))
    (whole,) = tmp_path.rglob("*-all.jsonl")
    (save,) = tmp_path.rglob("*-save.jsonl")
    finding.wait_until(lambda: b'"key": "save"' in save.read_bytes())
    os.kill(program.pid, signal.SIGKILL)
    program.wait(10)
    assert pending(shared) == {}
    kept = read_run(whole)
    assert [(found.option, found.state) for found in kept.record.changes] == [
        ("y_offset", "proposed"),
        ("z_backlash", "proposed"),
    ]
    found = {"probe-xy": (), "accuracy": ()}
    with session(shared.klippy, tmp_path) as opened:
        finding.wait_until(lambda: opened.snapshot.interrupted)
        (interrupted,) = opened.snapshot.interrupted
        done = calibrate(opened, found, all_of_it, resume=interrupted)
        assert opened.snapshot.interrupted == ()
    assert done.states == ["saved", "saved"], done.told
    assert [record.check for record in done.parts] == [SAVE], "what was measured is not measured again"
    assert setting(shared, "probe", "y_offset") == 24.5


def test_a_calibration_killed_between_staging_and_saving_is_resumed_with_what_is_pending(
    shared: PrinterSim, proxied: CuttingProxy, tmp_path: Path
) -> None:
    proxied.rule = lambda piece: "hold" if b"SAVE_CONFIG" in piece else "pass"
    program = subprocess.Popen(
        [
            *(sys.executable, finding.__file__, str(proxied.path), str(tmp_path), "all"),
            *("probe-xy=probe=y_offset=24.40", "accuracy=zcal=z_backlash=0.01600"),
        ],
        stdout=subprocess.DEVNULL,
    )
    assert proxied.acted.wait(60)
    os.kill(program.pid, signal.SIGKILL)
    program.wait(10)
    both = {"probe": {"y_offset": "24.400"}, "zcal": {"z_backlash": "0.01600"}}
    assert pending(shared) == both
    (save,) = tmp_path.rglob("*-save.jsonl")
    assert [found.state for found in read_run(save).record.changes] == ["staged", "staged"]
    with session(shared.klippy, tmp_path) as opened:
        finding.wait_until(lambda: opened.snapshot.interrupted)
        (interrupted,) = opened.snapshot.interrupted
        done = calibrate(opened, {"probe-xy": (), "accuracy": ()}, all_of_it, resume=interrupted)
    assert "Pending in Klipper, not written yet" in done.told, "what is pending is named before it is written"
    assert done.states == ["saved", "saved"], done.told
    assert pending(shared) == {}
    assert setting(shared, "probe", "y_offset") == 24.4


def test_a_klippy_that_does_not_start_fails_the_calibration(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    printer.config.write_bytes(printer.config.read_bytes() + b"\n[fan_of_nothing]\nspeed: 1\n")

    def yes_but_leave_it(_: Session, question: Any) -> Any:
        return all_of_it(_, question) if question.key != "restore-backup" else False

    with session(printer.klippy, tmp_path) as opened:
        done = calibrate(opened, {**FOUND, "temperature": ()}, yes_but_leave_it)
    assert [question.key for question in done.questions] == ["save", "restore-backup"]
    assert isinstance(done.questions[1], Confirm)
    assert done.record.outcome is Outcome.FINISHED
    assert done.record.verdict is not None and done.record.verdict.level is Level.FAIL
    assert done.record.problem is not None and done.record.problem.key == DID_NOT_START
    assert of_record(done.record) is ExitCode.VERDICT_FAIL
