"""Settings of the printer that a check changes temporarily, and restores on every path out.

With the [zcal] module they are under its lease: renewed during the run, and restored by the module itself when this
program stops renewing it. Without the module this program restores them on every path out that it survives, and does
not heat.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping
from typing import Any

from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.lease.process import OWN_NAME, ourselves
from zcal_tui.checks.lease.takeover import LeaseTaker
from zcal_tui.model.events import Event, Notice
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.clock import real_time, runs_fast
from zcal_tui.printer.printer import Printer, what_happened
from zcal_tui.printer.state import PrinterState, Xyz
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
"""Seconds of real time for measuring how fast the printer's clock runs."""
HEATING_NEEDS_MODULE = "Heating needs the [zcal] module."
LONGEST = 3600.0
"""The longest lease that the module grants, in seconds of the printer."""
SAME_TARGET = 0.05
"""°C within which two targets are the same."""
OFFSET = "gcode_offset"
"""The live G-code offset's name in a lease."""


def other_holder(state: PrinterState) -> str | None:
    """Another program that holds the lease now; None where there is none."""
    holder = mapping(state.zcal.get("lease")).get("holder")
    return holder if isinstance(holder, str) and holder != OWN_NAME else None


class TemporarySettings:
    """The printer's settings that one run has changed."""

    def __init__(
        self,
        printer: Printer,
        zcal: ZcalModule,
        emit: Callable[[Event], None],
        seconds: float = LEASE,
        cancelled: Callable[[], bool] = lambda: False,
        wall: Callable[[], float] = real_time,
        unrestored: Callable[[str | None, Xyz | None], None] = lambda mesh, offset: None,
    ) -> None:
        """`seconds` of real time after which the module cleans up without a renewal. `cancelled` ends the wait for the
        lease of a program that has ended. `wall` is the clock of real time, which counts what this computer slept.
        `unrestored` gets, without the module, the mesh to be unloaded and the offset to be cleared, before that is
        done, and (None, None) once both are restored."""
        self._printer = printer
        self._zcal = zcal
        self._emit = emit
        self._lease_seconds = seconds
        self._cancelled = cancelled
        self._wall = wall
        self._simulated = False
        self._unrestored = unrestored
        self._mesh: str | None = None
        self._offset: Xyz | None = None
        self._renewed = self._wall()
        self._ran_out = False
        self._leased = False
        self._rate = 1.0
        self._asked = (0.0, 0.0)
        self._undo: list[_Undo] = []
        self._keeps: set[str] = set()
        self._held: set[str] = set()
        self._abandoned = False
        self._manual_probe = False

    @contextlib.asynccontextmanager
    async def lease(self) -> AsyncIterator[None]:
        """The time of a run, after which every change is undone. Raises CheckRefused where another running program
        holds the lease, CheckCancelled while waiting for the lease of one that has ended."""
        if not self._zcal.can("settings"):
            try:
                yield
            finally:
                if not self._abandoned:
                    await self._put_back()
                    self._forget()
            return
        await self._take()
        renewing = asyncio.create_task(self._keep_renewing(), name="zcal lease")
        try:
            yield
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
            if not self._abandoned:
                await self._end()
                self._forget()

    async def clear_mesh(self) -> None:
        """Clear the bed mesh, so that heights are the commanded ones."""
        mesh = (await self._printer.refresh()).bed_mesh
        if not mesh.active:
            return
        name = mesh.profile_name
        if name and not self._leased:
            self._mesh = name
            self._unrestored(self._mesh, self._offset)
        await self._change(
            {"mesh": True},
            f'BED_MESH_PROFILE LOAD="{name}"' if name else "",
            lambda state: not state.bed_mesh.active,
        )
        await self._printer.gcode("BED_MESH_CLEAR")
        if not self._leased and not name:
            self._emit(Notice("The cleared bed mesh had no profile name. Load or measure it again."))

    async def zero_offset(self) -> None:
        """Clear the live G-code offset; the nozzle does not move."""
        x, y, z = (await self._printer.refresh()).homing_origin
        if (x, y, z) == (0.0, 0.0, 0.0):
            return
        if not self._leased:
            self._offset = (x, y, z)
            self._unrestored(self._mesh, self._offset)
        await self._change(
            {OFFSET: [0.0, 0.0, 0.0]},
            f"SET_GCODE_OFFSET X={x:.6f} Y={y:.6f} Z={z:.6f} MOVE=0",
            lambda state: max(map(abs, state.homing_origin)) < 1e-6,
        )
        await self._printer.gcode("SET_GCODE_OFFSET X=0 Y=0 Z=0 MOVE=0")

    async def borrow_offset(self) -> None:
        """Have the present live G-code offset restored at the end, for commands that change it by themselves, such as
        CALIBRATE_Z. Call it again after each of them: the module restores only what it knows to be ours."""
        x, y, z = (await self._printer.refresh()).homing_origin
        await self._change({OFFSET: [x, y, z]}, f"SET_GCODE_OFFSET X={x:.6f} Y={y:.6f} Z={z:.6f} MOVE=0")

    def keep_offset(self) -> None:
        """Keep the G-code offset as it is now; everything else is still restored."""
        self._keeps.add(OFFSET)

    async def heat(self, targets: Mapping[str, float]) -> None:
        """Set heaters' targets (°C) and return at once; the state shows the result. Raises CheckRefused without the
        module: nothing would turn the heaters off after this program ends."""
        if not self._leased:
            raise CheckRefused(
                HEATING_NEEDS_MODULE,
                "If zcal-tui ended or lost the link, nothing would turn the heaters off.",
                "Install it with `zcal-tui install`, then start again.",
            )
        now = self._printer.state.heaters
        for name, target in targets.items():
            before = now[name].target if name in now else 0.0
            # One by one: another client may take over a single heater
            self._undo.append(_Undo("heaters", _heating({name: before}), _targets(name, target)))
        await self._change({"heaters": dict(targets)}, "")
        await self._printer.gcode(_heating(targets))

    async def turn_off(self, heaters: Collection[str]) -> None:
        """Turn heaters off that `heat` turned on; they then stay off at the end of the run, too."""
        await self._printer.gcode(_heating(dict.fromkeys(heaters, 0.0)))
        self._undo = [undo for undo in self._undo if undo.kind != "heaters"]

    async def idle_timeout(self, seconds: float) -> None:
        """Lengthen idle_timeout, as a paper test may; never with heaters on."""
        before = number(self._printer.state.settings.get("idle_timeout", {}).get("timeout")) or 600.0
        if before >= seconds or any(heater.target > 0 for heater in self._printer.state.heaters.values()):
            return
        await self._change({"idle_timeout": seconds}, f"SET_IDLE_TIMEOUT TIMEOUT={before:g}")
        await self._printer.gcode(f"SET_IDLE_TIMEOUT TIMEOUT={seconds:g}")

    @contextlib.contextmanager
    def manual_probe(self) -> Iterator[None]:
        """The time in which a manual probe (paper test) of ours may be open."""
        self._manual_probe = True
        try:
            yield
        finally:
            self._manual_probe = False

    async def abandon(self, limit: float) -> tuple[str, ...]:
        """Send what turns our heaters off, ends our paper test and restores our changes, without waiting for the
        commands that the printer still runs. Nothing is changed or restored here afterwards.

        Returns what may be left on or changed: what was not confirmed within `limit` seconds, and heaters that are on.
        """
        self._abandoned = True
        leased, self._leased = self._leased, False
        sent: dict[str, asyncio.Task[Any]] = {}
        if leased:
            restore = self._zcal.lease(OWN_NAME, action="restore")
            sent[" and ".join(sorted(self._held)) or "the lease"] = asyncio.create_task(restore)
        elif not self._printer.state.job:
            for undo in reversed(self._undo):
                if undo.kind not in self._keeps and undo.still_ours(self._printer.state):
                    sent[undo.kind] = asyncio.create_task(self._printer.gcode(undo.script))
        if self._manual_probe:
            sent["the paper test"] = asyncio.create_task(self._printer.gcode("ABORT"))
        if sent:
            await asyncio.wait(sent.values(), timeout=limit / 2)
        unconfirmed = [name for name, task in sent.items() if not _succeeded(task)]
        if leased and unconfirmed:
            # Behind the commands that still run, in case the module does not answer at all
            for undo in reversed(self._undo):
                if undo.kind == "heaters":
                    sent[undo.script] = asyncio.create_task(self._printer.gcode(undo.script))
        on = await self._heaters_on(limit / 2)
        for task in sent.values():
            task.cancel()
        await asyncio.gather(*sent.values(), return_exceptions=True)
        return (*unconfirmed, *on)

    async def _heaters_on(self, limit: float) -> tuple[str, ...]:
        """The heaters that are on, as far as the printer answers."""
        try:
            async with asyncio.timeout(limit):
                return (await self._printer.refresh()).heaters_on
        except (TimeoutError, TransportError):
            return self._printer.state.heaters_on

    async def _change(
        self,
        hold: Mapping[str, object],
        undo: str,
        still_ours: Callable[[PrinterState], bool] = lambda state: True,
    ) -> None:
        """Announce a change before it is made. `still_ours`: whether the setting still is what we made it, at the
        end."""
        kind = next(iter(hold))
        if undo:
            self._undo.append(_Undo(kind, undo, still_ours))
        if self._leased:
            await self._renew(hold=dict(hold))
            self._held.add(kind)

    def _seconds(self) -> float:
        return min(LONGEST, self._lease_seconds * max(1.0, self._rate))

    async def _learn_rate(self) -> None:
        """Measure how fast a simulated printer's clock runs, by two requests; a real one's runs as ours does.
        Notifications may arrive all at once after a stalled link, and would make the lease longer."""
        self._simulated = runs_fast((await self._printer.query({"mcu": ["mcu_version"]})).get("mcu", {}))
        if not self._simulated:
            return
        self._asked = await self._ask_time()
        await asyncio.sleep(RATE_LOOK)
        await self._note_rate()

    async def _note_rate(self) -> None:
        """The rate since the last request, never above the true one: a late answer makes it lower."""
        if not self._simulated:
            return
        (began, eventtime), asked = self._asked, await self._ask_time()
        self._rate, self._asked = (asked[1] - eventtime) / max(1e-3, self._wall() - began), asked

    async def _ask_time(self) -> tuple[float, float]:
        """Our time before the request, and the printer's."""
        return self._wall(), (await self._printer.refresh()).eventtime

    async def _take(self) -> None:
        await self._learn_rate()
        taker = LeaseTaker(self._printer, self._zcal, OWN_NAME, self._emit, self._cancelled)
        await taker.take(self._seconds(), self._rate)
        self._renewed = self._wall()
        self._leased = True

    async def _renew(self, **parameters: object) -> tuple[str, ...]:
        holds = await self._zcal.lease(OWN_NAME, seconds=self._seconds(), process=ourselves(), **parameters)
        # The lease that ran out meanwhile was cleaned up after, and this is a new one
        self._ran_out = self._ran_out or self._wall() - self._renewed > self._lease_seconds
        self._renewed = self._wall()
        return holds

    async def ran_out(self) -> bool:
        """Whether the lease has run out in this run, so that the module has turned off heaters and undone changes:
        the cause of what fails afterwards."""
        if self._ran_out or not self._leased or self._abandoned:
            return self._ran_out
        try:
            state = await self._printer.refresh()
        except TransportError:
            return False
        lease = mapping(state.zcal.get("lease"))
        return state.ready and "lease" in state.zcal and lease.get("holder") != OWN_NAME

    async def _keep_renewing(self) -> None:
        while True:
            await asyncio.sleep(min(RENEWAL, self._lease_seconds / 6))
            if self._abandoned:
                return
            try:
                await self._note_rate()
                held = set(self._held)
                holds = await self._renew()
                self._look_for_lost(held, holds)
            except TransportError:
                # The link is down or klippy halted: both end the run by themselves
                logger.info("the lease was not renewed", exc_info=True)

    def _look_for_lost(self, held: set[str], holds: Collection[str]) -> None:
        """Emit a notice where the lease has expired, as on a computer that was asleep: it is a new one then."""
        lost = held - {name.split()[0] for name in holds}
        if lost:
            self._held -= lost
            self._emit(
                Notice(
                    "The lease had expired because zcal-tui could not renew it. The [zcal] module has restored "
                    f"{' and '.join(sorted(lost))}."
                )
            )

    async def _end(self) -> None:
        self._leased = False
        if not self._printer.state.ready:
            return  # a halted klippy has dropped it; after a lost link the module restores everything
        if self._printer.state.job and self._held and not speaks(self._zcal.version, AFTER_PRINT):
            # A print has started: heights that change during it are worse than settings that stay changed
            await self._leave_to_the_print()
            return
        put_back = False
        if self._keeps:
            # The module restores all or nothing; the lease stays until everything but the kept setting is restored
            put_back = await self._put_back()
        # What could not be put back here, such as a heater, is more important than the setting to keep
        action = "end" if put_back else "restore"
        if self._printer.state.job and self._held and action == "restore":
            held = " and ".join(sorted(self._held))
            self._emit(Notice(f"A print has started. The [zcal] module restores {held} after the print."))
        try:
            await self._zcal.lease(OWN_NAME, action=action)
        except GcodeError:
            logger.info("the lease had already ended", exc_info=True)
        except TransportError as error:
            self._emit(
                Notice(
                    f"The [zcal] module restores the changed settings when the lease expires: {what_happened(error)}"
                )
            )

    def _forget(self) -> None:
        """Nothing of ours is left to restore, or it is left to others: what changes from now on is not ours."""
        self._undo.clear()
        self._held.clear()

    async def _leave_to_the_print(self) -> None:
        self._emit(
            Notice(
                f"A print has started. Settings that stay changed: {' and '.join(sorted(self._held))}. "
                "Restore them after the print, or cancel the print."
            )
        )
        try:
            await self._zcal.lease(OWN_NAME, action="end")
        except TransportError:
            logger.info("the lease was not released", exc_info=True)

    async def _put_back(self) -> bool:
        """Restore everything but what is kept; False where a command for that failed."""
        if self._printer.state.job and self._undo:
            kinds = " and ".join(sorted({undo.kind for undo in self._undo}))
            self._emit(Notice(f"A print has started. Settings that stay changed: {kinds}."))
            return True
        restored = True
        for undo in reversed(self._undo):
            if undo.kind in self._keeps:
                continue
            try:
                if undo.still_ours(await self._printer.refresh()):
                    await self._printer.gcode(undo.script)
                else:
                    self._emit(Notice(f"Another client changed the {undo.kind}; it was not restored."))
            except TransportError as error:
                restored = False
                self._emit(Notice(f"Not restored: {undo.script}. {what_happened(error)}"))
        self._undo.clear()
        if restored and (self._mesh is not None or self._offset is not None):
            self._mesh = self._offset = None
            self._unrestored(None, None)
        return restored


@dataclass(frozen=True)
class _Undo:
    """How a setting is restored, and whether it still is what we made it."""

    kind: str
    script: str
    still_ours: Callable[[PrinterState], bool]


def _targets(name: str, target: float) -> Callable[[PrinterState], bool]:
    """Whether a heater still has the target (°C) that we gave it."""

    def still_ours(state: PrinterState) -> bool:
        heater = state.heaters.get(name)
        return heater is not None and abs(heater.target - target) < SAME_TARGET

    return still_ours


def _succeeded(task: "asyncio.Task[Any]") -> bool:
    """Whether a request was answered without an error."""
    return task.done() and not task.cancelled() and task.exception() is None


def _heating(targets: Mapping[str, float]) -> str:
    return "\n".join(
        f"SET_HEATER_TEMPERATURE HEATER={name} TARGET={target:g}" for name, target in targets.items()
    )
