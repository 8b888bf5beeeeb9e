"""The eddy current sensor: the firmware polls an LDC1612, reports its data in bulk and feeds its triggers.

A conversion shows the frequency in its middle. Behaviour after Klipper src/sensor_ldc1612.c and
src/sensor_bulk.c, and, with the commands of before 2026, after Kalico's.
"""

from collections import deque
from dataclasses import dataclass

from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.i2c import I2cDevice
from zcal_tui.sim.mcu.ldc1612_chip import Ldc1612Chip
from zcal_tui.sim.mcu.motion import View
from zcal_tui.sim.mcu.scheduler import CLOCK_MASK, FirmwareShutdown
from zcal_tui.sim.mcu.trigger_analog import TriggerAnalog
from zcal_tui.sim.mcu.trsync import Trsync

BYTES_PER_SAMPLE = 4
BULK_BYTES = 51

SENSOR_REPORTS_ERROR, I2C_STATUS_ERROR, I2C_DATA_ERROR, INVALID_READ_DATA = range(4)
_ERROR_FLAGS = 0xE000_0000
_DATA_MASK = 0x0FFF_FFFF


@dataclass(frozen=True, slots=True)
class Conversion:
    """A conversion of the chip: when it is complete, when the firmware reads it, what it gives."""

    complete: int
    read: int
    data: int


class Ldc1612:
    """The firmware's driver of a chip."""

    def __init__(self, firmware: Firmware, oid: int, device: I2cDevice, sensors: "Ldc1612s") -> None:
        self._firmware = firmware
        self._oid = oid
        self._device = device
        self._sensors = sensors
        self.trigger: TriggerAnalog | None = None
        self.home: ThresholdHome | None = None
        self._poll_ticks = 0
        self._first_poll = 0
        self._conversion_ticks = 0.0
        self._begin = 0
        self._number = 0
        self._ahead: deque[Conversion] = deque()
        self._buffer = bytearray()
        self._sequence = 0

    def query(self, rest_ticks: int) -> None:
        """Read the chip every `rest_ticks`; 0 to stop."""
        self._firmware.motion.unobserve(self)
        self._ahead.clear()
        self._poll_ticks = rest_ticks
        if not rest_ticks:
            return
        clock = self._firmware.clock
        self._first_poll = clock + rest_ticks
        self._conversion_ticks = self._chip().conversion_seconds * self._firmware.clock_freq
        self._begin = clock
        self._number = 0
        self._buffer.clear()
        self._sequence = 0
        self._firmware.motion.observe(self)

    def send_status(self) -> None:
        """Tell how much was sent and is waiting, as of now."""
        clock = self._firmware.clock
        self._deliver(clock)
        in_chip = BYTES_PER_SAMPLE if self._ahead and self._ahead[0].complete <= clock else 0
        self._sensors.status(
            self._oid, clock & CLOCK_MASK, 0, self._sequence & 0xFFFF, len(self._buffer) + in_chip, 0
        )

    # As motion's observer

    def look(self, start: int, end: int, view: View) -> None:
        """Work out the conversions whose middle lies before `end`."""
        self._deliver(start)
        chip = self._chip()
        if not chip.is_converting:
            return
        while (middle := self._begin + int((self._number + 0.5) * self._conversion_ticks)) <= end:
            self._number += 1
            if middle > start:
                complete = self._begin + int(self._number * self._conversion_ticks)
                polls = max(0, -(-(complete - self._first_poll) // self._poll_ticks))
                read = self._first_poll + polls * self._poll_ticks
                data = chip.convert(view.eddy_frequency(self._device.bus, middle))
                self._ahead.append(Conversion(complete, read, data))

    def cut(self, clock: int) -> None:
        """Forget the conversions whose middle lies after `clock`."""
        while self._ahead:
            number = self._number - 1
            if self._begin + int((number + 0.5) * self._conversion_ticks) <= clock:
                return
            self._ahead.pop()
            self._number = number

    def due(self) -> int | None:
        """While something may trigger, each reading counts at its own time; else they are read when convenient."""
        return self._ahead[0].read if self._ahead and self._is_homing else None

    def fire(self) -> None:
        """Read the chip."""
        self._read(self._ahead.popleft())

    @property
    def _is_homing(self) -> bool:
        return (self.trigger is not None and self.trigger.homing) or (
            self.home is not None and self.home.homing
        )

    def _chip(self) -> Ldc1612Chip:
        chip = self._device.chip
        if not isinstance(chip, Ldc1612Chip):
            raise FirmwareShutdown("I2C START NACK")
        return chip

    def _deliver(self, clock: int) -> None:
        while self._ahead and self._ahead[0].read <= clock:
            self._read(self._ahead.popleft())

    def _read(self, conversion: Conversion) -> None:
        data = conversion.data
        if self.trigger is not None:
            if data & _ERROR_FLAGS:
                self.trigger.note_error(SENSOR_REPORTS_ERROR)
            else:
                self.trigger.update(data & _DATA_MASK)
        if self.home is not None:
            self.home.update(data)
        self._buffer += data.to_bytes(BYTES_PER_SAMPLE, "big")
        if len(self._buffer) + BYTES_PER_SAMPLE > BULK_BYTES:
            self._sensors.bulk(self._oid, self._sequence & 0xFFFF, bytes(self._buffer))
            self._buffer.clear()
            self._sequence += 1


class ThresholdHome:
    """A trigger on the data passing a threshold: what the firmware had before trigger_analog."""

    def __init__(
        self,
        firmware: Firmware,
        clock: int,
        threshold: int,
        trsync: Trsync,
        hit_reason: int,
        error_reason: int,
    ) -> None:
        self._firmware = firmware
        self._threshold = threshold
        self._trsync = trsync
        self._hit_reason = hit_reason
        self._error_reason = error_reason
        self.clock = clock
        self.homing = True

    def update(self, data: int) -> None:
        """The chip has been read."""
        if not self.homing:
            return
        if data > _DATA_MASK:
            self.homing = False
            self._trsync.trigger(self._error_reason)
        elif self._firmware.clock >= self.clock and data > self._threshold:
            self.homing = False
            self.clock = self._firmware.clock
            self._trsync.trigger(self._hit_reason)


class Ldc1612s:
    """The LDC1612 commands; `older` for those of before trigger_analog."""

    def __init__(self, firmware: Firmware, *, older: bool) -> None:
        self._firmware = firmware
        firmware.command("config_ldc1612 oid=%c i2c_oid=%c", self._config)
        firmware.command("config_ldc1612_with_intb oid=%c i2c_oid=%c intb_pin=%c", self._config_with_intb)
        firmware.command("query_ldc1612 oid=%c rest_ticks=%u", self._query)
        firmware.command("query_status_ldc1612 oid=%c", self._query_status)
        self.bulk = firmware.response("sensor_bulk_data oid=%c sequence=%hu data=%*s")
        self.status = firmware.response(
            "sensor_bulk_status oid=%c clock=%u query_ticks=%u next_sequence=%hu buffered=%u"
            " possible_overflows=%hu"
        )
        firmware.on_shutdown(self._shutdown)
        if older:
            firmware.command(
                "ldc1612_setup_home oid=%c clock=%u threshold=%u trsync_oid=%c trigger_reason=%c"
                " error_reason=%c",
                self._setup_home,
            )
            firmware.command("query_ldc1612_home_state oid=%c", self._query_home_state)
            self._home_state = firmware.response("ldc1612_home_state oid=%c homing=%c trigger_clock=%u")
            return
        firmware.dictionary.enumeration(
            "ldc1612_error:",
            {
                "SENSOR_REPORTS_ERROR": SENSOR_REPORTS_ERROR,
                "I2C_STATUS_ERROR": I2C_STATUS_ERROR,
                "I2C_DATA_ERROR": I2C_DATA_ERROR,
                "INVALID_READ_DATA": INVALID_READ_DATA,
            },
        )
        firmware.command("ldc1612_attach_trigger_analog oid=%c trigger_analog_oid=%c", self._attach)

    def _config(self, oid: int, i2c_oid: int) -> None:
        # Which bus it is on, and so whether there is a chip, comes later in the configuration.
        device = self._firmware.lookup(i2c_oid, I2cDevice)
        self._firmware.assign(oid, Ldc1612(self._firmware, oid, device, self))

    def _config_with_intb(self, oid: int, i2c_oid: int, intb_pin: int) -> None:
        # The interrupt line only saves the firmware from asking in vain: what is read when is the same.
        self._firmware.input_pin(intb_pin)
        self._config(oid, i2c_oid)

    def _query(self, oid: int, rest_ticks: int) -> None:
        self._firmware.lookup(oid, Ldc1612).query(rest_ticks)

    def _query_status(self, oid: int) -> None:
        self._firmware.lookup(oid, Ldc1612).send_status()

    def _attach(self, oid: int, trigger_oid: int) -> None:
        self._firmware.lookup(oid, Ldc1612).trigger = self._firmware.lookup(trigger_oid, TriggerAnalog)

    def _setup_home(
        self, oid: int, clock: int, threshold: int, trsync_oid: int, hit_reason: int, error_reason: int
    ) -> None:
        sensor = self._firmware.lookup(oid, Ldc1612)
        if not threshold:
            if sensor.home is not None:
                sensor.home.homing = False
            return
        sensor.home = ThresholdHome(
            self._firmware,
            self._firmware.scheduler.extend(clock),
            threshold,
            self._firmware.lookup(trsync_oid, Trsync),
            hit_reason,
            error_reason,
        )

    def _query_home_state(self, oid: int) -> None:
        home = self._firmware.lookup(oid, Ldc1612).home
        clock = 0 if home is None else home.clock
        self._home_state(oid, int(home is not None and home.homing), clock & CLOCK_MASK)

    def _shutdown(self) -> None:
        for sensor in self._firmware.objects(Ldc1612):
            sensor.query(0)
