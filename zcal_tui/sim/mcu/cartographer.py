"""A Cartographer scanner's firmware: the commands of its coil, as cartographer3d-plugin 1.10 uses them."""

import struct

from zcal_tui.sim.mcu.coil_sensor import SMOOTH_COUNT, CoilReading, CoilSensor, ContactDetector
from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.scheduler import CLOCK_MASK

SENSOR = "cartographer"
"""The name of the coil, behind that of its micro-controller."""
_SCAN, _TOUCH = range(2)


class CartographerSensor:
    """The sensor and its commands."""

    def __init__(self, firmware: Firmware) -> None:
        self._sensor = CoilSensor(firmware, SENSOR, self._send)
        firmware.dictionary.constant("CARTOGRAPHER_ADC_SMOOTH_COUNT", SMOOTH_COUNT)
        firmware.dictionary.constant("CARTOGRAPHER_SENSOR_FREQ_DIVISOR", 1)
        firmware.command("cartographer_stream en=%u", self._sensor.stream)
        firmware.command("cartographer_set_threshold trigger=%u untrigger=%u", self._set_threshold)
        firmware.command(
            "cartographer_home trsync_oid=%c trigger_reason=%c trigger_invert=%c threshold=%u trigger_method=%u",
            self._home,
        )
        firmware.command("cartographer_stop_home", self._sensor.stop_home)
        firmware.command("cartographer_base_read len=%c offset=%hu", self._read_base)
        self._base = firmware.response("cartographer_base_data bytes=%*s offset=%hu")
        self._data = firmware.response("cartographer_data clock=%u data=%u temp=%u")

    def _send(self, reading: CoilReading) -> None:
        self._data(reading.clock & CLOCK_MASK, reading.count, reading.temperature)

    def _set_threshold(self, trigger: int, _untrigger: int) -> None:
        self._sensor.trigger_count = trigger

    def _home(self, trsync_oid: int, reason: int, _invert: int, threshold: int, method: int) -> None:
        self._sensor.home(trsync_oid, reason, ContactDetector(threshold) if method == _TOUCH else None)

    def _read_base(self, length: int, offset: int) -> None:
        """The sensor's memory: what the coil reads far from any metal."""
        memory = struct.pack("<IH", *self._sensor.base())
        self._base(memory[offset : offset + length], offset)
