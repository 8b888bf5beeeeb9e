"""What the screen behind is for, and its keys."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button

from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.screens.base import ZcalModal
from zcal_tui.tui.widgets.text import Plain

ALWAYS = (
    "STOP, F12 or Ctrl+\\ is the emergency stop: it acts at once and asks nothing. Motors and heaters go off; "
    "a firmware restart (F8) and homing bring the printer back."
)
KEY_WIDTH = 14


def help_text(screen: Screen[None], about: str) -> Content:
    """What the screen is for, then a line a key."""
    lines = []
    seen = set()
    for active in sorted(screen.active_bindings.values(), key=lambda active: not active.binding.show):
        binding = active.binding
        if binding.action in seen or not binding.description or not binding.id:
            continue
        seen.add(binding.action)
        lines.append(
            Content.assemble(
                (f"{screen.app.get_key_display(binding):<{KEY_WIDTH}}", "bold $text-accent"),
                binding.description,
            )
        )
    return Content("\n\n").join([Content(about), Content(ALWAYS), Content("\n").join(lines)])


class HelpScreen(ZcalModal[None]):
    """Help for the screen that was in front."""

    CSS_PATH = "modal.tcss"
    BINDINGS: ClassVar = [
        Binding("escape,f1,question_mark,q", "dismiss", "Close", id="help.close", key_display="esc"),
        Binding("down,j", "scroll_help(1)", "Scroll", id="help.down", show=False),
        Binding("up,k", "scroll_help(-1)", "Scroll", id="help.up", show=False),
    ]

    def __init__(self, desk: AppState, text: Content) -> None:
        super().__init__(desk)
        self._text = text

    def compose_box(self) -> Iterable[Widget]:
        """The text, and a way back."""
        box = VerticalScroll(Plain(self._text), id="help", can_focus=False)
        yield box
        yield Button("Close", id="close", action="screen.dismiss")

    def on_mount(self) -> None:
        """Name the box."""
        self.query_one("#box").border_title = "Help"

    def action_scroll_help(self, by: int) -> None:
        """Scroll where it does not all fit."""
        self.query_one("#help", VerticalScroll).scroll_relative(y=by * 2, animate=False)
