"""Pulse counters, such as the tachometer of a fan: they count nothing. Behaviour after Klipper src/pulse_counter.c."""

from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.scheduler import CLOCK_MASK, Timer


class Counter:
    """An input pin without pulses."""

    def __init__(self, firmware: Firmware, oid: int, commands: "Counters") -> None:
        self._firmware = firmware
        self._oid = oid
        self._commands = commands
        self._ticks = 0
        self._timer = Timer(self._event)

    def query(self, clock: int, sample_ticks: int) -> None:
        """Report from `clock` (64 bit) on, every `sample_ticks`; never again if these are 0."""
        self._firmware.scheduler.delete(self._timer)
        self._ticks = sample_ticks
        if sample_ticks:
            self._firmware.scheduler.add(self._timer, clock)

    def _event(self) -> int:
        now = self._timer.waketime
        following = now + self._ticks
        self._commands.state(self._oid, following & CLOCK_MASK, 0, now & CLOCK_MASK)
        return following


class Counters:
    """The counter commands."""

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware
        firmware.command("config_counter oid=%c pin=%u pull_up=%c", self._config)
        firmware.command("query_counter oid=%c clock=%u poll_ticks=%u sample_ticks=%u", self._query)
        self.state = firmware.response("counter_state oid=%c next_clock=%u count=%u count_clock=%u")

    def _config(self, oid: int, pin: int, _pull_up: int) -> None:
        self._firmware.input_pin(pin)
        self._firmware.assign(oid, Counter(self._firmware, oid, self))

    def _query(self, oid: int, clock: int, _poll_ticks: int, sample_ticks: int) -> None:
        self._firmware.lookup(oid, Counter).query(self._firmware.scheduler.extend(clock), sample_ticks)
