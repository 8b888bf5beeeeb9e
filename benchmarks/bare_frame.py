"""The least that a Textual app can show: a header, a line, a footer. The reference for the first frame."""

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.widgets import Footer, Header, Static

WORD = "reference"
"""The text by which its first frame is recognised."""


class BareFrame(App[None]):
    """Header, Static, Footer."""

    BINDINGS: ClassVar = [("q", "quit", "Quit")]

    def compose(self) -> ComposeResult:
        """Yield the three."""
        yield Header()
        yield Static(f"The {WORD} app")
        yield Footer()


if __name__ == "__main__":
    BareFrame().run()
