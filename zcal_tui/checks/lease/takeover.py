"""Taking the extra's lease from a program that has died: at once where that is known for sure, else when it runs out.

A program that lives renews its lease every few seconds, so one that is not renewed belongs to one that died or hangs.
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

_CLEANING_UP = "still cleaning up"
"""In the extra's refusal while it puts back what the last holder has left."""
LOOK = 0.5
"""Seconds of real time between two looks at a lease that is waited for."""
COUNT_EVERY = 10.0
"""Seconds of real time between two words on how long it still takes."""
CLEANING = 300.0
"""Seconds of the printer's time that putting things back may take: a move of the last holder's ends first."""


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
        self._told: float | None = None
        self._whole = self._counted = 0

    async def take(self, seconds: float, rate: float = 1.0) -> None:
        """Take it for `seconds` of the printer's time, of which `rate` pass in one of ours. Raises CheckRefused where a
        program that lives holds it, CheckCancelled, TransportError."""
        self._rate = max(1.0, rate)
        while True:
            try:
                await self._zcal.lease(self._holder, seconds=seconds, process=ourselves())
            except GcodeError as error:
                if not await self._may_wait(error):
                    raise CheckRefused(
                        "The printer is under the control of another program.",
                        str(error),
                        "Let it finish, or end it, then start again.",
                    ) from error
            else:
                # That it is ours now is known before anything is asked of the state
                await self._printer.refresh()
                return
            if self._cancelled():
                raise CheckCancelled

    async def _may_wait(self, error: GcodeError) -> bool:
        """Whether to ask again, after a while; False where whoever holds it lives."""
        state = await self._printer.refresh()
        lease = mapping(state.zcal.get("lease"))
        other = text(lease.get("holder"))
        if other is None and _CLEANING_UP not in str(error):
            # Given back since it was refused: once more, and no more, as nothing else is known to end a refusal
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
        """Have the extra put back at once what a program that is known to be dead has left."""
        try:
            await self._zcal.lease(self._holder, action="take_over", instead_of=other)
        except GcodeError:  # somebody was faster, or an older extra: wait for the lease to run out
            logger.info("the lease of %s was not taken over", other, exc_info=True)
        else:
            self._emit(
                Notice(f"{other} has ended without giving the printer back; what it left is put right first.")
            )
        return True

    async def _wait(self, other: str, left: float) -> None:
        """Wait a moment, and tell now and then how long it takes; `left` is in the printer's time."""
        left = max(0.0, left / self._rate)
        if self._told is None or self._told - left >= COUNT_EVERY:
            self._told = left
            self._emit(
                Stage(
                    "lease",
                    f"Waiting for the lease of {other} to run out if it is not heard of: {duration(left)} more",
                )
            )
        if round(left) != self._counted:
            self._counted = round(left)
            self._whole = max(self._whole, self._counted)
            self._emit(Progress(self._whole - self._counted, self._whole, left))
        await asyncio.sleep(LOOK)
