"""The heights tried in a paper test on one scale: where the paper dragged, where it slid freely, and the nozzle."""

import math

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.questions import PaperStep
from zcal_tui.model.units import length, number
from zcal_tui.tui.glyphs import UNICODE, Glyphs, glyphs_of
from zcal_tui.tui.steps import height_text

SPAN = 0.5
"""mm across the whole width, in every paper test: a step looks equally long in each."""
BELOW = 0.15
"""mm below the expected contact at which the scale begins."""
TICK = 0.1
"""mm between two ticks, which are at round heights."""


@dataclass(frozen=True, slots=True)
class Scale:
    """From which height to which, over how many cells."""

    low: float
    high: float
    width: int

    def cell(self, height: float) -> int:
        """The cell of a height; the outermost for what is beyond."""
        share = (height - self.low) / (self.high - self.low)
        return min(self.width - 1, max(0, round(share * (self.width - 1))))

    def holds(self, height: float) -> bool:
        """Whether a height is on the scale."""
        return self.low <= height <= self.high


def scale_of(question: PaperStep, width: int) -> Scale:
    """The scale around the expected contact. It moves by whole halves of itself, and only where the nozzle goes below
    it; without an expectation it is the one of its length that holds the nozzle."""
    if question.expected is None:
        low = math.floor(question.height / SPAN) * SPAN
    else:
        low = question.expected - BELOW
        if question.height < low:
            low -= math.ceil((low - question.height) / (SPAN / 2)) * SPAN / 2
    return Scale(low, low + SPAN, width)


def _put(line: list[str], at: int, text: str) -> None:
    """Write a text centred at a cell, moved inwards where it would not fit."""
    start = min(max(0, at - len(text) // 2), max(0, len(line) - len(text)))
    line[start : start + len(text)] = list(text[: len(line) - start])


def _free(line: list[str], at: int, text: str) -> bool:
    """Whether a text centred at a cell would overwrite nothing."""
    start = min(max(0, at - len(text) // 2), max(0, len(line) - len(text)))
    return not "".join(line[max(0, start - 1) : start + len(text) + 1]).strip()


def bracket_content(question: PaperStep, width: int, glyphs: Glyphs = UNICODE, rows: int = 4) -> Content:
    """The drawing: the nozzle's mark, the scale with the heights tried, its ticks, and the bracket. Lower is left."""
    if width < 20:
        return Content("")
    scale = scale_of(question, width)
    here = scale.cell(question.height)
    above = [" "] * width
    beyond = question.height > scale.high
    _put(
        above,
        here,
        f"{height_text(question.height)} {glyphs.right}"
        if beyond
        else f"{glyphs.down} {height_text(question.height)}",
    )
    lines = [Content.styled("".join(above), "bold $text-primary"), _line(question, scale, here, glyphs)]
    below = [" "] * width
    for n in range(math.ceil(scale.low / TICK), math.floor(scale.high / TICK) + 1):
        text = number(n * TICK, digits=1)
        if _free(below, at := scale.cell(n * TICK), text):
            _put(below, at, text)
    lines.append(Content.styled("".join(below), "$z-dim"))
    if rows > 3:
        lines.append(Content.styled(_words(question, width, glyphs), "$z-dim"))
    return Content("\n").join(lines[:rows])


def _line(question: PaperStep, scale: Scale, here: int, glyphs: Glyphs) -> Content:
    tight, free = question.highest_dragging, question.lowest_free
    ticks = {
        scale.cell(n * TICK) for n in range(math.ceil(scale.low / TICK), math.floor(scale.high / TICK) + 1)
    }
    dragging = {scale.cell(z) for z in question.dragging if scale.holds(z)}
    loose = {scale.cell(z) for z in question.free if scale.holds(z)}
    expected = question.expected
    meant = scale.cell(expected) if expected is not None and scale.holds(expected) else -1
    parts: list[tuple[str, str]] = []
    for x in range(scale.width):
        if x == here:
            parts.append((glyphs.limit, "bold $text-primary"))
        elif x in dragging:
            parts.append((glyphs.point, "$text-error"))
        elif x in loose:
            parts.append((glyphs.left_out, "$text-success"))
        elif tight is not None and x < scale.cell(tight):
            parts.append((glyphs.block, "$text-error"))
        elif x == meant:
            parts.append((glyphs.expected, "$text-accent"))
        elif x in ticks:
            parts.append((glyphs.tick, "$z-dim"))
        else:
            parts.append(
                (glyphs.bar_rest, "$text-success" if free is not None and x > scale.cell(free) else "$z-dim")
            )
    return Content.assemble(*parts)


def _words(question: PaperStep, width: int, glyphs: Glyphs) -> str:
    left, right = f"{glyphs.point} drags", f"free {glyphs.left_out}"
    if question.lowest_free is not None and question.highest_dragging is not None:
        middle = f"{length(question.lowest_free - question.highest_dragging)} between"
    else:
        middle = f"{glyphs.expected} expected" if question.expected is not None else ""
    line = [" "] * width
    line[: len(left)] = list(left)
    line[width - len(right) :] = list(right)
    if middle and _free(line, width // 2, middle):
        _put(line, width // 2, middle)
    return "".join(line)


class Bracket(Widget):
    """The drawing, as wide as there is room."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._question: PaperStep | None = None

    def show(self, question: PaperStep) -> None:
        """Show this, if it is not what is shown already."""
        if question != self._question:
            self._question = question
            self.refresh()

    def render(self) -> RenderResult:
        """The drawing."""
        if self._question is None:
            return Content("")
        size = self.content_size
        return bracket_content(self._question, size.width, glyphs_of(self), size.height)
