"""Nozzle and probe from above, to scale, with the mark between them: what the signs of the offsets mean."""

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

from zcal_tui.model.questions import JogStep
from zcal_tui.tui.glyphs import UNICODE, Glyphs, glyphs_of

CELL = 2.0
"""A cell is about twice as high as wide."""
LEAST_SPAN = 4.0
"""mm: offsets smaller than this are not drawn larger."""


def offset_map(question: JogStep, width: int, height: int, glyphs: Glyphs = UNICODE) -> Content:
    """The drawing, +X to the right and +Y upwards, the nozzle and where the probe is from it."""
    if width < 16 or height < 5:
        return Content("")
    x, y = question.offsets
    rows, columns = height, width
    span_x, span_y = max(abs(x), LEAST_SPAN), max(abs(y), LEAST_SPAN)
    scale = min((columns - 9) / span_x, (rows - 3) * CELL / span_y)  # cells of width in a mm
    nozzle_x = (columns - 1) / 2 - x * scale / 2
    nozzle_y = (rows - 1) / 2 + y * scale / CELL / 2
    nx, ny = round(nozzle_x), round(nozzle_y)
    px, py = nx + round(x * scale), ny - round(y * scale / CELL)
    cells: list[list[tuple[str, str]]] = [[(" ", "")] * columns for _ in range(rows)]
    px, py = min(max(0, px), columns - 1), min(max(0, py), rows - 1)
    for column in range(min(nx, px), max(nx, px) + 1):
        cells[py][column] = (glyphs.bar_rest, "$z-faint")
    for row in range(min(ny, py), max(ny, py) + 1):
        if (px, py) != (nx, ny) and row != py:
            cells[row][nx] = (glyphs.upright, "$z-faint")
    _axes(cells, glyphs, low=min(ny, py) > 1 and nx > 12 and px > 12)
    _write(cells, nx, ny, glyphs.nozzle, "bold $text-primary", "nozzle", px >= nx, ny >= py)
    _write(cells, px, py, glyphs.probe, "bold $text-accent", "probe", px < nx, py > ny)
    return Content("\n").join(Content.assemble(*row) for row in cells)


def _axes(cells: list[list[tuple[str, str]]], glyphs: Glyphs, *, low: bool) -> None:
    """Which way the axes go, in a corner at the left."""
    row = 0 if low else len(cells) - 1
    for n, letter in enumerate(f"{glyphs.up_thin}Y {glyphs.follows}X"):
        cells[row][n] = (letter, "$z-dim")


def _write(
    cells: list[list[tuple[str, str]]],
    x: int,
    y: int,
    sign: str,
    style: str,
    word: str,
    left: bool,
    below: bool,
) -> None:
    """A sign with its word on the side where the line to the other one does not run."""
    y = min(max(0, y), len(cells) - 1)
    cells[y][x] = (sign, style)
    row = y + (1 if below else -1)
    if not 0 <= row < len(cells):
        row = y
    start = x - len(word) + 1 if left else x
    if row == y:
        start = x - len(word) - 1 if left else x + 2
    start = min(max(0, start), len(cells[0]) - len(word))
    for n, letter in enumerate(word):
        cells[row][start + n] = (letter, style.removeprefix("bold "))


class OffsetMap(Widget):
    """The drawing, as large as there is room."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._question: JogStep | None = None

    def show(self, question: JogStep) -> None:
        """Show this, if it is not what is shown already."""
        if question != self._question:
            self._question = question
            self.refresh()

    def render(self) -> RenderResult:
        """The drawing."""
        if self._question is None:
            return Content("")
        return offset_map(self._question, self.content_size.width, self.content_size.height, glyphs_of(self))
