"""The samples as a table, newest first."""

from textual.containers import VerticalScroll
from textual.content import Content

from zcal_tui.tui.presenters.presenter import Row
from zcal_tui.tui.widgets.text import Plain

FIXED = 3 + 1 + 8 + 7
"""Columns of number, value and difference."""


def _what_width(rows: tuple[Row, ...], width: int) -> int:
    longest = max((len(what) for _, what, _, _ in rows), default=0)
    return max(0, min(longest, width - FIXED - 1)) if longest else 0


def head_line(rows: tuple[Row, ...], width: int) -> Content:
    """What the columns are."""
    what = _what_width(rows, width)
    gap = " " * (what + 1) if what else ""
    return Content.styled(f"{'#':>3} {gap}{'mm':>8}{'µm':>7}", "$z-dim")


def sample_lines(rows: tuple[Row, ...], width: int = 80) -> Content:
    """Number, what it is, value and difference, right-aligned, the newest on top and in bold."""
    room = _what_width(rows, width)
    lines = []
    for row, (number, what, value, difference) in enumerate(reversed(rows)):
        kind = f"{what[: room - 1]}…" if len(what) > room > 0 else what[:room]
        lines.append(
            Content.assemble(
                (f"{number:>3} ", "$z-dim"),
                f"{kind:<{room}} " if room else "",
                (f"{value:>8}", "bold" if row == 0 else ""),
                (f" {difference:>6}", "$z-dim"),
            )
        )
    return Content("\n").join(lines)


class SampleTable(VerticalScroll, can_focus=False):
    """All samples of a run; scrolls where they are more than fit."""

    def __init__(self, *, id: str | None = None) -> None:
        self._lines = Plain()
        self._head = Plain(classes="head")
        self._rows: tuple[Row, ...] | None = None
        super().__init__(self._head, self._lines, id=id)

    def show(self, rows: tuple[Row, ...]) -> None:
        """Show these rows, oldest first in the tuple."""
        if rows != self._rows:
            self._rows = rows
            self._draw()

    def on_resize(self) -> None:
        """As wide as there is room."""
        self._draw()

    def _draw(self) -> None:
        rows, width = self._rows or (), (self.content_size.width or 80) - 1  # the scrollbar
        self._head.set_text(head_line(rows, width) if rows else "")
        self._lines.set_text(sample_lines(rows, width))
