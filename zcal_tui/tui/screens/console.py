"""The printer's console: what it says, what was sent, a line to type on."""

from collections.abc import Iterable
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.widget import Widget
from textual.widgets import Input, RichLog

from zcal_tui.session.snapshot import ConsoleLine, Snapshot
from zcal_tui.tui.actions import bindings
from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.completion import CommandSuggester, completed
from zcal_tui.tui.messages import GcodeEntered
from zcal_tui.tui.screens.base import ZcalScreen
from zcal_tui.tui.theme import rich_colour

MOST_LINES = 1000


def line_text(line: ConsoleLine, error: str) -> Text:
    """A line as it came, in the colour of its kind; errors and commands keep their marks, so colour adds nothing."""
    if line.sent:
        return Text(f"> {line.text}", "bold")
    if line.text.startswith("!!"):
        return Text(line.text, f"bold {error}")
    return Text(line.text)


class ConsoleScreen(ZcalScreen):
    """Reads along, and sends what a person types."""

    STYLE_SHEET = "console.tcss"
    ABOUT = (
        "Everything the printer prints, and what this program sent, marked with `>`. Type G-code and press Enter. "
        "{console.complete} completes a command. {console.earlier} and {console.later} recall typed lines. "
        "{console.explain} explains the printer's last "
        "error. M112 is sent as an emergency stop, past every queue."
    )
    BINDINGS: ClassVar = bindings("console")

    def __init__(self, app_state: AppState) -> None:
        super().__init__(app_state)
        self._shown = 0

    def compose_body(self) -> Iterable[Widget]:
        """The lines, and the line to type on."""
        log = RichLog(
            id="lines", max_lines=MOST_LINES, wrap=True, markup=False, highlight=False, min_width=20
        )
        log.can_focus = False
        log.border_title = "Console"
        yield log
        entry = Input(
            placeholder="G-code, e.g. QUERY_PROBE", id="entry", suggester=CommandSuggester(self.app_state)
        )
        entry.cursor_blink = False
        yield entry

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one(Input).focus()

    def show(self, snapshot: Snapshot) -> None:
        """Add the lines that are new."""
        super().show(snapshot)
        log = self.query_one(RichLog)
        fresh = [line for line in snapshot.console if line.n > self._shown]
        if fresh:
            self._shown = fresh[-1].n
            error = rich_colour(self.app.theme_variables, "error")
            log.write(Text("\n").join(line_text(line, error) for line in fresh))

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        script = event.value.strip()
        if script:
            self.app_state.typed.add(script)
            event.input.value = ""
            self.post_message(GcodeEntered(script))

    def action_complete(self) -> None:
        """Complete the command; show the choice where there are several."""
        entry = self.query_one(Input)
        text, known = completed(entry.value, self.app_state.snapshot.printer.commands or ())
        if text == entry.value and len(known) > 1:
            self.query_one(RichLog).write(Text("  ".join(known), "italic"))
        entry.value = text
        entry.cursor_position = len(text)

    def action_recall(self, by: int) -> None:
        """Bring back what was typed before."""
        line = self.app_state.typed.step(by)
        if line is not None:
            entry = self.query_one(Input)
            entry.value = line
            entry.cursor_position = len(line)

    def action_page(self, by: int) -> None:
        """Scroll a page."""
        log = self.query_one(RichLog)
        (log.scroll_page_down if by > 0 else log.scroll_page_up)(animate=False)
