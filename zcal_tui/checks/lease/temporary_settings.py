"""Settings of the printer that a check changes for a while, and puts back on every way out.

With the companion extra they are under its lease: renewed while the run goes on, put back by the extra itself when
this program is not heard of any more. Without it this program puts them back on every way out that it lives through,
and does not heat.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from dataclasses import dataclass

from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.lease.process import OWN_NAME, ourselves
from zcal_tui.checks.lease.takeover import LeaseTaker
from zcal_tui.model.events import Event, Notice
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import mapping, number
from zcal_tui.printer.zcal_interface import AFTER_PRINT, speaks
from zcal_tui.printer.zcal_module import ZcalModule
from zcal_tui.transport.failures import GcodeError, TransportError

logger = logging.getLogger(__name__)

LEASE = 60.0
"""Seconds of real time for which the lease is taken."""
RENEWAL = 8.0
"""Seconds of real time between two renewals."""
RATE_LOOK = 0.1
"""Seconds of real time for a look at how fast the printer's time runs."""
LONGEST = 3600.0
"""The longest lease the extra gives, in seconds of the printer."""
OFFSET = "gcode_offset"
"""What a lease calls the live G-code offset."""


def other_holder(state: PrinterState) -> str | None:
    """Another program that holds the lease now; None where there is none."""
    holder = mapping(state.zcal.get("lease")).get("holder")
    return holder if isinstance(holder, str) and holder != OWN_NAME else None


class TemporarySettings:
    """Lends the printer's settings to one run."""

    def __init__(
        self,
        printer: Printer,
        zcal: ZcalModule,
        emit: Callable[[Event], None],
        seconds: float = LEASE,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> None:
        """`seconds` of real time is how long the extra waits for us before it cleans up. `cancelled` ends the wait for
        the lease of a program that died."""
        self._printer = printer
        self._zcal = zcal
        self._emit = emit
        self._lease_seconds = seconds
        self._cancelled = cancelled
        self._leased = False
        self._rate = 1.0
        self._asked = (0.0, 0.0)
        self._undo: list[_Undo] = []
        self._keeps: set[str] = set()
        self._held: set[str] = set()

    @contextlib.asynccontextmanager
    async def lease(self) -> AsyncIterator[None]:
        """The time of a run. At its end everything that was changed is as it was. Raises CheckRefused where another
        program that lives holds the lease, CheckCancelled while that of one that died is waited for."""
        if not self._zcal.can("settings"):
            try:
                yield
            finally:
                await self._put_back()
            return
        await self._take()
        renewing = asyncio.create_task(self._keep_renewing(), name="zcal lease")
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            await self._end()

    async def clear_mesh(self) -> None:
        """Take the bed mesh off, so that a commanded height is the height."""
        mesh = (await self._printer.refresh()).bed_mesh
        if not mesh.active:
            return
        name = mesh.profile_name
        await self._change(
            {"mesh": True},
            f'BED_MESH_PROFILE LOAD="{name}"' if name else "",
            lambda state: not state.bed_mesh.active,
        )
        await self._printer.gcode("BED_MESH_CLEAR")
        if not self._leased and not name:
            self._emit(Notice("The bed mesh had no profile's name; it has to be made or loaded again."))

    async def zero_offset(self) -> None:
        """Take the live G-code offset off; the nozzle stays where it is."""
        x, y, z = (await self._printer.refresh()).homing_origin
        if (x, y, z) == (0.0, 0.0, 0.0):
            return
        await self._change(
            {OFFSET: [0.0, 0.0, 0.0]},
            f"SET_GCODE_OFFSET X={x:.6f} Y={y:.6f} Z={z:.6f} MOVE=0",
            lambda state: max(map(abs, state.homing_origin)) < 1e-6,
        )
        await self._printer.gcode("SET_GCODE_OFFSET X=0 Y=0 Z=0 MOVE=0")

    async def borrow_offset(self) -> None:
        """Have the live G-code offset as it is now put back at the end, for commands that change it by themselves, such
        as CALIBRATE_Z. To be called again after each of them: the extra puts back only what it knows to be ours."""
        x, y, z = (await self._printer.refresh()).homing_origin
        await self._change({OFFSET: [x, y, z]}, f"SET_GCODE_OFFSET X={x:.6f} Y={y:.6f} Z={z:.6f} MOVE=0")

    def keep_offset(self) -> None:
        """The person wants the G-code offset to stay as it is now; all else is put back all the same."""
        self._keeps.add(OFFSET)

    async def heat(self, targets: Mapping[str, float]) -> None:
        """Set heaters' targets (°C) and return at once; watch the state for what comes of it. Raises CheckRefused
        without the extra: nobody would turn them off behind a program that dies."""
        if not self._leased:
            raise CheckRefused(
                "Heating needs the companion extra.",
                "If this program died or the link went, nobody would turn the heaters off again.",
                "Install it with `zcal-tui install`, then start again.",
            )
        now = self._printer.state.heaters
        before = {name: now[name].target if name in now else 0.0 for name in targets}
        await self._change({"heaters": dict(targets)}, _heating(before))
        await self._printer.gcode(_heating(targets))

    async def idle_timeout(self, seconds: float) -> None:
        """Lengthen the time after which klippy switches motors off, as a paper test may (never with heaters on)."""
        before = number(self._printer.state.settings.get("idle_timeout", {}).get("timeout")) or 600.0
        if before >= seconds or any(heater.target > 0 for heater in self._printer.state.heaters.values()):
            return
        await self._change({"idle_timeout": seconds}, f"SET_IDLE_TIMEOUT TIMEOUT={before:g}")
        await self._printer.gcode(f"SET_IDLE_TIMEOUT TIMEOUT={seconds:g}")

    async def _change(
        self,
        hold: Mapping[str, object],
        undo: str,
        still_ours: Callable[[PrinterState], bool] = lambda state: True,
    ) -> None:
        """Say what is about to be changed before it is. `still_ours`: whether it is at the end what we made it."""
        kind = next(iter(hold))
        if undo:
            self._undo.append(_Undo(kind, undo, still_ours))
        if self._leased:
            await self._renew(hold=dict(hold))
            self._held.add(kind)

    def _seconds(self) -> float:
        return min(LONGEST, self._lease_seconds * max(1.0, self._rate))

    async def _learn_rate(self) -> None:
        """How fast the printer's time runs, by asking twice. What it sends by itself may come all at once after a
        stutter of the link, and would make the lease of a real printer as long as that of a fast simulated one."""
        self._asked = await self._ask_time()
        await asyncio.sleep(RATE_LOOK)
        await self._note_rate()

    async def _note_rate(self) -> None:
        """The rate since it was last asked, never above the true one: an answer that is late makes it less."""
        (began, eventtime), asked = self._asked, await self._ask_time()
        self._rate, self._asked = (asked[1] - eventtime) / (time.monotonic() - began), asked

    async def _ask_time(self) -> tuple[float, float]:
        """Our time before asking, and the printer's."""
        return time.monotonic(), (await self._printer.refresh()).eventtime

    async def _take(self) -> None:
        await self._learn_rate()
        taker = LeaseTaker(self._printer, self._zcal, OWN_NAME, self._emit, self._cancelled)
        await taker.take(self._seconds(), self._rate)
        self._leased = True

    async def _renew(self, **parameters: object) -> tuple[str, ...]:
        return await self._zcal.lease(OWN_NAME, seconds=self._seconds(), process=ourselves(), **parameters)

    async def _keep_renewing(self) -> None:
        while True:
            await asyncio.sleep(min(RENEWAL, self._lease_seconds / 6))
            try:
                await self._note_rate()
                held = set(self._held)
                holds = await self._renew()
                self._look_for_lost(held, holds)
            except TransportError:
                # The link is down or klippy halted: both end the run on a way of their own
                logger.info("the lease was not renewed", exc_info=True)

    def _look_for_lost(self, held: set[str], holds: Collection[str]) -> None:
        """Tell where the lease ran out meanwhile, as on a computer that was asleep: it is a new one then."""
        lost = held - {name.split()[0] for name in holds}
        if lost:
            self._held -= lost
            self._emit(
                Notice(
                    "The lease had run out, since this program was not heard of for too long: the extra has put back "
                    f"{' and '.join(sorted(lost))} meanwhile."
                )
            )

    async def _end(self) -> None:
        self._leased = False
        if not self._printer.state.ready:
            return  # a halted klippy has dropped it; behind a cut link the extra puts everything back
        if self._printer.state.job and self._held and not speaks(self._zcal.version, AFTER_PRINT):
            # A print has begun: heights that change under it are worse than settings that are not as they were
            await self._leave_to_the_print()
            return
        if self._keeps:
            # The extra knows only all or nothing; the lease stays until all but what is kept has been put back
            await self._put_back()
        action = "end" if self._keeps else "restore"
        if self._printer.state.job and self._held and action == "restore":
            held = " and ".join(sorted(self._held))
            self._emit(Notice(f"A print has begun: the extra puts back {held} when it is over."))
        try:
            await self._zcal.lease(OWN_NAME, action=action)
        except GcodeError:
            logger.info("the lease had ended by itself", exc_info=True)
        except TransportError as error:
            self._emit(Notice(f"The extra will put back what was changed when the lease runs out: {error}"))

    async def _leave_to_the_print(self) -> None:
        self._emit(
            Notice(
                f"A print has begun; left as this check had made it: {' and '.join(sorted(self._held))}. Put it right "
                "after the print, or cancel the print."
            )
        )
        try:
            await self._zcal.lease(OWN_NAME, action="end")
        except TransportError:
            logger.info("the lease was not given up", exc_info=True)

    async def _put_back(self) -> None:
        if self._printer.state.job and self._undo:
            kinds = " and ".join(sorted({undo.kind for undo in self._undo}))
            self._emit(Notice(f"A print has begun; left as this check had made it: {kinds}."))
            return
        for undo in reversed(self._undo):
            if undo.kind in self._keeps:
                continue
            try:
                if undo.still_ours(await self._printer.refresh()):
                    await self._printer.gcode(undo.script)
                else:
                    self._emit(
                        Notice(f"The {undo.kind} was changed by somebody else meanwhile and is left alone.")
                    )
            except TransportError as error:
                self._emit(Notice(f"Not put back: {undo.script} ({error})"))
        self._undo.clear()


@dataclass(frozen=True)
class _Undo:
    """How a setting is put back, and whether it still is what we made it."""

    kind: str
    script: str
    still_ours: Callable[[PrinterState], bool]


def _heating(targets: Mapping[str, float]) -> str:
    return "\n".join(
        f"SET_HEATER_TEMPERATURE HEATER={name} TARGET={target:g}" for name, target in targets.items()
    )
