"""The printer's clock: klippy's eventtime, which on a simulated printer may run faster or pause."""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import text

_LOOKAHEAD = 0.5
"""Seconds of printer time that may be added to the last update: they come every 0.25 s."""


SIMULATED = "simulated-"
"""How a simulated micro-controller's version begins (zcal_tui/sim/mcu/core.py)."""
_REAL_TIME = getattr(time, "CLOCK_BOOTTIME", None)


def real_time() -> float:
    """Seconds of a clock that also runs while this computer sleeps, where the platform has one: what has passed for
    the printer passed here as well."""
    return time.monotonic() if _REAL_TIME is None else time.clock_gettime(_REAL_TIME)


def runs_fast(mcu: Mapping[str, Any]) -> bool:
    """Whether the printer's clock may run faster than ours, by the status of its micro-controller: only a simulated
    one does."""
    return (text(mcu.get("mcu_version")) or "").startswith(SIMULATED)


class PrinterClock:
    """The clock checks wait by."""

    def __init__(
        self,
        wait_for: Callable[[Callable[[PrinterState], bool]], Awaitable[PrinterState]],
        wall: Callable[[], float] = real_time,
    ) -> None:
        self._wait_for = wait_for
        self._wall = wall
        self._eventtime = 0.0
        self._seen_at: float | None = None
        self._rate = 1.0
        self._latest = 0.0

    def note(self, eventtime: float) -> None:
        """Klippy's clock is at `eventtime` now."""
        wall = self._wall()
        if self._seen_at is not None and eventtime > self._eventtime and wall - self._seen_at > 0.005:
            rate = (eventtime - self._eventtime) / (wall - self._seen_at)
            self._rate += 0.25 * (min(rate, 1000.0) - self._rate)
        if eventtime < self._eventtime:
            self._latest = eventtime  # another klippy, on a clock of its own
        self._eventtime, self._seen_at = eventtime, wall

    @property
    def rate(self) -> float:
        """How many seconds of the printer pass in one of ours: 1 but on a simulated printer."""
        return self._rate

    def now(self) -> float:
        """Seconds of klippy's clock, extrapolated from the last update; 0 before the first. Never decreases
        while the same klippy runs."""
        if self._seen_at is None:
            return 0.0
        ahead = min((self._wall() - self._seen_at) * self._rate, _LOOKAHEAD)
        self._latest = max(self._latest, self._eventtime + ahead)
        return self._latest

    async def sleep(self, seconds: float) -> None:
        """Wait until the printer itself has counted that many seconds; to 0.25 s, the pace of its updates.

        Raises NotReady or ReplyLost when the printer is lost while waiting.
        """
        until = self.now() + seconds
        await self._wait_for(lambda state: state.eventtime >= until)
