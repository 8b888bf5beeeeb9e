"""What `ready` finds in a printer's state, and what it makes of it."""

from types import MappingProxyType
from typing import Any

import pytest

from zcal_tui.checks.ready.finding import ReadyFinding, fail, fine, warn
from zcal_tui.checks.ready.run import verdict_of
from zcal_tui.checks.ready.state_findings import STATE_FINDINGS
from zcal_tui.model.record import Level
from zcal_tui.printer.state import (
    BedMeshState,
    HeaterState,
    ManualProbeState,
    PrinterState,
    SaveConfigPending,
)

SETTINGS: dict[str, dict[str, Any]] = {
    "printer": {"kinematics": "corexy"},
    "stepper_z": {"position_min": -3.0, "rotation_distance": 8.0, "microsteps": 16},
    "probe": {"z_offset": 1.5, "speed": 5.0},
    "idle_timeout": {"timeout": 1800.0},
}


def state(**changes: Any) -> PrinterState:
    good: dict[str, Any] = {
        "connected": True,
        "klippy": "ready",
        "homed_axes": "xyz",
        "settings": SETTINGS,
        "axis_minimum": (0.0, 0.0, -3.0),
        "axis_maximum": (300.0, 300.0, 250.0),
        "heaters": MappingProxyType(
            {"extruder": HeaterState(23.0, 0.0), "heater_bed": HeaterState(23.0, 0.0)}
        ),
        "software_version": "v0.13.0-730-g84104bbbd",
    }
    return PrinterState(**{**good, **changes})


def findings(of: PrinterState) -> dict[str, ReadyFinding]:
    return {found.key: found for look in STATE_FINDINGS if (found := look(of)) is not None}


def test_a_good_printer_has_nothing_to_mend() -> None:
    found = findings(state())
    assert {finding.level for finding in found.values()} == {Level.PASS}
    assert verdict_of(list(found.values())).level is Level.PASS


@pytest.mark.parametrize(
    ("changes", "key", "level", "words"),
    [
        ({"homed_axes": "x"}, "homed", Level.WARN, "Not homed: YZ"),
        ({"printing": True}, "free", Level.FAIL, "A print is running"),
        ({"paused": True, "print_state": "paused"}, "free", Level.FAIL, "A print is paused"),
        ({"paused": True}, "free", Level.FAIL, "with no print"),
        ({"manual_probe": ManualProbeState(True)}, "free", Level.FAIL, "did not start"),
        ({"bed_mesh": BedMeshState("default", True)}, "mesh", Level.WARN, "default"),
        ({"homing_origin": (0.0, 0.0, -0.05)}, "offset", Level.WARN, "closer to the bed"),
        ({"quad_gantry_level_applied": False}, "levelled", Level.WARN, "QUAD_GANTRY_LEVEL has not"),
        ({"z_tilt_applied": False}, "levelled", Level.WARN, "Z_TILT_ADJUST has not"),
        ({"axis_minimum": (0.0, 0.0, 0.0)}, "room-below", Level.WARN, "cannot go below"),
        (
            {"heaters": MappingProxyType({"extruder": HeaterState(200.0, 210.0)})},
            "cold",
            Level.WARN,
            "extruder 200 °C",
        ),
        ({"heaters": MappingProxyType({"extruder": HeaterState(-60.0, 0.0)})}, "cold", Level.FAIL, "sensor"),
        (
            {"save_config": SaveConfigPending(True, {"probe": {"z_offset": "1.4"}})},
            "pending",
            Level.WARN,
            "staged for SAVE_CONFIG",
        ),
        ({"software_version": "v0.13.0-490-gabc"}, "build", Level.WARN, "wrong direction"),
    ],
)
def test_what_is_wrong_is_found_with_a_remedy(
    changes: dict[str, Any], key: str, level: Level, words: str
) -> None:
    found = findings(state(**changes))[key]
    assert found.level is level
    assert words in found.reason
    assert found.fix
    assert verdict_of([fine("a", "Fine."), found]).level is level


PENDING = {
    "bed_mesh default": {"version": "1", "points": "\n0.1, 0.2\n0.3, 0.4", "x_count": "2"},
    "probe": {"z_offset": "1.400"},
    "probe_eddy_current btt": {"calibrate": "\n0.05:3000.0,\n0.09:2800.0"},
    "bed_mesh old": {},
    "bed_mesh": {"zero_reference_position": "125, 125"},
    "Bed_Mesh hot bed 60": {"version": "1", "points": "\n" + "0.1, 0.2, 0.3, 0.4, 0.5\n" * 5},
    "beacon model default": {"model_coef": ", ".join(f"{n / 7:.9f}" for n in range(10))},
    "axis_twist_compensation": {"z_compensations": "0.012000, 0.000000, -0.012000"},
    "gcode_macro start": {"description": "warm up and go to the place where it wipes " * 4},
}


def test_each_pending_value_is_a_line() -> None:
    found = findings(state(save_config=SaveConfigPending(True, PENDING)))["pending"]
    assert found.lines == (
        "Staged: [bed_mesh default] (a mesh)",
        "Staged: [probe] z_offset: 1.400",
        "Staged: [probe_eddy_current btt] calibrate: 2 lines",
        "Staged: [bed_mesh old] will be removed",
        "Staged: [bed_mesh] zero_reference_position: 125, 125",
        "Staged: [Bed_Mesh hot bed 60] (a mesh)",
        "Staged: [beacon model default] model_coef: 10 numbers",
        "Staged: [axis_twist_compensation] z_compensations: 0.012000, 0.000000, -0.012000",
        "Staged: [gcode_macro start] description: warm up and go to the place where it wipes warm up and go t…",
    )
    assert verdict_of([fine("a", "Fine."), found]).reasons[1:10] == found.lines


def test_a_klipper_that_does_not_report_what_is_pending() -> None:
    found = findings(state(save_config=SaveConfigPending(True, {})))["pending"]
    assert "does not report" in found.what
    assert not found.lines


@pytest.mark.parametrize(("z_offset", "words"), [(0.0, "is 0"), (-0.4, "negative")])
def test_a_z_offset_that_cannot_be(z_offset: float, words: str) -> None:
    settings = {**SETTINGS, "probe": {"z_offset": z_offset, "y_offset": 25.0}}
    assert words in findings(state(settings=settings))["probe-numbers"].what


def test_a_load_cell_whose_z_offset_is_0_needs_no_warning() -> None:
    own = {**SETTINGS, "load_cell_probe": {"z_offset": 0.0, "speed": 5.0}}
    del own["probe"]
    assert findings(state(settings=own))["probe-numbers"].level is Level.PASS


def test_where_the_nozzle_is_the_probe_a_negative_z_offset_is_usual() -> None:
    settings = {**SETTINGS, "probe": {"z_offset": -0.8}}
    assert findings(state(settings=settings))["probe-numbers"].level is Level.PASS


@pytest.mark.parametrize(
    ("section", "command"),
    [("z_thermal_adjust", "SET_Z_THERMAL_ADJUST"), ("frame_expansion_compensation", "SET_FRAME_COMP")],
)
def test_what_moves_z_with_the_frames_temperature_is_named_with_its_switch(
    section: str, command: str
) -> None:
    found = findings(state(settings={**SETTINGS, section: {"temp_coeff": 0.01}}))["thermal-adjust"]
    assert found.level is Level.WARN
    assert f"[{section}]" in found.what
    assert "but probing does not" in found.why
    assert f"{command} ENABLE=0" in found.fix


def test_a_short_idle_timeout_is_told_with_the_line_to_edit() -> None:
    settings = {**SETTINGS, "idle_timeout": {"timeout": 120.0}}
    (change,) = findings(state(settings=settings))["idle"].changes
    assert (change.section, change.option, change.new) == ("idle_timeout", "timeout", "600")


def test_a_delta_s_lowest_height_stands_elsewhere() -> None:
    settings = {**SETTINGS, "printer": {"kinematics": "delta"}, "stepper_a": {"position_endstop": 280.0}}
    found = findings(state(settings=settings, axis_minimum=(-100.0, -100.0, 0.0)))["room-below"]
    assert (found.changes[0].section, found.changes[0].option) == ("printer", "minimum_z_position")


def test_what_is_known_of_a_plugin_is_shown() -> None:
    found = findings(state(settings={**SETTINGS, "beacon": {}}))["build"]
    assert found.level is Level.WARN
    assert "fewer than 3 samples shuts the printer down" in found.what and "wrong" in found.what
    assert found.fix.startswith("Take at least three samples.")
    limits = findings(state(settings={**SETTINGS, "cartographer": {}}))["command-limits"]
    assert limits.level is Level.PASS
    assert "PROBE_ACCURACY refuses fewer than 3 samples." in limits.what


@pytest.mark.parametrize(("version", "known"), [("?", False), ("", False), ("v0.13.0-730-g84104bbbd", True)])
def test_a_build_without_a_version_is_not_called_sound(version: str, known: bool) -> None:
    found = findings(state(software_version=version))["build"]
    assert ("no known faults" in found.what) is known
    assert ("reports no version" in found.what) is not known


def test_the_worst_finding_is_the_verdict_and_stands_first() -> None:
    verdict = verdict_of([fine("a", "Fine."), warn("b", "Odd.", "w", "m"), fail("c", "Bad.", "w", "m")])
    assert verdict.level is Level.FAIL
    assert verdict.summary == "Not ready: Bad."
    assert [reason.split(".")[0] for reason in verdict.reasons] == ["Bad", "Odd", "Fine"]
