"""Temperature sensors that are read over SPI. Behaviour after Klipper src/thermocouple.c."""

from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.scheduler import CLOCK_MASK, FirmwareShutdown, Timer
from zcal_tui.sim.mcu.spi import SpiDevice

CHIPS = ("MAX31855", "MAX31856", "MAX31865", "MAX6675")


class Thermocouple:
    """A sensor that is read on a schedule, and checked against a range."""

    def __init__(self, firmware: Firmware, oid: int, pin: str, commands: "Thermocouples") -> None:
        self._firmware = firmware
        self._oid = oid
        self._pin = pin
        self._commands = commands
        self._timer = Timer(self._event)
        self._rest_ticks = 0
        self._range = (0, 0)
        self._most_invalid = 0
        self._invalid = 0

    def query(self, clock: int, rest_ticks: int, minimum: int, maximum: int, most_invalid: int) -> None:
        """Report from `clock` (64 bit) on; never again if `rest_ticks` is 0."""
        self._firmware.scheduler.delete(self._timer)
        self._rest_ticks = rest_ticks
        self._range = (minimum, maximum)
        self._most_invalid = most_invalid
        self._invalid = 0
        if rest_ticks:
            self._firmware.scheduler.add(self._timer, clock)

    def _event(self) -> int:
        value = self._firmware.machine.spi_reading(self._pin, self._firmware.now)
        low, high = self._range
        self._invalid = 0 if low <= value <= high else self._invalid + 1
        if self._invalid > self._most_invalid and not self._firmware.is_shutdown:
            raise FirmwareShutdown("Thermocouple reader fault")
        following = self._timer.waketime + self._rest_ticks
        self._commands.result(self._oid, following & CLOCK_MASK, value, 0)
        return following


class Thermocouples:
    """The commands. The chip select pin of its SPI object says which sensor it is."""

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware
        firmware.dictionary.enumeration("thermocouple_type", {name: n for n, name in enumerate(CHIPS)})
        firmware.command("config_thermocouple oid=%c spi_oid=%c thermocouple_type=%c", self._config)
        firmware.command(
            "query_thermocouple oid=%c clock=%u rest_ticks=%u min_value=%u max_value=%u max_invalid_count=%c",
            self._query,
        )
        self.result = firmware.response("thermocouple_result oid=%c next_clock=%u value=%u fault=%c")

    def _config(self, oid: int, spi_oid: int, _chip: int) -> None:
        pin = self._firmware.lookup(spi_oid, SpiDevice).pin
        self._firmware.assign(oid, Thermocouple(self._firmware, oid, pin, self))

    def _query(self, oid: int, clock: int, *schedule: int) -> None:
        self._firmware.lookup(oid, Thermocouple).query(self._firmware.scheduler.extend(clock), *schedule)
