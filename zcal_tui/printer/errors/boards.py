"""Errors of the boards and of the motor drivers: connecting, configuring, registers."""

from zcal_tui.printer.errors.entry import ErrorEntry

DRIVERS: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"Unable to (?P<deed>read|write) tmc (?P<bus>uart|spi) '(?P<driver>[^']+)' register (?P<register>\S+)",
        what="The motor driver of {driver} does not answer.",
        cause=(
            "It has no motor power (switched off, or emergency stop), its {bus} wire or pin is wrong, or two drivers "
            "share an address."
        ),
        remedy="Switch the motor power on. Then check uart_pin, tx_pin and uart_address, or cs_pin, of that driver.",
    ),
    ErrorEntry(
        pattern=r"Unknown (field|register) name|Specify either VALUE or VELOCITY|VELOCITY parameter not supported",
        what="The driver's command has a wrong parameter.",
        cause="This driver has no such field or register.",
        remedy="Correct the parameter. DUMP_TMC lists what the driver has.",
    ),
    ErrorEntry(
        pattern=(
            r"TMC mux|Shared TMC uarts|TMC uart rx and tx|TMC SPI chain"
            r"|Could not find config section '\[[^']*' required by tmc"
            r"|tmc virtual endstop requires diag pin|GLOBALSCALER|driver_HEND|driver_s2vs_level"
        ),
        what="Klipper does not start: the section of a motor driver does not fit.",
        cause="Its pins, its address, its current or its stepper's name is wrong.",
        remedy="Correct the section that the message names, then RESTART.",
    ),
)

BOARDS: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"(Timeout on wait for|Unable to obtain) '(?P<response>[^']+)' response",
        what="A board did not answer in time (it was asked for {response}).",
        cause="The link to it was too slow or was lost while homing or probing: USB cable, CAN bus, or a busy host.",
        remedy=(
            "Check the cable and power of the boards, CAN speed and txqueuelen, and the host's load. Then "
            "FIRMWARE_RESTART."
        ),
    ),
    ErrorEntry(
        pattern=r"Can not update MCU '(?P<mcu>[^']+)' config as it is shutdown",
        what="The board '{mcu}' is still halted.",
        cause="It stopped earlier, and RESTART alone does not reset it.",
        remedy="Run FIRMWARE_RESTART. If it stays, switch the printer off and on.",
    ),
    ErrorEntry(
        pattern=r"MCU '(?P<mcu>[^']+)' spontaneous restart",
        what="The board '{mcu}' restarted by itself.",
        cause="Its power dropped, its cable was disturbed, or a short circuit reset it.",
        remedy="Check its power supply and cables, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=(
            r"MCU '(?P<mcu>[^']+)' CRC does not match config|Failed automated reset of MCU"
            r"|Attempt MCU '[^']+' restart failed"
        ),
        what="A board could not be restarted with the new configuration.",
        cause="It still has the old configuration, and its restart failed.",
        remedy="Run FIRMWARE_RESTART. If it stays, switch the printer off and on.",
    ),
    ErrorEntry(
        pattern=r"MCU '(?P<mcu>[^']+)' has deprecated code|Too high clock speed for MCU",
        what="The firmware of a board does not fit this Klipper.",
        cause="It is older than the host's software, or was built for another clock.",
        remedy="Build the firmware again and flash that board.",
    ),
    ErrorEntry(
        pattern=(
            r"MCU '(?P<mcu>[^']+)' error during config|Unable to configure MCU|Too few moves available on MCU"
            r"|Pin '[^']+' is not a valid pin name|pin type \S+ not supported|Pin with max duration"
            r"|(Digital|PWM) pin (max duration|cycle time) too large|PWM cycle time too large|soft pwm"
            r"|ADC sample_count|Static pin can not|Cannot set pin on disconnected|cannot be marked as non-critical"
        ),
        what="Klipper cannot configure a board.",
        cause="A pin's name, a time or a setting is not possible on it.",
        remedy="Correct what the message names in printer.cfg, then FIRMWARE_RESTART.",
    ),
    ErrorEntry(
        pattern=r"stepcompress|Internal error in MCU",
        what="The printer halted: Klipper could not compute the steps of a move.",
        cause="A module set a position or a speed that the motors cannot follow.",
        remedy="Find the traceback in klippy.log, update the module it names, then FIRMWARE_RESTART.",
    ),
)
