"""The ways on where no printer answers: the sockets of this machine, another address, Retry, Demo, Doctor."""

from collections.abc import Iterable
from pathlib import Path

from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from zcal_tui.transport.address import AddressError, parse_address
from zcal_tui.transport.discovery import sockets_here
from zcal_tui.tui.widgets.button import PlainButton

MOST_FOUND = 3
"""Sockets of this machine that are offered."""


def address_effect(text: str) -> str | None:
    """What a typed address leads to; with a `!` why it is none."""
    try:
        return f"connects to {parse_address(text)}"
    except AddressError as error:
        return f"! {error}"


class NoPrinter(Vertical):
    """The sockets found, and the buttons. Retry has the focus."""

    def __init__(self, home: Path) -> None:
        super().__init__(id="no-printer")
        self.found = tuple(str(path) for path in sockets_here(home))[:MOST_FOUND]

    def compose(self) -> Iterable[Widget]:
        """A line for each socket, then the buttons."""
        for n, path in enumerate(self.found):
            yield PlainButton(f"{n + 1}  found here: {path}", classes="found", action=f"screen.found({n})")
        with Horizontal(id="ways"):
            yield PlainButton("Retry", id="retry", variant="success", action="screen.retry")
            yield PlainButton("Address", id="address", action="screen.address")
            yield PlainButton("Demo", id="demo", action="screen.demo")
            yield PlainButton("Doctor", id="doctor", action="screen.doctor")
            yield PlainButton("Quit", id="leave", action="app.leave")

    def on_mount(self) -> None:
        """Retrying is the harmless way on."""
        self.query_one("#retry", PlainButton).focus()
