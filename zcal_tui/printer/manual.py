"""Klipper's manual probe as a client drives it: by the extra's ZCAL_PAPER_TEST where it can, else by MANUAL_PROBE.
Neither stages anything."""

import asyncio
from dataclasses import dataclass
from typing import Literal

from zcal_tui.printer.companion import Companion
from zcal_tui.printer.messages import ManualProbeFailed, ManualProbeHeight
from zcal_tui.printer.printer import CommandFailed, Heard, Printer
from zcal_tui.printer.reading import mapping, number
from zcal_tui.printer.state import ManualProbe

LATE_WORD = 2.0
"""Seconds of wall time to wait for the outcome, which Moonraker may deliver after the reply."""


@dataclass(frozen=True)
class Outcome:
    """How a manual probe ended; `height` is the accepted toolhead Z."""

    how: Literal["accepted", "aborted", "failed", "unknown"]
    height: float | None = None


class ManualTest:
    """One paper test that this program opened. Every method raises CommandFailed, NotReady, ReplyLost."""

    def __init__(self, printer: Printer, companion: Companion) -> None:
        self._printer = printer
        self._companion = companion
        self._by_extra = companion.can("manual", "motion", "state")
        self._heard: list[Outcome] = []
        self._told = asyncio.Event()
        self._stop = printer.listen_console(self._hear)
        self._opened = False

    @property
    def open(self) -> bool:
        """Whether it is open still, as far as the printer has told."""
        return self._opened and self._printer.state.manual_probe.is_active

    async def begin(self) -> ManualProbe:
        """Open it where the nozzle stands. Klipper refuses where another one is open."""
        await self._printer.gcode("ZCAL_PAPER_TEST" if self._by_extra else "MANUAL_PROBE")
        self._opened = True
        return (await self._printer.refresh()).manual_probe

    async def step(self, z: str) -> ManualProbe:
        """Move by TESTZ's word or distance and wait until the nozzle is there. A move that Klipper refuses ends the
        test."""
        await self._printer.gcode(f"TESTZ Z={z}\nM400")
        return (await self._printer.refresh()).manual_probe

    async def accept(self) -> Outcome:
        """Take the present height."""
        await self._printer.gcode("ACCEPT")
        return await self.outcome()

    async def abort(self) -> None:
        """Give it up; nothing where it has ended already."""
        if (await self._printer.refresh()).manual_probe.is_active and self._opened:
            try:
                await self._printer.gcode("ABORT")
            except CommandFailed as error:
                if "Unknown command" not in error.message:  # it ended meanwhile
                    raise
            await self._printer.refresh()

    async def outcome(self) -> Outcome:
        """What became of it, once it has ended; also when another client ended it."""
        await self._printer.refresh()
        if self._by_extra:
            status = await self._companion.status()
            result = mapping(status.get("result"))
            how = result.get("outcome")
            if how in ("accepted", "aborted", "failed"):
                return Outcome(how, number(result.get("height")))
            return Outcome("unknown")
        try:
            async with asyncio.timeout(LATE_WORD):
                await self._told.wait()
        except TimeoutError:
            return Outcome("aborted")  # the only end of which Klipper says nothing
        return self._heard[-1]

    def close(self) -> None:
        """Stop listening."""
        self._stop()

    def _hear(self, heard: Heard) -> None:
        if isinstance(heard.message, ManualProbeHeight):
            self._heard.append(Outcome("accepted", heard.message.z))
        elif isinstance(heard.message, ManualProbeFailed):
            self._heard.append(Outcome("failed"))
        if self._heard:
            self._told.set()
