"""Errors of homing moves. The endstop that the message names decides what is explained."""

from zcal_tui.printer.errors.entry import ErrorEntry

_XY = r"(?:stepper_|carriage[ _]|dual_carriage[ _])?(?P<axis>[xyuv])(?:\d|_\w+)?"
_TOWER = r"(?:stepper_)?(?P<axis>a|b|c|left|right|arm)"
_Z = r"(?:stepper_|carriage[ _])?z\d?"
_PROBE = r"(?P<name>[\w ]*(?:probe|bltouch|beacon|cartographer|scanner|smart_effector|idm)[\w ]*)"
_AXIS_CAUSES = (
    "The switch is not pressed or its pin or wire is wrong, or something blocks the axis. With sensorless homing the "
    "sensitivity (driver_SGTHRS or driver_SGT) is off. A wrong rotation_distance ends the move too early."
)

HOMING: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=rf"No trigger on {_XY} after full movement",
        what="The {axis} endstop did not trigger.",
        cause=_AXIS_CAUSES,
        remedy=(
            "Press the switch by hand and run QUERY_ENDSTOPS. It must report TRIGGERED. Then check that the axis moves "
            "freely towards it."
        ),
    ),
    ErrorEntry(
        pattern=rf"No trigger on {_TOWER} after full movement",
        what="The endstop of tower {axis} did not trigger.",
        cause=_AXIS_CAUSES,
        remedy=(
            "Press that tower's switch by hand and run QUERY_ENDSTOPS. It must report TRIGGERED. Then check that its "
            "carriage moves freely to the top."
        ),
    ),
    ErrorEntry(
        pattern=rf"No trigger on {_PROBE} after full movement",
        what="The {name} did not trigger on the way down.",
        cause=(
            "The move reached the lowest allowed Z without a trigger. The probe is not deployed or attached, its wire "
            "or pin is wrong, it is not over the bed, or the lowest allowed Z is too high."
        ),
        remedy=(
            "Check that QUERY_PROBE reports TRIGGERED when the probe is pressed by hand. Where it homes Z, "
            "home_xy_position of [safe_z_home] must put the probe over the bed, not the nozzle. Set position_min in "
            "the Z section (on a delta minimum_z_position in [printer]) to about -2."
        ),
    ),
    ErrorEntry(
        pattern=rf"No trigger on (?P<name>{_Z}) after full movement",
        what="The Z endstop ({name}) did not trigger.",
        cause=(
            "Its switch is not reached, or its pin or wire is wrong. Where the probe is the Z endstop, the probe is "
            "not deployed or attached, or not over the bed."
        ),
        remedy=(
            "Press the switch, or the probe, by hand and run QUERY_ENDSTOPS. It must report TRIGGERED. Where the probe "
            "homes Z, home_xy_position of [safe_z_home] must put the probe over the bed, not the nozzle."
        ),
    ),
    ErrorEntry(
        pattern=r"No trigger on (?P<name>.+?) after full movement",
        what="The endstop of {name} did not trigger.",
        cause="The switch is not pressed, its pin or wire is wrong, or something blocks the movement.",
        remedy="Press its switch by hand and run QUERY_ENDSTOPS. It must report TRIGGERED.",
    ),
    ErrorEntry(
        pattern=rf"Endstop {_XY} still triggered after retract",
        what="The {axis} endstop was still triggered after the retract between the two homing moves.",
        cause=(
            "homing_retract_dist is shorter than the switch's travel, or the switch sticks. Sensorless homing needs "
            "homing_retract_dist: 0."
        ),
        remedy="Run QUERY_ENDSTOPS away from the switch. If it reports open, raise homing_retract_dist.",
    ),
    ErrorEntry(
        pattern=r"still triggered after retract",
        what="The endstop was still triggered after the retract between the two homing moves.",
        cause="homing_retract_dist is shorter than the switch's travel, or the switch sticks or is inverted.",
        remedy="Check with QUERY_ENDSTOPS that it opens when released. If it does, raise homing_retract_dist.",
    ),
    ErrorEntry(
        pattern=r"Early homing trigger on second home",
        what="The endstop triggered too early in the second homing move.",
        cause=(
            "The axis moved less than homing_retract_dist. Sensorless homing is too sensitive, or the switch "
            "bounces."
        ),
        remedy="Lower the sensitivity of the driver, or check the switch and its wire.",
    ),
    ErrorEntry(
        pattern=r"Endstop (?P<name>\S+) incorrect phase \(got (?P<got>\d+) vs (?P<wanted>\d+)\)",
        what="The endstop of {name} triggered at motor phase {got}; [endstop_phase] expects {wanted}.",
        cause=(
            "The switch triggers at another step of the motor than when it was calibrated. It moved, its coupling "
            "slipped, or it repeats worse than half a full step."
        ),
        remedy=(
            "Check how the switch and the motor's coupling are fixed. Then run ENDSTOP_PHASE_CALIBRATE again, or "
            "remove "
            "[endstop_phase]."
        ),
    ),
    ErrorEntry(
        pattern=r"Stepper (?P<name>\S+) phase unknown|Stats not available for stepper",
        what="The phase of a stepper motor is not known.",
        cause="[endstop_phase] needs a TMC driver with a known phase, and the axis must have been homed.",
        remedy="Home the axis, then run the command again.",
    ),
    ErrorEntry(
        pattern=r"Endstop for (?P<name>\S+) is not accurate enough for stepper phase|Invalid trigger_phase",
        what="Klipper does not start: [endstop_phase] does not fit this stepper.",
        cause="endstop_accuracy is larger than the motor's phase allows, or trigger_phase is not like 12/64.",
        remedy="Correct or remove that section, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"Can only home Z with probe:z_virtual_endstop",
        what="The probe can home Z only, and this homing moves another axis too.",
        cause=(
            "probe:z_virtual_endstop is the endstop of an axis that shares its motors with X or Y, or of X or Y "
            "itself. The bed would be probed while the toolhead moves sideways."
        ),
        remedy="Give X and Y endstops of their own. Home X and Y first, then Z.",
    ),
    ErrorEntry(
        pattern=r"Can't home to mix of probe:z_virtual_endstop rails",
        what="Homing would use the probe and a switch at once.",
        cause="Only some of the rails that home together have probe:z_virtual_endstop as endstop_pin.",
        remedy="Give all of them the same kind of endstop.",
    ),
    ErrorEntry(
        pattern=r"Cannot determine position of toolhead on axis (?P<axis>\w+) after homing",
        what="Homing did not give the position of the {axis} axis.",
        cause="The kinematics of this printer cannot compute it from the axes that were homed.",
        remedy="Home all axes at once (G28).",
    ),
    ErrorEntry(
        pattern=r"Multi-mcu homing not supported on multi-mcu shared axis",
        what="These motors and this endstop cannot be homed together.",
        cause="Motors of one axis are on several boards, and so are their endstops.",
        remedy="Connect the motors of that axis, or its endstop, to one board.",
    ),
    ErrorEntry(
        pattern=r"virtual endstop only useful as endstop|is only useful as an endstop pin",
        what="Klipper does not start: a virtual endstop is used as an ordinary pin.",
        cause="It can only be the endstop_pin of a stepper.",
        remedy="Correct the section that names it, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"Can not pullup/invert (probe|tmc|cartographer|beacon)",
        what="Klipper does not start: a virtual endstop has a '!' or '^' in front.",
        cause="The pin of the probe or driver itself takes these marks, not its virtual endstop.",
        remedy="Remove the mark from endstop_pin, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"Missing Z endstop config for safe_z_hom|homing_override and safe_z_homing cannot",
        what="Klipper does not start: [safe_z_home] does not fit this configuration.",
        cause="It needs a Z endstop in [stepper_z], and cannot be used together with [homing_override].",
        remedy="Remove one of the two sections, then RESTART.",
    ),
)
