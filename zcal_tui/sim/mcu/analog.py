"""Analog inputs.

A report is the sum of `sample_count` conversions. Behaviour after Klipper src/adccmds.c, in the form without
batches of reports, which every klippy understands.
"""

from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.scheduler import CLOCK_MASK, FirmwareShutdown, Timer

ADC_MAX = 4095


class AnalogIn:
    """An analog pin that is sampled on a schedule, and checked against a range."""

    def __init__(self, firmware: Firmware, oid: int, pin: str, inputs: "AnalogInputs") -> None:
        self._firmware = firmware
        self._oid = oid
        self._pin = pin
        self._inputs = inputs
        self._timer = Timer(self._event)
        self._begin = 0
        self._span = 0
        self._sample_count = 0
        self._rest_ticks = 0
        self._minimum = 0
        self._maximum = 0
        self._range_check_count = 0
        self._invalid_count = 0

    def query(
        self,
        clock: int,
        sample_ticks: int,
        sample_count: int,
        rest_ticks: int,
        minimum: int,
        maximum: int,
        range_check_count: int,
    ) -> None:
        """Report from `clock` (64 bit) on, every `rest_ticks`; never again if `sample_count` is 0."""
        scheduler = self._firmware.scheduler
        scheduler.delete(self._timer)
        self._sample_count = sample_count
        if not sample_count:
            return
        if clock < scheduler.clock:
            raise FirmwareShutdown("Timer too close")
        self._begin = clock
        self._span = (sample_count - 1) * sample_ticks
        self._rest_ticks = rest_ticks
        self._minimum = minimum
        self._maximum = maximum
        self._range_check_count = range_check_count
        self._invalid_count = 0
        scheduler.add(self._timer, clock + self._span)

    def resume(self) -> None:
        """Go on after a shutdown, which has stopped all timers."""
        if self._sample_count and self._rest_ticks:
            passed = max(0, -(-(self._firmware.clock - self._begin) // self._rest_ticks))
            self._begin += passed * self._rest_ticks
            self._firmware.scheduler.add(self._timer, self._begin + self._span)

    def _event(self) -> int:
        fraction = self._firmware.machine.analog(self._pin, self._firmware.now)
        value = round(min(1.0, max(0.0, fraction)) * ADC_MAX * self._sample_count)
        if self._minimum <= value <= self._maximum:
            self._invalid_count = 0
        else:
            self._invalid_count += 1
            if self._invalid_count >= self._range_check_count and not self._firmware.is_shutdown:
                raise FirmwareShutdown("ADC out of range")
        self._begin += self._rest_ticks
        self._inputs.state(self._oid, self._begin & CLOCK_MASK, value)
        return self._begin + self._span


class AnalogInputs:
    """The analog input commands."""

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware
        firmware.dictionary.constant("ADC_MAX", ADC_MAX)
        firmware.command("config_analog_in oid=%c pin=%u", self._config)
        firmware.command(
            "query_analog_in oid=%c clock=%u sample_ticks=%u sample_count=%c rest_ticks=%u min_value=%hu"
            " max_value=%hu range_check_count=%c",
            self._query,
        )
        self.state = firmware.response("analog_in_state oid=%c next_clock=%u value=%hu")
        firmware.on_shutdown(self._shutdown)

    def _config(self, oid: int, pin: int) -> None:
        self._firmware.assign(oid, AnalogIn(self._firmware, oid, self._firmware.analog_pin(pin), self))

    def _query(self, oid: int, clock: int, *schedule: int) -> None:
        self._firmware.lookup(oid, AnalogIn).query(self._firmware.scheduler.extend(clock), *schedule)

    def _shutdown(self) -> None:
        for analog_in in self._firmware.objects(AnalogIn):
            analog_in.resume()
