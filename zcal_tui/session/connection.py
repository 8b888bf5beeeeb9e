"""The session's connection: starts the simulated printer if requested, finds the printer, owns the mirror."""

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

DIAGNOSE = "Run `zcal-tui doctor` to diagnose it."
"""What to do if a printer cannot be reached and the reason is not obvious."""


class PrinterConnection:
    """The connection to the printer and everything that ends with it."""

    def __init__(self, target: PrinterTarget, snapshots: SnapshotStore) -> None:
        self._target = target
        self._snapshots = snapshots
        self._demo: DemoPrinter | None = None
        self._transport: Transport | None = None
        self._printer: Printer | None = None
        self._stop: list[Callable[[], None]] = []

    @property
    def printer(self) -> Printer | None:
        """The printer, once it is connected."""
        return self._printer

    def config_files(self) -> ConfigFiles:
        """The printer's configuration files, read over the same connection."""
        assert self._printer is not None
        assert self._transport is not None
        credentials = _credentials(self._target)
        return config_files(self._printer, self._transport.address, credentials)

    async def open(self) -> None:
        """Connect to the printer and retry as long as needed; the snapshot shows the state.

        Returns once it is connected, or when only a person can help (`LinkState.FAILED`).
        """
        addresses = self._target.addresses
        if self._target.demo is not None:
            demo = await self._start_demo(self._target.demo)
            if demo is None:
                return
            addresses = (demo,)
        shown = self._shown_address() or " or ".join(map(str, addresses))
        self._snapshots.link(
            state=LinkState.CONNECTING,
            address=shown,
            text="",
            name=self._target.name or self._snapshots.snapshot.link.name,
        )
        credentials = _credentials(self._target)
        for pause in pauses():
            try:
                transport = await connect_first(addresses, credentials)
            except Unauthorized as error:
                what = "Moonraker rejected the login." if error.rejected else "Moonraker requires a login."
                problem = Problem(what, str(error), DIAGNOSE)
                self._snapshots.link(state=LinkState.FAILED, problem=problem)
                return
            except HandshakeRefused as error:
                self._snapshots.link(state=LinkState.FAILED, problem=_no_printer(error))
                return
            except Unreachable as error:
                self._snapshots.link(problem=_no_printer(error))
                await asyncio.sleep(pause)
            else:
                await self._adopt(transport)
                return

    async def _start_demo(self, options: DemoOptions) -> Address | None:
        self._snapshots.link(
            state=LinkState.STARTING, name=options.profile, text="Starting the simulated printer"
        )
        try:
            self._demo = await DemoPrinter.start(options, lambda text: self._snapshots.link(text=text))
        except DemoFailed as failed:
            self._snapshots.link(state=LinkState.FAILED, problem=failed.problem)
            return None
        self._snapshots.link(control=self._demo.control)
        return parse_address(self._demo.klippy_socket)

    async def _adopt(self, transport: Transport) -> None:
        self._transport = transport
        printer = Printer(transport)
        self._printer = printer
        self._stop.append(transport.listen(self._on_notification))
        self._stop.append(printer.subscribe(self._show))
        try:
            await printer.start()
        except TransportError:
            # The connection was lost at once, or klippy is still starting: the mirror recovers by itself
            logger.info("the first status query failed", exc_info=True)
        self._show(printer.state)

    def _shown_address(self) -> str:
        """The printer's address for people; a simulated printer's socket is not shown."""
        if self._target.demo is not None:
            return f"simulated, {self._target.demo.speed:g}× real time"
        return self._transport.address if self._transport is not None else ""

    def _on_notification(self, notification: Notification) -> None:
        if isinstance(notification, GcodeOutput):
            self._snapshots.console(notification.text)
        elif isinstance(notification, LinkDown) and notification.final:
            problem = Problem(
                "Reconnecting to the printer failed.",
                notification.reason,
                "Fix the cause, then start zcal-tui again. All samples are stored.",
            )
            self._snapshots.link(state=LinkState.FAILED, problem=problem)

    def _show(self, state: PrinterState) -> None:
        """Put a new state of the printer into the snapshot, with the problem it shows."""
        link = self._snapshots.snapshot.link
        if state.connected != (link.state is LinkState.UP):
            lost = Problem(
                "The connection to the printer was lost.",
                state.link,
                "Reconnecting. The printer completes the commands it has received.",
            )
            self._snapshots.link(
                state=LinkState.UP if state.connected else LinkState.LOST,
                problem=None if state.connected else lost,
                address=self._shown_address(),
            )
        name = self._target.name or " ".join(filter(None, (state.hostname, state.instance)))
        if state.hostname and not self._target.demo and link.name != name:
            self._snapshots.link(name=name)
        problem = None
        if state.connected and state.klippy in ("error", "shutdown"):
            explanation = explain(state.message or f"Klipper is in state {state.klippy}")
            problem = Problem(explanation.what, explanation.cause, explanation.remedy, raw=state.message)
        self._snapshots.update(printer=state, klippy_problem=problem)

    async def close(self) -> None:
        """Close the connection, the mirror and the simulated printer."""
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
        self._snapshots.link(state=LinkState.CLOSED)


def _credentials(target: PrinterTarget) -> Credentials:
    """How the target's server and this program prove to each other who they are."""
    return Credentials(target.api_key, target.token, target.ca_file)


def _no_printer(error: Unreachable) -> Problem:
    """The problem of a printer that does not answer."""
    return Problem(f"No printer at {error.address}.", error.cause, f"{error.remedy} {DIAGNOSE}")
