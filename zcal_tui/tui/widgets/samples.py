"""The samples as a table, newest first."""

from textual.containers import VerticalScroll
from textual.content import Content

from zcal_tui.tui.widgets.text import Plain

Row = tuple[str, str, str]


def sample_lines(rows: tuple[Row, ...]) -> Content:
    """Number, value and difference, right-aligned, the newest on top and in bold."""
    lines = [
        Content.assemble(
            (f"{number:>3}  ", "$z-dim"),
            (f"{value:>8}", "bold" if row == 0 else ""),
            (f"  {difference:>6}", "$z-dim"),
        )
        for row, (number, value, difference) in enumerate(reversed(rows))
    ]
    return Content("\n").join(lines)


class SampleTable(VerticalScroll, can_focus=False):
    """All samples of a run; scrolls where they are more than fit."""

    def __init__(self, *, id: str | None = None) -> None:
        self._lines = Plain()
        self._head = Plain(Content.assemble(("  #        mm      µm", "$z-dim")), classes="head")
        super().__init__(self._head, self._lines, id=id)

    def show(self, rows: tuple[Row, ...]) -> None:
        """Show these rows, oldest first in the tuple."""
        self._lines.say(sample_lines(rows))
