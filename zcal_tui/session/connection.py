"""Gets the session connected: starts the simulated printer if one is wanted, finds the printer, keeps the mirror."""

import asyncio
import logging
from collections.abc import Callable

from zcal_tui.model.record import Problem
from zcal_tui.printer.config_files import ConfigFiles, config_files
from zcal_tui.printer.errors.explain import explain
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.state import PrinterState
from zcal_tui.session.demo import DemoFailed, DemoPrinter
from zcal_tui.session.snapshot import LinkState
from zcal_tui.session.snapshot_store import SnapshotStore
from zcal_tui.session.target import DemoOptions, PrinterTarget
from zcal_tui.transport.address import Address, parse_address
from zcal_tui.transport.failures import HandshakeRefused, TransportError, Unauthorized, Unreachable
from zcal_tui.transport.moonraker import Credentials
from zcal_tui.transport.opening import connect_first
from zcal_tui.transport.port import GcodeOutput, LinkDown, Notification, Transport
from zcal_tui.transport.reconnect import pauses

logger = logging.getLogger(__name__)

FURTHER = "`zcal-tui doctor` looks further."
"""What to do where a printer cannot be reached and the reason is not plain."""


class PrinterConnection:
    """The way to the printer and everything that has to be ended with it."""

    def __init__(self, target: PrinterTarget, board: SnapshotStore) -> None:
        self._target = target
        self._board = board
        self._demo: DemoPrinter | None = None
        self._transport: Transport | None = None
        self._printer: Printer | None = None
        self._stop: list[Callable[[], None]] = []

    @property
    def printer(self) -> Printer | None:
        """The printer, once it was reached."""
        return self._printer

    def config_files(self) -> ConfigFiles:
        """The printer's configuration as it stands on disk, by way of what it was reached by."""
        assert self._printer is not None
        assert self._transport is not None
        credentials = Credentials(self._target.api_key, self._target.token)
        return config_files(self._printer, self._transport.address, credentials)

    async def open(self) -> None:
        """Reach the printer, trying for as long as it takes; how it goes shows on the board.

        Returns once it was reached, or when only a person can help (`LinkState.FAILED`).
        """
        addresses = self._target.addresses
        if self._target.demo is not None:
            demo = await self._start_demo(self._target.demo)
            if demo is None:
                return
            addresses = (demo,)
        shown = self._shown_address() or " or ".join(map(str, addresses))
        self._board.link(state=LinkState.CONNECTING, address=shown, text="")
        credentials = Credentials(self._target.api_key, self._target.token)
        for pause in pauses():
            try:
                transport = await connect_first(addresses, credentials)
            except Unauthorized as error:
                problem = Problem("Moonraker does not let us in.", str(error), FURTHER)
                self._board.link(state=LinkState.FAILED, problem=problem)
                return
            except HandshakeRefused as error:
                self._board.link(state=LinkState.FAILED, problem=_no_printer(error))
                return
            except Unreachable as error:
                self._board.link(problem=_no_printer(error))
                await asyncio.sleep(pause)
            else:
                await self._adopt(transport)
                return

    async def _start_demo(self, options: DemoOptions) -> Address | None:
        self._board.link(
            state=LinkState.STARTING, name=options.profile, text="Starting the simulated printer"
        )
        try:
            self._demo = await DemoPrinter.start(options, lambda text: self._board.link(text=text))
        except DemoFailed as failed:
            self._board.link(state=LinkState.FAILED, problem=failed.problem)
            return None
        self._board.link(control=self._demo.control)
        return parse_address(self._demo.klippy_socket)

    async def _adopt(self, transport: Transport) -> None:
        self._transport = transport
        printer = Printer(transport)
        self._printer = printer
        self._stop.append(transport.listen(self._hear))
        self._stop.append(printer.subscribe(self._show))
        try:
            await printer.start()
        except TransportError:
            # The link went again at once, or klippy is still starting: the mirror comes back by itself
            logger.info("the first look at the printer failed", exc_info=True)
        self._show(printer.state)

    def _shown_address(self) -> str:
        """What a person reads as the printer's place; the simulated one's socket is nobody's concern."""
        if self._target.demo is not None:
            return f"simulated, {self._target.demo.speed:g}× real time"
        return self._transport.address if self._transport is not None else ""

    def _hear(self, notification: Notification) -> None:
        if isinstance(notification, GcodeOutput):
            self._board.console(notification.text)
        elif isinstance(notification, LinkDown) and notification.final:
            problem = Problem(
                "The connection to the printer cannot be made again.",
                notification.reason,
                "See to the cause, then start this program again. What was measured is kept.",
            )
            self._board.link(state=LinkState.FAILED, problem=problem)

    def _show(self, state: PrinterState) -> None:
        """Put a new state of the printer on the board, with what a person should know of it."""
        link = self._board.snapshot.link
        if state.connected != (link.state is LinkState.UP):
            lost = Problem(
                "The connection to the printer was lost.",
                state.link,
                "It is made again as soon as the printer answers. What the printer was told to do, it goes on doing.",
            )
            self._board.link(
                state=LinkState.UP if state.connected else LinkState.LOST,
                problem=None if state.connected else lost,
                address=self._shown_address(),
            )
        name = " ".join(filter(None, (state.hostname, state.instance)))
        if state.hostname and not self._target.demo and link.name != name:
            self._board.link(name=name)
        problem = None
        if state.connected and state.klippy in ("error", "shutdown"):
            told = explain(state.message or f"Klipper is in state {state.klippy}")
            problem = Problem(told.what, told.cause, told.remedy, raw=state.message)
        self._board.update(printer=state, klippy_problem=problem)

    async def close(self) -> None:
        """End the link, the mirror and the simulated printer."""
        for stop in self._stop:
            stop()
        self._stop.clear()
        if self._printer is not None:
            await self._printer.close()
        if self._transport is not None:
            await self._transport.close()
        if self._demo is not None:
            await self._demo.stop()
            self._demo = None
        self._board.link(state=LinkState.CLOSED)


def _no_printer(error: Unreachable) -> Problem:
    """That nobody answers, for a person."""
    return Problem(f"No printer at {error.address}.", error.cause, f"{error.remedy} {FURTHER}")
