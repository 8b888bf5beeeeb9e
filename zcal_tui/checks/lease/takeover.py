"""Takes over the lease of a program that has ended: at once where its end is certain, else when the lease expires.

A running program renews its lease every few seconds. A lease that is not renewed belongs to one that ended or hangs.
"""

import asyncio
import logging
from collections.abc import Callable

from zcal_tui.checks.errors import CheckCancelled, CheckRefused
from zcal_tui.checks.lease.process import gone, ourselves
from zcal_tui.model.events import Event, Notice, Progress, Stage
from zcal_tui.model.units import duration
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.values import mapping, number, text
from zcal_tui.printer.zcal_module import ZcalModule
from zcal_tui.transport.failures import GcodeError

logger = logging.getLogger(__name__)

CONTROLLED = "Another program controls the printer."
_CLEANING_UP = "still cleaning up"
"""In the [zcal] module's refusal while it restores what the last holder changed."""
LOOK = 0.5
"""Seconds of real time between two requests for a lease."""
COUNT_EVERY = 10.0
"""Seconds of real time between two messages about the remaining time."""
CLEANING = 300.0
"""Seconds of the printer's time that restoring may take: a move of the last holder ends first."""


class LeaseTaker:
    """Takes the lease for `holder`."""

    def __init__(
        self,
        printer: Printer,
        zcal: ZcalModule,
        holder: str,
        emit: Callable[[Event], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self._printer = printer
        self._zcal = zcal
        self._holder = holder
        self._emit = emit
        self._cancelled = cancelled
        self._until: dict[str, float] = {}
        self._asked: set[str] = set()
        self._free_since: float | None = None
        self._free_again = False
        self._rate = 1.0
        self._announced: float | None = None
        self._whole = self._counted = 0

    async def take(self, seconds: float, rate: float = 1.0) -> None:
        """Take it for `seconds` of the printer's time, of which `rate` pass in one of ours. Raises CheckRefused where a
        running program holds it, CheckCancelled, TransportError."""
        self._rate = max(1.0, rate)
        while True:
            try:
                await self._zcal.lease(self._holder, seconds=seconds, process=ourselves())
            except GcodeError as error:
                if not await self._may_wait(error):
                    raise CheckRefused(
                        CONTROLLED,
                        str(error),
                        "Let it finish or end it, then start again.",
                    ) from error
            else:
                # The state shows that the lease is ours before it is used
                await self._printer.refresh()
                return
            if self._cancelled():
                raise CheckCancelled

    async def _may_wait(self, error: GcodeError) -> bool:
        """Whether to ask again after a pause; False where its holder is running."""
        state = await self._printer.refresh()
        lease = mapping(state.zcal.get("lease"))
        other = text(lease.get("holder"))
        if other is None and _CLEANING_UP not in str(error):
            # Released since it was refused: try once more only, since nothing else is known to end a refusal
            first, self._free_again = not self._free_again, True
            return first
        if other is None:
            self._free_since = state.eventtime if self._free_since is None else self._free_since
            await asyncio.sleep(LOOK)
            return state.eventtime - self._free_since < CLEANING
        self._free_since = None
        dead = gone(mapping(lease.get("process")))
        if dead and other not in self._asked:
            self._asked.add(other)
            return await self._take_over(other)
        until = number(lease.get("until"))
        if dead is False or until is None or until > self._until.setdefault(other, until) + 1e-3:
            return False
        await self._wait(other, until - state.eventtime)
        return True

    async def _take_over(self, other: str) -> bool:
        """Have the [zcal] module restore at once what an ended program changed."""
        try:
            await self._zcal.lease(self._holder, action="take_over", instead_of=other)
        except GcodeError:  # somebody was faster, or the module is older: wait until the lease expires
            logger.info("the lease of %s was not taken over", other, exc_info=True)
        else:
            self._emit(Notice(f"{other} ended without releasing the printer. Its changes are undone first."))
        return True

    async def _wait(self, other: str, left: float) -> None:
        """Wait a moment, and emit the remaining time now and then; `left` is in the printer's time."""
        left = max(0.0, left / self._rate)
        if self._announced is None or self._announced - left >= COUNT_EVERY:
            self._announced = left
            self._emit(
                Stage(
                    "lease",
                    f"Waiting for the lease of {other} to expire: {duration(left)} left",
                )
            )
        if round(left) != self._counted:
            self._counted = round(left)
            self._whole = max(self._whole, self._counted)
            self._emit(Progress(self._whole - self._counted, self._whole, left))
        await asyncio.sleep(LOOK)
