"""An on-screen keypad: what a touch screen without a keyboard needs to fill in a line."""

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from zcal_tui.tui.widgets.button import PlainButton

DISTANCE_KEYS = ("12345-", "67890.")
"""The rows of keys for a distance."""
JOG_KEYS = ("12345-x ", "67890.yz")
"""The same for distances along axes."""
NUMBER_KEYS = ("1234567890.-",)
"""One low row, for forms."""
ERASE = "<"


class KeypadButton(PlainButton, can_focus=False):
    """A key. The line it types on keeps the focus."""

    def __init__(self, text: str) -> None:
        super().__init__("space" if text == " " else text, classes="key")
        self.text = text


class Keypad(Vertical):
    """Rows of keys, and one that erases, for the input line in focus."""

    def __init__(self, rows: Iterable[str], *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._rows = tuple(rows)

    def compose(self) -> ComposeResult:
        """The keys; erasing is the last of the last row."""
        for n, row in enumerate(self._rows, 1):
            with Horizontal(classes="keys"):
                for text in row:
                    yield KeypadButton(text)
                if n == len(self._rows):
                    yield KeypadButton(ERASE)

    def on_button_pressed(self, event: PlainButton.Pressed) -> None:
        """Type it."""
        entry = self.screen.focused
        if not isinstance(event.button, KeypadButton):
            return
        event.stop()
        if not isinstance(entry, Input):
            return
        if event.button.text == ERASE:
            entry.action_delete_left()
        else:
            entry.replace(event.button.text, *entry.selection)  # as a typed key does
