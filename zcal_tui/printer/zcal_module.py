"""The [zcal] module on the printer: its commands with their samples, its paper test, its lease.

docs/zcal.md is the contract. Where the module is not installed or reports a capability as unavailable, `can` is False,
and the checks use Klipper's own commands instead, or refuse.
"""

import asyncio
import contextlib
import time
import uuid
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.printer import LINK_GRACE, CommandFailed, Printer
from zcal_tui.printer.values import mapping, number
from zcal_tui.printer.zcal_interface import speaks
from zcal_tui.transport.failures import NotReady, ReplyLost, TransportError

POLL = 0.1
"""Seconds of wall time between two requests for a running command's samples."""
ANSWER_PATIENCE = 5.0
"""Seconds of wall time for an answer that klippy gives in the middle of a command."""
LEAVE_PATIENCE = 5.0
"""Seconds of wall time for an abandoned command to end: one sample and a lift."""
ENDED = ("done", "cancelled", "failed")


@dataclass(frozen=True)
class ZcalSample:
    """A sample as the module publishes it; fields that a kind of measurement lacks are None. mm, °C, klippy's print
    time."""

    n: int
    t: float
    x: float
    y: float
    trigger_z: float | None
    bed_z: float | None
    direction: str
    bed: float | None
    hotend: float | None
    dropped: bool
    z: float | None
    distance: float | None


class CommandCancelled(CommandFailed):
    """A command of the module was cancelled: by us, by another client, or because the lease expired."""


class ZcalModule:
    """The module on one printer."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer

    @property
    def version(self) -> str | None:
        """The version of the module's interface, None where it is not installed."""
        version = self._printer.state.zcal.get("version")
        return version if isinstance(version, str) else None

    @property
    def unavailable(self) -> Mapping[str, str]:
        """Why this printer cannot have a capability, by its name."""
        return {name: str(why) for name, why in mapping(self._printer.state.zcal.get("unavailable")).items()}

    def can(self, *capabilities: str) -> bool:
        """Whether the module is installed, compatible with this client, and has all of these capabilities.

        Their names are those of the status field `unavailable`: state, motion, settings, probe, manual, release, scan.
        """
        if not speaks(self.version):
            return False
        return not any(name in self.unavailable for name in capabilities)

    @property
    def clock_shift(self) -> float:
        """What to add to the module's print times to get klippy's clock (s), which times everything else."""
        state = self._printer.state
        return 0.0 if state.print_time is None else state.eventtime - state.print_time

    def samples(self, command: str, cancelled: Callable[[], bool]) -> "CommandSamples":
        """Run one of the module's commands and follow its samples; see `CommandSamples`."""
        return CommandSamples(self._printer, command, cancelled)

    async def status(self) -> Mapping[str, Any]:
        """The status object as it is at this moment. Raises TransportError."""
        return mapping((await self._printer.query({"zcal": None})).get("zcal"))

    async def lease(self, holder: str, **parameters: Any) -> tuple[str, ...]:
        """Take, keep, restore or end the lease (docs/zcal.md, zcal/lease); returns what it holds, such as `heaters
        extruder`. Raises GcodeError where it is refused, TransportError."""
        reply = mapping(await self._printer.call("zcal/lease", {"holder": holder, **parameters}))
        return tuple(str(name) for name in reply.get("holds") or ())

    async def stage_axis_twist(self, axis: str, values: str, start: float, end: float) -> None:
        """Stage the axis twist compensation of an axis with its ends. Raises CommandFailed where the module does not
        stage it, TransportError."""
        listed = values.replace(" ", "")
        await self._printer.gcode(
            f"ZCAL_STAGE_AXIS_TWIST AXIS={axis.upper()} VALUES={listed} START={start:.3f} END={end:.3f}"
        )

    async def stage(self, section: str, option: str, value: float) -> None:
        """Stage a value for SAVE_CONFIG. Raises CommandFailed where the module does not stage it, TransportError."""
        await self._printer.gcode(f'ZCAL_STAGE SECTION="{section}" OPTION={option} VALUE={value:.6f}')


class CommandSamples:
    """One command of the module while it runs: iterate over its samples, then read `result`.

    The run is known by a tag of its own, so that another client's command before, between or after is never taken for
    it, and never cancelled in its place. A short loss of the link does not end it: the command continues on the
    printer, and so does the iteration once the link is back.

    Iterating ends when the command has ended. It raises CommandCancelled where the command was cancelled, CommandFailed
    where it was refused or failed, TransportError where the printer was lost; always after the samples that were
    published. Stopping the iteration early stops the command; `contextlib.aclosing` does so at once.
    """

    def __init__(self, printer: Printer, command: str, cancelled: Callable[[], bool]) -> None:
        self._printer = printer
        self._command = command
        self._cancelled = cancelled
        self._tag = uuid.uuid4().hex[:12]
        self._seen = 0
        self._run: Mapping[str, Any] = {}
        self.result: Mapping[str, Any] = {}
        """What the command found, once the iteration has ended; also what a failed or cancelled one had so far."""

    async def __aiter__(self) -> AsyncGenerator[ZcalSample, None]:
        script = f"{self._command} TAG={self._tag}"
        command = asyncio.create_task(self._printer.gcode(script), name="zcal command")
        try:
            ended = False
            while not ended:
                await asyncio.wait({command}, timeout=POLL)
                # Before the samples are asked for, so that those which come in between are not missed
                ended = command.done()
                try:
                    found = await self._look(stop=not ended and self._cancelled())
                except (TransportError, TimeoutError):
                    continue  # the command's own error follows
                for sample in found:
                    yield sample
            error = command.exception()
            if isinstance(error, ReplyLost):
                async for sample in self._follow(error):
                    yield sample
                error = self._error_of_run()
            if isinstance(error, CommandFailed) and self._run.get("state") == "cancelled":
                raise CommandCancelled(error.message) from error
            if error is not None:
                raise error
        finally:
            await self._leave(command)

    async def _follow(self, lost: ReplyLost) -> AsyncGenerator[ZcalSample, None]:
        """Go on after the reply was lost, to the end of the run. Raises `lost` where the link does not come back, or
        not to the same klippy; NotReady where klippy has halted."""
        patience = Patience(LINK_GRACE)
        while self._run.get("state") not in ENDED:
            try:
                found = await self._look(stop=self._cancelled())
            except (TransportError, TimeoutError):
                if patience.over():
                    raise lost from None
                await asyncio.sleep(POLL)
                continue
            patience = Patience(LINK_GRACE)
            for sample in found:
                yield sample
            if self._run.get("run") is None:
                # It is queued behind another command, or klippy has restarted; it must not start unobserved
                with contextlib.suppress(TransportError, TimeoutError):
                    await self._look(stop=True)
                raise lost
            if self._printer.state.klippy in ("shutdown", "error"):
                raise NotReady(self._printer.state.message)
            await asyncio.sleep(POLL)

    async def _look(self, *, stop: bool) -> list[ZcalSample]:
        """The samples that were not seen yet. `stop` cancels the command first, again with every request, in case
        one was lost. Raises TransportError, TimeoutError."""
        async with asyncio.timeout(ANSWER_PATIENCE):
            if stop:
                await self._printer.call("zcal/cancel", {"tag": self._tag})
            reply = await self._printer.call("zcal/samples", {"tag": self._tag, "since": self._seen})
        self._run = mapping(reply)
        self.result = mapping(self._run.get("result"))
        items = self._run.get("samples") or []
        found = [sample for item in items if (sample := read_sample(mapping(item)))]
        if found:
            self._seen = found[-1].n
        return found

    def _error_of_run(self) -> CommandFailed | None:
        if self._run.get("state") == "done":
            return None
        return CommandFailed(str(self._run.get("error") or "The command failed."))

    async def _leave(self, command: "asyncio.Task[None]") -> None:
        """Stop a command whose samples are no longer wanted."""
        if not command.done():
            with contextlib.suppress(TransportError, TimeoutError):
                async with asyncio.timeout(LEAVE_PATIENCE):
                    await self._printer.call("zcal/cancel", {"tag": self._tag})
                    await asyncio.wait({command})
            command.cancel()
        await asyncio.gather(command, return_exceptions=True)


class Patience:
    """A span of wall time, from now on."""

    def __init__(self, seconds: float) -> None:
        self._until = time.monotonic() + seconds

    def over(self) -> bool:
        """Whether it has passed."""
        return time.monotonic() > self._until


def read_sample(data: Mapping[str, Any]) -> ZcalSample | None:
    """A sample from the module's JSON; None where it is not one."""
    n, x, y = number(data.get("n")), number(data.get("x")), number(data.get("y"))
    if n is None or x is None or y is None:
        return None
    return ZcalSample(
        n=int(n),
        t=number(data.get("t")) or 0.0,
        x=x,
        y=y,
        trigger_z=number(data.get("trigger_z")),
        bed_z=number(data.get("bed_z")),
        direction=str(data.get("direction") or ""),
        bed=number(data.get("bed")),
        hotend=number(data.get("hotend")),
        dropped=data.get("dropped") is True,
        z=number(data.get("z")),
        distance=number(data.get("distance")),
    )
