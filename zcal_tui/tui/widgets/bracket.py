"""The heights tried in a paper test, to scale: the nozzle between the next one below and the next one above."""

from dataclasses import dataclass

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

from zcal_tui.model.questions import PaperStep
from zcal_tui.model.units import length
from zcal_tui.tui.glyphs import UNICODE, Glyphs, glyphs_of
from zcal_tui.tui.steps import height_text

EDGE = 0.16
"""Share of the width that is left free on each side of the heights that matter."""
LEAST_SPAN = 0.02
"""mm: nothing is drawn larger than this across the whole width."""


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
    """The scale that shows the bracket; before there is one, the way down to the expected contact."""
    marks = [question.height]
    marks += [z for z in (question.lower, question.upper) if z is not None]
    if question.expected is not None and (question.lower is None or question.upper is None):
        marks.append(question.expected)
    low, high = min(marks), max(marks)
    span = max(high - low, LEAST_SPAN)
    middle, half = (low + high) / 2, span * (0.5 + EDGE / (1 - 2 * EDGE))
    return Scale(middle - half, middle + half, width)


def _put(line: list[str], at: int, text: str) -> None:
    """Write a text centred at a cell, moved inwards where it would not fit."""
    start = min(max(0, at - len(text) // 2), max(0, len(line) - len(text)))
    line[start : start + len(text)] = list(text[: len(line) - start])


def _free(line: list[str], at: int, text: str) -> bool:
    """Whether a text centred at a cell would overwrite nothing."""
    start = min(max(0, at - len(text) // 2), max(0, len(line) - len(text)))
    return not "".join(line[max(0, start - 1) : start + len(text) + 1]).strip()


def bracket_content(question: PaperStep, width: int, glyphs: Glyphs = UNICODE, rows: int = 4) -> Content:
    """The drawing: the nozzle's mark, the line, the heights tried, and how far apart they are. Lower is left."""
    if width < 20:
        return Content("")
    scale = scale_of(question, width)
    here = scale.cell(question.height)
    above = [" "] * width
    _put(above, here, f"{glyphs.down} {height_text(question.height)}")
    lines = [Content.styled("".join(above), "bold $text-primary"), _line(question, scale, here, glyphs)]
    below = [" "] * width
    for z in (question.lower, question.upper):
        if z is not None:
            _put(below, scale.cell(z), height_text(z))
    if question.expected is not None and scale.holds(question.expected):
        _name_expected(below, scale.cell(question.expected), glyphs)
    lines.append(Content.styled("".join(below), "$z-dim"))
    if rows > 3:
        lines.append(Content.styled(_words(question, width, glyphs), "$z-dim"))
    return Content("\n").join(lines[:rows])


def _name_expected(line: list[str], at: int, glyphs: Glyphs) -> None:
    """Say what the mark above is, beginning or ending below it, where there is room."""
    for start, text in (
        (at, f"{glyphs.expected} bed expected"),
        (at - 13, f"bed expected {glyphs.expected}"),
    ):
        end = start + len(text)
        if start >= 0 and end <= len(line) and not "".join(line[max(0, start - 1) : end + 1]).strip():
            line[start:end] = list(text)
            return


def _line(question: PaperStep, scale: Scale, here: int, glyphs: Glyphs) -> Content:
    tight = scale.cell(question.lower) if question.lower is not None else -1
    free = scale.cell(question.upper) if question.upper is not None else scale.width
    tried = {scale.cell(z) for z in question.tried if scale.holds(z)}
    expected = question.expected
    meant = scale.cell(expected) if expected is not None and scale.holds(expected) else -1
    parts: list[tuple[str, str]] = []
    for x in range(scale.width):
        if x == here:
            parts.append((glyphs.limit, "bold $text-primary"))
        elif x <= tight:
            parts.append((glyphs.block, "$text-error"))
        elif x >= free:
            parts.append((glyphs.block, "$text-success"))
        elif x == meant:
            parts.append((glyphs.expected, "$text-accent"))
        elif x in tried:
            parts.append((glyphs.tick, "$z-dim"))
        else:
            parts.append((glyphs.bar_rest, "$z-faint"))
    return Content.assemble(*parts)


def _words(question: PaperStep, width: int, glyphs: Glyphs) -> str:
    left, right = f"{glyphs.left} tighter", f"freer {glyphs.right}"
    if question.lower is not None and question.upper is not None:
        middle = f"{length(question.upper - question.lower)} between the two"
    elif question.lower is None and question.upper is None:
        middle = "no height tried yet"
    else:
        middle = "lowest tried" if question.lower is None else "highest tried"
    line = [" "] * width
    line[: len(left)] = list(left)
    line[width - len(right) :] = list(right)
    if _free(line, width // 2, middle):
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
