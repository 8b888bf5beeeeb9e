"""How a question's box is laid out so that its answers are on the screen whatever there is to read. Pure.

The numbers are those of modal.tcss and questions.tcss.
"""

from collections.abc import Sequence

from textual.content import Content

from zcal_tui.model.lazy_dataclass import dataclass

WIDTH, SHARE = 70, 0.96
"""Columns of the box, and how much of the terminal's it takes at most."""
DIFF_WIDTH, DIFF_SHARE = 110, 0.98
"""The same of the box of a diff."""
BARS = 3
"""Rows of the bar at the top and the keys at the bottom."""
BUTTONS, SIMULATED, OPTION = 3, 2, 2
"""Rows of each, the option at least."""
FRAME, AROUND = 2, 4
"""Rows of the frame, and of the spaces inside and outside of it."""
SHORT = 23
"""Rows below which there is no room for spaces."""
MOST_DETAIL, LEAST_DETAIL = 8, 2
"""Rows of the detail; what is more scrolls."""


@dataclass(frozen=True, slots=True)
class BoxLayout:
    """Whether the spaces between are left out, and how many rows the detail and the options have; what is more
    scrolls."""

    tight: bool
    detail_rows: int
    option_rows: int


def width_of(width: int, *, diff: bool) -> int:
    """The columns inside a box on a terminal of that width; the box of a diff is wider."""
    most, share, frame = (DIFF_WIDTH, DIFF_SHARE, 4) if diff else (WIDTH, SHARE, 6)
    return min(most, int(width * share)) - frame


def layout_of(
    width: int,
    height: int,
    text: Content,
    detail: Content,
    options: Sequence[Content],
    *,
    simulated: bool,
    buttons: bool = True,
) -> BoxLayout:
    """The layout on a terminal of that size. `simulated` says whether a line shows what the simulated person sees,
    `buttons` whether there is a row of buttons."""
    room, below = height - BARS, BUTTONS if buttons else 0
    inside = min(WIDTH, int(width * SHARE)) - 2
    rows = _Rows(inside - 4, text, detail, options)
    blocks = [rows.text, min(rows.detail, MOST_DETAIL), SIMULATED if simulated else 0, rows.options]
    spaces = sum(block > 0 for block in blocks[1:]) + 1
    if height >= SHORT and FRAME + AROUND + sum(blocks) + below + spaces <= room:
        most = MOST_DETAIL if height < 2 * SHORT else room // 2
        return BoxLayout(False, max(most, LEAST_DETAIL), rows.options)
    rows = _Rows(inside - 2, text, detail, options, tight=True)
    left = room - FRAME - below - rows.text - (SIMULATED if simulated else 0)
    detail_rows = max(min(LEAST_DETAIL, rows.detail), left - rows.options)
    return BoxLayout(True, detail_rows, max(1, left - min(detail_rows, rows.detail)))


class _Rows:
    """How many rows each part takes."""

    def __init__(
        self, width: int, text: Content, detail: Content, options: Sequence[Content], *, tight: bool = False
    ) -> None:
        self.text = _lines(text, width)
        self.detail = _lines(detail, width - 1) if detail.plain else 0  # less the scrollbar
        least = 1 if tight else OPTION
        self.options = sum(max(least, _lines(option, width - 4)) for option in options)


def _lines(content: Content, width: int) -> int:
    return sum(len(line.wrap(max(1, width))) for line in content.split("\n", allow_blank=True))
