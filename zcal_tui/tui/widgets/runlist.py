"""The stored runs, a line each. A tap chooses, a second one opens; only what is seen is drawn."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar

from textual.app import RenderResult
from textual.content import Content
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.results.store import StoredRun
from zcal_tui.results.text import moment
from zcal_tui.results.variant import titled
from zcal_tui.tui.actions import bindings
from zcal_tui.tui.glyphs import Glyphs, glyphs_of
from zcal_tui.tui.history_model import ending, short_numbers
from zcal_tui.tui.widgets.checklist import STYLE
from zcal_tui.tui.widgets.text import under_cursor

WIDE = 70
"""Columns from which on a line has room for the year, the word of the verdict, and the whole title."""
TITLE, SHORT_TITLE, WORD = 19, 15, 13
WHEEL = 3


class RunList(Widget, can_focus=True):
    """The runs, newest first."""

    BINDINGS: ClassVar = bindings("runs")

    chosen: reactive[int] = reactive(0)

    class Chosen(Message):
        """Another run was chosen."""

    class Opened(Message):
        """The chosen run was tapped again."""

    def __init__(self, titles: Callable[[str], str], *, id: str | None = None) -> None:
        """`titles` names a check."""
        super().__init__(id=id)
        self._titles = titles
        self._entries: tuple[StoredRun, ...] = ()
        self._marks: Mapping[Path, str] = {}
        self._first = 0
        self._mixed = False

    @dataclass(frozen=True, slots=True)
    class _Columns:
        """How a line is laid out."""

        wide: bool
        check: bool

    @property
    def entry(self) -> StoredRun | None:
        """The chosen run."""
        return self._entries[self.chosen] if self.chosen < len(self._entries) else None

    def show(self, entries: tuple[StoredRun, ...], marks: Mapping[Path, str]) -> None:
        """Show these runs, with these letters before some of them; the chosen one stays chosen where it is there."""
        if entries == self._entries and marks == self._marks:
            return
        before = self.entry
        self._entries, self._marks = entries, dict(marks)
        self._mixed = len({entry.check for entry in entries}) > 1
        paths = [entry.path for entry in entries]
        index = paths.index(before.path) if before is not None and before.path in paths else 0
        moved = index != self.chosen
        self.chosen = index
        if not moved and (before is None or self.entry is None or before.path != self.entry.path):
            self.post_message(self.Chosen())
        self._into_view()

    def watch_chosen(self) -> None:
        """Tell that another one is chosen."""
        self._into_view()
        self.post_message(self.Chosen())

    def _into_view(self) -> None:
        rows = max(1, self.content_size.height)
        first = min(self._first, self.chosen)
        first = max(first, self.chosen - rows + 1)
        self._scroll(first)

    def _scroll(self, first: int) -> None:
        rows = max(1, self.content_size.height)
        self._first = min(max(0, first), max(0, len(self._entries) - rows))
        count = len(self._entries)
        last = min(count, self._first + rows)
        self.border_subtitle = f"{self._first + 1}–{last} of {count}" if count > rows else ""
        self.refresh()

    def on_resize(self) -> None:
        """The chosen one stays in view."""
        self._into_view()

    def action_move(self, by: int) -> None:
        """Up or down, without going round."""
        if self._entries:
            self.chosen = min(len(self._entries) - 1, max(0, self.chosen + by))

    def action_page(self, by: int) -> None:
        """A page up or down."""
        self.action_move(by * max(1, self.content_size.height - 1))

    def action_end(self, by: int) -> None:
        """To the newest or the oldest."""
        self.action_move(by * len(self._entries))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        """Look at older ones."""
        event.stop()
        self._scroll(self._first + WHEEL)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        """Look at newer ones."""
        event.stop()
        self._scroll(self._first - WHEEL)

    def on_click(self, event: Click) -> None:
        """Choose what was tapped; open it where it is chosen already."""
        offset = event.get_content_offset(self)
        if offset is None or not 0 <= (index := self._first + offset.y) < len(self._entries):
            return
        if index == self.chosen:
            self.post_message(self.Opened())
        else:
            self.chosen = index

    def render(self) -> RenderResult:
        """The lines that are seen."""
        if not self._entries:
            return Content.styled("No stored runs.", "$z-dim")
        width, signs = self.content_size.width, glyphs_of(self)
        columns = self._Columns(width >= WIDE, self._mixed)
        seen = self._entries[self._first : self._first + self.content_size.height]
        lines = []
        for index, entry in enumerate(seen, self._first):
            line = self._line(entry, columns, width, signs, here=index == self.chosen)
            lines.append(under_cursor(self, line) if index == self.chosen and self.has_focus else line)
        return Content("\n").join(lines)

    def _line(self, entry: StoredRun, columns: _Columns, width: int, signs: Glyphs, *, here: bool) -> Content:
        level, word = ending(entry.record)
        failed = entry.record is None
        sign = signs.level(level) if level is not None else signs.failed if failed else signs.not_applicable
        style = STYLE[level] if level is not None else "$text-error" if failed else "$z-dim"
        when = moment(entry.started)
        left = Content.assemble(
            (signs.cursor if here else " ", "$text-primary"),
            (f"{self._marks.get(entry.path, ' ')}", "bold $text-accent"),
            (f" {sign} ", style),
            (f"{when if columns.wide else when[5:]:<{16 if columns.wide else 11}}  ", "bold" if here else ""),
        )
        if columns.check:
            room = TITLE if columns.wide else SHORT_TITLE
            title = self._titles(entry.check) if entry.check else entry.path.name
            if entry.record is not None:
                title = titled(title, entry.record)
            title = title if len(title) <= room else f"{title[: room - 1]}…"
            left += Content.assemble((f"{title:<{room}}  ", ""))
        numbers = short_numbers(entry.record) if entry.record is not None else ""
        if columns.wide or level is None:
            left += Content.assemble((f"{word:<{WORD if columns.wide else 0}}  ", style))
        line = left + Content.styled(numbers, "bold" if here else "")
        return line.truncate(width, ellipsis=True, pad=True)

    def on_focus(self) -> None:
        """The cursor shows."""
        self.refresh()

    def on_blur(self) -> None:
        """The cursor fades."""
        self.refresh()
