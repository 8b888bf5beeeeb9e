"""What the screen behind is for, and its keys."""

from collections.abc import Iterable
from typing import ClassVar

from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import Screen
from textual.widget import Widget

from zcal_tui.tui.actions import ACTIONS, bindings, with_keys
from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.screens.base import ZcalModal
from zcal_tui.tui.widgets.button import PlainButton
from zcal_tui.tui.widgets.text import Plain

ALWAYS = (
    "STOP, F12 or Ctrl+\\ is the emergency stop. It acts at once, without a question. Motors and heaters turn off. "
    "A firmware restart ({app.restart}) and homing bring the printer back."
)
KEY_WIDTH = 14


def help_text(screen: Screen[None], about: str) -> Content:
    """The emergency stop, what the screen is for, then a line a key."""
    app = screen.app
    lines = []
    seen = set()
    for active in sorted(screen.active_bindings.values(), key=lambda active: not active.binding.show):
        binding = active.binding
        action = ACTIONS.get(binding.id or "")
        if action is None or binding.description in seen:
            continue
        seen.add(binding.description)
        key = f"{app.get_key_display(binding):<{KEY_WIDTH}}"
        meaning = action.together or action.description
        lines.append(Content.assemble((key, "bold $text-accent"), meaning))
    return Content("\n\n").join([Content(with_keys(app, ALWAYS)), Content(about), Content("\n").join(lines)])


class HelpScreen(ZcalModal[None]):
    """Help for the screen that was in front."""

    BINDINGS: ClassVar = bindings("help")

    def __init__(self, app_state: AppState, text: Content) -> None:
        super().__init__(app_state)
        self._text = text

    def compose_box(self) -> Iterable[Widget]:
        """The text, and a way back."""
        box = VerticalScroll(Plain(self._text), id="help", can_focus=False)
        yield box
        yield PlainButton("Close", id="close", action="screen.dismiss")

    def on_mount(self) -> None:
        """Name the box."""
        self.query_one("#box").border_title = "Help"

    def action_scroll_help(self, by: int) -> None:
        """Scroll where it does not all fit."""
        self.query_one("#help", VerticalScroll).scroll_relative(y=by * 2, animate=False)
