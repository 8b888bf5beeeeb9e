"""Errors of probing, of the paper test and of the calibration commands, as Klipper (from 2023 on), Kalico and the
z_calibration extra word them."""

from zcal_tui.printer.errors.entry import ErrorEntry

PROBING: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"No trigger on (?P<name>[\w ]+) after full movement",
        what="The {name} did not trigger on the way down.",
        cause=(
            "The move reached the lowest allowed Z without a trigger. The probe is not deployed or attached, its wire "
            "or pin is wrong, it is not over the bed, or position_min is too high."
        ),
        remedy=(
            "Check that QUERY_PROBE reports TRIGGERED when the probe is pressed by hand, and that it is over the bed. "
            "Set position_min in the Z section to about -2."
        ),
    ),
    ErrorEntry(
        pattern=r"triggered prior to movement",
        what="The probe was triggered before the move began.",
        cause=(
            "The last retract did not release it, it is not attached or deployed, its pin is inverted, or it picks "
            "up vibration."
        ),
        remedy=(
            "Check that QUERY_PROBE reports open in the air. If it does, raise sample_retract_dist. If not, check "
            "the mount and the '!' before the pin."
        ),
    ),
    ErrorEntry(
        pattern=r"still triggered after retract",
        what="The endstop was still triggered after the retract between the two homing moves.",
        cause=(
            "homing_retract_dist is shorter than the switch's travel, or the switch sticks or is inverted."
        ),
        remedy=(
            "Check with QUERY_ENDSTOPS that it opens when released. If it does, raise homing_retract_dist."
        ),
    ),
    ErrorEntry(
        pattern=r"probe samples exceed (samples_)?tolerance(?!\. Retrying)",
        what="The samples of one measurement are too far apart.",
        cause=(
            "The probe does not repeat within samples_tolerance: a loose mount, a dirty nozzle, a soft or warm bed, "
            "or too fast an approach."
        ),
        remedy=("Run Repeatability (`accuracy`), then fix the cause. Do not raise samples_tolerance."),
    ),
    ErrorEntry(
        pattern=r"probe switch not closed",
        what="The probe does not seem to be attached.",
        cause=(
            "Its switch reads triggered before probing. With a normally closed switch that means it is missing."
        ),
        remedy=(
            "Attach the probe by hand and run QUERY_PROBE. Check the attach macro, and that the switch is wired "
            "normally closed."
        ),
    ),
    ErrorEntry(
        pattern=r"Probe (?P<deed>attach|detach) failed",
        what="The dockable probe was not {deed}ed.",
        cause=(
            "After the docking moves the probe is not where it should be. The dock's position, the magnets or the "
            "approach moves are off."
        ),
        remedy="Run ATTACH_PROBE and DETACH_PROBE slowly and correct the dock's coordinates.",
    ),
    ErrorEntry(
        pattern=r"Probe not detected in dock",
        what="The dockable probe is not in its dock.",
        cause="It is still on the toolhead, or it has fallen off.",
        remedy="Put it into its dock and try again.",
    ),
    ErrorEntry(
        pattern=r"probe is not attached and auto-attach is disabled",
        what="The probe is not attached.",
        cause="Automatic attaching is off for this probe.",
        remedy="Run ATTACH_PROBE first, or set auto_attach_detach in its section.",
    ),
    ErrorEntry(
        pattern=(
            r"Probing fail\w* (because|after|to collect)"
            r"|Probe failed because it was deemed bad|bad probes"
        ),
        what="The printer rejected the samples and stopped.",
        cause="The probe rates each sample. Dirt or filament on the nozzle or an unsteady bed makes it reject them.",
        remedy="Clean the nozzle cold, check that the bed is steady, then try again.",
    ),
    ErrorEntry(
        pattern=r"Unable to find \d+ samples within",
        what="The samples do not agree well enough.",
        cause="The nozzle itself touches the bed, so filament on it, a warm nozzle or vibration count directly.",
        remedy="Clean the nozzle, let it cool below its limit, then try again.",
    ),
    ErrorEntry(
        pattern=r"Toolhead moved during probe (de)?activate_gcode",
        what="The probe's activate_gcode or deactivate_gcode moved the toolhead.",
        cause="In them Klipper allows only moves that return to the same place.",
        remedy="End these scripts with a move back to where they start.",
    ),
    ErrorEntry(
        pattern=r"Probe does not support QUERY_PROBE",
        what="This probe cannot report whether it is triggered.",
        cause="It measures a distance or a force and has no switch.",
        remedy="Nothing needs to be done. Its state is not checked before probing.",
    ),
    ErrorEntry(
        pattern=r"BLTouch failed to (?P<what>\w+)",
        what="The BLTouch did not {what}.",
        cause="Its pin sticks or is bent, or the control or sensor wire has a bad contact.",
        remedy="Run BLTOUCH_DEBUG COMMAND=pin_down and pin_up, and watch the pin. Clean or replace it.",
    ),
    ErrorEntry(
        pattern=r"horizontal_move_z can't be less than",
        what="horizontal_move_z is lower than the probe's z_offset.",
        cause="The probe would be dragged over the bed on the way to a point.",
        remedy="Set horizontal_move_z in that section above z_offset, 5 mm or more.",
    ),
    ErrorEntry(
        pattern=r"Probing failed due to printer shutdown|Homing failed due to printer shutdown",
        what="The printer was halted during the move.",
        cause="An emergency stop or another error halted it.",
        remedy="Fix what the printer's state message names, then FIRMWARE_RESTART.",
    ),
)

MANUAL_PROBE: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"Already in a manual Z probe",
        what="A paper test is already open.",
        cause="Another screen or program opened it, or it was left open.",
        remedy="Finish it there, or send ABORT if it is not needed.",
    ),
    ErrorEntry(
        pattern=r"Manual probe failed",
        what="The paper test ended without a result.",
        cause=(
            "ACCEPT came before the nozzle was moved down with TESTZ, or the toolhead was moved sideways."
        ),
        remedy="Start it again, and move only by the steps of the paper test.",
    ),
    ErrorEntry(
        pattern=(
            r"must home (axis )?(axes )?first|Must home before probe|must home axes first"
            r"|Must home X and Y axes first"
        ),
        what="The printer is not homed.",
        cause=(
            "It was not homed since it started, or the motors were switched off. Klipper does not know where the "
            "toolhead is."
        ),
        remedy="Home all axes (G28), then try again.",
    ),
    ErrorEntry(
        pattern=r"Move out of range: (?P<where>[-\d. ]+)",
        what="The move would end outside the axis limits (at {where}).",
        cause=(
            "A position is outside position_min to position_max. For Z, position_min is often not below zero."
        ),
        remedy=(
            "Check the coordinates against the axis limits. Set position_min in the Z section to about -2."
        ),
    ),
    ErrorEntry(
        pattern=r"Extrude (below minimum temp|only move too long)|Move exceeds maximum extrusion",
        what="The extruder refuses to move.",
        cause="The nozzle is colder than min_extrude_temp, or the move is longer than allowed.",
        remedy="Find what sent this move. No calibration extrudes.",
    ),
)

CALIBRATION: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"offset (?P<offset>-?[\d.]+) is outside the configured range",
        what="The automatic offset came out at {offset} mm, outside the allowed range.",
        cause=(
            "One of the three heights is wrong. The endstop was hit beside the switch's body, filament is on the "
            "nozzle, or switch_offset belongs to another switch."
        ),
        remedy="Compare the nozzle, switch and bed heights with an earlier run to see which one moved.",
    ),
    ErrorEntry(
        pattern=r"offset is greater than allowed",
        what="The automatic offset is larger than max_deviation allows.",
        cause="One of the three heights is wrong, or the printer changed.",
        remedy=(
            "Compare the nozzle, switch and bed heights with an earlier run. Use offset_margins instead of "
            "max_deviation."
        ),
    ),
    ErrorEntry(
        pattern=r"cannot find a (?P<site>nozzle|switch|bed) position",
        what="The position of the {site} measurement is not configured.",
        cause="Neither the command nor [z_calibration] nor a section it falls back to names it.",
        remedy="Configure {site}_xy_position in [z_calibration].",
    ),
    ErrorEntry(
        pattern=r"cannot find a switch offset",
        what="The switch offset is not configured.",
        cause="CALIBRATE_Z needs to know how far the switch travels until it triggers.",
        remedy="Set switch_offset in [z_calibration] to 0.5 mm, then tune it (`auto-z --tune`).",
    ),
    ErrorEntry(
        pattern=r"virtual endstop for z is not supported",
        what="The automatic offset needs a real Z endstop.",
        cause="This printer homes Z with the probe, so there is no switch for the nozzle to press.",
        remedy="Run Z offset (`z-offset`) on this printer.",
    ),
    ErrorEntry(
        pattern=r"Retries aborting|Too many retries|Aborting quad_gantry_level",
        what="The levelling did not converge.",
        cause=(
            "The corrections get larger instead of smaller. Motors or corners are swapped, or the probe does not "
            "repeat."
        ),
        remedy="Check the order of the Z motors and of the points. Run Repeatability (`accuracy`).",
    ),
)

EDDY: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"Failed calibration - (no usable data|frequency not increasing)",
        what="The eddy current sensor's readings cannot be turned into heights.",
        cause=(
            "Its frequency does not fall steadily while it is lifted. It is mounted too high, is not over metal "
            "(x_offset, y_offset), has the wrong drive current, or is noisy."
        ),
        remedy=(
            "Mount the coil 2 to 3 mm above the nozzle tip, and bring it over the bed. Run "
            "LDC_CALIBRATE_DRIVE_CURRENT and SAVE_CONFIG, then calibrate again."
        ),
    ),
    ErrorEntry(
        pattern=r"Failed calibration - incomplete sensor data",
        what="Readings of the eddy current sensor were lost during the calibration.",
        cause="The link to its board or the I2C wiring is disturbed, or the host was too busy.",
        remedy="Check klippy.log for sensor errors, check the wiring, then calibrate again.",
    ),
    ErrorEntry(
        pattern=r"Invalid ldc1612 id",
        what="The eddy current sensor's chip does not answer correctly.",
        cause="Its I2C wires are loose or swapped, i2c_bus is wrong, or the chip is faulty.",
        remedy="Check the wiring, and i2c_bus and i2c_address in its section, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"Must calibrate probe_eddy_current first",
        what="The eddy current sensor is not calibrated.",
        cause="Without a table of frequencies and heights (option calibrate) it cannot measure.",
        remedy="Run Z offset (`z-offset`), which calibrates it, and save the result.",
    ),
    ErrorEntry(
        pattern=r"probe_eddy_current sensor not in valid range",
        what="The eddy current sensor is outside its calibrated range.",
        cause="It is too high above the bed, beside the bed, or was calibrated with another drive current.",
        remedy="Bring it over the bed and lower it. If that does not help, run Z offset (`z-offset`).",
    ),
)

MEASURING_ERRORS: tuple[ErrorEntry, ...] = PROBING + MANUAL_PROBE + CALIBRATION + EDDY
