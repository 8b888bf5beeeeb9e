"""Before the printer is connected: how far it is, or why it cannot connect and what to do."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from zcal_tui.session.snapshot import LinkState, PrinterLink, Snapshot
from zcal_tui.tui.actions import KIOSK_REFUSES, bindings, with_keys
from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.glyphs import Glyphs, glyphs_of
from zcal_tui.tui.messages import RelaunchRequested
from zcal_tui.tui.screens.base import ZcalScreen
from zcal_tui.tui.widgets.button import PlainButton
from zcal_tui.tui.widgets.text import Plain

if TYPE_CHECKING:
    from zcal_tui.tui.widgets.no_printer import NoPrinter

TITLES = {
    LinkState.STARTING: "Setting up the simulated printer",
    LinkState.CONNECTING: "Connecting to the printer",
    LinkState.LOST: "Connection lost",
    LinkState.FAILED: "Cannot connect to the printer",
    LinkState.CLOSED: "Connection closed",
    LinkState.UP: "Connected",
}


def connection_text(link: PrinterLink, glyphs: Glyphs) -> Content:
    """What happened, why, what to do: or how far it is."""
    failed = link.state in (LinkState.FAILED, LinkState.LOST)
    sign = glyphs.failed if failed else glyphs.waiting
    style = "$text-error" if failed else "$text-primary"
    where = f"  {link.address}" if link.address else ""
    lines = [Content.assemble((f"{sign} {TITLES[link.state]}", f"bold {style}"), (where, "$z-dim"))]
    if link.text:
        lines += [Content(""), Content(link.text)]
    if link.problem is not None:
        lines += [Content(""), problem_text(link.problem.what, link.problem.cause, link.problem.remedy)]
    return Content("\n").join(lines)


def problem_text(what: str, cause: str, remedy: str, raw: str = "") -> Content:
    """A problem as paragraphs: what, why, what to do, and the printer's message."""
    parts = [Content.assemble((what, "bold"))]
    if cause:
        parts.append(Content.assemble(("Cause  ", "$z-dim"), cause))
    if remedy:
        parts.append(Content.assemble(("Fix    ", "$text-accent bold"), remedy))
    if raw:
        parts.append(Content.assemble(("Printer's message\n", "$z-dim"), (raw, "$z-dim")))
    return Content("\n\n").join(parts)


class ConnectionScreen(ZcalScreen):
    """Shown until the link is up, and when it cannot come up without a person."""

    SHOWS_TROUBLE = False  # the whole page does
    AUTO_FOCUS = ""  # so that no stray Enter quits
    ABOUT = (
        "The program is connecting to the printer. The first start of a simulated printer prepares a real Klipper on "
        "this machine, which takes a minute or two. Where no printer answers, {connection.retry} tries again, "
        "{connection.address} connects to another address, {connection.search} asks the local network once for "
        "Moonraker, {connection.demo} starts a simulated printer, and {connection.doctor} quits and diagnoses the "
        "connection."
    )
    ABOUT_IN_KIOSK = (
        "The program is connecting to the printer. Where no printer answers, {connection.retry} tries again. Quit "
        "returns to KlipperScreen."
    )
    BINDINGS: ClassVar = bindings("connection")

    def __init__(self, app_state: AppState) -> None:
        super().__init__(app_state)
        self._ways: NoPrinter | None = None

    def about(self) -> str:
        """What this screen is for."""
        return with_keys(self.app, self.ABOUT_IN_KIOSK) if self.app_state.kiosk else super().about()

    def compose_body(self) -> Iterable[Widget]:
        """What is going on, and a way out."""
        with Container(id="connection"), Vertical(id="box"):
            yield VerticalScroll(Plain(id="what"), id="scroll", can_focus=False)
            yield PlainButton("Quit", id="quit", action="app.leave")

    @property
    def _failed(self) -> bool:
        """Whether a person has to do something: no printer answers."""
        link = self.app_state.snapshot.link
        return link.state is LinkState.FAILED or (
            link.state is LinkState.CONNECTING and link.problem is not None
        )

    def show(self, snapshot: Snapshot) -> None:
        """Follow the link."""
        super().show(snapshot)
        self.query_one("#what", Plain).set_text(connection_text(snapshot.link, glyphs_of(self)))
        if self._failed and self._ways is None:
            from zcal_tui.tui.widgets.no_printer import NoPrinter  # the first frame does not wait for it

            self._ways = NoPrinter(Path.home(), self.app_state.session.store, kiosk=self.app_state.kiosk)
            self.query_one("#quit").display = False
            self.query_one("#box").mount(self._ways)
            self.call_after_refresh(self.refresh_bindings)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The ways on are there where no printer answers."""
        if self.app_state.kiosk and action in KIOSK_REFUSES:
            return False
        if action == "found":
            return self._ways is not None and bool(self._ways.found)
        ways = ("retry", "address", "search", "demo", "doctor")
        return self._ways is not None if action in ways else True

    def action_retry(self) -> None:
        """Try again, as the program was started."""
        self.post_message(RelaunchRequested())

    def action_demo(self) -> None:
        """A simulated printer instead."""
        self.post_message(RelaunchRequested(("--demo",)))

    def action_doctor(self) -> None:
        """Diagnose the connection on the terminal."""
        self.post_message(RelaunchRequested(("doctor",)))

    def action_found(self, n: int) -> None:
        """One of the printers found."""
        if self._ways is not None and n < len(self._ways.found):
            self.post_message(RelaunchRequested(self._ways.found[n].arguments))

    def action_search(self) -> None:
        """Ask the local network for Moonraker servers, once."""
        if self._ways is not None:
            self._ways.search()

    def action_address(self) -> None:
        """Another address, typed."""
        from zcal_tui.tui.screens.typed import TypedModal
        from zcal_tui.tui.widgets.no_printer import address_effect

        def go(text: str | None) -> None:
            if text is not None:
                self.post_message(RelaunchRequested(("--printer", text.strip())))

        self.app.push_screen(
            TypedModal(
                self.app_state,
                "Another address",
                "A host name, a URL, or the path of klippy's or Moonraker's socket:",
                "printer.local",
                address_effect,
                go="Connect",
            ),
            go,
        )
