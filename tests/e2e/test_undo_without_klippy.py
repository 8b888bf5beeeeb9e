"""Undoing a save with which Klipper does not start: printer.cfg itself is written, and Klipper starts."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import program
from tests.e2e.configured import setting, stock_cartesian
from tests.e2e.finding import Saved, change, find, session, undo
from tests.e2e.simulated import PrinterSim, Starter, wait_for_state
from zcal_tui.model.record import DID_NOT_START
from zcal_tui.printer.start_bounds import Bounds
from zcal_tui.session.session import Session

BAD = change("stepper_z", "position_endstop", "-0.101", "0.000")
EDIT = b"# edited after the save\n"


@pytest.fixture(scope="module")
def printer(module_printer_sim: Starter, tmp_path_factory: pytest.TempPathFactory) -> PrinterSim:
    return module_printer_sim(str(stock_cartesian(tmp_path_factory.mktemp("stock"))), moonraker=True)


@pytest.fixture(autouse=True)
def without_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if we did not know with which values this Klipper starts."""
    monkeypatch.setattr(Bounds, "problems", lambda *_: ())


def broken_by_a_save(printer: PrinterSim, opened: Session) -> bytes:
    """Save the value, leave the backup where it is, and edit the file once more. Returns it."""
    saved = find(opened, BAD, answers=lambda _, question: question.key != "restore-backup")
    assert saved.record.problem is not None and saved.record.problem.key == DID_NOT_START
    assert "`zcal-tui undo` puts the previous values back" in saved.record.problem.remedy
    wait_for_state(printer, "error").close()
    printer.config.write_bytes(EDIT + printer.config.read_bytes())
    return printer.config.read_bytes()


def is_back(printer: PrinterSim, broken: bytes, done: Saved) -> None:
    assert [question.key for question in done.questions] == ["undo-in-file"], done.told
    detail = done.questions[0].detail
    assert "must be between position_min and position_max" in detail
    assert "-#*# position_endstop = -0.101" in detail and "+#*# position_endstop = 0.000" in detail
    assert done.record.problem is None, done.told
    assert done.states == ["saved"]
    assert setting(printer, "stepper_z", "position_endstop") == 0.0
    assert printer.config.read_bytes().startswith(EDIT), "what was edited since stays"
    failed = list(printer.config.parent.glob("printer.cfg.failed-*"))
    assert [file.read_bytes() for file in failed] == [broken]
    for file in failed:
        file.unlink()


@pytest.mark.core
def test_on_the_printers_own_host(printer: PrinterSim, tmp_path: Path) -> None:
    with session(printer.klippy, tmp_path) as opened:
        broken = broken_by_a_save(printer, opened)

        def leave(_: Session, question: Any) -> bool:
            return False

        declined = undo(opened, leave)
        assert declined.states == ["declined"]
        assert printer.config.read_bytes() == broken, "a no writes nothing"
        is_back(printer, broken, undo(opened))


@pytest.mark.core
def test_over_moonrakers_file_server(printer: PrinterSim, tmp_path: Path) -> None:
    assert printer.moonraker is not None
    with session(printer.moonraker, tmp_path) as opened:
        broken = broken_by_a_save(printer, opened)
        is_back(printer, broken, undo(opened))


def test_on_the_command_line_with_a_printer_that_is_in_error_from_the_start(
    printer: PrinterSim, tmp_path: Path
) -> None:
    with session(printer.klippy, tmp_path) as opened:
        broken = broken_by_a_save(printer, opened)
    words = ("undo", "--printer", printer.klippy, "--json")
    never = subprocess.run(
        [*program.command(*words), "--save", "never"],
        env=program.environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=program.LONGEST,
    )
    assert printer.config.read_bytes() == broken
    assert "Nothing is written (--save never)." in never.stdout
    done = subprocess.run(
        [*program.command(*words), "--save", "always"],
        env=program.environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
        timeout=program.LONGEST,
    )
    assert done.returncode == 0, done.stderr
    record = json.loads(done.stdout.splitlines()[-1])
    assert [found["state"] for found in record["changes"]] == ["saved"]
    assert record["verdict"]["summary"] == "Klipper runs with the previous values: position_endstop 0.000."
    assert setting(printer, "stepper_z", "position_endstop") == 0.0
