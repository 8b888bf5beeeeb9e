"""Which height moved, what the probe's pin shows, when an offset is lost, and what is stored."""

import json
import time
from pathlib import Path

import pytest

from klippy_extra.z_calibration.applied_offset import AppliedOffset
from klippy_extra.z_calibration.attachment import AttachmentCheck
from klippy_extra.z_calibration.diagnosis import compare, explain
from klippy_extra.z_calibration.history import FILE_NAME, KEPT, CalibrationHistory
from klippy_extra.z_calibration.options import parse_point

GOOD = {"nozzle": 0.5, "switch": 6.45, "bed": 6.36, "switch_offset": 0.5, "position_endstop": 0.5}


def moved(**by: float) -> dict[str, float]:
    """The good calibration with some heights moved."""
    return {name: value + by.get(name, 0.0) for name, value in GOOD.items()}


@pytest.mark.parametrize(
    ("changes", "cause", "effect"),
    [
        ({"nozzle": 0.8}, "nozzle", 0.8),
        ({"switch": 1.5}, "switch", -1.5),
        ({"bed": 1.2}, "bed", 1.2),
        ({"switch_offset": 1.0}, "switch_offset", -1.0),
        # a longer nozzle lowers switch and bed alike; the plate on top of it is the cause
        ({"switch": -2.0, "bed": -3.1}, "bed", -1.1),
        # heights are relative to position_endstop
        ({"nozzle": 1.1, "switch": 1.1, "bed": 1.1, "position_endstop": 1.1}, "position_endstop", 1.1),
    ],
)
def test_the_height_that_moved_is_named(changes: dict[str, float], cause: str, effect: float) -> None:
    found = compare(GOOD, moved(**changes)).cause
    assert found.name == cause
    assert found.effect == pytest.approx(effect)


def test_the_explanation_names_every_height_and_the_cause() -> None:
    words = explain(GOOD, moved(bed=1.2), "2026-01-02 03:04")
    assert "2026-01-02 03:04" in words
    assert "the probe on the bed +1.200 mm" in words
    assert "The offset changed because of the probe on the bed" in words
    assert "plate" in words


def test_a_new_nozzle_is_recognised() -> None:
    assert "after changing the nozzle" in explain(GOOD, moved(switch=-2.0, bed=-3.1), "today")


def test_margins_that_were_always_too_tight() -> None:
    assert "too tight" in explain(GOOD, moved(bed=0.003), "today")


def readings(before: bool, needed: bool, after: bool, *, moves: bool = True) -> AttachmentCheck:
    """A calibration with these readings of the pin."""
    attachment = AttachmentCheck(moves, known_to_work=False)
    attachment.before_start(before)
    attachment.when_needed(needed)
    attachment.after_end(after)
    return attachment


def test_a_pin_that_changes_with_the_probe_works() -> None:
    assert readings(True, False, False).works
    assert readings(False, False, True).works
    assert not readings(True, False, False).warning()


def test_a_pin_that_never_changes_is_doubted() -> None:
    doubted = readings(False, False, False)
    assert not doubted.works
    assert "normally open" in doubted.warning()


def test_a_probe_that_stays_on_is_not_doubted() -> None:
    assert not readings(False, False, False, moves=False).warning()


def test_an_inverted_pin_is_suspected_last() -> None:
    attachment = AttachmentCheck(True, known_to_work=False)
    attachment.before_start(False)
    attachment.when_needed(True)
    cause = attachment.likely_cause()
    assert 0 < cause.index("start_gcode detached it") < cause.index("Only if it is attached now, the !")


def test_the_return_of_an_earlier_offset_is_a_loss() -> None:
    applied = AppliedOffset()
    applied.apply(-0.12, before=0.0, saved=[0.05])
    assert applied.compare(-0.12) is None
    assert applied.compare(-0.10) is None  # a babystep
    warning = applied.compare(0.05)
    assert warning is not None and "-0.120" in warning and "RESTORE_GCODE_STATE" in warning
    assert (applied.value, applied.lost) == (None, "restored")
    assert applied.compare(0.05) is None


def test_the_same_offset_as_before_cannot_be_lost() -> None:
    applied = AppliedOffset()
    applied.apply(-0.12, before=-0.12, saved=[])
    assert applied.compare(-0.12) is None


def test_homing_and_restarting_lose_it() -> None:
    applied = AppliedOffset()
    assert applied.homed() is None
    applied.apply(-0.12, before=0.0, saved=[])
    assert "homed" in str(applied.homed())
    assert applied.homed() is None
    assert "restart" in applied.restarted(-0.12)
    assert applied.lost == "restarted"


def run(number: int) -> dict[str, float]:
    """A calibration to store."""
    return {**GOOD, "time": float(number), "offset": 0.1}


def test_history_outlives_a_restart_and_stays_short(tmp_path: Path) -> None:
    history = CalibrationHistory(str(tmp_path / "printer.cfg"))
    for number in range(KEPT + 5):
        history.add(run(number))
    history.note_check_works(True)
    until = time.monotonic() + 10
    again = CalibrationHistory(str(tmp_path / "printer.cfg"))
    while again.last != run(KEPT + 4) or not again.check_works:
        assert time.monotonic() < until
        again = CalibrationHistory(str(tmp_path / "printer.cfg"))
    assert len(again.runs) == KEPT
    assert again.applied


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"runs": 3}', '{"runs": [1, {"time": "x"}, {"time": NaN}]}', "\x00\xff"]
)
def test_a_broken_history_is_no_history(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE_NAME).write_text(text, encoding="latin-1")
    history = CalibrationHistory(str(tmp_path / "printer.cfg"))
    assert history.last is None
    assert not history.applied


def test_good_runs_beside_broken_ones_are_kept(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_text(json.dumps({"runs": [run(1), {"time": 2}]}))
    assert CalibrationHistory(str(tmp_path / "printer.cfg")).last == run(1)


def test_what_another_version_has_added_to_the_history_is_kept(tmp_path: Path) -> None:
    file = tmp_path / FILE_NAME
    file.write_text(json.dumps({"runs": [{**run(1), "plate": "smooth"}], "later": {"x": 1}}))
    history = CalibrationHistory(str(tmp_path / "printer.cfg"))
    history.add(run(2))
    until = time.monotonic() + 10
    while len(json.loads(file.read_text())["runs"]) < 2:
        assert time.monotonic() < until
    assert json.loads(file.read_text()) == {
        "runs": [{**run(1), "plate": "smooth"}, run(2)],
        "later": {"x": 1},
        "applied": True,
        "check_works": False,
    }


@pytest.mark.parametrize("text", ["", "1", "1,2,3", "a,b", "nan,1", "1,inf", "1;2"])
def test_what_is_no_place(text: str) -> None:
    with pytest.raises(ValueError):
        parse_point(text)


def test_a_place() -> None:
    assert parse_point(" 10.5, -3") == (10.5, -3.0)
