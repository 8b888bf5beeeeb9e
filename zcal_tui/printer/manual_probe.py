"""Klipper's manual probe, driven by the [zcal] module's ZCAL_PAPER_TEST where it can, else by MANUAL_PROBE.
Neither stages anything; a calibration of Klipper's own that opens one (`ManualCalibration`) does."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Literal

from zcal_tui.model.lazy_dataclass import dataclass
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
        self._by_zcal = zcal.can("manual", "motion", "state")
        self._heard: list[ManualProbeOutcome] = []
        self._ended = asyncio.Event()
        self._stop = printer.listen_console(self._hear)
        self._opened = False
        self.measuring = False
        """Whether klippy has measured on its own since ACCEPT, so that no other command runs."""

    @property
    def open(self) -> bool:
        """Whether it is still open, as far as the printer has reported."""
        return self._opened and self._printer.state.manual_probe.is_active

    async def begin(self) -> ManualProbeState:
        """Open it where the nozzle is. Klipper refuses while another one is open."""
        self._opened = True  # until it is refused: a reply that was lost leaves it open
        try:
            await self._open()
        except CommandFailed:
            self._opened = False
            raise
        return (await self._printer.refresh()).manual_probe

    async def _open(self) -> None:
        await self._printer.gcode("ZCAL_PAPER_TEST" if self._by_zcal else "MANUAL_PROBE")

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
        """Abort it; does nothing where it has ended already."""
        if (await self._printer.refresh()).manual_probe.is_active and self._opened:
            try:
                await self._printer.gcode("ABORT")
            except CommandFailed as error:
                if "Unknown command" not in error.message:  # it has already ended
                    raise
            await self._printer.refresh()

    async def outcome(self) -> ManualProbeOutcome:
        """How it ended, also when another client ended it."""
        self._opened = False  # from here on an open one belongs to another client
        await self._printer.refresh()
        if self._by_zcal:
            status = await self._zcal.status()
            result = mapping(status.get("result"))
            how = result.get("outcome")
            if how in ("accepted", "aborted", "failed"):
                return ManualProbeOutcome(how, number(result.get("height")))
            return ManualProbeOutcome("unknown")
        try:
            async with asyncio.timeout(LATE_WORD):
                await self._ended.wait()
        except TimeoutError:
            return ManualProbeOutcome("aborted")  # the only end that Klipper does not report
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
            self._ended.set()


class ManualCalibration(ManualTest):
    """A manual probe that one of Klipper's calibrations opens: after ACCEPT it measures on its own, maybe for minutes,
    before `accept` returns. It does not report the height, and stages its result."""

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
        """Another client ended it; whether by ACCEPT or ABORT is unknown. Waits until the measurement is over."""
        self._opened = False
        self.measuring = True
        await self._printer.gcode("M400")
        self.measuring = False
        await self._printer.refresh()
        return self._failed() or ManualProbeOutcome("unknown")

    def _failed(self) -> ManualProbeOutcome | None:
        return next((outcome for outcome in self._heard if outcome.how == "failed"), None)


class TakenOverProbe(ManualTest):
    """A manual probe that something else opened. What it does after ACCEPT is that command's own: it may measure for
    minutes, stage a result, or open the next manual probe at another point."""

    def __init__(self, printer: Printer, zcal: ZcalModule) -> None:
        super().__init__(printer, zcal)
        self._by_zcal = False

    async def begin(self) -> ManualProbeState:
        """The manual probe as it is; it is open already."""
        self._opened = True
        return (await self._printer.refresh()).manual_probe

    async def accept(self) -> ManualProbeOutcome:
        """Take the present height and wait until everything that follows from it is done."""
        height = (await self._printer.refresh()).manual_probe.z_position
        self.measuring = True
        await self._printer.gcode("ACCEPT\nM400")
        self.measuring = False
        self._opened = False
        await self._printer.refresh()
        failed = next((outcome for outcome in self._heard if outcome.how == "failed"), None)
        return failed or ManualProbeOutcome("accepted", height)

    async def outcome(self) -> ManualProbeOutcome:
        """Another client acts in it."""
        return ManualProbeOutcome("unknown")
