"""A stand-in for the firmware that eddy-ng brings: the commands by which its plugin (1ed056b) reads an LDC1612.

Of its three ways to trigger it has the one that homing uses, a frequency that is passed. A tap ends as with a faulty
sensor.
"""

from dataclasses import dataclass

from zcal_tui.sim.mcu.bulk_sensor import BYTES_PER_SAMPLE, BulkReports, BulkSensor
from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.i2c import I2cDevice
from zcal_tui.sim.mcu.ldc1612_chip import Ldc1612Chip
from zcal_tui.sim.mcu.motion import View
from zcal_tui.sim.mcu.scheduler import CLOCK_MASK, FirmwareShutdown
from zcal_tui.sim.mcu.trsync import Trsync

_ERROR_FLAGS = 0xF000_0000
_BY_FREQUENCY = 1
_SENSOR_FAULT, _TOO_EARLY = 0, 2
"""What is added to `other_reason_base` for the reason."""
_READY = 0x48
"""The chip's status with a conversion that was not read yet."""


@dataclass(slots=True)
class _Homing:
    trsync: Trsync
    reason: int
    other_reasons: int
    trigger: int
    start: int
    """The value that has to be passed first; 0 once it was."""
    earliest: int
    """The clock before which it must not be passed."""


class Ldc1612Ng(BulkSensor):
    """The firmware's driver of a chip."""

    def __init__(self, firmware: Firmware, oid: int, device: I2cDevice, reports: BulkReports) -> None:
        super().__init__(firmware, oid, reports)
        self._device = device
        self._homing: _Homing | None = None
        self.trigger_clock = 0
        self.latest = 0

    @property
    def is_converting(self) -> bool:
        """See BulkSensor."""
        return self._chip().is_converting

    @property
    def is_homing(self) -> bool:
        """See BulkSensor."""
        return self._homing is not None

    def conversion_ticks(self, rest_ticks: int) -> float:
        """See BulkSensor."""
        return self._chip().conversion_seconds * self._firmware.clock_freq

    def measure(self, view: View, clock: int) -> int:
        """See BulkSensor."""
        return self._chip().convert(view.eddy_frequency(self._device.bus, clock))

    def take(self, data: int) -> bytes:
        """See BulkSensor."""
        self.latest = data
        if self._homing is not None:
            self._update(self._homing, data)
        return data.to_bytes(BYTES_PER_SAMPLE, "big")

    def setup_home(self, homing: _Homing | None) -> None:
        """Begin to look for the trigger; None to end it."""
        self._homing = homing
        if homing is not None:
            self.trigger_clock = 0

    def read_now(self) -> int:
        """The value of a conversion at this moment, where nothing is read in series."""
        firmware = self._firmware
        if not self._poll_ticks:
            steps = firmware.motion.steps_now()
            self.latest = self._chip().convert(
                firmware.machine.eddy_frequency(self._device.bus, firmware.now, steps)
            )
        return self.latest

    def _update(self, homing: _Homing, data: int) -> None:
        clock = self._firmware.clock
        if data & _ERROR_FLAGS:
            self._end(homing, homing.other_reasons + _SENSOR_FAULT)
        elif homing.start:
            if data >= homing.start:
                homing.start = 0
                if clock < homing.earliest:
                    self._end(homing, homing.other_reasons + _TOO_EARLY)
        elif data > homing.trigger:
            self.trigger_clock = clock
            self._end(homing, homing.reason)

    def _end(self, homing: _Homing, reason: int) -> None:
        self._homing = None
        homing.trsync.trigger(reason)

    def _chip(self) -> Ldc1612Chip:
        chip = self._device.chip
        if not isinstance(chip, Ldc1612Chip):
            raise FirmwareShutdown("I2C START NACK")
        return chip


class Ldc1612Ngs:
    """Its commands."""

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware
        self._reports = BulkReports(firmware)
        firmware.command("config_ldc1612_ng oid=%c i2c_oid=%c product=%i", self._config)
        firmware.command("ldc1612_ng_start_stop oid=%c rest_ticks=%u", self._start_stop)
        firmware.command("ldc1612_ng_query_bulk_status oid=%c", self._send_status)
        firmware.command("query_ldc1612_ng_latched_status_v2 oid=%c", self._send_latest)
        firmware.command(
            "ldc1612_ng_setup_home oid=%c trsync_oid=%c trigger_reason=%c other_reason_base=%c"
            " trigger_freq=%u start_freq=%u start_time=%u mode=%c tap_threshold=%i err_max=%c",
            self._setup_home,
        )
        firmware.command("ldc1612_ng_finish_home oid=%c", self._finish_home)
        firmware.command("ldc1612_ng_set_sos_section oid=%c section=%c values=%*s", self._set_filter)
        self._latched = firmware.response("ldc1612_ng_latched_status oid=%c status=%u lastval=%u")
        self._finished = firmware.response(
            "ldc1612_ng_finish_home_reply oid=%c trigger_clock=%u tap_start_clock=%u error=%u"
        )
        firmware.on_shutdown(self._shutdown)

    def _config(self, oid: int, i2c_oid: int, _product: int) -> None:
        device = self._firmware.lookup(i2c_oid, I2cDevice)
        self._firmware.assign(oid, Ldc1612Ng(self._firmware, oid, device, self._reports))

    def _start_stop(self, oid: int, rest_ticks: int) -> None:
        self._firmware.lookup(oid, Ldc1612Ng).query(rest_ticks)

    def _send_status(self, oid: int) -> None:
        self._firmware.lookup(oid, Ldc1612Ng).send_status()

    def _send_latest(self, oid: int) -> None:
        self._latched(oid, _READY, self._firmware.lookup(oid, Ldc1612Ng).read_now())

    def _setup_home(
        self,
        oid: int,
        trsync_oid: int,
        reason: int,
        other_reasons: int,
        trigger: int,
        start: int,
        earliest: int,
        mode: int,
        _threshold: int,
        _most_errors: int,
    ) -> None:
        sensor = self._firmware.lookup(oid, Ldc1612Ng)
        if not trigger or not trsync_oid:
            sensor.setup_home(None)
            return
        trsync = self._firmware.lookup(trsync_oid, Trsync)
        if mode != _BY_FREQUENCY:
            trsync.trigger(other_reasons + _SENSOR_FAULT)
            return
        clock = self._firmware.scheduler.extend(earliest) if earliest else 0
        sensor.setup_home(_Homing(trsync, reason, other_reasons, trigger, start, clock))

    def _finish_home(self, oid: int) -> None:
        sensor = self._firmware.lookup(oid, Ldc1612Ng)
        sensor.setup_home(None)
        self._finished(oid, sensor.trigger_clock & CLOCK_MASK, 0, 0)

    def _set_filter(self, oid: int, section: int, values: bytes) -> None:
        """Only a tap filters."""

    def _shutdown(self) -> None:
        for sensor in self._firmware.objects(Ldc1612Ng):
            sensor.setup_home(None)
            sensor.query(0)
