import dataclasses
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.present import present
from zcal_tui.printer.capabilities import capabilities_of
from zcal_tui.printer.config_view import (
    gearing,
    has_probe,
    kinematics,
    macro_wraps,
    probe_config,
    step_distance,
    z_rail,
    z_step_distance,
    z_steppers,
)
from zcal_tui.printer.state import PrinterState, ProbeState


def printer(settings: Mapping[str, Any], probe: str | None = None) -> PrinterState:
    return PrinterState(settings=settings, probe=None if probe is None else ProbeState(probe))


@pytest.mark.parametrize(
    ("options", "distance"),
    [
        ({"rotation_distance": 8, "microsteps": 16}, 0.0025),
        (
            {"rotation_distance": 40, "microsteps": 32, "gear_ratio": [[80.0, 16.0]]},
            0.00125,
        ),
        ({"rotation_distance": 4, "microsteps": 64}, 0.0003125),
        ({"rotation_distance": 8, "microsteps": 16, "full_steps_per_rotation": 400}, 0.00125),
        ({"rotation_distance": 40, "microsteps": 16, "gear_ratio": [[3, 1], [80, 16]]}, 40 / (200 * 16 * 15)),
        ({"rotation_distance": 40, "microsteps": 16, "gear_ratio": []}, 0.0125),
        ({"rotation_distance": 40, "microsteps": 16, "gear_ratio": "80:16, 2:1"}, 40 / (200 * 16 * 10)),
        ({"step_distance": 0.0025}, 0.0025),
        ({"rotation_distance": 40, "microsteps": 16, "gear_ratio": "nonsense"}, None),
        ({"rotation_distance": 40, "microsteps": 0}, None),
        ({"rotation_distance": None, "microsteps": 16}, None),
        ({}, None),
    ],
)
def test_step_distance(options: dict[str, Any], distance: float | None) -> None:
    found = step_distance({"stepper_z": options}, "stepper_z")
    assert found == (None if distance is None else pytest.approx(distance))


def test_the_coarsest_of_several_z_steppers_counts() -> None:
    state = printer(
        {
            "printer": {"kinematics": "corexy"},
            "stepper_x": {"rotation_distance": 40, "microsteps": 16},
            "stepper_z": {"rotation_distance": 8, "microsteps": 16},
            "stepper_z1": {"rotation_distance": 8, "microsteps": 8},
            "stepper_z2": {"rotation_distance": 8, "microsteps": 16},
        }
    )
    assert [stepper.section for stepper in z_steppers(state)] == ["stepper_z", "stepper_z1", "stepper_z2"]
    assert z_step_distance(state) == pytest.approx(0.005)


def test_on_a_delta_the_towers_carry_z() -> None:
    state = printer(
        {
            "printer": {"kinematics": "delta", "minimum_z_position": -2},
            "stepper_a": {
                "rotation_distance": 40,
                "microsteps": 16,
                "endstop_pin": "^PE4",
                "position_endstop": 300,
            },
            "stepper_b": {"rotation_distance": 40, "microsteps": 16},
            "stepper_c": {"rotation_distance": 40, "microsteps": 32},
        }
    )
    assert z_step_distance(state) == pytest.approx(0.0125)
    rail = present(z_rail(state))
    assert (rail.section, rail.position_min, rail.position_endstop) == ("stepper_a", -2, 300)


def test_a_deltesians_two_towers_carry_z() -> None:
    state = printer(
        {
            "printer": {"kinematics": "deltesian"},
            "stepper_left": {"rotation_distance": 40, "microsteps": 16},
            "stepper_right": {"rotation_distance": 40, "microsteps": 16},
            "stepper_y": {"rotation_distance": 80, "microsteps": 16},
        }
    )
    assert z_step_distance(state) == pytest.approx(0.0125)
    assert present(z_rail(state)).section == "stepper_left"


def test_no_step_distance_without_a_configuration() -> None:
    assert z_step_distance(PrinterState()) is None
    assert kinematics(PrinterState()) == ""


@pytest.mark.parametrize(
    ("pin", "by_probe"),
    [
        ("probe:z_virtual_endstop", True),
        ("probe: z_virtual_endstop", True),
        ("^PA1", False),
        ("tmc2209_z:virtual_endstop", False),
    ],
)
def test_whether_the_probe_homes_z(pin: str, by_probe: bool) -> None:
    assert present(z_rail(printer({"stepper_z": {"endstop_pin": pin}}))).homes_with_probe is by_probe


def test_generic_cartesian_carriages_are_found() -> None:
    state = printer(
        {
            "printer": {"kinematics": "generic_cartesian"},
            "carriage x": {"endstop_pin": "^PA1"},
            "carriage z": {"endstop_pin": "probe:z_virtual_endstop", "position_min": -3},
            "stepper z_left": {"carriages": "z", "rotation_distance": 8, "microsteps": 16},
            "stepper x": {"carriages": "x", "rotation_distance": 40, "microsteps": 16},
        }
    )
    assert present(z_rail(state)).section == "carriage z"
    assert z_step_distance(state) == pytest.approx(0.0025)


def test_no_rail_where_none_is_configured() -> None:
    assert z_rail(PrinterState()) is None


@pytest.mark.parametrize(
    ("section", "kind"),
    [
        ("probe", "probe"),
        ("bltouch", "bltouch"),
        ("smart_effector", "smart_effector"),
        ("dockable_probe", "dockable_probe"),
        ("probe_eddy_current btt_eddy", "probe_eddy_current"),
        ("load_cell_probe", "load_cell_probe"),
        ("cartographer", "scanner"),
        ("beacon", "scanner"),
        ("probe_eddy_ng hotend", "scanner"),
    ],
)
@pytest.mark.parametrize("named", [True, False])
def test_the_probes_section_and_kind(section: str, kind: str, named: bool) -> None:
    state = printer({"stepper_z": {}, section: {"x_offset": -30.0}}, section if named else None)
    found = present(probe_config(state))
    assert (found.section, found.kind, found.x_offset) == (section, kind, -30.0)


def test_a_probe_object_with_an_unknown_name_is_searched_for() -> None:
    found = present(probe_config(printer({"bltouch": {"z_offset": 2.0}}, "probe")))
    assert (found.section, found.z_offset) == ("bltouch", 2.0)


def test_no_probe() -> None:
    assert not has_probe(printer({"stepper_z": {}, "probe_calibration_notes": {}}))
    assert has_probe(printer({"stepper_z": {}, "probe_eddy_current a": {}}))
    assert probe_config(printer({"stepper_z": {}})) is None


def test_klippers_defaults_stand_in() -> None:
    found = present(probe_config(printer({"probe": {"speed": 7.0}})))
    assert (found.lift_speed, found.sample_retract_dist, found.samples, found.samples_tolerance) == (
        7.0,
        2.0,
        1,
        0.1,
    )


def test_a_tolerance_of_zero_stays_zero() -> None:
    assert present(probe_config(printer({"probe": {"samples_tolerance": 0.0}}))).samples_tolerance == 0.0


@pytest.mark.parametrize(
    ("changes", "plain"),
    [
        ({}, True),
        ({"activate_gcode": "", "deactivate_gcode": "  \n"}, True),
        ({"activate_gcode": "M280 P0 S10"}, False),
        ({"deactivate_gcode": "M280 P0 S90"}, False),
        ({"drop_first_result": True}, False),
        ({"drop_first_result": "True"}, False),
        ({"drop_first_result": "False"}, True),
    ],
)
def test_which_probes_are_plain(changes: dict[str, Any], plain: bool) -> None:
    assert present(probe_config(printer({"probe": changes}))).plain is plain


def test_a_macro_before_the_command_is_seen() -> None:
    macro = {"gcode": "...", "rename_existing": "_PROBE_ACCURACY_BASE"}
    state = printer({"probe": {}, "gcode_macro probe_accuracy": macro})
    assert macro_wraps(state, "PROBE_ACCURACY")
    assert not macro_wraps(state, "PROBE")
    assert not present(probe_config(state)).plain
    replaced = dataclasses.replace(
        state, settings={"probe": {}, "gcode_macro probe_accuracy": {"gcode": "x"}}
    )
    assert not macro_wraps(replaced, "PROBE_ACCURACY")


def test_an_eddy_sensor_with_descend_z_has_no_z_offset() -> None:
    state = printer({"probe_eddy_current a": {"descend_z": 0.5, "z_offset": 0.5}})
    assert present(probe_config(state)).z_offset == 0.0


odd = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(
        st.sampled_from(["rotation_distance", "microsteps", "gear_ratio", "endstop_pin", "speed"]), odd
    )
)
def test_odd_values_raise_nothing(options: dict[str, Any]) -> None:
    state = printer({"stepper_z": options, "probe": options, "bed_mesh": options})
    z_rail(state)
    probe_config(state)
    distance = z_step_distance(state)
    assert distance is None or distance >= 0


@given(odd)
def test_odd_gear_ratios_raise_nothing(value: object) -> None:
    ratio = gearing(value)
    assert ratio is None or ratio >= 0


@pytest.mark.parametrize(
    ("tools", "section", "z_offset"),
    [
        ({"tool_probe t0": {"z_offset": -1.25, "x_offset": 0.0}}, "tool_probe t0", -1.25),
        ({"tool_probe left": {"z_offset": 0.8}}, "tool_probe left", 0.8),
        (
            {"tool_probe t0": {"z_offset": -1.25}, "tool_probe t1": {"z_offset": -0.9}},
            "tool_probe_endstop",
            0.0,
        ),
    ],
)
def test_a_toolchangers_offset_is_in_the_tools_own_section(
    tools: dict[str, Any], section: str, z_offset: float
) -> None:
    state = printer({"tool_probe_endstop": {"crash_gcode": "M112"}, **tools}, "tool_probe_endstop")
    probe = probe_config(state)
    assert probe is not None
    assert (probe.section, probe.z_offset) == (section, z_offset)
    assert capabilities_of(state).probe
    assert not capabilities_of(replace(state, probe=None)).probe


@pytest.mark.parametrize(
    ("own", "active", "section", "z_offset"),
    [
        ({}, "tool_probe T1", "tool_probe t1", -0.9),
        ({}, "tool_probe T0", "tool_probe t0", -1.25),
        ({"z_offset": 0.0}, "tool_probe T1", "tool_probe t1", -0.9),
        ({}, "", "tool_probe_endstop", 0.0),
        ({}, "tool_probe T7", "tool_probe_endstop", 0.0),
    ],
)
def test_the_active_tools_section_counts(
    own: dict[str, Any], active: str, section: str, z_offset: float
) -> None:
    tools = {"tool_probe t0": {"z_offset": -1.25}, "tool_probe t1": {"z_offset": -0.9}}
    state = printer({"tool_probe_endstop": own, **tools}, "tool_probe_endstop")
    assert state.probe is not None
    probe = probe_config(replace(state, probe=replace(state.probe, tool=active)))
    assert probe is not None
    assert (probe.section, probe.z_offset) == (section, z_offset)


def test_a_left_over_probe_section_is_not_taken_for_the_tools() -> None:
    tools = {"tool_probe_endstop": {}, "tool_probe t0": {"z_offset": 0.7}, "probe": {"z_offset": 9.0}}
    probe = probe_config(printer(tools, "tool_probe_endstop"))
    assert probe is not None
    assert (probe.section, probe.z_offset) == ("tool_probe t0", 0.7)
