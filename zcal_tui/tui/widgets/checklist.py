"""The list of checks on the plan: a sign, a title and its status. A tap selects, Enter starts."""

from typing import ClassVar

from textual.app import RenderResult
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Level
from zcal_tui.tui.actions import bindings
from zcal_tui.tui.app_state import CheckStatus
from zcal_tui.tui.glyphs import Glyphs, glyphs_of
from zcal_tui.tui.printer_status import spread
from zcal_tui.tui.widgets.text import under_cursor

STYLE = {
    Level.PASS: "$text-success",
    Level.WARN: "$text-warning",
    Level.FAIL: "$text-error",
    Level.UNKNOWN: "$text-warning",
}


@dataclass(frozen=True, slots=True)
class ChecklistEntry:
    """A row: which check, its title and a short one, its status, its last result in a few words."""

    name: str
    title: str
    short_title: str
    status: CheckStatus
    result: str = ""


def sign(status: CheckStatus, glyphs: Glyphs) -> tuple[str, str]:
    """The sign of a status and its colour."""
    if status.running:
        return glyphs.running, "$text-primary"
    if status.unfit is not None:
        return glyphs.not_applicable, "$z-faint"
    if status.stale is not None:
        return glyphs.stale, "$text-warning"
    if status.level is None:
        return glyphs.never, "$z-dim"
    return glyphs.level(status.level), STYLE[status.level]


WORDS = {
    "never run": "never",
    "does not apply": "n/a",
    "not started": "refused",
    "printer error": "error",
    "interrupted": "stopped",
}
"""Statuses in a short word, for the column at the right."""


def right_word(entry: ChecklistEntry, width: int) -> Content:
    """The status of a check, for the end of its line; its result too where there is room."""
    status = entry.status
    if status.stale is not None:
        word = Content.styled("stale", "$text-warning")
    else:
        word = Content.styled(status.when or WORDS.get(status.word, status.word), "$z-dim")
    if entry.result and width >= WIDE:
        style = STYLE[status.level] if status.level is not None else "$z-dim"
        word = Content.assemble((entry.result, style), "  ") + word
    return word


GAP = 1
"""Columns at least between a title and its status."""
ROOMY = 30
"""Columns from which on a line ends with a space."""
WIDE = 40
"""Columns from which on a line has room for the result."""


class CheckList(Widget, can_focus=True):
    """Two lines a check where there is room for all of them, else one."""

    BINDINGS: ClassVar = bindings("list")

    chosen: reactive[int] = reactive(0)

    @dataclass
    class Chosen(Message):
        """Another check was chosen."""

        name: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._entries: tuple[ChecklistEntry, ...] = ()

    @property
    def name_chosen(self) -> str:
        """The chosen check's name."""
        return self._entries[self.chosen].name if self._entries else ""

    def show(self, entries: tuple[ChecklistEntry, ...]) -> None:
        """Show these rows, if they are not what is shown already."""
        if entries != self._entries:
            self._entries = entries
            self.refresh()

    def choose(self, name: str) -> None:
        """Choose a check by name; nothing where it is not in the list."""
        for index, entry in enumerate(self._entries):
            if entry.name == name:
                self.chosen = index

    def watch_chosen(self) -> None:
        """Tell what is chosen now."""
        if self._entries:
            self.post_message(self.Chosen(self.name_chosen))

    def action_move(self, by: int) -> None:
        """Up or down, without going round."""
        if self._entries:
            self.chosen = min(len(self._entries) - 1, max(0, self.chosen + by))

    def on_click(self, event: Click) -> None:
        """Choose what was tapped."""
        within = event.get_content_offset(self)  # the frame is no row
        if within is None:
            return
        index = within.y // self._rows_each()
        if 0 <= index < len(self._entries):
            self.chosen = index

    def _rows_each(self) -> int:
        return 2 if self.content_size.height >= 2 * len(self._entries) else 1

    def render(self) -> RenderResult:
        """The rows."""
        width, glyphs = self.content_size.width, glyphs_of(self)
        lines: list[Content] = []
        for index, entry in enumerate(self._entries):
            here = index == self.chosen
            glyph, style = sign(entry.status, glyphs)
            cursor = (glyphs.cursor if here else " ", "$text-primary")
            two = self._rows_each() == 2
            when = right_word(entry, width) + (" " if width >= ROOMY else "")
            right, mark = Content("") if two else when, f"{glyph} "
            room = width - len(f" {mark}") - right.cell_length - GAP
            words = entry.title if len(entry.title) <= room else entry.short_title
            title = Content.assemble(cursor, (mark, style), (words, "bold" if here else ""))
            rows = [spread(title, right, width, GAP)]
            if two:
                below = Content.assemble(cursor, "  ", (entry.status.word, style))
                if entry.result:
                    below += Content.assemble((f" · {entry.result}", "$z-dim"))
                fits = below.cell_length + when.cell_length < width and when.plain.strip()
                when = when if entry.status.when or entry.status.stale else Content("")
                rows.append(spread(below, when if fits else Content(""), width))
            lines += [under_cursor(self, row) for row in rows] if here and self.has_focus else rows
        return Content("\n").join(lines)

    def on_focus(self) -> None:
        """The cursor shows."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor fades."""
        self.refresh()
