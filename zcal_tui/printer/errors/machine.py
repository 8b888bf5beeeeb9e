"""Errors of saving, of the links between the boards, of shutdowns, and of commands in general."""

from zcal_tui.printer.errors.entry import ErrorEntry

SAVING: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"SAVE_CONFIG section '(?P<section>[^']+)' option '(?P<option>[^']+)'.* conflicts with included",
        what="SAVE_CONFIG cannot write {option} of [{section}].",
        cause="The value is in an included file, and Klipper writes only to printer.cfg itself.",
        remedy="Comment out the line in the included file, or edit the value there.",
    ),
    ErrorEntry(
        pattern=r"Existing config autosave is corrupted",
        what="SAVE_CONFIG cannot write: the SAVE_CONFIG block at the end of printer.cfg is damaged.",
        cause="It was edited by hand: its heading or the #*# at the start of a line is missing, or lines follow it.",
        remedy=(
            "Restore the block from a backup (printer-DATE.cfg beside it), or move its values into the file above and "
            "delete the block. Then RESTART."
        ),
    ),
    ErrorEntry(
        pattern=r"Unable to (parse existing config on SAVE_CONFIG|read existing config|write config file|open config)",
        what="SAVE_CONFIG could not write the configuration.",
        cause="printer.cfg cannot be read or written: file permissions, a full disk, or a syntax error.",
        remedy="Check the file's owner and permissions, and the free space.",
    ),
)

LINK: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"Communication timeout during homing",
        what="A micro-controller did not report in time during a probing or homing move.",
        cause=(
            "The connection to one of the boards was too slow. Common reasons: a busy host, a loaded CAN bus, a USB "
            "hub or cable."
        ),
        remedy=(
            "Stop programs that load the host (cameras). Check CAN speed, txqueuelen and cables. A slower probing "
            "speed does not help."
        ),
    ),
    ErrorEntry(
        pattern=r"Got error -?\d+ in can (?P<deed>\w+): \(\d+\)(?P<reason>.+)",
        what="The CAN bus does not take messages ({deed}: {reason}).",
        cause=(
            "The interface is down, its queue is too short, or the bus has errors: a missing or third terminating "
            "resistor, a loose wire, or boards of different speeds."
        ),
        remedy=(
            "Set txqueuelen of the CAN interface to 128 and one bitrate on all boards. Measure 60 Ω between CANH and "
            "CANL with the power off."
        ),
    ),
    ErrorEntry(
        pattern=r"Got error -?\d+ in [\w ]+: \(\d+\)(?P<reason>.+)",
        what="The serial link to a board has errors: {reason}.",
        cause="Its USB cable or power is bad, or the board was unplugged.",
        remedy="Replace the cable, and power the board without the USB hub. Then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"Lost communication with MCU '(?P<mcu>[^']+)'",
        what="The connection to the micro-controller '{mcu}' was lost.",
        cause="Its cable or power failed, the board restarted, or the CAN bus failed.",
        remedy="Check the cable and power of that board, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=(
            r"mcu '(?P<mcu>[^']+)': (Unable to connect|Serial connection closed|Timeout on connect|Wait for identify)"
            r"|Unable to (connect to|open (serial|CAN) port)|Timeout with MCU"
        ),
        what="Klipper cannot reach the micro-controller.",
        cause=("The configured serial device or CAN id is missing: unplugged, renamed, or not powered."),
        remedy=("Check `serial:` or `canbus_uuid:` and the board's power, then FIRMWARE_RESTART."),
    ),
    ErrorEntry(
        pattern=r"MCU Protocol error|mcu .*protocol error",
        what="Host and micro-controller run incompatible versions of Klipper.",
        cause="The firmware on a board is too old or too new for the host software.",
        remedy="Build the firmware again and flash the boards that the message names.",
    ),
)

SHUTDOWN: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"Timer too close",
        what="The printer halted: a command reached the micro-controller too late.",
        cause=(
            "The host was overloaded or stalled for a moment: other programs, swapping, a failing SD card, low "
            "voltage."
        ),
        remedy="Check the host's load, memory, power supply and cables, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"Missed scheduling of next",
        what="The printer halted: the micro-controller missed messages.",
        cause="The connection between host and board is intermittent.",
        remedy="Check the cable and its shielding, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"ADC out of range",
        what="The printer halted: a temperature sensor reads an impossible value.",
        cause=(
            "The sensor or its wire is broken or shorted, or the temperature is outside min_temp to max_temp."
        ),
        remedy="Check the plug of the heater or sensor that the message names, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"Rescheduled timer in the past|Stepper too far in past",
        what="The printer halted: it had to step faster than the board can.",
        cause="Speed times microsteps is too high for this micro-controller.",
        remedy="Lower the speed or the microsteps of that axis, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"Heater (?P<heater>\S+) not heating at expected rate",
        what="The printer halted: {heater} does not heat as expected.",
        cause=(
            "The heater or its sensor is loose or broken, a draught cools it, or [verify_heater] is too strict."
        ),
        remedy=(
            "Check the heater, the thermistor and their plugs before you heat again, then FIRMWARE_RESTART."
        ),
    ),
    ErrorEntry(
        pattern=r"TMC '(?P<driver>[^']+)' reports error:.*OvertempError",
        what="The printer halted: the stepper driver of {driver} is too hot and switched off.",
        cause="Its cooling is not enough, or run_current is too high for it.",
        remedy="Let it cool down. Check the fan and the heat sink, and lower run_current. Then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"TMC '(?P<driver>[^']+)' reports error:.*(ShortToGND|ShortToSupply|LowSideShort)_(?P<coil>[AB])",
        what="The printer halted: the stepper driver of {driver} reports a short circuit at coil {coil}.",
        cause=(
            "The motor's wire is damaged, its plug is wired wrong, or the motor is faulty. Unplugging a motor under "
            "power does it too. The driver itself may be broken by then."
        ),
        remedy=(
            "Switch the printer off. Check the motor's cable, and try another motor on this driver. Never unplug a "
            "motor under power."
        ),
    ),
    ErrorEntry(
        pattern=r"TMC '(?P<driver>[^']+)' reports error:.*(Undervoltage|\(Reset\??\))",
        what=(
            "The printer halted: the stepper driver of {driver} lost its supply voltage and has started again "
            "without its settings."
        ),
        cause=(
            "The motor supply was off, too low or interrupted: a relay, a fuse, a loose terminal. Some emergency stops "
            "cut only the motors. The motor itself is not the likely cause."
        ),
        remedy="Check that supply at the board, then FIRMWARE_RESTART and home again.",
    ),
    ErrorEntry(
        pattern=r"TMC '(?P<driver>[^']+)' reports error",
        what="The printer halted: the stepper driver of {driver} reports an error.",
        cause="It is too hot, has a short circuit, or its motor was unplugged under power.",
        remedy="Check the motor's plug and the driver's cooling, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"""Internal error on command:\s*\"(?P<command>[^\"]+)\"""",
        what="The printer halted: a bug in Klipper or in one of its modules, at {command}.",
        cause=(
            "The code of {command} failed unexpectedly. Usually a module does not match this version of Klipper."
        ),
        remedy="Find the traceback in klippy.log, update the module it names, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"Internal error on WebRequest|json encoding error",
        what="The printer halted: a bug in the interface of a Klipper module.",
        cause="A module answered a request with something that Klipper cannot send.",
        remedy="Find the traceback in klippy.log, update the module it names, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"Shutdown due to (M112|webhooks request)|Command request|emergency stop",
        what="The printer was halted by an emergency stop.",
        cause="A person or a program sent it.",
        remedy="Make sure nothing can collide, then FIRMWARE_RESTART and home.",
    ),
    ErrorEntry(
        pattern=r"Shutdown due to (?P<reason>[^\n]+)",
        what="The printer was halted: {reason}.",
        cause="A macro (action_emergency_stop) or a module halted it with this message.",
        remedy="Fix what the message names, then FIRMWARE_RESTART and home.",
    ),
    ErrorEntry(
        pattern=r"Printer is not ready",
        what="Klipper is still starting.",
        cause="It is connecting to its micro-controllers.",
        remedy="Wait a moment, then try again.",
    ),
    ErrorEntry(
        pattern=r"MCU '(?P<mcu>[^']+)' shutdown: (?P<reason>[^\n]+)",
        what="The printer halted: the micro-controller '{mcu}' reports \"{reason}\".",
        cause="The micro-controller stops the machine when it detects a fault.",
        remedy="Fix what it names, then FIRMWARE_RESTART.",
    ),
)

OTHER: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"""Unknown command:\s*\"(?P<command>[^\"]*)\"""",
        what="The printer has no command {command}.",
        cause=(
            "The section that provides it is not configured, or the command exists only at times. TESTZ, ACCEPT and "
            "ABORT exist during a paper test."
        ),
        remedy="Check the configuration, and whether the paper test has ended.",
    ),
    ErrorEntry(
        pattern=(
            r"Unable to parse parameter|Error on '.*': (missing|unable to parse|must provide)|unable to parse [A-Z_]+$"
            r"|(Value for )?parameter '[^']+' must|Invalid (boolean value|choice|PROBE_METHOD|homing method)"
            r"|MAX_(DEVIATION|SLOPE) must be"
            r"|Malformed command|must have (a )?(minimum|maximum) of|must be (above|below)"
        ),
        what="The printer rejected a parameter.",
        cause="It is missing, not a number, or out of range.",
        remedy="Correct the parameter that the message names, then try again.",
    ),
    ErrorEntry(
        pattern=r"Klippy (Host not connected|Disconnected)|Klipper has not connected to Moonraker",
        what="Klipper is not running, or not connected to Moonraker.",
        cause="Its service has stopped or is restarting.",
        remedy="Start the klipper service. Check klippy.log if it does not stay up.",
    ),
)

MACHINE_ERRORS: tuple[ErrorEntry, ...] = SAVING + LINK + SHUTDOWN + OTHER
