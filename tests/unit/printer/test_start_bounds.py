"""The bounds with which Klipper starts, against what klippy itself says in each case."""

from collections.abc import Mapping

import pytest

from zcal_tui.printer.start_bounds import Bounds, Companion, Texts, overlaid

CARTESIAN = {
    "printer": {"kinematics": "cartesian"},
    "stepper_z": {"endstop_pin": "^PA1", "position_endstop": "0", "position_max": "220"},
}
DELTA = {
    "printer": {"kinematics": "delta"},
    "stepper_a": {"endstop_pin": "^PA1", "position_endstop": "250.5", "arm_length": "300"},
    "stepper_b": {"endstop_pin": "^PA2"},
    "stepper_c": {"endstop_pin": "^PA3"},
}


def problems(
    running: Texts,
    values: Mapping[str, Mapping[str, str]],
    *,
    app: str = "Klipper",
    version: str = "v0.12.0-102-gabc",
) -> list[tuple[str, str, Companion | None]]:
    bounds = Bounds(app, version, {}, running)
    return [
        (found.section, found.option, found.companion) for found in bounds.problems(overlaid(running, values))
    ]


def rail(**options: str) -> Texts:
    return {**CARTESIAN, "stepper_z": {**CARTESIAN["stepper_z"], **options}}


@pytest.mark.parametrize(
    ("minimum", "endstop", "lowered"),
    [
        (None, "-0.101", "-0.601"),
        ("0", "-0.037", "-0.537"),
        ("-0.2", "-0.35", "-0.850"),
        (None, "-4.8", "-5.000"),
    ],
)
def test_an_endstop_below_the_axis_needs_a_lower_position_min(
    minimum: str | None, endstop: str, lowered: str
) -> None:
    running = rail() if minimum is None else rail(position_min=minimum)
    changed = {"stepper_z": {"position_endstop": endstop}}
    needed = Companion("stepper_z", "position_min", minimum, lowered)
    assert problems(running, changed) == [("stepper_z", "position_endstop", needed)]
    changed["stepper_z"]["position_min"] = lowered
    assert problems(running, changed) == []


def test_no_position_min_below_minus_five_is_proposed() -> None:
    assert problems(rail(), {"stepper_z": {"position_endstop": "-5.2"}}) == [
        ("stepper_z", "position_endstop", None)
    ]


def test_an_endstop_within_the_axis_is_no_problem() -> None:
    assert problems(rail(), {"stepper_z": {"position_endstop": "0.000"}}) == []
    assert problems(rail(position_min="-2"), {"stepper_z": {"position_endstop": "-1.9"}}) == []


def test_an_endstop_at_the_top_must_not_exceed_position_max() -> None:
    top = rail(position_endstop="220", position_min="-2")
    assert problems(top, {"stepper_z": {"position_endstop": "220.05"}}) == [
        ("stepper_z", "position_endstop", None)
    ]
    assert problems(top, {"stepper_z": {"position_endstop": "219.95"}}) == []


@pytest.mark.parametrize(
    ("direction", "endstop", "fits"),
    [
        ("true", "-2", False),
        ("false", "220", False),
        ("false", "-2", True),
        ("true", "220", True),
        ("", "100", False),
        ("true", "100", True),
    ],
)
def test_the_direction_of_homing_has_to_follow(direction: str, endstop: str, fits: bool) -> None:
    options = {"position_min": "-2", "position_endstop": "1"}
    if direction:
        options["homing_positive_dir"] = direction
    running = rail(**options)
    found = problems(running, {"stepper_z": {"position_endstop": endstop}})
    assert found == ([] if fits else [("stepper_z", "position_endstop", None)])


@pytest.mark.parametrize("kind", ["probe", "smart_effector", "load_cell_probe", "dockable_probe"])
def test_a_probe_that_homes_z_has_the_axis_limits(kind: str) -> None:
    pin = {"endstop_pin": "probe: z_virtual_endstop"}
    running = {**rail(**pin, position_min="-0.5"), kind: {"z_offset": "-0.45"}}
    needed = Companion("stepper_z", "position_min", "-0.5", "-1.060")
    assert problems(running, {kind: {"z_offset": "-0.56"}}) == [(kind, "z_offset", needed)]
    assert problems(running, {kind: {"z_offset": "-0.49"}}) == []
    own = {**rail(position_min="-0.5"), kind: {"z_offset": "-0.45"}}
    assert problems(own, {kind: {"z_offset": "-0.56"}}) == []


@pytest.mark.parametrize(
    ("app", "version", "accepts"),
    [
        ("Klipper", "v0.12.0-1-gabc", False),
        ("Klipper", "v0.13.0-12-gabc", True),
        ("Klipper", "?", False),
        ("Kalico", "v2026.10.00-3-gabc", False),
    ],
)
def test_a_negative_z_offset_of_a_bltouch_depends_on_the_version(
    app: str, version: str, accepts: bool
) -> None:
    running = {**rail(), "bltouch": {"z_offset": "0.1"}}
    found = problems(running, {"bltouch": {"z_offset": "-0.020"}}, app=app, version=version)
    assert found == ([] if accepts else [("bltouch", "z_offset", None)])


def test_a_generic_cartesian_carriage() -> None:
    running = {
        "printer": {"kinematics": "generic_cartesian"},
        "carriage Lift": {
            "axis": "z",
            "endstop_pin": "PB1",
            "position_endstop": "0.1",
            "position_max": "300",
        },
    }
    needed = Companion("carriage lift", "position_min", None, "-0.520")
    assert problems(running, {"carriage lift": {"position_endstop": "-0.02"}}) == [
        ("carriage lift", "position_endstop", needed)
    ]


def test_towers_must_not_be_below_the_minimum_or_zero() -> None:
    assert problems(DELTA, {"stepper_a": {"position_endstop": "250.2"}}) == []
    assert problems(DELTA, {"stepper_b": {"position_endstop": "-1"}}) == [
        ("stepper_b", "position_endstop", None)
    ]
    high = {**DELTA, "printer": {"kinematics": "delta", "minimum_z_position": "250"}}
    assert ("stepper_c", "position_endstop", None) in problems(
        high, {"stepper_c": {"position_endstop": "249.9"}}
    )


def test_what_klipper_runs_with_is_no_problem() -> None:
    odd = rail(position_endstop="-3", position_min="0")
    assert problems(odd, {"stepper_z": {"position_endstop": "-3.1"}}) == []


def test_kalicos_placeholders_count_as_they_were_parsed() -> None:
    running = rail(position_min="${constants.low}")
    bounds = Bounds("Kalico", "v2026", {"stepper_z": {"position_min": -1.0}}, running)
    low = overlaid(running, {"stepper_z": {"position_endstop": "-1.1"}})
    assert [found.option for found in bounds.problems(low)] == ["position_endstop"]
    assert bounds.problems(overlaid(running, {"stepper_z": {"position_endstop": "-0.9"}})) == ()


def test_a_switch_offset_has_to_be_positive() -> None:
    running = {**rail(), "z_calibration": {"switch_offset": "0.5"}}
    assert problems(running, {"z_calibration": {"switch_offset": "0.000"}}) == [
        ("z_calibration", "switch_offset", None)
    ]
