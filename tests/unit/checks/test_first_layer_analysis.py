"""What the height at which the paper drags means, and which value is changed."""

from typing import Any

import pytest

from zcal_tui.checks.auto_z.zero import Zero
from zcal_tui.checks.first_layer.analysis import conclusion
from zcal_tui.checks.first_layer.target import APPLY, target_of, without_target
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, VerdictReached
from zcal_tui.model.record import Change, Level
from zcal_tui.printer.state import PrinterState
from zcal_tui.stats.intervals import Interval

ZERO = Zero(0.1, "Z 0 is contact.")
ENDSTOP = {"stepper_z": {"endstop_pin": "PG10", "position_endstop": 0.5}}
PROBED = {
    "stepper_z": {"endstop_pin": "probe:z_virtual_endstop"},
    "probe": {"z_offset": 1.5},
}
AUTOMATIC = {**ENDSTOP, "probe": {"z_offset": 6.4}, "z_calibration": {"switch_offset": 0.5}}
DELTA = {
    "printer": {"kinematics": "delta"},
    "stepper_a": {"endstop_pin": "PE4", "position_endstop": 280.0},
    "stepper_b": {"endstop_pin": "PJ0", "position_endstop": 280.1},
    "stepper_c": {"endstop_pin": "PD2"},
}
EDDY = {"stepper_z": {"endstop_pin": "probe:z_virtual_endstop"}, "probe_eddy_current x": {}}


def state(settings: dict[str, Any], live: float = 0.0) -> PrinterState:
    return PrinterState(settings=settings, homing_origin=(0.0, 0.0, live))


def ended(
    settings: dict[str, Any],
    value: float,
    *,
    half: float = 0.02,
    live: float = 0.0,
    automatic: bool = False,
    tests: int = 5,
) -> tuple[Level, str, list[Change], str]:
    where = state(settings, live)
    adjustment = Interval(value, value - half, value + half, 0.95)
    target = target_of(where, automatic=automatic)
    events = list(conclusion(where, adjustment, ZERO, target, automatic=automatic, tests=tests))
    assert isinstance(events[0], EstimateUpdated)
    assert isinstance(events[1], VerdictReached)
    advice = [event for event in events if isinstance(event, AdviceGiven)]
    changes = [change for event in advice for change in event.changes]
    verdict = events[1].verdict
    return verdict.level, verdict.summary, changes, " ".join(event.text for event in advice)


@pytest.mark.parametrize(
    ("value", "half", "automatic", "level"),
    [
        (0.01, 0.014, False, Level.PASS),
        (0.01, 0.02, False, Level.UNKNOWN),
        (-0.024, 0.002, False, Level.UNKNOWN),
        (0.03, 0.04, False, Level.UNKNOWN),
        (0.11, 0.116, False, Level.UNKNOWN),
        (0.25, 0.3, False, Level.UNKNOWN),
        (0.05, 0.02, False, Level.WARN),
        (-0.19, 0.02, False, Level.WARN),
        (0.25, 0.02, False, Level.FAIL),
        (0.25, 0.02, True, Level.WARN),
        (-0.55, 0.02, True, Level.FAIL),
    ],
)
def test_the_thresholds(value: float, half: float, automatic: bool, level: Level) -> None:
    found, summary, _, _ = ended(AUTOMATIC if automatic else PROBED, value, half=half, automatic=automatic)
    assert found is level
    if level in (Level.WARN, Level.FAIL):
        assert ("too close to" if value > 0 else "too far from") in summary


@pytest.mark.parametrize(
    ("settings", "automatic", "expected"),
    [
        (PROBED, False, [("probe", "z_offset", "1.5", "1.440")]),
        (ENDSTOP, False, [("stepper_z", "position_endstop", "0.5", "0.440")]),
        (AUTOMATIC, True, [("z_calibration", "switch_offset", "0.5", "0.440")]),
        (
            DELTA,
            False,
            [
                ("stepper_a", "position_endstop", "280", "279.940"),
                ("stepper_b", "position_endstop", "280.1", "280.040"),
                ("stepper_c", "position_endstop", "280", "279.940"),
            ],
        ),
    ],
)
def test_a_nozzle_too_close_lowers_the_value_that_counts(
    settings: dict[str, Any], automatic: bool, expected: list[tuple[str, str, str, str]]
) -> None:
    _, _, changes, _ = ended(settings, 0.06, automatic=automatic)
    assert [(c.section, c.option, c.old, c.new) for c in changes] == expected
    assert all(c.saves and c.effect == "the nozzle will be 60 µm farther from the bed" for c in changes)


def test_a_new_z_offset_asks_for_a_new_mesh_where_there_is_one() -> None:
    """As the z-offset check says, and as the check ready finds once the value is saved."""
    *_, with_mesh = ended({**PROBED, "bed_mesh": {}}, 0.06)
    *_, without = ended(PROBED, 0.06)
    *_, endstop = ended({**ENDSTOP, "bed_mesh": {}}, 0.06)
    assert "BED_MESH_CALIBRATE" in with_mesh
    assert "mesh" not in without + endstop


@pytest.mark.parametrize(("value", "saves"), [(0.15, True), (0.25, False), (-0.25, False)])
def test_what_is_too_much_for_tuning_is_never_saved_by_mistake(value: float, saves: bool) -> None:
    _, _, (change,), advice = ended(PROBED, value)
    assert change.saves is saves
    assert ("too much for fine-tuning" in advice) is not saves


def test_a_live_offset_that_a_restart_loses_goes_into_the_value() -> None:
    _, _, (change,), advice = ended(PROBED, -0.04, live=0.10)
    assert change.new == "1.440"
    assert "40 µm closer to the bed" in change.effect
    assert "+0.100" in change.effect
    assert "counts twice" in advice


def test_the_offset_of_calibrate_z_stays_out_of_the_value() -> None:
    _, _, (change,), _ = ended(AUTOMATIC, -0.04, live=-0.09, automatic=True)
    assert change.new == "0.540"


def test_a_switch_offset_below_zero_is_explained_instead() -> None:
    settings = {**AUTOMATIC, "z_calibration": {"switch_offset": 0.04}}
    _, _, changes, advice = ended(settings, 0.06, automatic=True)
    assert changes == []
    assert "cannot be zero or negative" in advice


def test_a_distance_sensor_has_no_value_to_change() -> None:
    _, _, changes, advice = ended(EDDY, 0.06)
    assert changes == []
    assert "Z_ADJUST=0.060" in advice


def test_nothing_is_changed_by_what_is_not_significant() -> None:
    _, _, changes, advice = ended(PROBED, 0.01, half=0.014)
    assert changes == []
    assert "print a first layer" in advice


def test_an_interval_that_reaches_beyond_the_limit_asks_for_another_test() -> None:
    level, summary, changes, advice = ended(PROBED, 0.01, half=0.02, tests=2)
    assert (level, changes) == (Level.UNKNOWN, [])
    assert "Do one more paper test to decide" in summary
    assert "--tests 3" in advice


@pytest.mark.parametrize(("half", "saves"), [(0.02, True), (0.029, False)])
def test_an_undecided_correction_is_saved_only_where_it_is_accurate(half: float, saves: bool) -> None:
    level, _, (change,), _ = ended(PROBED, 0.03, half=half)
    assert level is Level.UNKNOWN
    assert change.saves is saves


def test_the_verdict_ends_with_its_consequence_for_a_first_layer() -> None:
    adjustment = Interval(0.05, 0.04, 0.06, 0.95)
    events = list(conclusion(state(PROBED), adjustment, ZERO, None, automatic=False, tests=2))
    (verdict,) = (event.verdict for event in events if isinstance(event, VerdictReached))
    assert verdict.reasons[-1] == "An error of up to 60 µm is 30 % of a 0.2 mm first layer."


def test_a_switch_offset_that_a_macro_hands_over_is_changed_there() -> None:
    settings = {**AUTOMATIC, "z_calibration": {}}
    _, _, changes, advice = ended(settings, 0.06, automatic=True)
    assert changes == []
    assert "by -0.060" in advice
    assert "macro" in advice


EDDY_NG = {"stepper_z": {"endstop_pin": "probe:z_virtual_endstop"}, "probe_eddy_ng x": {}}
CARTOGRAPHER = {"stepper_z": {"endstop_pin": "probe:z_virtual_endstop"}, "cartographer": {}}
TAP = "PROBE METHOD=tap"


@pytest.mark.parametrize(
    ("settings", "commands", "by_contact", "told", "silent"),
    [
        (EDDY, {APPLY}, "", "Then apply it with Z_OFFSET_APPLY_PROBE", "METHOD=tap"),
        (EDDY, {"PROBE"}, "", "again with Z offset (`z-offset`). This Klipper has no", "SET_GCODE_OFFSET"),
        (EDDY, {APPLY}, TAP, "Z_OFFSET_APPLY_PROBE METHOD=tap and SAVE_CONFIG", "`z-off"),
        (EDDY_NG, {APPLY}, "", "run PROBE_EDDY_NG_SETUP and SAVE_CONFIG", "SET_GCODE_OFFSET"),
        (EDDY_NG, {APPLY}, "PETAP", "SAVE_CONFIG: it changes tap_adjust_z.", "PROBE_EDDY_NG_SETUP"),
        (CARTOGRAPHER, {APPLY}, "", "Then apply it with Z_OFFSET_APPLY_PROBE", "tap"),
    ],
)
def test_a_sensor_without_an_offset_is_told_what_moves_its_z_0(
    settings: dict[str, Any], commands: set[str], by_contact: str, told: str, silent: str
) -> None:
    where = PrinterState(settings=settings, commands=frozenset(commands))
    assert target_of(where, automatic=False) is None
    text = without_target(where, 0.05, by_contact)
    assert told in text and silent not in text
