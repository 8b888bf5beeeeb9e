"""The options of [z_calibration] in a real klippy: defaults, and errors for invalid values."""

import statistics

import pytest

from tests.e2e.simulated import KlippyError, SimulatorStartError
from tests.extra.z_calibration.calibrated import SECTION, Starter, heights, offset_of, set_truth
from zcal_tui.printer.mesh_reference import mesh_reference

BARE = SECTION.replace("switch_xy_position: 206, 232.25\nswitch_offset: 0.52\n", "").replace(
    "nozzle_xy_position: 206, 256\n", ""
)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("switch_offset: -0.1", "must be above"),
        ("bed_xy_position: 100", "Unable to parse bed_xy_position in z_calibration"),
        ("offset_margins: a,b", "Unable to parse offset_margins in z_calibration"),
        ("samples_result: mean", "not a valid choice"),
        ("speed: nan", "speed"),
        ("unknown: 1", "not valid in section 'z_calibration'"),
    ],
)
def test_invalid_options_are_reported_at_the_start(start: Starter, line: str, message: str) -> None:
    printer = start(BARE + line + "\n")
    assert printer.ready["state"] == "error"
    assert message in printer.ready["message"]


def test_places_come_from_parameter_then_section_then_elsewhere(start: Starter) -> None:
    printer = start(BARE)
    klippy = printer.connect()
    klippy.gcode("G28")
    for command, missing in (
        ("CALIBRATE_Z", "cannot find a switch position! Either configure the switch_xy_position or"),
        ("CALIBRATE_Z SWITCH_POSITION=206,232.25", "cannot find a switch offset! Either configure"),
    ):
        with pytest.raises(KlippyError, match=missing):
            klippy.gcode(command)
    # the nozzle position from [safe_z_home], that of the bed from [bed_mesh]
    console = klippy.gcode("CALIBRATE_Z SWITCH_POSITION=206,232.25 SWITCH_OFFSET=0.5")
    assert list(heights(console)) == ["206.000,256.000", "206.000,232.250", "125.000,105.250"]
    console = klippy.gcode("CALIBRATE_Z SWITCH_POSITION=206,232.3 SWITCH_OFFSET=0.5 BED_POSITION=100,120")
    assert list(heights(console)) == ["206.000,256.000", "206.000,232.300", "100.000,100.250"]
    klippy.close()


def test_everything_configured(start: Starter) -> None:
    """Old and new options in one section; deprecated ones work, with a warning."""
    printer = start(
        """
[z_calibration]
nozzle_xy_position: 206, 256
switch_xy_offsets: 0, -23.75
bed_xy_position: 120, 120
more_bed_positions:
    100, 100
    150, 150
switch_offset: 0.5
offset_margins: 2
max_deviation: 1.5
speed: 100
clearance: 9
samples: 4
samples_tolerance: 0.05
samples_tolerance_retries: 2
samples_result: average
lift_speed: 12
probing_speed: 6
probing_second_speed: 2
probing_retract_dist: 2.5
position_min: -2
probing_first_fast: true
wiggle_xy_offsets: 2, 2
nozzle_recheck: true
start_gcode: RESPOND MSG="starting"
before_switch_gcode: ATTACH_PROBE
end_gcode: DETACH_PROBE

[gcode_macro CALIBRATE_Z]
rename_existing: BASE_CALIBRATE_Z
gcode:
    BASE_CALIBRATE_Z
"""
    )
    klippy = printer.connect()
    klippy.gcode("G28")
    warnings = [item.get("option") for item in klippy.status("configfile")["warnings"]]
    assert {"max_deviation", "clearance"} <= set(warnings)
    console = [line.replace("BASE_", "") for line in klippy.gcode("CALIBRATE_Z")]
    found = heights(console)
    assert [len(samples) for samples in found.values()] == [
        10,
        5,
        5,
        5,
        5,
    ]  # a fast one each; the nozzle twice
    values = {place: statistics.fmean(samples[1:5]) for place, samples in found.items()}
    nozzle, switch, *beds = values.values()
    expected = statistics.fmean(beds) - (switch - nozzle + 0.5)
    assert offset_of(console) == pytest.approx(expected, abs=2e-6)
    assert any("3 bed points differ by" in line for line in console)
    assert any("nozzle's height moved by" in line for line in console)
    assert printer.report()["probe"]["state"] == "docked"
    set_truth(printer, bed__height=1.9)
    with pytest.raises(KlippyError, match=r"greater than allowed: offset=1.* > max_deviation=1\.500"):
        klippy.gcode("CALIBRATE_Z")
    klippy.close()


def test_a_virtual_endstop_does_not_keep_the_printer_from_starting(start: Starter) -> None:
    printer = start("\n[z_calibration]\nswitch_offset: 0.5\n", profile="bedslinger")
    assert printer.ready["state"] == "ready"
    klippy = printer.connect()
    klippy.gcode("G28")
    assert "virtual endstop" in klippy.status("z_calibration")["unavailable"]
    for command in ("CALIBRATE_Z", "PROBE_Z_ACCURACY"):
        with pytest.raises(KlippyError, match="A virtual endstop for z is not supported for z_calibration"):
            klippy.gcode(command)
    klippy.close()


def test_relative_reference_index(start: Starter) -> None:
    """Only Klipper before 2024 has it."""
    try:
        printer = start(
            edit=lambda text: text.replace(
                "zero_reference_position: 125, 125", "relative_reference_index: 12\n"
            ).replace("\n[zcal]\n", "\n[zcal]\nswitch_hysteresis: 0.01\n")
        )
    except SimulatorStartError as error:
        assert "[bed_mesh] relative_reference_index" in str(error)
        pytest.skip("this Klipper's bed_mesh no longer has relative_reference_index")
    assert printer.ready["state"] == "ready"
    klippy = printer.connect()
    klippy.gcode("G28")
    places = list(heights(klippy.gcode("CALIBRATE_Z")))
    assert places[2] == "125.000,107.750"  # the middle one of 25 points: 125, 127.5
    assert mesh_reference(klippy.status("configfile")["settings"]) == (125.0, 127.5)
    klippy.gcode("ATTACH_PROBE\nZCAL_ESTIMATE_BACKLASH CALIBRATE=1 ITERATIONS=2")
    sample = klippy.status("zcal")["recent"][-1]
    assert (sample["x"], sample["y"]) == pytest.approx((125.0, 107.75))
    klippy.close()


def test_axis_twist_is_used_and_reported(start: Starter) -> None:
    twist = """
[axis_twist_compensation]
speed: 100
horizontal_move_z: 10
calibrate_start_x: 20
calibrate_end_x: 220
calibrate_y: 125
z_compensations: -0.05, 0.03, 0.11
"""
    printer = start(SECTION + twist + "compensation_start_x: 25\ncompensation_end_x: 225\n")
    if printer.ready["state"] != "ready":  # Klipper before 2025 interpolates over calibrate_start_x to end_x
        printer = start(SECTION + twist.replace("20\n", "25\n").replace("220\n", "225\n"))
    klippy = printer.connect()
    klippy.gcode("G28")
    console = klippy.gcode("CALIBRATE_Z")
    nozzle, switch, bed = (statistics.median(samples) for samples in heights(console).values())
    raw = bed - (switch - nozzle + 0.52)
    assert offset_of(console) == pytest.approx(raw + 0.03, abs=2e-6)
    assert any(f"without it the offset would be {raw:.6f}" in line for line in console)
    assert klippy.status("z_calibration")["last_z_offset"] == pytest.approx(raw + 0.03, abs=2e-6)
    klippy.close()


def test_a_probe_that_deploys_by_gcode_is_deployed(start: Starter) -> None:
    """Current Klipper no longer runs it for every move with the probe."""

    def deploying(text: str) -> str:
        gcode = 'activate_gcode:\n    RESPOND MSG="deploy"\ndeactivate_gcode:\n    RESPOND MSG="stow"\n'
        return text.replace("samples_tolerance_retries: 3\n", "samples_tolerance_retries: 3\n" + gcode)

    printer = start(edit=deploying)
    klippy = printer.connect()
    klippy.gcode("G28")
    console = klippy.gcode("CALIBRATE_Z")
    assert len(heights(console)["125.000,105.250"]) == 3
    for word in ("deploy", "stow"):
        assert sum(word in line for line in console) == 3
    first_bed = next(n for n, line in enumerate(console) if "125.000,105.250" in line)
    assert any("deploy" in line for line in console[:first_bed])
    klippy.close()
