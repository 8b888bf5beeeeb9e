"""Turns queued steps into motion of the machine, and finds when a watched pin changes on the way.

The machine is moved in pieces in which every stepper keeps its direction. At the end of a piece each watched
pin is read; if its level has changed, the instant is found by bisection over the queued motion.
"""

from collections.abc import Callable, Iterable
from typing import Protocol

from zcal_tui.sim.mcu.scheduler import Scheduler
from zcal_tui.sim.ports import Machine

WATCH_SECONDS = 0.010
"""How far the machine moves at a time while a pin is watched, and so how late a trigger may be reported."""

MOVE_SECONDS = 0.050
"""How far behind the machine may be while it moves unwatched."""


class Axis(Protocol):
    """A stepper as motion sees it."""

    @property
    def step_pin(self) -> str:
        """The pin it is known by."""

    @property
    def is_moving(self) -> bool:
        """Whether steps are queued that the machine has not taken yet."""

    def steps_at(self, clock: int) -> int:
        """Microsteps at a time at or after the last `settle`."""

    def next_reversal(self, clock: int) -> int | None:
        """When, after `clock`, it has taken the last step before a change of direction."""

    def settle(self, clock: int) -> None:
        """Forget the steps taken up to `clock`."""


class Watcher(Protocol):
    """Somebody who waits for a pin."""

    def due(self, trace: "PinTrace") -> int | None:
        """The clock at which what is waited for happens, as far as the trace tells."""

    def fire(self) -> None:
        """It is that time."""


class PinTrace:
    """The level of an input pin as its reader sees it: late by the pin's delay."""

    def __init__(self, pin: str, delay: int, clock: int, level: bool) -> None:
        self.pin = pin
        self._delay = delay
        self._changes: list[tuple[int, bool]] = [(clock, level)]
        self._known = clock

    @property
    def known(self) -> int:
        """The last clock at which the level is known."""
        return self._known + self._delay

    @property
    def level(self) -> bool:
        """The last level known."""
        return self._changes[-1][1]

    def at(self, clock: int) -> bool:
        """The level at a clock; before the trace begins it is the first level known."""
        wanted = clock - self._delay
        for changed, level in reversed(self._changes):
            if changed <= wanted:
                return level
        return self._changes[0][1]

    def next_change(self, clock: int) -> int | None:
        """The first clock after `clock` at which the level is another than before, if known."""
        wanted = clock - self._delay
        for changed, _ in self._changes[1:]:
            if changed > wanted:
                return changed + self._delay
        return None

    def extend(self, clock: int, change: int | None) -> None:
        """Make known the level up to `clock`, with its one change since the last time."""
        if change is not None:
            self._changes.append((change, not self.level))
        self._known = clock

    def cut(self, clock: int) -> None:
        """Motion took another course at `clock`: forget what was expected later."""
        if clock < self._known:
            while len(self._changes) > 1 and self._changes[-1][0] > clock:
                self._changes.pop()
            self._known = clock

    def forget(self, clock: int) -> None:
        """No reader will ask for a time before `clock`."""
        wanted = clock - self._delay
        while len(self._changes) > 1 and self._changes[1][0] <= wanted:
            self._changes.pop(0)


class Motion:
    """Brings the machine forward in time."""

    def __init__(
        self,
        machine: Machine,
        scheduler: Scheduler,
        time_of: Callable[[int], float],
        clock_freq: int,
        odometer: dict[str, int],
    ) -> None:
        self._machine = machine
        self._scheduler = scheduler
        self._time_of = time_of
        self._clock_freq = clock_freq
        self._odometer = odometer
        self._axes: list[Axis] = []
        self._watchers: list[tuple[Watcher, PinTrace]] = []
        self._clock = scheduler.clock
        self._watch_ticks = int(WATCH_SECONDS * clock_freq)
        self._move_ticks = int(MOVE_SECONDS * clock_freq)

    def add_axis(self, axis: Axis) -> None:
        """Make a stepper part of the motion."""
        self._axes.append(axis)

    def odometer(self, step_pin: str) -> int:
        """Microsteps of a step pin since the simulator started; a restart of the firmware does not reset it."""
        return self._odometer.setdefault(step_pin, 0)

    def read(self, pin: str) -> bool:
        """The level of an input pin now."""
        for _, trace in self._watchers:
            if trace.pin == pin:
                return trace.at(self._clock)
        return self._machine.level(pin, self._time_of(self._clock), self._steps(self._clock))

    def watch(self, pin: str, watcher: Watcher) -> None:
        """Follow a pin from now on and tell the watcher."""
        self.unwatch(watcher)
        delay = int(self._machine.delay(pin) * self._clock_freq)
        self._watchers.append((watcher, PinTrace(pin, delay, self._clock, self.read(pin))))

    def unwatch(self, watcher: Watcher) -> None:
        """Stop following the pin this watcher waits for."""
        self._watchers = [(other, trace) for other, trace in self._watchers if other is not watcher]

    def next_wakeup(self) -> int | None:
        """When the machine should be brought forward again, if nothing else happens."""
        if self._watchers:
            due = [clock for watcher, trace in self._watchers if (clock := watcher.due(trace)) is not None]
            return min([self._clock + self._watch_ticks, *due])
        if any(axis.is_moving for axis in self._axes):
            return self._clock + self._move_ticks
        return None

    def advance_to(self, clock: int) -> None:
        """Bring the machine to `clock`, telling watchers what happens on the way at the time it happens."""
        while self._clock < clock:
            end = self._end_of_piece(clock)
            for _, trace in self._watchers:
                trace.extend(end, self._find_change(trace, end))
            due = self._first_due(end)
            if due is not None:
                end = max(due[0], self._clock)
                for _, trace in self._watchers:
                    trace.cut(end)
            self._commit(end)
            if due is not None:
                self._scheduler.clock = end
                self.unwatch(due[1])
                due[1].fire()

    def steps_now(self) -> dict[str, int]:
        """Microsteps by step pin, now."""
        return self._steps(self._clock)

    def _end_of_piece(self, clock: int) -> int:
        end = clock
        if self._watchers:
            end = min(end, self._clock + self._watch_ticks)
        for axis in self._axes:
            if axis.is_moving:
                reversal = axis.next_reversal(self._clock)
                if reversal is not None and reversal < end:
                    end = reversal
        return end

    def _commit(self, clock: int) -> None:
        steps = self._steps(clock)
        self._machine.advance(self._time_of(clock), steps)
        for axis in self._axes:
            if axis.is_moving:
                axis.settle(clock)
        self._odometer.update(steps)
        self._clock = clock

    def _first_due(self, end: int) -> tuple[int, Watcher] | None:
        first: tuple[int, Watcher] | None = None
        for watcher, trace in self._watchers:
            clock = watcher.due(trace)
            if clock is not None and clock <= end and (first is None or clock < first[0]):
                first = (clock, watcher)
        return first

    def _find_change(self, trace: PinTrace, end: int) -> int | None:
        """The clock in (now, end] at which the pin's level changes, found by bisection."""
        pin, before = trace.pin, trace.level
        if self._level(pin, end) == before:
            return None
        low, high = self._clock, end
        while high - low > 1:
            middle = (low + high) // 2
            if self._level(pin, middle) == before:
                low = middle
            else:
                high = middle
        return high

    def _level(self, pin: str, clock: int) -> bool:
        return self._machine.level(pin, self._time_of(clock), self._steps(clock))

    def _steps(self, clock: int) -> dict[str, int]:
        steps = dict(self._odometer)
        for axis in self._moving():
            steps[axis.step_pin] = axis.steps_at(clock)
        return steps

    def _moving(self) -> Iterable[Axis]:
        return [axis for axis in self._axes if axis.is_moving]
