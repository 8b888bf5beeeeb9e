"""A line to type a distance on, with what it would do found while it is typed."""

from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar

from textual import on
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input

from zcal_tui.tui.actions import bindings
from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.screens.base import ZcalModal
from zcal_tui.tui.widgets.button import PlainButton
from zcal_tui.tui.widgets.keypad import Keypad
from zcal_tui.tui.widgets.text import Plain


class EntryInput(Input):
    """An input line whose Enter is in the footer."""

    BINDINGS: ClassVar = bindings("typed", "go")


class TypedModal(ZcalModal[str | None]):
    """Gives back what was typed once it is understood; None where it was left."""

    BINDINGS: ClassVar = bindings("typed", "back")

    def __init__(
        self,
        app_state: AppState,
        title: str,
        help: str,
        example: str,
        effect: Callable[[str], str | None],
        *,
        start: str = "",
        go: str = "Move",
        keys: Sequence[str] = (),
    ) -> None:
        """`effect` says what the text would do, or None where it is not understood; a `!` before it refuses. `start` is
        the initial text, `go` the label of the button, `keys` are the rows of an on-screen keypad."""
        super().__init__(app_state)
        self._title, self._help, self._example, self._effect = title, help, example, effect
        self._start, self._go, self._keys = start, go, keys
        self.set_class(bool(start), "-long")

    def compose_box(self) -> Iterable[Widget]:
        """The line, what it does, both ways on."""
        yield Plain(self._help, classes="text")
        entry = EntryInput(self._start, placeholder=self._example, select_on_focus=False, id="entry")
        entry.cursor_blink = False
        yield entry
        yield Plain(id="effect")
        if self._keys:
            yield Keypad(self._keys, id="keypad")
        with Horizontal(classes="buttons"):
            yield PlainButton(self._go, id="go", variant="success", action="screen.go")
            yield PlainButton("Back", id="back", action="screen.leave")

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one("#box").border_title = self._title
        self.query_one(Input).focus()
        self._show_effect(self._start)

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        self._show_effect(event.value)

    def _show_effect(self, text: str) -> None:
        found = self._effect(text) if text.strip() else ""
        shown = self.query_one("#effect", Plain)
        good = found is not None and found != "" and not found.startswith("!")
        self.query_one("#go", PlainButton).disabled = not good
        style = "" if good else "$text-warning"
        shown.set_text(Content.styled("not understood" if found is None else found, style))

    @on(Input.Submitted)
    def action_go(self) -> None:
        """Take it, if it is understood."""
        if not self.query_one("#go", PlainButton).disabled:
            self.dismiss(self.query_one(Input).value)

    def action_leave(self) -> None:
        """Without a move."""
        self.dismiss(None)
