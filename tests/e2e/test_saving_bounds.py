"""A save never leaves a Klipper that does not start, and never waits for one that does not restart."""

import shutil
import time
from pathlib import Path

import pytest

from tests.e2e.configured import BACKUP, PROFILES, pending, setting, shown_after, stock_cartesian
from tests.e2e.finding import change, find, session, undo
from tests.e2e.simulated import Starter
from zcal_tui.model.record import Level


@pytest.mark.core
def test_an_endstop_below_position_min_is_saved_with_both_lines(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim(str(stock_cartesian(tmp_path)))
    before = printer.config.read_bytes()
    found = change("stepper_z", "position_endstop", "-0.101", "0.000")
    with session(printer.klippy, tmp_path / "data") as opened:
        alone = find(opened, found, save="always", present=False)
        assert alone.states == ["proposed", "proposed"]
        assert "--save always does not give" in alone.told
        assert printer.config.read_bytes() == before
        assert pending(printer) == {}
        saved = find(opened, found)
        assert [question.key for question in saved.questions] == ["lower-position-min", "save"]
        assert saved.states == ["saved", "saved"], saved.told
        saved.questions.pop(0)
        assert printer.config.read_bytes() == shown_after(saved, before)
        assert setting(printer, "stepper_z", "position_endstop") == -0.101
        assert setting(printer, "stepper_z", "position_min") == -0.601
        back = undo(opened)
        assert [question.key for question in back.questions] == ["save"], back.told
        assert "+#*# position_endstop = 0.000" in back.questions[0].detail
        assert back.states == ["saved", "saved"], back.told
    assert setting(printer, "stepper_z", "position_endstop") == 0.0
    assert setting(printer, "stepper_z", "position_min") == 0.0


@pytest.mark.core
def test_a_start_that_fails_is_the_verdict_and_can_be_undone(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    # An edit that klippy will only stumble over when it starts the next time
    broken = printer.config.read_bytes() + b"\n[fan_of_nothing]\nspeed: 1\n"
    printer.config.write_bytes(broken)
    with session(printer.klippy, tmp_path) as opened:
        saved = find(opened, change("probe", "z_offset", "1.520"))
        assert [question.key for question in saved.questions] == ["save", "restore-backup"], saved.told
    assert printer.config.read_bytes() == broken
    (failed,) = printer.config.parent.glob("printer.cfg.failed-*")
    assert b"#*# z_offset = 1.520" in failed.read_bytes()
    assert saved.record.verdict is not None
    assert saved.record.verdict.level is Level.FAIL
    assert "did not start" in saved.record.verdict.summary
    assert saved.record.problem is not None
    assert BACKUP.search(saved.record.problem.remedy)
    assert "has not started since" in saved.record.problem.remedy


def test_a_macro_over_save_config_is_reported_within_15_s(printer_sim: Starter, tmp_path: Path) -> None:
    folder = tmp_path / "macro"
    shutil.copytree(PROFILES / "corexy", folder)
    with (folder / "printer.cfg").open("a") as file:
        file.write("\n[gcode_macro SAVE_CONFIG]\nrename_existing: BASE_SAVE_CONFIG\ngcode:\n  M118 not now\n")
    printer = printer_sim(str(folder))
    asked: list[float] = []
    with session(printer.klippy, tmp_path / "data") as opened:

        def answers(_: object, question: object) -> bool:
            asked.append(time.monotonic())
            return True

        saved = find(opened, change("probe", "z_offset", "1.520"), answers=answers)
    assert [question.key for question in saved.questions] == ["save", "discard-pending"], saved.told
    assert asked[1] - asked[0] < 15.0
    assert saved.states == ["proposed"], saved.told
    assert "[gcode_macro SAVE_CONFIG] has replaced" in saved.told
    assert pending(printer) == {}


def test_an_offset_that_a_macro_sets_again_is_a_problem(printer_sim: Starter, tmp_path: Path) -> None:
    folder = tmp_path / "restoring"
    shutil.copytree(PROFILES / "corexy", folder)
    with (folder / "printer.cfg").open("a") as file:
        file.write(
            "\n[delayed_gcode restore]\ninitial_duration: 1\ngcode:\n  _LOAD\n"
            "\n[gcode_macro _LOAD]\ngcode:\n  SET_GCODE_OFFSET Z=-0.15\n"
        )
    printer = printer_sim(str(folder))
    with session(printer.klippy, tmp_path / "data") as opened:
        alone = find(opened, change("probe", "z_offset", "1.650"), save="always", present=False)
        assert alone.states == ["proposed"]
        assert "[delayed_gcode restore] after each start of Klipper: SET_GCODE_OFFSET Z=-0.15" in alone.told
        saved = find(
            opened,
            change("probe", "z_offset", "1.650"),
            answers=lambda _, question: question.key != "clear-offset",
        )
    assert [question.key for question in saved.questions] == ["offset-macros", "save", "clear-offset"]
    assert saved.states == ["saved"]
    assert saved.record.problem is not None
    assert "−150 µm is set again" in saved.record.problem.what
