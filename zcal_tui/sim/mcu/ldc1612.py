"""The eddy current sensor: the firmware polls an LDC1612, reports its data in bulk and feeds its triggers.

Behaviour after Klipper src/sensor_ldc1612.c, and, with the commands of before 2026, after Kalico's.
"""

from zcal_tui.sim.mcu.bulk_sensor import BYTES_PER_SAMPLE, BulkReports, BulkSensor
from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.i2c import I2cDevice
from zcal_tui.sim.mcu.ldc1612_chip import Ldc1612Chip
from zcal_tui.sim.mcu.motion import View
from zcal_tui.sim.mcu.scheduler import CLOCK_MASK, FirmwareShutdown
from zcal_tui.sim.mcu.trigger_analog import TriggerAnalog
from zcal_tui.sim.mcu.trsync import Trsync

SENSOR_REPORTS_ERROR, I2C_STATUS_ERROR, I2C_DATA_ERROR, INVALID_READ_DATA = range(4)
_ERROR_FLAGS = 0xE000_0000
_DATA_MASK = 0x0FFF_FFFF


class Ldc1612(BulkSensor):
    """The firmware's driver of a chip."""

    def __init__(self, firmware: Firmware, oid: int, device: I2cDevice, reports: BulkReports) -> None:
        super().__init__(firmware, oid, reports)
        self._device = device
        self.trigger: TriggerAnalog | None = None
        self.home: ThresholdHome | None = None

    @property
    def is_converting(self) -> bool:
        """See BulkSensor."""
        return self._chip().is_converting

    @property
    def is_homing(self) -> bool:
        """See BulkSensor."""
        return (self.trigger is not None and self.trigger.homing) or (
            self.home is not None and self.home.homing
        )

    def conversion_ticks(self, rest_ticks: int) -> float:
        """See BulkSensor."""
        return self._chip().conversion_seconds * self._firmware.clock_freq

    def measure(self, view: View, clock: int) -> int:
        """See BulkSensor."""
        return self._chip().convert(view.eddy_frequency(self._device.bus, clock))

    def take(self, data: int) -> bytes:
        """See BulkSensor."""
        if self.trigger is not None:
            if data & _ERROR_FLAGS:
                self.trigger.note_error(SENSOR_REPORTS_ERROR)
            else:
                self.trigger.update(data & _DATA_MASK)
        if self.home is not None:
            self.home.update(data)
        return data.to_bytes(BYTES_PER_SAMPLE, "big")

    def _chip(self) -> Ldc1612Chip:
        chip = self._device.chip
        if not isinstance(chip, Ldc1612Chip):
            raise FirmwareShutdown("I2C START NACK")
        return chip


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
        self._reports = BulkReports(firmware)
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
        self._firmware.assign(oid, Ldc1612(self._firmware, oid, device, self._reports))

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
