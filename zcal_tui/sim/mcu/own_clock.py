"""The clock of one of several micro-controllers: slower than the timeline's, and with a value of its own.

Conversion is exact: no own clock is faster than the timeline's, so that each of its ticks has a clock of the timeline
that no other tick has. A firmware reads and schedules its own clock; the timeline sees only its own.
"""

import bisect
import math
from dataclasses import dataclass

from zcal_tui.sim.mcu.motion import Axis, Observer, StepMotion, View
from zcal_tui.sim.mcu.scheduler import FirmwareShutdown, Scheduler, ShutDown, Timer, extend
from zcal_tui.sim.mcu.timeline import OwnMotion, OwnTimers

PIECE = 4
"""Seconds for which a clock keeps one frequency before it drifts on."""


@dataclass(frozen=True, slots=True)
class Crystal:
    """What a clock's frequency comes from: `mean` Hz, drifting by `drift` ppm up and down in `period` seconds."""

    mean: int
    drift: float = 0.0
    period: float = 600.0
    phase: float = 0.0
    """Radians at second 0."""

    def freq(self, seconds: float) -> int:
        """The frequency at a time, Hz."""
        if not self.drift:
            return self.mean
        wave = math.sin(2.0 * math.pi * seconds / self.period + self.phase)
        return round(self.mean * (1.0 + self.drift * 1e-6 * wave))

    @property
    def highest(self) -> float:
        """No frequency is above this one, Hz."""
        return self.mean * (1.0 + self.drift * 1e-6) + 0.5


class OwnClock:
    """A clock that is `first` where the timeline's, of `shared_freq` Hz, is `shared_first`.

    It keeps a frequency for PIECE seconds, whole ticks of both clocks, so that no tick is lost or doubled where it
    changes.
    """

    def __init__(self, crystal: Crystal, first: int, shared_freq: int, shared_first: int) -> None:
        if crystal.highest >= shared_freq + 1:
            raise ValueError(f"a clock of {crystal.mean} Hz is faster than the timeline's {shared_freq} Hz")
        self.freq = crystal.mean
        self.shared_freq = shared_freq
        self._crystal = crystal
        self._shared_first = shared_first
        self._piece = PIECE * shared_freq
        self._freqs = [self._freq_of(0)]
        self._firsts = [first]
        # Most clocks are asked for several times in a row: the last ones of the timeline and of this clock.
        self._last_own = (shared_first, first)
        self._last_shared = (first, shared_first)

    def own(self, shared: int) -> int:
        """The clock at a clock of the timeline."""
        last_shared, own = self._last_own
        if shared != last_shared:
            passed = shared - self._shared_first
            n = max(0, passed // self._piece)
            while n >= len(self._firsts):
                self._append()
            own = self._firsts[n] + (passed - n * self._piece) * self._freqs[n] // self.shared_freq
            self._last_own = (shared, own)
        return own

    def shared(self, own: int) -> int:
        """The first clock of the timeline at which this one has a value."""
        last_own, shared = self._last_shared
        if own != last_own:
            while own >= self._firsts[-1] + PIECE * self._freqs[-1]:
                self._append()
            n = max(0, bisect.bisect_right(self._firsts, own) - 1)
            into = -((self._firsts[n] - own) * self.shared_freq // self._freqs[n])
            shared = self._shared_first + n * self._piece + into
            self._last_shared = (own, shared)
        return shared

    def not_before(self, shared: int) -> int:
        """The first value of this clock that begins at or after a clock of the timeline."""
        own = self.own(shared)
        return own if self.shared(own) >= shared else own + 1

    def _append(self) -> None:
        self._firsts.append(self._firsts[-1] + PIECE * self._freqs[-1])
        self._freqs.append(self._freq_of(len(self._freqs)))

    def _freq_of(self, n: int) -> int:
        """The frequency of the `n`-th piece."""
        return self._crystal.freq(self._shared_first / self.shared_freq + n * PIECE)


class ConvertedTimers(OwnTimers):
    """The timers of a firmware with a clock of its own."""

    def __init__(self, shared: Scheduler, shut_down: ShutDown, clock: OwnClock) -> None:
        super().__init__(shared, shut_down)
        self._own = clock
        self._stand_ins: dict[Timer, Timer] = {}

    @property
    def clock(self) -> int:
        """See OwnTimers."""
        return self._own.own(self._shared.clock)

    def extend(self, clock32: int) -> int:
        """See OwnTimers."""
        return extend(self.clock, clock32)

    def add(self, timer: Timer, waketime: int) -> None:
        """See OwnTimers."""
        if waketime < self.clock:
            raise FirmwareShutdown("Timer too close")
        self.delete(timer)
        timer.waketime, timer.ticket = waketime, 1
        stand_in = self._stand_ins.setdefault(timer, Timer(lambda: self._run(timer)))
        stand_in.shut_down = self._shut_down
        self._shared.add(stand_in, max(self._own.shared(waketime), self._shared.clock))

    def delete(self, timer: Timer) -> None:
        """See OwnTimers."""
        timer.ticket = 0
        if timer in self._stand_ins:
            self._shared.delete(self._stand_ins[timer])

    def clear(self) -> None:
        """See OwnTimers."""
        for timer in self._stand_ins:
            timer.ticket = 0
        super().clear()

    def run_until(self, clock: int) -> None:
        """See OwnTimers."""
        super().run_until(self._own.shared(clock))

    def _run(self, timer: Timer) -> int | None:
        timer.ticket = 0
        again = timer.callback()
        if again is None:
            return None
        if again <= timer.waketime:
            raise FirmwareShutdown("Rescheduled timer in the past")
        timer.waketime, timer.ticket = again, 1
        return self._own.shared(again)


class ConvertedMotion(OwnMotion):
    """The part in the motion of a firmware with a clock of its own."""

    def __init__(self, shared: StepMotion, clock: OwnClock) -> None:
        super().__init__(shared)
        self._own = clock
        self._observing: dict[Observer, ConvertedObserver] = {}

    def add_axis(self, axis: Axis) -> None:
        """See OwnMotion."""
        super().add_axis(ConvertedAxis(axis, self._own))

    def delay_of(self, pin: str) -> int:
        """See OwnMotion."""
        return super().delay_of(pin) * self._own.freq // self._own.shared_freq

    def observe(self, observer: Observer) -> None:
        """See OwnMotion."""
        super().observe(self._observing.setdefault(observer, ConvertedObserver(observer, self._own)))

    def unobserve(self, observer: Observer) -> None:
        """See OwnMotion."""
        if observer in self._observing:
            super().unobserve(self._observing[observer])


class ConvertedAxis:
    """A stepper as the timeline's motion sees it."""

    def __init__(self, axis: Axis, clock: OwnClock) -> None:
        self._axis = axis
        self._own = clock

    @property
    def step_pin(self) -> str:
        """See Axis."""
        return self._axis.step_pin

    @property
    def is_moving(self) -> bool:
        """See Axis."""
        return self._axis.is_moving

    def steps_at(self, clock: int) -> int:
        """See Axis."""
        return self._axis.steps_at(self._own.own(clock))

    def next_reversal(self, clock: int) -> int | None:
        """See Axis."""
        reversal = self._axis.next_reversal(self._own.own(clock))
        return None if reversal is None else self._own.shared(reversal)

    def settle(self, clock: int) -> None:
        """See Axis."""
        self._axis.settle(self._own.own(clock))


class ConvertedObserver:
    """An observer as the timeline's motion sees it."""

    def __init__(self, observer: Observer, clock: OwnClock) -> None:
        self._observer = observer
        self._own = clock

    def look(self, start: int, end: int, view: View) -> None:
        """See Observer. A piece shorter than a tick is looked at with the next one."""
        first, last = self._own.own(start), self._own.own(end)
        if last > first:
            self._observer.look(first, last, ConvertedView(view, self._own))

    def due(self) -> int | None:
        """See Observer."""
        due = self._observer.due()
        return None if due is None else self._own.shared(due)

    def cut(self, clock: int) -> None:
        """See Observer."""
        self._observer.cut(self._own.own(clock))

    def fire(self) -> None:
        """See Observer."""
        self._observer.fire()


class ConvertedView(View):
    """The machine at any own clock of the piece ahead."""

    def __init__(self, view: View, clock: OwnClock) -> None:
        self._view = view
        self._own = clock

    def level(self, pin: str, clock: int) -> bool:
        """See View."""
        return self._view.level(pin, self._own.shared(clock))

    def eddy_frequency(self, sensor: str, clock: int) -> float:
        """See View."""
        return self._view.eddy_frequency(sensor, self._own.shared(clock))

    def load_cell(self, pin: str, clock: int) -> int:
        """See View."""
        return self._view.load_cell(pin, self._own.shared(clock))
