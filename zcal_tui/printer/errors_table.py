"""The errors `explain` knows, searched in this order without regard to case.

Named groups of a pattern may stand in the sentences in braces. The wordings are those of Klipper from 2023
on, of Kalico, and of the z_calibration extra.
"""

from typing import NamedTuple


class Entry(NamedTuple):
    """One error: a pattern for its text, and what to say about it."""

    pattern: str
    what: str
    cause: str
    remedy: str


PROBING: tuple[Entry, ...] = (
    Entry(
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
    Entry(
        pattern=r"(?P<name>[\w ]+?) triggered prior to movement",
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
    Entry(
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
    Entry(
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
    Entry(
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
    Entry(
        pattern=r"Probe (?P<deed>attach|detach) failed",
        what="The dockable probe was not {deed}ed.",
        cause=(
            "After the docking moves the probe is not where it should be: the dock's position, the "
            "magnets or the approach moves are off."
        ),
        remedy="Try ATTACH_PROBE and DETACH_PROBE slowly by hand and correct the dock's coordinates.",
    ),
    Entry(
        pattern=r"Probe not detected in dock",
        what="The dockable probe is not in its dock.",
        cause="It is still at the toolhead, or it has fallen off.",
        remedy="Put it into its dock and try again.",
    ),
    Entry(
        pattern=r"probe is not attached and auto-attach is disabled",
        what="The probe is not attached.",
        cause="Automatic attaching is switched off for this probe.",
        remedy="Run ATTACH_PROBE first, or set auto_attach_detach in its section.",
    ),
    Entry(
        pattern=(
            r"Probing fail\w* (because|after|to collect)"
            r"|Probe failed because it was deemed bad|bad probes"
        ),
        what="The printer judged the touches to be bad and gave up.",
        cause=("The probe rates each touch; dirt or ooze on the nozzle or a shaky bed make it reject them."),
        remedy="Clean the nozzle cold, check that nothing shakes, and try again.",
    ),
    Entry(
        pattern=r"Unable to find \d+ samples within",
        what="The touches do not agree well enough.",
        cause=("The nozzle touches the bed itself here, so ooze, a warm nozzle or vibration show directly."),
        remedy="Clean the nozzle, let it cool below its limit, and try again.",
    ),
    Entry(
        pattern=r"Toolhead moved during probe (de)?activate_gcode",
        what="The probe's activate_gcode or deactivate_gcode moved the toolhead.",
        cause="Klipper allows no moves in them that do not return to the same place.",
        remedy="End these scripts with a move back to where they began.",
    ),
    Entry(
        pattern=r"Probe does not support QUERY_PROBE",
        what="This probe cannot be asked for its state.",
        cause="It measures a distance or a force instead of switching.",
        remedy="Nothing needs to be done; its state is not checked beforehand.",
    ),
    Entry(
        pattern=r"BLTouch failed to (?P<what>\w+)",
        what="The BLTouch did not {what}.",
        cause="Its pin sticks or is bent, or the control or sensor wire has no good contact.",
        remedy="Run BLTOUCH_DEBUG COMMAND=pin_down and pin_up and watch the pin; clean or replace it.",
    ),
    Entry(
        pattern=r"horizontal_move_z can't be less than",
        what="horizontal_move_z is lower than the probe's z_offset.",
        cause="The probe would be dragged over the bed on the way to a point.",
        remedy="Set horizontal_move_z in that section above z_offset, 5 mm or more.",
    ),
    Entry(
        pattern=r"Probing failed due to printer shutdown|Homing failed due to printer shutdown",
        what="The printer was halted during the move.",
        cause="An emergency stop or another error halted it; that one is the cause.",
        remedy="Read the printer's state message, mend what it names, then FIRMWARE_RESTART.",
    ),
)

MANUAL_PROBE: tuple[Entry, ...] = (
    Entry(
        pattern=r"Already in a manual Z probe",
        what="A paper test is already under way.",
        cause="Another screen or program started it, or one was left open.",
        remedy="Finish it there, or send ABORT if nobody needs it.",
    ),
    Entry(
        pattern=r"Manual probe failed",
        what="The paper test ended without a result.",
        cause=(
            "ACCEPT came before the nozzle was moved down with TESTZ, or the toolhead was moved "
            "sideways meanwhile."
        ),
        remedy="Start it again and only use the steps of the paper test to move.",
    ),
    Entry(
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
    Entry(
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
    Entry(
        pattern=r"Extrude (below minimum temp|only move too long)|Move exceeds maximum extrusion",
        what="The extruder refuses to move.",
        cause="The nozzle is colder than min_extrude_temp, or the move is longer than allowed.",
        remedy="No calibration extrudes; look for what sent this move.",
    ),
)

CALIBRATION: tuple[Entry, ...] = (
    Entry(
        pattern=r"offset (?P<offset>-?[\d.]+) is outside the configured range",
        what="The automatic offset came out at {offset} mm, outside the allowed range.",
        cause=(
            "One of the three heights is wrong: the switch was hit beside its body, ooze hangs from "
            "the nozzle, or switch_offset belongs to another switch."
        ),
        remedy="Compare the nozzle, switch and bed heights with an earlier run to see which one moved.",
    ),
    Entry(
        pattern=r"offset is greater than allowed",
        what="The automatic offset is larger than max_deviation allows.",
        cause="One of the three heights is wrong, or the printer changed.",
        remedy=(
            "Compare the nozzle, switch and bed heights with an earlier run; use offset_margins "
            "instead of max_deviation."
        ),
    ),
    Entry(
        pattern=r"cannot find a (?P<site>nozzle|switch|bed) position",
        what="The place for the {site} measurement is not configured.",
        cause="Neither the command nor [z_calibration] nor a section it falls back on names it.",
        remedy="Configure {site}_xy_position in [z_calibration].",
    ),
    Entry(
        pattern=r"cannot find a switch offset",
        what="The switch offset is not configured.",
        cause="The automatic offset needs to know how far the switch travels until it triggers.",
        remedy="Set switch_offset in [z_calibration], 0.5 mm to begin with, and tune it.",
    ),
    Entry(
        pattern=r"virtual endstop for z is not supported",
        what="The automatic offset needs a real Z endstop.",
        cause="This printer homes Z with the probe, so there is no switch that the nozzle could touch.",
        remedy="Use the paper test (check `z-offset`) on this printer.",
    ),
    Entry(
        pattern=r"Retries aborting|Too many retries|Aborting quad_gantry_level",
        what="The levelling did not converge.",
        cause=(
            "The corrections get larger instead of smaller: motors or corners are assigned the wrong "
            "way round, or the probe does not repeat."
        ),
        remedy="Check the order of the Z motors and of the points, and measure the repeatability.",
    ),
)

SAVING: tuple[Entry, ...] = (
    Entry(
        pattern=r"SAVE_CONFIG section '(?P<section>[^']+)' option '(?P<option>[^']+)' conflicts with included value",
        what="SAVE_CONFIG cannot write {option} of [{section}].",
        cause="The value stands in an included file, and Klipper only writes to printer.cfg itself.",
        remedy="Comment the line out in the included file, or edit the number there by hand.",
    ),
    Entry(
        pattern=r"Unable to (parse existing config on SAVE_CONFIG|write config file|open config)",
        what="SAVE_CONFIG could not write the configuration.",
        cause="printer.cfg cannot be read or written: its rights, a full disk, or a syntax error in it.",
        remedy="Check the file's owner and the free space.",
    ),
)

LINK: tuple[Entry, ...] = (
    Entry(
        pattern=r"Communication timeout during homing",
        what="A micro-controller did not report in time while a probing or homing move ran.",
        cause=(
            "Two boards have to agree on the moment of the trigger, and the connection to one of them "
            "was too slow: a busy host, a loaded CAN bus, a USB hub or cable."
        ),
        remedy=(
            "Close what loads the host (cameras), check CAN speed and txqueuelen and the cables; a "
            "slower probing speed does not cure it."
        ),
    ),
    Entry(
        pattern=r"Lost communication with MCU '(?P<mcu>[^']+)'",
        what="The connection to the micro-controller '{mcu}' was lost.",
        cause="Its cable or power failed, the board restarted, or the CAN bus broke down.",
        remedy="Check cable and power of that board, then FIRMWARE_RESTART.",
    ),
    Entry(
        pattern=(
            r"mcu '(?P<mcu>[^']+)': (Unable to connect|Serial connection closed)"
            r"|Unable to connect to"
        ),
        what="Klipper cannot reach the micro-controller.",
        cause=(
            "The serial device or CAN id in the configuration is not there: unplugged, renamed, or "
            "not powered."
        ),
        remedy=(
            "Check the `serial:` or `canbus_uuid:` line and that the board has power, then FIRMWARE_RESTART."
        ),
    ),
    Entry(
        pattern=r"MCU Protocol error|mcu .*protocol error",
        what="Host and micro-controller run different versions of Klipper.",
        cause="The firmware on a board is older or newer than the host's software can talk to.",
        remedy="Compile the firmware anew and flash the boards that the message names.",
    ),
)

SHUTDOWN: tuple[Entry, ...] = (
    Entry(
        pattern=r"Timer too close",
        what="The printer halted: a command reached the micro-controller too late.",
        cause=(
            "The host computer was overloaded or stalled for a moment: other programs, swapping, a "
            "failing SD card, low voltage."
        ),
        remedy="Check load, memory, power supply and cables of the host, then FIRMWARE_RESTART.",
    ),
    Entry(
        pattern=r"Missed scheduling of next",
        what="The printer halted: the micro-controller missed messages.",
        cause="The connection between host and board breaks off at times.",
        remedy="Check the cable and its shielding, then FIRMWARE_RESTART.",
    ),
    Entry(
        pattern=r"ADC out of range",
        what="The printer halted: a temperature sensor reads an impossible value.",
        cause=(
            "The sensor or its wire is broken or short-circuited, or the temperature really left "
            "min_temp to max_temp."
        ),
        remedy="Look which heater or sensor the message names, check its plug, then FIRMWARE_RESTART.",
    ),
    Entry(
        pattern=r"Rescheduled timer in the past|Stepper too far in past",
        what="The printer halted: steps came faster than the board can make them.",
        cause="Speed times microsteps is too high for this micro-controller.",
        remedy="Lower the speed or the microsteps of that axis, then FIRMWARE_RESTART.",
    ),
    Entry(
        pattern=r"Heater (?P<heater>\S+) not heating at expected rate",
        what="The printer halted: {heater} does not heat as it should.",
        cause=(
            "The heater or its sensor is loose or broken, a draught cools it, or its limits in "
            "[verify_heater] are too tight."
        ),
        remedy=(
            "Check the heater cartridge, the thermistor and their plugs before you heat again, then "
            "FIRMWARE_RESTART."
        ),
    ),
    Entry(
        pattern=r"TMC '(?P<driver>[^']+)' reports error",
        what="The printer halted: the stepper driver of {driver} reports an error.",
        cause="Too hot, a short circuit, or a motor that was unplugged under power.",
        remedy="Check the motor's plug and the driver's cooling, then FIRMWARE_RESTART.",
    ),
    Entry(
        pattern=r"""Internal error on command:\s*\"(?P<command>[^\"]+)\"""",
        what="The printer halted: a bug in Klipper or in an extra, at {command}.",
        cause=(
            "The code behind {command} failed in a way that was not foreseen; an extra that does not "
            "match this version of Klipper is the usual reason."
        ),
        remedy="Look for the traceback in klippy.log, update the extra it names, then FIRMWARE_RESTART.",
    ),
    Entry(
        pattern=r"Internal error on WebRequest|json encoding error",
        what="The printer halted: a bug in an extra's interface.",
        cause="An extra answered a request in a way that Klipper cannot pass on.",
        remedy="Look for the traceback in klippy.log, update the extra it names, then FIRMWARE_RESTART.",
    ),
    Entry(
        pattern=r"Shutdown due to (M112|webhooks request)|Command request|emergency stop",
        what="The printer was halted by an emergency stop.",
        cause="Somebody, or a program, sent it.",
        remedy="When nothing can collide, FIRMWARE_RESTART, then home again.",
    ),
    Entry(
        pattern=(
            r"(Section '[^']*' is not a valid config section|Option '[^']*' .*section '[^']*'"
            r"|Unable to load module|Unable to parse option|Unable to open config file"
            r"|Include file .* does not exist|Malformed config|pin \S+ used multiple times"
            r"|Missing section|File contains no section headers"
            r"|Source contains parsing errors)"
        ),
        what="Klipper does not start: its configuration has an error.",
        cause="The message names the section and the option.",
        remedy="Correct printer.cfg, then RESTART.",
    ),
    Entry(
        pattern=r"Printer is not ready",
        what="Klipper is still starting.",
        cause="It is connecting to its micro-controllers.",
        remedy="Wait a moment and try again.",
    ),
    Entry(
        pattern=r"MCU '(?P<mcu>[^']+)' shutdown: (?P<reason>[^\n]+)",
        what="The printer halted: the micro-controller '{mcu}' says \"{reason}\".",
        cause="The micro-controller stops everything when something is not as it must be.",
        remedy="Mend what it names, then FIRMWARE_RESTART.",
    ),
)

OTHER: tuple[Entry, ...] = (
    Entry(
        pattern=r"""Unknown command:\s*\"(?P<command>[^\"]*)\"""",
        what="The printer does not know {command}.",
        cause=(
            "The section that provides it is not in the configuration, or it only exists at certain "
            "times (TESTZ, ACCEPT and ABORT exist during a paper test)."
        ),
        remedy="Check the configuration, or whether the paper test has ended meanwhile.",
    ),
    Entry(
        pattern=(
            r"Unable to parse parameter|Error on '.*': (missing|unable to parse)"
            r"|Malformed command|must have (a )?(minimum|maximum) of|must be (above|below)"
        ),
        what="The printer refuses a parameter.",
        cause="It is missing, no number, or out of range.",
        remedy="The message names it; correct it and try again.",
    ),
    Entry(
        pattern=r"Klippy (Host not connected|Disconnected)|Moonraker has not met Klipper",
        what="Klipper is not running, or not connected to Moonraker.",
        cause="Its service has stopped or restarts.",
        remedy="Start the klipper service and look at klippy.log.",
    ),
)

ENTRIES: tuple[Entry, ...] = PROBING + MANUAL_PROBE + CALIBRATION + SAVING + LINK + SHUTDOWN + OTHER
