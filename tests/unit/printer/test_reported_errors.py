"""Errors that owners of real printers met, each with siblings: the cause and the remedy that have to be named."""

from typing import NamedTuple

import pytest

from zcal_tui.printer.errors.explain import explain


class Reported(NamedTuple):
    """An error, what its explanation names, and what it must not name."""

    raw: str
    names: tuple[str, ...]
    never: tuple[str, ...] = ()


_ENDSTOP = ("QUERY_ENDSTOPS", "pin or wire", "driver_SGTHRS", "rotation_distance", "blocks")
_NOT_XY = ("probe", "bed", "position_min")
_MACRO = "jinja2.exceptions.UndefinedError: 'dict object' has no attribute"

REPORTED = (
    Reported("No trigger on x after full movement", ("X endstop", *_ENDSTOP), _NOT_XY),
    Reported("No trigger on stepper_y after full movement", ("Y endstop", *_ENDSTOP), _NOT_XY),
    Reported("No trigger on stepper_x1 after full movement", ("X endstop", *_ENDSTOP), _NOT_XY),
    Reported("No trigger on stepper_a after full movement", ("tower A", "QUERY_ENDSTOPS"), ("probe", "bed")),
    Reported("No trigger on stepper_c after full movement", ("tower C", "QUERY_ENDSTOPS"), ("probe", "bed")),
    Reported("No trigger on b after full movement", ("tower B", "QUERY_ENDSTOPS"), ("probe", "bed")),
    Reported(
        "Error during homing probe: Eddy current sensor error",
        ("coil", "LDC_CALIBRATE_DRIVE_CURRENT", "PROBE_EDDY_CURRENT_CALIBRATE", "beside"),
    ),
    Reported("Error during homing stepper_z: Eddy current sensor error", ("coil", "drive current")),
    Reported(
        "Error during homing probe: Trigger analog error: sensor not in range",
        ("coil", "LDC_CALIBRATE_DRIVE"),
    ),
    Reported("Unable to obtain probe_eddy_current sensor readings", ("no valid readings", "coil", "I2C")),
    Reported("probe_eddy_current sensor outage", ("no valid readings", "chip does not answer")),
    Reported("probe_eddy_current sensor not in valid range", ("outside its calibrated range",)),
    Reported(
        f"Error evaluating 'gcode_macro ATTACH_PROBE:gcode': {_MACRO} 'max_accel_to_decel'",
        ("macro ATTACH_PROBE", "max_accel_to_decel", "Update"),
        ("jinja2", "dict object"),
    ),
    Reported(
        f"Error evaluating 'gcode_macro _Klicky_Check:gcode': {_MACRO} 'requested_accel_to_decel'",
        ("macro _Klicky_Check", "requested_accel_to_decel", "Update"),
        ("jinja2",),
    ),
    Reported(
        "Error evaluating 'gcode_macro DEPLOY_PROBE:gcode': jinja2.exceptions.UndefinedError: 'dock_x' is undefined\n",
        ("macro DEPLOY_PROBE", "dock_x"),
        ("jinja2",),
    ),
    Reported(
        "Error evaluating 'gcode_macro _DOCK:gcode': klippy.gcode.CommandError: dock not reached",
        ("macro _DOCK", "“dock not reached”"),
        ("CommandError", "klippy."),
    ),
    Reported(
        "Error evaluating 'gcode_macro Stow_Probe:gcode': gcode.CommandError: Probe already stowed!\n",
        ("macro Stow_Probe", "“Probe already stowed”"),
        ("CommandError",),
    ),
    Reported(
        "Error evaluating 'z_calibration:start_gcode': extras.gcode.CommandError: no probe in the dock",
        ("G-code of [z_calibration]", "“no probe in the dock”"),
        ("CommandError",),
    ),
    Reported(
        "Error evaluating 'gcode_macro PROBE_OUT:gcode': TypeError: must be real number, not str",
        ("macro PROBE_OUT", "must be real number"),
        ("TypeError",),
    ),
    Reported("Too many retries", ("retry_tolerance", "scatter", "still shrank"), ("swapped",)),
    Reported(
        "Retries aborting: Probed points range is increasing. ", ("swapped", "larger"), ("retry_tolerance",)
    ),
    Reported(
        "Retries aborting: Probed points range is increasing. Possibly Z motor numbering is wrong",
        ("order of the Z motors",),
        ("retry_tolerance",),
    ),
    Reported(
        "Aborting quad_gantry_level required adjustment 14.212000 is greater than max_adjust 10.000000",
        ("14.212000 mm", "10.000000 mm", "by hand"),
        ("swapped",),
    ),
    Reported(
        "Aborting quad_gantry_level required adjustment 4.5 is greater than max_adjust 4.0",
        ("4.5 mm", "by hand"),
    ),
    Reported(
        "TMC 'stepper_z1' reports error: GSTAT:      00000001 reset=1(Reset)",
        ("stepper_z1", "supply voltage", "relay"),
        ("too hot", "short circuit"),
    ),
    Reported(
        "TMC 'stepper_x' reports error: DRV_STATUS: 80000000 cs_actual=0(Reset?) stst=1",
        ("supply voltage",),
        ("too hot",),
    ),
    Reported(
        "TMC 'extruder' reports error: GSTAT:      00000004 uv_cp=1(Undervoltage!)",
        ("extruder", "supply voltage"),
        ("too hot",),
    ),
    Reported(
        "TMC 'stepper_z' reports error: DRV_STATUS: 001f0003 otpw=1(OvertempWarning!) ot=1(OvertempError!)",
        ("too hot", "run_current"),
        ("short circuit",),
    ),
    Reported(
        "TMC 'stepper_y' reports error: DRV_STATUS: c0190100 s2vsa=1(LowSideShort_A!) cs_actual=25 stealth=1 stst=1",
        ("short circuit at coil A", "cable", "off"),
        ("too hot",),
    ),
    Reported(
        "TMC 'stepper_z2' reports error: DRV_STATUS: 10000020 s2gb=1(ShortToGND_B!)",
        ("stepper_z2", "short circuit at coil B"),
        ("too hot",),
    ),
    Reported(
        "TMC 'stepper_z' reports error: GSTAT: 00000002 drv_err=1(ErrorShutdown!)", ("driver of stepper_z",)
    ),
    Reported("Unknown pin chip name 'EBBCan'", ("board EBBCan", "[mcu EBBCan]", "include")),
    Reported("Unknown pin chip name 'nhk'", ("[mcu nhk]", "Upper and lower case")),
    Reported("Unknown pin chip name 'probe'", ("no probe is configured", "endstop_pin"), ("[mcu probe]",)),
    Reported(
        "Unknown pin chip name 'tmc2209_stepper_x'",
        ("[tmc2209 stepper_x]", "virtual endstop"),
        ("[mcu",),
    ),
    Reported("Unknown chip name 'sht36'", ("sht36", "not configured")),
    Reported(
        "pin PG15 used multiple times in config",
        ("PG15", "probe:z_virtual_endstop", "duplicate_pin_override"),
    ),
    Reported("pin EBBCan:PB6 used multiple times in config", ("EBBCan:PB6", "two sections")),
    Reported("pin PA14 is reserved for SWD", ("PA14", "reserved for SWD")),
    Reported("Pin PC2 reserved for A - can't reserve for B", ("PC2", "reserved for")),
    Reported("Duplicate chip name 'EBBCan'", ("two sections", "EBBCan")),
    Reported("Shared pin PC14 must have same polarity", ("PC14", "same way everywhere")),
    Reported(
        "Invalid pin description 'EBBCan:^PB6'\nFormat is: [^~] [!] [chip_name:] pin_name",
        ("“EBBCan:^PB6”", "come first"),
    ),
    Reported(
        "Source contains parsing errors: '/home/pi/printer_data/config/printer.cfg'\n\t[line 120]: '  z_offset 1.2\\n'",
        ("printer.cfg", "z_offset 1.2", "line 120", "[include"),
    ),
    Reported(
        "File contains parsing errors: 'klicky.cfg'\n\t[line  3]: 'M401\\n'",
        ("klicky.cfg", "M401", "line 3"),
    ),
    Reported(
        "Existing config autosave is corrupted. Can't complete SAVE_CONFIG",
        ("SAVE_CONFIG block", "edited by hand", "backup"),
    ),
    Reported("Unable to read existing config on SAVE_CONFIG", ("could not write", "permissions")),
    Reported(
        "SAVE_CONFIG section 'stepper_z' option 'position_endstop' conflicts with included value",
        ("position_endstop of [stepper_z]", "included file"),
    ),
    Reported("Can only home Z with probe:z_virtual_endstop", ("probe can home Z only", "X or Y")),
    Reported("Can't home to mix of probe:z_virtual_endstop rails", ("the probe and a switch",)),
    Reported("Probe virtual endstop only useful as endstop pin", ("virtual endstop", "endstop_pin")),
    Reported("Timeout on wait for 'trsync_state' response", ("in time", "USB", "CAN"), ("printer.cfg",)),
    Reported("Timeout on wait for 'stepper_position' response", ("in time", "USB", "CAN")),
    Reported("Error during homing x: Communication timeout during homing", ("did not report in time", "CAN")),
    Reported(
        "Endstop stepper_z incorrect phase (got 12 vs 45)",
        ("[endstop_phase]", "12", "45", "motor"),
        ("probe",),
    ),
    Reported("Endstop stepper_x incorrect phase (got 3 vs 50)", ("stepper_x", "[endstop_phase]"), ("probe",)),
    Reported("Endstop y incorrect phase (got 60 vs 2)", ("endstop of y", "60", "2"), ("probe",)),
    Reported(
        "Unable to read tmc uart 'stepper_z' register IFCNT",
        ("motor driver of stepper_z", "power", "wire", "address"),
    ),
    Reported(
        "Unable to write tmc spi 'stepper_x' register GCONF", ("motor driver of stepper_x", "power", "spi")
    ),
    Reported("Unable to read tmc uart 'extruder' register GSTAT", ("motor driver of extruder", "power")),
    Reported(
        "bed_mesh: Unknown profile [default]", ("no saved bed mesh named default", "BED_MESH_CALIBRATE")
    ),
    Reported("bed_mesh: Unknown profile [cold bed]", ("named cold bed", "BED_MESH_PROFILE")),
    Reported("No mesh has been loaded", ("No bed mesh is loaded",)),
    Reported(
        "Can not update MCU 'mcu' config as it is shutdown", ("'mcu' is still halted", "FIRMWARE_RESTART")
    ),
    Reported("Can not update MCU 'EBBCan' config as it is shutdown", ("'EBBCan' is still halted",)),
    Reported("MCU 'toolhead' spontaneous restart", ("'toolhead' restarted", "power", "FIRMWARE_RESTART")),
    Reported("No active tool probe", ("No tool is selected", "detection pin")),
    Reported("Cannot interact with probe - no active tool probe.", ("No tool is selected", "detection pin")),
    Reported("SET_ACTIVE_TOOL_PROBE no tool probe for tool 3", ("[tool_probe …]",)),
    Reported(
        "Option 'z_offset' in section 'bltouch' must have minimum of 0.0", ("[bltouch]", "negative", "sign")
    ),
    Reported("Option 'z_offset' in section 'probe' must have minimum of 0.0", ("[probe]", "minus sign")),
    Reported(
        "Option 'z_offset' in section 'smart_effector' must have minimum of 0",
        ("[smart_effector]", "minus sign", "nozzle"),
    ),
    Reported(
        "BLTouch failed to verify sensor state", ("pin_up_touch_mode_reports_triggered: False", "clone")
    ),
    Reported("BLTouch failed to raise probe", ("did not raise", "pin sticks")),
    Reported("BLTouch failed to deploy", ("did not deploy", "BLTOUCH_DEBUG")),
    Reported(
        "Internal error during connect: 'RawConfigParser' object has no attribute 'readfp'",
        ("too old", "Python 3.12"),
    ),
    Reported(
        "Internal error during connect: module 'numpy' has no attribute 'float'",
        ("does not match this version",),
    ),
    Reported("Internal error during ready callback: 'NoneType' object is not callable", ("klippy.log",)),
    Reported(
        "position_endstop in section 'stepper_z' must be between position_min and position_max",
        ("[stepper_z]", "position_min"),
    ),
    Reported("Error during homing move: Stepper too far in the past", ("homing", "stopped")),
    # Older wordings, and what forks and klippy's own log put around a text
    Reported("Failed to home x: Timeout during homing", ("X endstop", *_ENDSTOP), _NOT_XY),
    Reported("Failed to home probe: Timeout during homing", ("probe did not trigger", "QUERY_PROBE")),
    Reported("Failed to home stepper_b: Timeout during homing", ("tower B", "QUERY_ENDSTOPS"), ("probe",)),
    Reported("Unable to obtain 'trsync_state' response", ("trsync_state", "USB cable", "CAN")),
    Reported("Error during homing stepper_y: Unable to obtain 'trsync_state' response", ("too slow", "CAN")),
    Reported("Unable to obtain 'spi_transfer_response' response", ("spi_transfer_response", "too slow")),
    Reported(
        '{"code":"key22", "msg":"No trigger on y after full movement", "values": ["y"]}', ("Y endstop",)
    ),
    Reported('!! {"code": "key168", "msg": "BLTouch failed to deploy"}', ("did not deploy", "BLTOUCH_DEBUG")),
    Reported(
        'Error evaluating \'gcode_macro PICK:gcode\': gcode.CommandError: {"code":"key1", "msg":"no probe here"}',
        ("macro PICK", "“no probe here”"),
    ),
    Reported("b'Got error -1 in can write: (105)No buffer space available'", ("CAN bus", "txqueuelen")),
    Reported("b'Got error -1 in read: (5)Input/output error'", ("serial link", "cable")),
    Reported(
        "Multiple tools detected: ['tool T0', 'tool T3']", ("Several tools", "'tool T3'", "detection pin")
    ),
    Reported("Include file '/home/pi/x/fans.cfg' does not exist", ("/home/pi/x/fans.cfg", "include line")),
    Reported(
        "Recursive include of config file '/home/pi/x/printer-20260101_120000.cfg'",
        ("includes itself", "SAVE_CONFIG"),
    ),
    Reported(
        "Error during homing z: Probe did not clear safe height after safe time.",
        ("too near the bed", "Raise Z"),
    ),
    Reported("Probe did not clear safe time threshold.", ("too near the bed", "link")),
)


@pytest.mark.parametrize("reported", REPORTED, ids=[reported.raw[:60] for reported in REPORTED])
def test_the_cause_is_named(reported: Reported) -> None:
    explained = explain(reported.raw)
    text = f"{explained.what} {explained.cause} {explained.remedy}"
    for name in reported.names:
        assert name in text
    for name in reported.never:
        assert name not in text
    assert explained.known
    assert explained.raw == reported.raw


def test_the_first_line_decides_before_the_advice_that_follows_it() -> None:
    shutdown = "MCU 'EBB' shutdown: Rescheduled timer in the past\nProbe triggered prior to movement is not the cause"
    assert "faster than the board" in explain(shutdown).what


def test_a_name_with_a_placeholder_is_shown_as_it_is() -> None:
    explained = explain("Error evaluating 'gcode_macro {text}:gcode': gcode.CommandError: {name} {macro}")
    assert explained.what == "The macro {text} stopped with its own message: “{name} {macro}”."
