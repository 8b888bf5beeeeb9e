"""Devices without a part in the machine: buses, drivers, displays, buttons, and which commands they need.

Source: Klipper docs, Config_Reference.
"""

from collections.abc import Iterator, Mapping

from zcal_tui.klipper_config.configuration import Configuration, Section
from zcal_tui.sim import wiring_replicape
from zcal_tui.sim.refusals import Options, Refusals
from zcal_tui.sim.sections import KINDS, WITH_A_PORT, kind_name
from zcal_tui.sim.wiring_pins import WiringPins
from zcal_tui.sim.wiring_sensors import I2C_SENSORS, SPI_SENSORS
from zcal_tui.sim.wiring_types import MAIN, Pin, StallWire

_I2C = ("i2c", "silent_i2c")
_DISPLAYS: Mapping[str, tuple[str, ...]] = {
    "st7920": ("st7920",),
    "hd44780": ("hd44780",),
    "emulated_st7920": ("spi",),
    "hd44780_spi": ("spi",),
    "aip31068_spi": ("spi",),
    "uc1701": ("spi",),
}
_EITHER_BUS = ("ssd1306", "sh1106")
BUTTONS = ("encoder_pins", "click_pin", "back_pin", "up_pin", "down_pin", "kill_pin")
ACCELEROMETERS = ("adxl345", "lis2dw", "lis3dh", "mpu9250", "icm20948")
_EITHER_ACCELEROMETER = ("lis2dw", "lis3dh")
I2C_ADDRESSES: Mapping[str, int] = {
    "LM75": 0x48,
    **dict.fromkeys(("HTU21D", "SI7013", "SI7020", "SI7021", "SHT21"), 0x40),
    **dict.fromkeys(("AHT10", "AHT1X", "AHT2X", "AHT3X"), 0x38),
    "SHT3X": 0x44,
    "BME280": 0x76,
    **dict.fromkeys(_EITHER_ACCELEROMETER, 0x19),
    **dict.fromkeys(("mpu9250", "icm20948"), 0x68),
}
"""Where klippy looks for a chip whose section has no i2c_address, by sensor_type or kind of section."""
_FANS = ("fan", "heater_fan", "controller_fan", "fan_generic", "temperature_fan")
SCANNERS = ("cartographer", "beacon")
"""Sections of scanners that a micro-controller has a part for; the option `mcu` names it, or it is one itself."""
_DIAGNOSTIC = ("diag_pin", "diag0_pin", "diag1_pin")
_SGTHRS, _COOLCONF = 0x40, 0x6D
_SGT = 16
"""Where the threshold is in COOLCONF, a signed number of seven bits. Source: the drivers' data sheets."""


class Devices:
    """The devices of one configuration."""

    def __init__(self, configuration: Configuration, refusals: Refusals, pins: WiringPins) -> None:
        self._sections = configuration.sections
        self._refusals = refusals
        self._pins = pins

    def groups(self, chip: str = MAIN) -> frozenset[str]:
        """The groups of commands that a micro-controller has to offer."""
        return frozenset(
            group
            for section in self._sections.values()
            for group in self._needs(section)
            if chip in self._chips_of(section)
        )

    def buses(self, option: str, chip: str = MAIN) -> tuple[str, ...]:
        """The names of a micro-controller's buses that an option is set to."""
        found = {
            bus
            for section in self._sections.values()
            if (bus := section.get(option)) and chip in self._chips_of(section)
        }
        board = self._sections.get(wiring_replicape.KIND)
        if option == "spi_bus" and board is not None and chip in self._chips_of(board):
            found.update(wiring_replicape.SPI_BUSES)
        return tuple(sorted(found))

    def _chips_of(self, section: Section) -> set[str]:
        """The micro-controllers that a section's device is on."""
        if section.kind in SCANNERS:
            return {self._chip_of_scanner(section.kind)}
        if section.kind == wiring_replicape.KIND:
            return {wiring_replicape.host_of(section)}
        chips = {pin.partition(":")[0] if ":" in pin else MAIN for pin in self._pins.of(section)}
        if (named := section.get("i2c_mcu")) is not None:
            return {named.strip()}
        return chips or {MAIN}

    def scanners(self) -> tuple[str, ...]:
        """The coils of scanners, by the names that their micro-controllers read them by."""
        found = ((name, self._chip_of_scanner(name)) for name in SCANNERS if name in self._sections)
        return tuple(name if chip == MAIN else f"{chip}:{name}" for name, chip in found)

    def _chip_of_scanner(self, name: str) -> str:
        if name in WITH_A_PORT:
            return name
        section = self._sections.get(name)
        return ((section and section.get("mcu")) or MAIN).strip()

    def spi_chips(self) -> Mapping[str, str]:
        """Kinds of chips by their chip select pins."""
        drivers = {
            self._pins.pin(options, "cs_pin").name: "tmc2660" if options.section.kind == "tmc2660" else "tmc"
            for options in self._drivers()
            if options.optional("cs_pin") is not None
        }
        return drivers | {
            self._pins.pin(Options(section, self._refusals), "cs_pin").name: section.kind
            for section in self._sections.values()
            if section.kind in ACCELEROMETERS and section.get("cs_pin") is not None
        }

    def i2c_chips(self, chip: str = MAIN) -> Mapping[int, str]:
        """Kinds of chips on a micro-controller's I2C buses, by address."""
        found: dict[int, str] = {}
        for section in self._sections.values():
            kind = section.get("sensor_type") or ""
            if section.kind in ACCELEROMETERS and section.get("cs_pin") is None:
                kind = section.kind
            default = I2C_ADDRESSES.get(kind)
            if default is not None and chip in self._chips_of(section):
                options = Options(section, self._refusals)
                address = int(options.number("i2c_address", float(default)))
                if found.setdefault(address, kind) != kind:
                    options.refuse("i2c_address", f"There is a {found[address]} at this address already.")
        return found

    def closed(self) -> tuple[Pin, ...]:
        """Switches with filament in them."""
        return tuple(
            self._pins.pin(Options(section, self._refusals), "switch_pin")
            for section in self._sections.values()
            if section.kind in ("filament_switch_sensor", "filament_motion_sensor")
        )

    def open(self) -> tuple[Pin, ...]:
        """Buttons."""
        return tuple(
            pin
            for section in self._sections.values()
            if section.kind in ("display", "gcode_button")
            for option in (*BUTTONS, "pin")
            if (text := section.get(option)) is not None
            for description in text.split(",")
            for pin in self._pins.pins(Options(section, self._refusals), option, description)
        )

    def stalls(self) -> Mapping[str, StallWire]:
        """The drivers that report the end of an axis, by the stepper section whose endstop they are."""
        found: dict[str, StallWire] = {}
        for section in self._sections.values():
            chip, _, pin = (section.get("endstop_pin") or "").rpartition(":")
            if pin.strip() != "virtual_endstop":
                continue
            options = Options(section, self._refusals)
            driver = self._sections.get(chip.strip().replace("_", " ", 1))
            if driver is None:
                options.refuse("endstop_pin", f"There is no section for {chip.strip()}.")
                continue
            diagnostic = next((name for name in _DIAGNOSTIC if driver.get(name) is not None), None)
            if diagnostic is None:
                self._refusals.option(
                    driver, "diag_pin", "Homing without a switch needs the driver's DIAG pin."
                )
                continue
            found[section.name] = self._stall(Options(driver, self._refusals), diagnostic)
        return found

    def _stall(self, driver: Options, diagnostic: str) -> StallWire:
        pin = self._pins.pin(driver, diagnostic)
        if driver.optional("uart_pin") is not None:
            place = int(driver.number("uart_address", 0.0))
            register = _SGTHRS if driver.section.kind == "tmc2209" else 0
            return StallWire(pin, f"{self._pins.pin(driver, 'uart_pin').name}/{place}", register)
        # Klippy counts the drivers of a chain from the one that is written last.
        place = int(driver.number("chain_length", 1.0) - driver.number("chain_position", 1.0))
        register = 0 if driver.section.kind == "tmc2660" else _COOLCONF
        name = f"{self._pins.pin(driver, 'cs_pin').name}/{place}"
        return StallWire(pin, name, register, _SGT, bits=7, signed=True)

    def _drivers(self) -> Iterator[Options]:
        return (
            Options(section, self._refusals)
            for section in self._sections.values()
            if section.kind.startswith("tmc")
        )

    def _needs(self, section: Section) -> Iterator[str]:
        kind = KINDS.get(kind_name(section.name))
        if kind is not None:
            yield from kind.needs
        if section.kind == "display":
            yield from self._display(Options(section, self._refusals))
        elif section.kind in _EITHER_ACCELEROMETER:
            yield "spi" if section.get("cs_pin") is not None else "i2c"
        elif section.kind.startswith("tmc"):
            yield "tmcuart" if section.get("uart_pin") is not None else "spi"
        elif section.kind in _FANS and section.get("tachometer_pin") is not None:
            yield "counter"
        if section.get("sensor_type") in SPI_SENSORS:
            yield from ("spi", "thermocouple")
        elif section.get("sensor_type") in I2C_SENSORS:
            yield "i2c"

    def _display(self, options: Options) -> Iterator[str]:
        kind = options.text("lcd_type")
        if kind in _EITHER_BUS:
            yield from ("spi",) if options.optional("cs_pin") is not None else _I2C
        elif kind in _DISPLAYS:
            yield from _DISPLAYS[kind]
        elif kind:
            options.refuse("lcd_type", f"{kind} is no display that Klipper knows.")
        if any(options.optional(option) is not None for option in BUTTONS):
            yield "buttons"
