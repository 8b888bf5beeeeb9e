"""Klipper's manual probe as a client drives it: by the extra's ZCAL_PAPER_TEST where it can, else by MANUAL_PROBE.
Neither stages anything; a calibration of Klipper's own that opens one (`ManualCalibration`) does."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal

from zcal_tui.printer.messages import ManualProbeFailed, ManualProbeHeight
from zcal_tui.printer.printer import CommandFailed, Heard, Printer
from zcal_tui.printer.state import ManualProbeState
from zcal_tui.printer.values import mapping, number
from zcal_tui.printer.zcal_module import ZcalModule

LATE_WORD = 2.0
"""Seconds of wall time to wait for the outcome, which Moonraker may deliver after the reply."""


@dataclass(frozen=True)
class ManualProbeOutcome:
    """How a manual probe ended; `height` is the accepted toolhead Z."""

    how: Literal["accepted", "aborted", "failed", "unknown"]
    height: float | None = None


class ManualTest:
    """One paper test that this program opened. Every method raises CommandFailed, NotReady, ReplyLost."""

    def __init__(self, printer: Printer, zcal: ZcalModule) -> None:
        self._printer = printer
        self._zcal = zcal
        self._by_extra = zcal.can("manual", "motion", "state")
        self._heard: list[ManualProbeOutcome] = []
        self._told = asyncio.Event()
        self._stop = printer.listen_console(self._hear)
        self._opened = False
        self.measuring = False
        """Whether klippy is at work by itself since ACCEPT, so that no other command is carried out."""

    @property
    def open(self) -> bool:
        """Whether it is open still, as far as the printer has told."""
        return self._opened and self._printer.state.manual_probe.is_active

    async def begin(self) -> ManualProbeState:
        """Open it where the nozzle stands. Klipper refuses where another one is open."""
        self._opened = True  # until it is refused: a reply that was lost leaves it open
        try:
            await self._open()
        except CommandFailed:
            self._opened = False
            raise
        return (await self._printer.refresh()).manual_probe

    async def _open(self) -> None:
        await self._printer.gcode("ZCAL_PAPER_TEST" if self._by_extra else "MANUAL_PROBE")

    async def step(self, z: str) -> ManualProbeState:
        """Move by TESTZ's word or distance and wait until the nozzle is there. A move that Klipper refuses ends the
        test."""
        await self._printer.gcode(f"TESTZ Z={z}\nM400")
        return (await self._printer.refresh()).manual_probe

    async def accept(self) -> ManualProbeOutcome:
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

    async def outcome(self) -> ManualProbeOutcome:
        """What became of it, once it has ended; also when another client ended it."""
        self._opened = False  # what is open from here on is somebody else's
        await self._printer.refresh()
        if self._by_extra:
            status = await self._zcal.status()
            result = mapping(status.get("result"))
            how = result.get("outcome")
            if how in ("accepted", "aborted", "failed"):
                return ManualProbeOutcome(how, number(result.get("height")))
            return ManualProbeOutcome("unknown")
        try:
            async with asyncio.timeout(LATE_WORD):
                await self._told.wait()
        except TimeoutError:
            return ManualProbeOutcome("aborted")  # the only end of which Klipper says nothing
        return self._heard[-1]

    def close(self) -> None:
        """Stop listening."""
        self._stop()

    def _hear(self, heard: Heard) -> None:
        if isinstance(heard.message, ManualProbeHeight):
            self._heard.append(ManualProbeOutcome("accepted", heard.message.z))
        elif isinstance(heard.message, ManualProbeFailed):
            self._heard.append(ManualProbeOutcome("failed"))
        if self._heard:
            self._told.set()


class ManualCalibration(ManualTest):
    """A manual probe that a calibration of Klipper's own opens and goes on from: after ACCEPT it measures by itself,
    maybe for minutes, before `accept` returns. It does not tell the height, and stages what it has found."""

    def __init__(
        self,
        printer: Printer,
        zcal: ZcalModule,
        command: str,
        waiting: Callable[[], AbstractAsyncContextManager[None]],
    ) -> None:
        """`waiting` is entered for the time of the measurement."""
        super().__init__(printer, zcal)
        self._command = command
        self._waiting = waiting

    async def _open(self) -> None:
        await self._printer.gcode(self._command)

    async def accept(self) -> ManualProbeOutcome:
        """Take the present height and wait for the measurement. Raises CommandFailed where that fails."""
        height = (await self._printer.refresh()).manual_probe.z_position
        self.measuring = True
        try:
            async with self._waiting():
                await self._printer.gcode("ACCEPT")
        except CommandFailed:
            self.measuring = False
            raise
        self.measuring = False
        await self._printer.refresh()
        return self._failed() or ManualProbeOutcome("accepted", height)

    async def outcome(self) -> ManualProbeOutcome:
        """It was ended by another client: whether by ACCEPT or ABORT is not told. Waits for what follows from it."""
        self._opened = False
        self.measuring = True
        await self._printer.gcode("M400")
        self.measuring = False
        await self._printer.refresh()
        return self._failed() or ManualProbeOutcome("unknown")

    def _failed(self) -> ManualProbeOutcome | None:
        return next((outcome for outcome in self._heard if outcome.how == "failed"), None)
