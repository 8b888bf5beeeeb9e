"""Timers on the micro-controller's clock.

The clock is kept as a 64 bit count here; on the wire it is its low 32 bits, as in the firmware, where times
are compared by their signed difference (Klipper src/sched.c).
"""

import heapq
from collections.abc import Callable

CLOCK_MASK = 0xFFFFFFFF

TimerCallback = Callable[[], int | None]
"""Runs at the timer's time; gives the time to run again, or None when done."""


ShutDown = Callable[[str], None]
"""Shuts a firmware down for a reason."""


class FirmwareShutdown(Exception):
    """What the firmware does where it calls shutdown(): stop everything, for the reason given."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Timer:
    """A callback that can be scheduled; at most once at a time."""

    __slots__ = ("callback", "shut_down", "ticket", "waketime")

    def __init__(self, callback: TimerCallback) -> None:
        self.callback = callback
        self.shut_down: ShutDown | None = None
        """What takes the reason when it fails; without one the failure goes to whoever runs the timers."""
        self.waketime = 0
        self.ticket = 0


def extend(clock: int, clock32: int) -> int:
    """The 64 bit clock nearest to `clock` that a 32 bit one stands for."""
    difference = (clock32 - clock) & CLOCK_MASK
    return clock + difference - ((difference & 0x80000000) << 1)


class Scheduler:
    """Runs timers in order of their time.

    `before` is called with a clock value before anything happens at it: the machine's motion is brought up
    to there, which may itself add and delete timers.
    """

    def __init__(self, clock: int, before: Callable[[int], None]) -> None:
        self.clock = clock
        self._before = before
        self._heap: list[tuple[int, int, Timer]] = []
        self._tickets = 0

    def extend(self, clock32: int) -> int:
        """The 64 bit time nearest to now that a 32 bit one stands for."""
        return extend(self.clock, clock32)

    def add(self, timer: Timer, waketime: int) -> None:
        """Schedule a timer. Raises FirmwareShutdown when the time has passed."""
        if waketime < self.clock:
            raise FirmwareShutdown("Timer too close")
        self._push(timer, waketime)

    def delete(self, timer: Timer) -> None:
        """Forget a timer, whether it is scheduled or not."""
        timer.ticket = 0

    def clear(self, owner: ShutDown | None = None) -> None:
        """Forget all timers, or those of one owner."""
        for _, ticket, timer in self._heap:
            if ticket == timer.ticket and (owner is None or timer.shut_down == owner):
                timer.ticket = 0

    def next_waketime(self) -> int | None:
        """When the next timer is due."""
        heap = self._heap
        while heap and heap[0][2].ticket != heap[0][1]:
            heapq.heappop(heap)
        return heap[0][0] if heap else None

    def run_until(self, clock: int) -> None:
        """Run what is due up to and including `clock`, each at its own time. Raises FirmwareShutdown."""
        while (waketime := self.next_waketime()) is not None and waketime <= clock:
            head = self._heap[0]
            self._before(waketime)
            if self.next_waketime() is None or self._heap[0] is not head:
                continue
            self.clock = waketime
            heapq.heappop(self._heap)
            timer = head[2]
            timer.ticket = 0
            try:
                again = timer.callback()
                if again is not None and again <= waketime:
                    raise FirmwareShutdown("Rescheduled timer in the past")
            except FirmwareShutdown as failure:
                if timer.shut_down is None:
                    raise
                timer.shut_down(failure.reason)
                continue
            if again is not None:
                self._push(timer, again)
        self._before(clock)
        self.clock = clock

    def _push(self, timer: Timer, waketime: int) -> None:
        self._tickets += 1
        timer.ticket = self._tickets
        timer.waketime = waketime
        heapq.heappush(self._heap, (waketime, self._tickets, timer))
