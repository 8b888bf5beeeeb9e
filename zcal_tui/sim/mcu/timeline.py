"""The time and the motion that all micro-controllers of one printer share.

One queue of timers and one motion serve them all: an endstop on one sees the steps of another. Each firmware has a part
of both, which goes when it restarts. Its clock may be its own: see `own_clock`.
"""

from zcal_tui.sim.mcu.motion import Axis, Observer, StepMotion
from zcal_tui.sim.mcu.scheduler import Scheduler, ShutDown, Timer
from zcal_tui.sim.ports import Machine


class Timeline:
    """A clock that begins at `clock` at `time` (simulator seconds), and the motion of a machine in it."""

    def __init__(
        self, machine: Machine, clock_freq: int, clock: int, time: float, odometer: dict[str, int]
    ) -> None:
        self.clock_freq = clock_freq
        self._first_clock = clock
        self._first_time = time
        self.scheduler = Scheduler(clock, self._bring_motion_to)
        self.motion = StepMotion(machine, self.scheduler, self.time_of, clock_freq, odometer)

    def time_of(self, clock: int) -> float:
        """Simulator seconds of a clock value."""
        return self._first_time + (clock - self._first_clock) / self.clock_freq

    def clock_of(self, time: float) -> int:
        """The clock value at a time in simulator seconds."""
        return self._first_clock + round((time - self._first_time) * self.clock_freq)

    def next_wakeup(self) -> int | None:
        """When the next timer of any firmware is due, or the machine should be brought forward."""
        timer, motion = self.scheduler.next_waketime(), self.motion.next_wakeup()
        return timer if motion is None or (timer is not None and timer < motion) else motion

    def _bring_motion_to(self, clock: int) -> None:
        self.motion.advance_to(clock)


class OwnTimers:
    """One firmware's timers among all. A timer that fails shuts its own firmware down."""

    def __init__(self, shared: Scheduler, shut_down: ShutDown) -> None:
        self._shared = shared
        self._shut_down = shut_down

    @property
    def clock(self) -> int:
        """The clock now, 64 bit."""
        return self._shared.clock

    def extend(self, clock32: int) -> int:
        """See Scheduler."""
        return self._shared.extend(clock32)

    def add(self, timer: Timer, waketime: int) -> None:
        """See Scheduler. Raises FirmwareShutdown when the time has passed."""
        timer.shut_down = self._shut_down
        self._shared.add(timer, waketime)

    def delete(self, timer: Timer) -> None:
        """See Scheduler."""
        self._shared.delete(timer)

    def clear(self) -> None:
        """Forget this firmware's timers."""
        self._shared.clear(self._shut_down)

    def run_until(self, clock: int) -> None:
        """Run what is due for all firmwares. Raises FirmwareShutdown for what no timer is to blame for."""
        self._shared.run_until(clock)


class OwnMotion:
    """One firmware's steppers and observers in the motion."""

    def __init__(self, shared: StepMotion) -> None:
        self._shared = shared
        self._axes: list[Axis] = []
        self._observers: list[Observer] = []

    def add_axis(self, axis: Axis) -> None:
        """See StepMotion."""
        self._axes.append(axis)
        self._shared.add_axis(axis)

    def odometer(self, step_pin: str) -> int:
        """See StepMotion."""
        return self._shared.odometer(step_pin)

    def level(self, pin: str) -> bool:
        """See StepMotion."""
        return self._shared.level(pin)

    def delay_of(self, pin: str) -> int:
        """See StepMotion."""
        return self._shared.delay_of(pin)

    def observe(self, observer: Observer) -> None:
        """See StepMotion."""
        self._observers.append(observer)
        self._shared.observe(observer)

    def unobserve(self, observer: Observer) -> None:
        """See StepMotion."""
        self._shared.unobserve(observer)

    def steps_now(self) -> dict[str, int]:
        """See StepMotion."""
        return self._shared.steps_now()

    def retire(self) -> None:
        """Take this firmware's part out: it has restarted."""
        for axis in self._axes:
            self._shared.remove_axis(axis)
        for observer in self._observers:
            self._shared.unobserve(observer)
