"""Errors of saving, of the links between the boards, of the machine that halts itself, and of commands in general."""

from zcal_tui.printer.errors.entry import ErrorEntry

SAVING: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"SAVE_CONFIG section '(?P<section>[^']+)' option '(?P<option>[^']+)'.* conflicts with included",
        what="SAVE_CONFIG cannot write {option} of [{section}].",
        cause="The value stands in an included file, and Klipper only writes to printer.cfg itself.",
        remedy="Comment the line out in the included file, or edit the number there by hand.",
    ),
    ErrorEntry(
        pattern=r"Unable to (parse existing config on SAVE_CONFIG|write config file|open config)",
        what="SAVE_CONFIG could not write the configuration.",
        cause="printer.cfg cannot be read or written: its rights, a full disk, or a syntax error in it.",
        remedy="Check the file's owner and the free space.",
    ),
)

LINK: tuple[ErrorEntry, ...] = (
    ErrorEntry(
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
    ErrorEntry(
        pattern=r"Lost communication with MCU '(?P<mcu>[^']+)'",
        what="The connection to the micro-controller '{mcu}' was lost.",
        cause="Its cable or power failed, the board restarted, or the CAN bus broke down.",
        remedy="Check cable and power of that board, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
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
    ErrorEntry(
        pattern=r"MCU Protocol error|mcu .*protocol error",
        what="Host and micro-controller run different versions of Klipper.",
        cause="The firmware on a board is older or newer than the host's software can talk to.",
        remedy="Compile the firmware anew and flash the boards that the message names.",
    ),
)

SHUTDOWN: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"Timer too close",
        what="The printer halted: a command reached the micro-controller too late.",
        cause=(
            "The host computer was overloaded or stalled for a moment: other programs, swapping, a "
            "failing SD card, low voltage."
        ),
        remedy="Check load, memory, power supply and cables of the host, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"Missed scheduling of next",
        what="The printer halted: the micro-controller missed messages.",
        cause="The connection between host and board breaks off at times.",
        remedy="Check the cable and its shielding, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"ADC out of range",
        what="The printer halted: a temperature sensor reads an impossible value.",
        cause=(
            "The sensor or its wire is broken or short-circuited, or the temperature really left "
            "min_temp to max_temp."
        ),
        remedy="Look which heater or sensor the message names, check its plug, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"Rescheduled timer in the past|Stepper too far in past",
        what="The printer halted: steps came faster than the board can make them.",
        cause="Speed times microsteps is too high for this micro-controller.",
        remedy="Lower the speed or the microsteps of that axis, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
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
    ErrorEntry(
        pattern=r"TMC '(?P<driver>[^']+)' reports error",
        what="The printer halted: the stepper driver of {driver} reports an error.",
        cause="Too hot, a short circuit, or a motor that was unplugged under power.",
        remedy="Check the motor's plug and the driver's cooling, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"""Internal error on command:\s*\"(?P<command>[^\"]+)\"""",
        what="The printer halted: a bug in Klipper or in an extra, at {command}.",
        cause=(
            "The code behind {command} failed in a way that was not foreseen; an extra that does not "
            "match this version of Klipper is the usual reason."
        ),
        remedy="Look for the traceback in klippy.log, update the extra it names, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"Internal error on WebRequest|json encoding error",
        what="The printer halted: a bug in an extra's interface.",
        cause="An extra answered a request in a way that Klipper cannot pass on.",
        remedy="Look for the traceback in klippy.log, update the extra it names, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"Shutdown due to (M112|webhooks request)|Command request|emergency stop",
        what="The printer was halted by an emergency stop.",
        cause="Somebody, or a program, sent it.",
        remedy="When nothing can collide, FIRMWARE_RESTART, then home again.",
    ),
    ErrorEntry(
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
    ErrorEntry(
        pattern=r"Printer is not ready",
        what="Klipper is still starting.",
        cause="It is connecting to its micro-controllers.",
        remedy="Wait a moment and try again.",
    ),
    ErrorEntry(
        pattern=r"MCU '(?P<mcu>[^']+)' shutdown: (?P<reason>[^\n]+)",
        what="The printer halted: the micro-controller '{mcu}' says \"{reason}\".",
        cause="The micro-controller stops everything when something is not as it must be.",
        remedy="Mend what it names, then FIRMWARE_RESTART.",
    ),
)

OTHER: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"""Unknown command:\s*\"(?P<command>[^\"]*)\"""",
        what="The printer does not know {command}.",
        cause=(
            "The section that provides it is not in the configuration, or it only exists at certain "
            "times (TESTZ, ACCEPT and ABORT exist during a paper test)."
        ),
        remedy="Check the configuration, or whether the paper test has ended meanwhile.",
    ),
    ErrorEntry(
        pattern=(
            r"Unable to parse parameter|Error on '.*': (missing|unable to parse)"
            r"|Malformed command|must have (a )?(minimum|maximum) of|must be (above|below)"
        ),
        what="The printer refuses a parameter.",
        cause="It is missing, no number, or out of range.",
        remedy="The message names it; correct it and try again.",
    ),
    ErrorEntry(
        pattern=r"Klippy (Host not connected|Disconnected)|Klipper has not connected to Moonraker",
        what="Klipper is not running, or not connected to Moonraker.",
        cause="Its service has stopped or restarts.",
        remedy="Start the klipper service and look at klippy.log.",
    ),
)

MACHINE_ERRORS: tuple[ErrorEntry, ...] = SAVING + LINK + SHUTDOWN + OTHER
