"""The companion extra as a client sees it: its commands with their samples, its paper test, its lease.

docs/zcal.md is the contract. Where the extra is not installed or says `unavailable`, `can` is False and the checks
use Klipper's own commands instead, or say that they need it.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from zcal_tui.printer.printer import CommandFailed, Printer
from zcal_tui.printer.reading import mapping, number
from zcal_tui.transport.failures import TransportError

INTERFACE = "1"
"""The major version of the extra's interface that this client speaks."""
POLL = 0.1
"""Seconds of wall time between two looks at a running command's samples."""


@dataclass(frozen=True)
class ExtraTouch:
    """A sample as the extra publishes it; what a kind of measurement has not is None. mm, °C, klippy's print time."""

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
    skew: Mapping[str, float]


class ExtraCancelled(CommandFailed):
    """A command of the extra's was cancelled: by us, by another client, or since the lease ran out."""


class Companion:
    """The extra on one printer."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer

    @property
    def version(self) -> str | None:
        """The version of the extra's interface, None where it is not installed."""
        version = self._printer.state.zcal.get("version")
        return version if isinstance(version, str) else None

    @property
    def unavailable(self) -> Mapping[str, str]:
        """Why this printer cannot have a capability, by its name."""
        return {name: str(why) for name, why in mapping(self._printer.state.zcal.get("unavailable")).items()}

    def can(self, *capabilities: str) -> bool:
        """Whether the extra is there, speaks this client's version, and has all of these capabilities.

        Their names are those of the status field `unavailable`: state, motion, settings, probe, manual, release, scan.
        """
        version = self.version
        if version is None or version.split(".")[0] != INTERFACE:
            return False
        return not any(name in self.unavailable for name in capabilities)

    def samples(self, command: str, cancelled: Callable[[], bool]) -> "CommandSamples":
        """Run one of the extra's commands and follow its samples; see `CommandSamples`."""
        return CommandSamples(self._printer, command, cancelled)

    async def cancel(self) -> None:
        """Have the command that runs stop after its current move. Raises TransportError."""
        await self._printer.call("zcal/cancel")

    async def status(self) -> Mapping[str, Any]:
        """The status object as it is at this moment. Raises TransportError."""
        return mapping((await self._printer.query({"zcal": None})).get("zcal"))

    async def lease(self, holder: str, **parameters: Any) -> None:
        """Take, keep, restore or end the lease (docs/zcal.md, zcal/lease). Raises GcodeError where it is refused,
        TransportError."""
        await self._printer.call("zcal/lease", {"holder": holder, **parameters})

    async def stage(self, section: str, option: str, value: float) -> None:
        """Stage a value for SAVE_CONFIG. Raises CommandFailed where the extra does not stage it, TransportError."""
        await self._printer.gcode(f'ZCAL_STAGE SECTION="{section}" OPTION={option} VALUE={value:.6f}')


class CommandSamples:
    """One command of the extra's while it runs: iterate over its samples, then read `result`.

    Iterating ends when the command has ended. It raises ExtraCancelled where the command was cancelled, CommandFailed
    where it was refused or failed, TransportError where the printer went away; always after the samples that were told.
    """

    def __init__(self, printer: Printer, command: str, cancelled: Callable[[], bool]) -> None:
        self._printer = printer
        self._command = command
        self._cancelled = cancelled
        self._seen = 0
        self._before = 0
        self._run: int | None = None
        self.result: Mapping[str, Any] = {}
        """What the command found, once the iteration has ended; also what a failed or cancelled one had so far."""

    async def __aiter__(self) -> AsyncIterator[ExtraTouch]:
        self._before = int(number((await self._status()).get("run")) or 0)
        command = asyncio.create_task(self._printer.gcode(self._command), name="zcal extra command")
        asked_to_stop = False
        try:
            while not command.done():
                await asyncio.wait({command}, timeout=POLL)
                if self._cancelled() and not asked_to_stop and not command.done():
                    asked_to_stop = True
                    await self._printer.call("zcal/cancel")
                for sample in await self._new():
                    yield sample
            await self._finish(command)
        finally:
            if not command.done():
                # Whoever stops listening does not want it to go on either
                command.cancel()
                await asyncio.gather(command, return_exceptions=True)
                if not asked_to_stop and self._printer.state.ready:
                    await asyncio.gather(self._printer.call("zcal/cancel"), return_exceptions=True)

    async def _finish(self, command: "asyncio.Task[None]") -> None:
        try:
            status: Mapping[str, Any] = await self._status()
        except TransportError:
            status = {}
        self.result = mapping(status.get("result"))
        try:
            await command
        except CommandFailed as error:
            if status.get("state") == "cancelled":
                raise ExtraCancelled(error.message) from error
            raise

    async def _status(self) -> Mapping[str, Any]:
        status = await self._printer.query({"zcal": ["run", "command", "state", "result"]})
        return mapping(status.get("zcal"))

    async def _new(self) -> list[ExtraTouch]:
        """The samples of our run that were not seen yet; none where the printer does not answer at this moment, which
        the command's own end tells about."""
        if not self._printer.state.ready:
            return []
        try:
            if self._run is None:
                status = await self._status()
                run = int(number(status.get("run")) or 0)
                if run <= self._before or status.get("command") != self._command.split()[0]:
                    return []
                self._run = run
            reply = mapping(await self._printer.call("zcal/samples", {"run": self._run, "since": self._seen}))
        except TransportError:
            return []
        found = [sample for item in reply.get("samples") or [] if (sample := read_sample(mapping(item)))]
        if found:
            self._seen = found[-1].n
        return found


def read_sample(data: Mapping[str, Any]) -> ExtraTouch | None:
    """A sample out of the extra's JSON; None where it is not one."""
    n, x, y = number(data.get("n")), number(data.get("x")), number(data.get("y"))
    if n is None or x is None or y is None:
        return None
    return ExtraTouch(
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
        skew={
            name: skew
            for name, value in mapping(data.get("skew")).items()
            if (skew := number(value)) is not None
        },
    )
