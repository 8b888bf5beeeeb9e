"""Errors of probing, of the paper test and of the calibration commands, as Klipper (from 2023 on), Kalico and the
z_calibration extra word them."""

from zcal_tui.printer.errors.entry import ErrorEntry

PROBING: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"triggered prior to movement",
        what="The probe was triggered before the move began.",
        cause=(
            "It is not attached or deployed, the last retract did not release it, it touches something, or it picks up "
            "vibration."
        ),
        remedy=(
            "Attach or deploy the probe, raise it above the bed, and run QUERY_PROBE. If it reports open, raise "
            "sample_retract_dist. If not, check its mount, plug and wire."
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
        pattern=r"Unable to find \S+ samples within",
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
        pattern=r"Nozzle Scrubber GCode did not return",
        what="nozzle_scrubber_gcode moved the toolhead.",
        cause="It may wipe the nozzle, but has to end where it began.",
        remedy="Begin it with SAVE_GCODE_STATE and end it with RESTORE_GCODE_STATE MOVE=1.",
    ),
    ErrorEntry(
        pattern=r"Probe does not support QUERY_PROBE",
        what="This probe cannot report whether it is triggered.",
        cause="It measures a distance or a force and has no switch.",
        remedy="Nothing needs to be done. Its state is not checked before probing.",
    ),
    ErrorEntry(
        pattern=r"BLTouch failed to verify sensor state",
        what="The BLTouch's signal did not read as expected in touch mode.",
        cause=(
            "The sensor wire or its pin is wrong, or the probe is a clone. Many clones do not report a trigger with "
            "the pin up."
        ),
        remedy=(
            "Check the sensor wire and pin. For a clone set pin_up_touch_mode_reports_triggered: False in [bltouch], "
            "then RESTART."
        ),
    ),
    ErrorEntry(
        pattern=r"Failed to verify BLTouch probe is raised",
        what="The BLTouch's pin was not seen raised; Klipper tries again.",
        cause="Its pin sticks or is bent, or the bed was still touching it.",
        remedy="If it happens often, clean or replace the pin.",
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
            r"|Must home X and Y|Z axis must be homed|Must home axes before|must home Z axis first"
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
            "A position is outside the axis limits. For Z the lowest one is often not below zero: position_min, on a "
            "delta minimum_z_position."
        ),
        remedy=(
            "Check the coordinates against the axis limits. For Z set position_min in its section (on a delta "
            "minimum_z_position in [printer]) to about -2."
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
        pattern=r"Either use the BED_POSITION parameter",
        what="The position of the bed measurement is not configured.",
        cause="Neither the command nor [z_calibration] nor a mesh with zero_reference_position names it.",
        remedy="Configure bed_xy_position in [z_calibration].",
    ),
    ErrorEntry(
        pattern=r"must run CALIBRATE_Z first",
        what="There is no automatic offset to compute from.",
        cause="CALCULATE_SWITCH_OFFSET needs a CALIBRATE_Z since Klipper started.",
        remedy="Run Automatic Z offset (`auto-z`) first.",
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
)

MEASURING_ERRORS: tuple[ErrorEntry, ...] = PROBING + MANUAL_PROBE + CALIBRATION
