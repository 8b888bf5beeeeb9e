"""Before the printer is connected: how far it is, or why it cannot connect and what to do."""

from collections.abc import Iterable
from typing import ClassVar

from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from zcal_tui.session.snapshot import LinkState, PrinterLink, Snapshot
from zcal_tui.tui.actions import bindings
from zcal_tui.tui.glyphs import Glyphs, glyphs_of
from zcal_tui.tui.screens.base import ZcalScreen
from zcal_tui.tui.widgets.button import PlainButton
from zcal_tui.tui.widgets.text import Plain

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
    ABOUT = (
        "The program is connecting to the printer. The first start of a simulated printer prepares a real Klipper on "
        "this machine, which takes a minute or two."
    )
    BINDINGS: ClassVar = bindings("connection")

    def compose_body(self) -> Iterable[Widget]:
        """What is going on, and a way out."""
        with Container(id="connection"), Vertical(id="box"):
            yield VerticalScroll(Plain(id="what"), id="scroll", can_focus=False)
            yield PlainButton("Quit", id="quit", action="app.leave")

    def show(self, snapshot: Snapshot) -> None:
        """Follow the link."""
        super().show(snapshot)
        self.query_one("#what", Plain).set_text(connection_text(snapshot.link, glyphs_of(self)))
