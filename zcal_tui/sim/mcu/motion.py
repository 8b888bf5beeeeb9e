"""Turns queued steps into motion of the machine, and lets others observe it on the way.

The machine is moved in pieces in which every stepper keeps its direction. Before it is moved, observers look
at the piece ahead; where one of them finds something that has to happen before its end, the piece is cut there.
"""

from collections.abc import Callable
from typing import Protocol

from zcal_tui.sim.mcu.scheduler import Scheduler
from zcal_tui.sim.ports import Machine

OBSERVE_SECONDS = 0.010
"""How far the machine moves at a time while observed, and so how late what is seen may be reported."""

MOVE_SECONDS = 0.050
"""How far behind the machine may be while it moves unobserved."""


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


class Observer(Protocol):
    """Somebody who follows the machine while it moves."""

    def look(self, start: int, end: int, view: "View") -> None:
        """See what will happen after `start` up to `end` if nothing cuts it short."""

    def due(self) -> int | None:
        """The clock at which something has to be done about what was seen."""

    def cut(self, clock: int) -> None:
        """It was cut short: what was seen later than `clock` does not happen."""

    def fire(self) -> None:
        """It is the time that `due` gave."""


class View:
    """The machine at any time of the piece ahead."""

    def __init__(
        self, machine: Machine, time_of: Callable[[int], float], steps_at: Callable[[int], dict[str, int]]
    ) -> None:
        self._machine = machine
        self._time_of = time_of
        self._steps_at = steps_at

    def level(self, pin: str, clock: int) -> bool:
        """The level of an input pin."""
        return self._machine.level(pin, self._time_of(clock), self._steps_at(clock))

    def eddy_frequency(self, sensor: str, clock: int) -> float:
        """The frequency of an eddy current sensor, Hz."""
        return self._machine.eddy_frequency(sensor, self._time_of(clock), self._steps_at(clock))

    def load_cell(self, pin: str, clock: int) -> int:
        """The counts of the load cell that is read at a pin."""
        return self._machine.load_cell(pin, self._time_of(clock), self._steps_at(clock))

    def find_change(self, pin: str, before: bool, start: int, end: int) -> int | None:
        """The clock in (start, end] at which a pin leaves its level, found by bisection, if it does."""
        if self.level(pin, end) == before:
            return None
        low, high = start, end
        while high - low > 1:
            middle = (low + high) // 2
            if self.level(pin, middle) == before:
                low = middle
            else:
                high = middle
        return high


class StepMotion:
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
        self._observers: list[Observer] = []
        self._view = View(machine, time_of, self._steps)
        self._look_ahead = View(machine, time_of, self._steps_ahead)
        self._clock = scheduler.clock
        # While a piece is looked at nothing is queued or stopped, so each of these is worked out once:
        self._moving: list[Axis] | None = None
        self._ahead: dict[int, dict[str, int]] = {}
        """Step counts by the clock."""
        self._observe_ticks = int(OBSERVE_SECONDS * clock_freq)
        self._move_ticks = int(MOVE_SECONDS * clock_freq)

    def add_axis(self, axis: Axis) -> None:
        """Make a stepper part of the motion."""
        self._axes.append(axis)

    def remove_axis(self, axis: Axis) -> None:
        """Take it out again; it stays where it is."""
        self._axes.remove(axis)

    def odometer(self, step_pin: str) -> int:
        """Microsteps of a step pin since the simulator started; a restart of the firmware does not reset it."""
        return self._odometer.setdefault(step_pin, 0)

    def level(self, pin: str) -> bool:
        """The level of an input pin now."""
        return self._view.level(pin, self._clock)

    def delay_of(self, pin: str) -> int:
        """The delay of an input pin in ticks."""
        return int(self._machine.delay(pin) * self._clock_freq)

    def observe(self, observer: Observer) -> None:
        """Have an observer look ahead of every further move of the machine."""
        if observer not in self._observers:
            self._observers.append(observer)

    def unobserve(self, observer: Observer) -> None:
        """No more."""
        if observer in self._observers:
            self._observers.remove(observer)

    def next_wakeup(self) -> int | None:
        """When the machine should be brought forward again, if nothing else happens."""
        if self._observers:
            due = [clock for observer in self._observers if (clock := observer.due()) is not None]
            return min([self._clock + self._observe_ticks, *due])
        for axis in self._axes:
            if axis.is_moving:
                return self._clock + self._move_ticks
        return None

    def advance_to(self, clock: int) -> None:
        """Bring the machine to `clock`, telling observers what happens on the way at the time it happens."""
        while self._clock < clock:
            self._moving = [axis for axis in self._axes if axis.is_moving]
            try:
                first = self._advance_by_a_piece(clock)
            finally:
                self._moving = None
                self._ahead.clear()
            if first is not None:
                self._scheduler.clock = self._clock
                first.fire()

    def _advance_by_a_piece(self, clock: int) -> Observer | None:
        """Go on to `clock` at the most; the observer that has something to do where it ends."""
        end = self._end_of_piece(clock)
        if not self._observers:
            self._commit(end)
            return None
        for observer in self._observers:
            observer.look(self._clock, end, self._look_ahead)
        first = self._first_due(end)
        if first is None:
            self._commit(end)
            return None
        end = max(first[0], self._clock)
        for observer in self._observers:
            observer.cut(end)
        self._commit(end)
        return first[1]

    def steps_now(self) -> dict[str, int]:
        """Microsteps by step pin, now."""
        return self._steps(self._clock)

    def _end_of_piece(self, clock: int) -> int:
        end = clock
        if self._observers:
            end = min(end, self._clock + self._observe_ticks)
        for axis in self._moving_axes():
            reversal = axis.next_reversal(self._clock)
            if reversal is not None and reversal < end:
                end = reversal
        return end

    def _moving_axes(self) -> list[Axis]:
        if self._moving is not None:
            return self._moving
        return [axis for axis in self._axes if axis.is_moving]

    def _first_due(self, end: int) -> tuple[int, Observer] | None:
        first: tuple[int, Observer] | None = None
        for observer in self._observers:
            clock = observer.due()
            if clock is not None and clock <= end and (first is None or clock < first[0]):
                first = (clock, observer)
        return first

    def _commit(self, clock: int) -> None:
        steps = self._steps_ahead(clock)
        self._machine.advance(self._time_of(clock), steps)
        for axis in self._moving_axes():
            axis.settle(clock)
        self._odometer.update(steps)
        self._clock = clock

    def _steps_ahead(self, clock: int) -> dict[str, int]:
        steps = self._ahead.get(clock)
        if steps is None:
            steps = self._ahead[clock] = self._steps(clock)
        return steps

    def _steps(self, clock: int) -> dict[str, int]:
        steps = dict(self._odometer)
        for axis in self._moving_axes():
            steps[axis.step_pin] = axis.steps_at(clock)
        return steps
