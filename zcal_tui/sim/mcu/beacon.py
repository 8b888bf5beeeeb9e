"""A stand-in for a Beacon scanner's firmware: the commands and messages that beacon_klipper 7c71e98 uses.

Beacon's own firmware is closed. What is simulated is what its plugin shows of it: readings in batches, triggering while
scanning and at a contact, and a memory without factory values, so that the plugin compensates no temperature.
"""

from collections.abc import Sequence

from zcal_tui.sim.mcu.coil_sensor import SMOOTH_COUNT, CoilReading, CoilSensor, ContactDetector
from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.scheduler import CLOCK_MASK

SENSOR = "beacon"
"""The name of the coil, behind that of its micro-controller."""
BATCH = 8
"""Readings in one message."""
CONTACT_THRESHOLD = 500
_UNPROGRAMMED = b"\xff"
_READINGS_PER_STATUS = 200
_NEAREST = 1 << 14
"""Counts from one reading to the next from which on it is sent whole."""


class BeaconSensor:
    """The sensor and its commands."""

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware
        self._sensor = CoilSensor(firmware, SENSOR, self._take, self._touched)
        self._armed_clock = 0
        self._batch: list[CoilReading] = []
        self._since_status = 0
        firmware.dictionary.constant("BEACON_ADC_SMOOTH_COUNT", SMOOTH_COUNT)
        firmware.command("beacon_stream en=%u", self._stream)
        firmware.command("beacon_set_threshold trigger=%u untrigger=%u", self._set_threshold)
        firmware.command("beacon_home trsync_oid=%c trigger_reason=%c trigger_invert=%c", self._home)
        firmware.command("beacon_stop_home", self._sensor.stop_home)
        firmware.command("beacon_nvm_read len=%c offset=%hu", self._read_memory)
        firmware.command(
            "beacon_contact_home trsync_oid=%c trigger_reason=%c trigger_type=%c", self._home_by_contact
        )
        firmware.command("beacon_contact_query", self._query_contact)
        firmware.command("beacon_contact_stop_home", self._sensor.stop_home)
        self._memory = firmware.response("beacon_nvm_data bytes=%*s offset=%hu")
        self._state = firmware.response("beacon_contact_state triggered=%c detect_clock=%u")
        self._contact = firmware.response(
            "beacon_contact armed_clock=%u trigger_clock=%u detect_clock=%u latency=%c error=%c"
        )
        self._data = firmware.response("beacon_data samples=%c start_clock=%u delta_clock=%u data=%*s")
        self._status = firmware.response("beacon_status mcu_temp=%u supply_voltage=%u coil_temp=%u status=%u")

    def _stream(self, enable: int) -> None:
        self._batch.clear()
        self._since_status = 0
        self._sensor.stream(enable)

    def _take(self, reading: CoilReading) -> None:
        if self._since_status == 0 or not self._sensor.streaming:
            self._status(0, 0, reading.temperature, 0)
        if not self._sensor.streaming:
            return
        self._since_status = (self._since_status + 1) % _READINGS_PER_STATUS
        self._batch.append(reading)
        if len(self._batch) == BATCH:
            first, last = self._batch[0].clock, self._batch[-1].clock
            data = encode([reading.count for reading in self._batch])
            self._data(len(self._batch), first & CLOCK_MASK, last - first, data)
            self._batch.clear()

    def _set_threshold(self, trigger: int, _untrigger: int) -> None:
        self._sensor.trigger_count = trigger

    def _home(self, trsync_oid: int, reason: int, _invert: int) -> None:
        self._sensor.home(trsync_oid, reason, None)

    def _home_by_contact(self, trsync_oid: int, reason: int, _type: int) -> None:
        self._armed_clock = self._firmware.clock
        self._sensor.home(trsync_oid, reason, ContactDetector(CONTACT_THRESHOLD))

    def _touched(self) -> None:
        detected = (self._sensor.contact_clock or 0) & CLOCK_MASK
        self._contact(self._armed_clock & CLOCK_MASK, detected, detected, 0, 0)

    def _query_contact(self) -> None:
        clock = self._sensor.contact_clock
        self._state(int(clock is not None), (clock or 0) & CLOCK_MASK)

    def _read_memory(self, length: int, _offset: int) -> None:
        """Nothing is programmed; at any other offset than the first the plugin takes that for an older Beacon."""
        self._memory(_UNPROGRAMMED * length, 0)


def encode(counts: Sequence[int]) -> bytes:
    """The counts of a batch: two bytes for a small change from the one before, else four."""
    data = b""
    for number, count in enumerate(counts):
        change = count - counts[number - 1]
        if number and -_NEAREST <= change < _NEAREST:
            data += (change & 0x7FFF).to_bytes(2, "big")
        else:
            data += (count | 1 << 31).to_bytes(4, "big")
    return data
