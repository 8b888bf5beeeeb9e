"""Endstop inputs and homing.

The firmware reads the pin on a grid of `rest_ticks`; where it matches, `sample_count` readings spaced
`sample_ticks` must match in a row. Behaviour after Klipper src/endstop.c.
"""

from zcal_tui.sim.mcu.firmware import Firmware
from zcal_tui.sim.mcu.motion import View
from zcal_tui.sim.mcu.pintrace import PinTrace
from zcal_tui.sim.mcu.scheduler import CLOCK_MASK, FirmwareShutdown
from zcal_tui.sim.mcu.trsync import Trsync


class Endstop:
    """An input pin that can fire a trsync."""

    def __init__(self, firmware: Firmware, pin: str) -> None:
        self._firmware = firmware
        self.pin = pin
        self.homing = False
        self.next_wake = 0
        self._trsync: Trsync | None = None
        self._reason = 0
        self._wanted = False
        self._sample_ticks = 0
        self._sample_count = 0
        self._rest_ticks = 0
        self._next_sample = 0
        self._next_certain_sample = 0
        self._trace: PinTrace | None = None

    @property
    def level(self) -> bool:
        """What a reading gives now."""
        if self._trace is not None:
            return self._trace.at(self._firmware.clock)
        return self._firmware.motion.level(self.pin)

    def disable(self) -> None:
        """Stop sampling."""
        self.homing = False
        self._trsync = None
        self.stop_sampling()

    def stop_sampling(self) -> None:
        """Sample no more, but keep saying what it was doing, as the firmware's endstop does in a shutdown."""
        self._trace = None
        self._firmware.motion.unobserve(self)

    def home(
        self,
        clock: int,
        sample_ticks: int,
        sample_count: int,
        rest_ticks: int,
        wanted: bool,
        trsync: Trsync,
        reason: int,
    ) -> None:
        """Sample from `clock` (64 bit) on until the pin has the wanted level."""
        self.disable()
        if clock < self._firmware.clock:
            raise FirmwareShutdown("Timer too close")
        if rest_ticks <= 0:
            raise FirmwareShutdown("Rescheduled timer in the past")
        self.homing = True
        self._trsync = trsync
        self._reason = reason
        self._wanted = wanted
        self._sample_ticks = sample_ticks
        self._sample_count = sample_count
        self._rest_ticks = rest_ticks
        self._next_sample = clock
        motion = self._firmware.motion
        self._trace = PinTrace(motion.delay_of(self.pin), self._firmware.clock, motion.level(self.pin))
        motion.observe(self)

    # As motion's observer

    def look(self, start: int, end: int, view: View) -> None:
        """Follow the pin from `start` to `end`."""
        if self._trace is not None:
            self._next_certain_sample = self._next_sample
            self._trace.forget(self._next_sample)
            self._trace.extend(end, view.find_change(self.pin, self._trace.last, start, end))

    def cut(self, clock: int) -> None:
        """Forget what was seen later than `clock`."""
        if self._trace is not None:
            self._trace.cut(clock)
            self._next_sample = self._next_certain_sample

    def due(self) -> int | None:
        """The clock of the last of the matching readings, as far as is known."""
        trace = self._trace
        if trace is None:
            return None
        while self._next_sample <= trace.known:
            sample = self._next_sample
            if trace.at(sample) != self._wanted:
                self._skip_to(self._next_match(trace, sample))
                continue
            last = sample + (self._sample_count - 1) * self._sample_ticks
            mismatch = self._mismatch(trace, sample)
            if mismatch is None:
                self.next_wake = sample + self._rest_ticks
                return last if last <= trace.known else None
            # The readings until the mismatch took their time; the grid goes on from the first of them.
            self._skip_to(max(mismatch, sample + self._rest_ticks))
        return None

    def fire(self) -> None:
        """The readings matched: pull the trigger."""
        self.stop_sampling()
        if self._trsync is not None:
            self._trsync.trigger(self._reason)

    def _next_match(self, trace: PinTrace, sample: int) -> int:
        change = trace.next_change(sample)
        while change is not None and trace.at(change) != self._wanted:
            change = trace.next_change(change)
        return trace.known + 1 if change is None else change

    def _mismatch(self, trace: PinTrace, sample: int) -> int | None:
        """The first of the further readings, as far as known, that does not match."""
        change = trace.next_change(sample)
        if change is None:
            return None
        for number in range(1, self._sample_count):
            reading = sample + number * self._sample_ticks
            if reading > trace.known:
                return None
            if trace.at(reading) != self._wanted:
                return reading
        return None

    def _skip_to(self, clock: int) -> None:
        """Go on at the first point of the grid at or after `clock`, one further at the least."""
        steps = max(1, -((self._next_sample - clock) // self._rest_ticks))
        self._next_sample += steps * self._rest_ticks


class Endstops:
    """The endstop commands."""

    def __init__(self, firmware: Firmware) -> None:
        self._firmware = firmware
        firmware.command("config_endstop oid=%c pin=%c pull_up=%c", self._config)
        firmware.command(
            "endstop_home oid=%c clock=%u sample_ticks=%u sample_count=%c rest_ticks=%u pin_value=%c"
            " trsync_oid=%c trigger_reason=%c",
            self._home,
        )
        firmware.command("endstop_query_state oid=%c", self._query_state)
        self._state = firmware.response("endstop_state oid=%c homing=%c next_clock=%u pin_value=%c")
        firmware.on_shutdown(self._shutdown)

    def _config(self, oid: int, pin: int, _pull_up: int) -> None:
        self._firmware.assign(oid, Endstop(self._firmware, self._firmware.input_pin(pin)))

    def _home(
        self,
        oid: int,
        clock: int,
        sample_ticks: int,
        sample_count: int,
        rest_ticks: int,
        pin_value: int,
        trsync_oid: int,
        reason: int,
    ) -> None:
        endstop = self._firmware.lookup(oid, Endstop)
        if not sample_count:
            endstop.disable()
            return
        endstop.home(
            self._firmware.scheduler.extend(clock),
            sample_ticks,
            sample_count,
            rest_ticks,
            bool(pin_value),
            self._firmware.lookup(trsync_oid, Trsync),
            reason,
        )

    def _query_state(self, oid: int) -> None:
        endstop = self._firmware.lookup(oid, Endstop)
        self._state(oid, int(endstop.homing), endstop.next_wake & CLOCK_MASK, int(endstop.level))

    def _shutdown(self) -> None:
        for endstop in self._firmware.objects(Endstop):
            endstop.stop_sampling()
