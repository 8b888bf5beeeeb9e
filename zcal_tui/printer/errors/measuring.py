"""Errors of probing, of the paper test and of the calibration commands, as Klipper (from 2023 on), Kalico and the
z_calibration extra word them."""

from zcal_tui.printer.errors.entry import ErrorEntry

PROBING: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"No trigger on (?P<name>[\w ]+) after full movement",
        what="The {name} did not trigger on the way down.",
        cause=(
            "The move ended at the lowest allowed Z before it triggered: the probe is not deployed or "
            "not attached, its wire or pin is wrong, the nozzle is not over the bed, or position_min "
            "stops it too early."
        ),
        remedy=(
            "Check with QUERY_PROBE that it says TRIGGERED when pressed by hand, and that it is over "
            "the bed. A position_min of -2 or so in the Z section leaves room below zero for the "
            "probe to reach."
        ),
    ),
    ErrorEntry(
        pattern=r"triggered prior to movement",
        what="The probe was triggered before the move began.",
        cause=(
            "It was not released by the last retract, it is not attached or deployed, its pin is "
            "inverted, or it picks up vibration."
        ),
        remedy=(
            "Look whether QUERY_PROBE says open in the air. If it does, raise sample_retract_dist; if "
            "not, check how it is attached and the '!' before its pin."
        ),
    ),
    ErrorEntry(
        pattern=r"still triggered after retract",
        what="The endstop was still triggered after the retract between the two homing moves.",
        cause=(
            "homing_retract_dist is shorter than the switch's own travel, or the switch sticks or is "
            "inverted."
        ),
        remedy=(
            "Check with QUERY_ENDSTOPS that it opens when released; raise homing_retract_dist if it does."
        ),
    ),
    ErrorEntry(
        pattern=r"probe samples exceed (samples_)?tolerance(?!\. Retrying)",
        what="The touches of one measurement lie too far apart.",
        cause=(
            "The probe does not repeat within samples_tolerance: a loose mount, a dirty nozzle, a "
            "soft or warm bed, or too fast an approach."
        ),
        remedy=(
            "Measure the repeatability (check `accuracy`), then mend the cause rather than raise "
            "samples_tolerance."
        ),
    ),
    ErrorEntry(
        pattern=r"probe switch not closed",
        what="The probe does not seem to be attached.",
        cause=(
            "Before the touch its switch reads as triggered, which for a normally closed switch means "
            "that it is not there."
        ),
        remedy=(
            "Attach the probe by hand and look at QUERY_PROBE; check the attach macro and that the "
            "switch is wired normally closed."
        ),
    ),
    ErrorEntry(
        pattern=r"Probe (?P<deed>attach|detach) failed",
        what="The dockable probe was not {deed}ed.",
        cause=(
            "After the docking moves the probe is not where it should be: the dock's position, the "
            "magnets or the approach moves are off."
        ),
        remedy="Try ATTACH_PROBE and DETACH_PROBE slowly by hand and correct the dock's coordinates.",
    ),
    ErrorEntry(
        pattern=r"Probe not detected in dock",
        what="The dockable probe is not in its dock.",
        cause="It is still at the toolhead, or it has fallen off.",
        remedy="Put it into its dock and try again.",
    ),
    ErrorEntry(
        pattern=r"probe is not attached and auto-attach is disabled",
        what="The probe is not attached.",
        cause="Automatic attaching is switched off for this probe.",
        remedy="Run ATTACH_PROBE first, or set auto_attach_detach in its section.",
    ),
    ErrorEntry(
        pattern=(
            r"Probing fail\w* (because|after|to collect)"
            r"|Probe failed because it was deemed bad|bad probes"
        ),
        what="The printer judged the touches to be bad and gave up.",
        cause=("The probe rates each touch; dirt or ooze on the nozzle or a shaky bed make it reject them."),
        remedy="Clean the nozzle cold, check that nothing shakes, and try again.",
    ),
    ErrorEntry(
        pattern=r"Unable to find \d+ samples within",
        what="The touches do not agree well enough.",
        cause=("The nozzle touches the bed itself here, so ooze, a warm nozzle or vibration show directly."),
        remedy="Clean the nozzle, let it cool below its limit, and try again.",
    ),
    ErrorEntry(
        pattern=r"Toolhead moved during probe (de)?activate_gcode",
        what="The probe's activate_gcode or deactivate_gcode moved the toolhead.",
        cause="Klipper allows no moves in them that do not return to the same place.",
        remedy="End these scripts with a move back to where they began.",
    ),
    ErrorEntry(
        pattern=r"Probe does not support QUERY_PROBE",
        what="This probe cannot be asked for its state.",
        cause="It measures a distance or a force instead of switching.",
        remedy="Nothing needs to be done; its state is not checked beforehand.",
    ),
    ErrorEntry(
        pattern=r"BLTouch failed to (?P<what>\w+)",
        what="The BLTouch did not {what}.",
        cause="Its pin sticks or is bent, or the control or sensor wire has no good contact.",
        remedy="Run BLTOUCH_DEBUG COMMAND=pin_down and pin_up and watch the pin; clean or replace it.",
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
        cause="An emergency stop or another error halted it; that one is the cause.",
        remedy="Read the printer's state message, mend what it names, then FIRMWARE_RESTART.",
    ),
)

MANUAL_PROBE: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"Already in a manual Z probe",
        what="A paper test is already under way.",
        cause="Another screen or program started it, or one was left open.",
        remedy="Finish it there, or send ABORT if nobody needs it.",
    ),
    ErrorEntry(
        pattern=r"Manual probe failed",
        what="The paper test ended without a result.",
        cause=(
            "ACCEPT came before the nozzle was moved down with TESTZ, or the toolhead was moved "
            "sideways meanwhile."
        ),
        remedy="Start it again and only use the steps of the paper test to move.",
    ),
    ErrorEntry(
        pattern=(
            r"must home (axis )?(axes )?first|Must home before probe|must home axes first"
            r"|Must home X and Y axes first"
        ),
        what="The printer is not homed.",
        cause=(
            "Klipper does not know where the toolhead is: it was not homed since it started, or the "
            "motors were switched off."
        ),
        remedy="Home all axes (G28) and try again.",
    ),
    ErrorEntry(
        pattern=r"Move out of range: (?P<where>[-\d. ]+)",
        what="The move would leave the allowed area (to {where}).",
        cause=(
            "A position lies outside position_min and position_max, for Z often because position_min "
            "is not below zero."
        ),
        remedy=(
            "Check the coordinates against the axis limits. A position_min of -2 or so in the Z "
            "section leaves room below zero for the probe to reach."
        ),
    ),
    ErrorEntry(
        pattern=r"Extrude (below minimum temp|only move too long)|Move exceeds maximum extrusion",
        what="The extruder refuses to move.",
        cause="The nozzle is colder than min_extrude_temp, or the move is longer than allowed.",
        remedy="No calibration extrudes; look for what sent this move.",
    ),
)

CALIBRATION: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"offset (?P<offset>-?[\d.]+) is outside the configured range",
        what="The automatic offset came out at {offset} mm, outside the allowed range.",
        cause=(
            "One of the three heights is wrong: the switch was hit beside its body, ooze hangs from "
            "the nozzle, or switch_offset belongs to another switch."
        ),
        remedy="Compare the nozzle, switch and bed heights with an earlier run to see which one moved.",
    ),
    ErrorEntry(
        pattern=r"offset is greater than allowed",
        what="The automatic offset is larger than max_deviation allows.",
        cause="One of the three heights is wrong, or the printer changed.",
        remedy=(
            "Compare the nozzle, switch and bed heights with an earlier run; use offset_margins "
            "instead of max_deviation."
        ),
    ),
    ErrorEntry(
        pattern=r"cannot find a (?P<site>nozzle|switch|bed) position",
        what="The place for the {site} measurement is not configured.",
        cause="Neither the command nor [z_calibration] nor a section it falls back on names it.",
        remedy="Configure {site}_xy_position in [z_calibration].",
    ),
    ErrorEntry(
        pattern=r"cannot find a switch offset",
        what="The switch offset is not configured.",
        cause="The automatic offset needs to know how far the switch travels until it triggers.",
        remedy="Set switch_offset in [z_calibration], 0.5 mm to begin with, and tune it.",
    ),
    ErrorEntry(
        pattern=r"virtual endstop for z is not supported",
        what="The automatic offset needs a real Z endstop.",
        cause="This printer homes Z with the probe, so there is no switch that the nozzle could touch.",
        remedy="Use the paper test (check `z-offset`) on this printer.",
    ),
    ErrorEntry(
        pattern=r"Retries aborting|Too many retries|Aborting quad_gantry_level",
        what="The levelling did not converge.",
        cause=(
            "The corrections get larger instead of smaller: motors or corners are assigned the wrong "
            "way round, or the probe does not repeat."
        ),
        remedy="Check the order of the Z motors and of the points, and measure the repeatability.",
    ),
)

EDDY: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"Failed calibration - (no usable data|frequency not increasing)",
        what="The eddy current sensor gave nothing that heights can be read from.",
        cause=(
            "Its frequency does not fall steadily while it is lifted: it is mounted too high above the bed, it does "
            "not stand over metal (x_offset and y_offset), its drive current does not suit it, or it is noisy."
        ),
        remedy=(
            "Look that the coil is 2 to 3 mm above the nozzle's tip and over the bed; run LDC_CALIBRATE_DRIVE_CURRENT, "
            "SAVE_CONFIG, then calibrate again."
        ),
    ),
    ErrorEntry(
        pattern=r"Failed calibration - incomplete sensor data",
        what="Readings of the eddy current sensor were lost during the calibration.",
        cause="The link to its board or the I2C wire is disturbed, or the host was too busy.",
        remedy="Look for errors of the sensor in klippy.log, check the wiring, then calibrate again.",
    ),
    ErrorEntry(
        pattern=r"Invalid ldc1612 id",
        what="The eddy current sensor's chip does not answer as it should.",
        cause="Its I2C wires are loose or exchanged, another i2c_bus is configured, or the chip is faulty.",
        remedy="Check the wiring and i2c_bus, i2c_address in its section, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"Must calibrate probe_eddy_current first",
        what="The eddy current sensor is not calibrated.",
        cause="Without a table of frequencies and heights (calibrate) it cannot measure.",
        remedy="Do the check `z-offset`, which calibrates it, and save what it finds.",
    ),
    ErrorEntry(
        pattern=r"probe_eddy_current sensor not in valid range",
        what="The eddy current sensor is out of the range that it is calibrated for.",
        cause="It stands too high above the bed, beside the bed, or was calibrated with another drive current.",
        remedy="Bring it over the bed, nearer; if that does not help, calibrate it again (check `z-offset`).",
    ),
)

MEASURING_ERRORS: tuple[ErrorEntry, ...] = PROBING + MANUAL_PROBE + CALIBRATION + EDDY
