"""Small plots made of characters, for a terminal and for Markdown: no wider than a forum's code block."""

from collections.abc import Callable, Sequence

from zcal_tui.model.lazy_dataclass import dataclass

WIDTH, HEIGHT = 56, 9


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of a plot, with its interval if it has one. A `faint` one is not counted; `chosen` is selected."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    faint: bool = False
    chosen: bool = False


ZERO = 1e-12
"""Smaller values count as zero."""


def scale_range(marks: Sequence[Mark], limit: float | None = None) -> tuple[float, float]:
    """The ends of a scale that shows all points."""
    ends = [end for mark in marks for end in (mark.low, mark.high, mark.y) if end is not None]
    low, high = min(ends), max(ends)
    if limit is not None and low <= limit <= high + (high - low):
        high = max(high, limit)
    if high - low <= 0.0:
        middle = abs(low) if abs(low) > ZERO else 1.0  # a twentieth of less may round to zero
        low, high = low - middle * 0.05, high + middle * 0.05
    return low, high


def plot(
    marks: Sequence[Mark],
    show: Callable[[float], str],
    *,
    width: int = WIDTH,
    height: int = HEIGHT,
    left: str = "",
    right: str = "",
    limit: float | None = None,
) -> list[str]:
    """Lines of a plot of the points over x, the largest value on top.

    `show` formats a value of the scale; `left` and `right` label the ends of x. `limit` is drawn as a line if the scale
    includes it.
    """
    if not marks:
        return []
    low, high = scale_range(marks, limit)
    x_low, x_high = min(mark.x for mark in marks), max(mark.x for mark in marks)
    grid = [[" "] * width for _ in range(height)]

    def row(value: float) -> int:
        return round((high - min(max(value, low), high)) / (high - low) * (height - 1))

    if limit is not None and low <= limit <= high:
        grid[row(limit)] = ["-"] * width
    for mark in marks:
        column = width // 2 if x_high <= x_low else round((mark.x - x_low) / (x_high - x_low) * (width - 1))
        top, bottom = (mark.y if end is None else end for end in (mark.high, mark.low))
        for line in range(row(top), row(bottom) + 1):
            grid[line][column] = "│"
        grid[row(mark.y)][column] = "◆" if mark.chosen else "○" if mark.faint else "●"
    labels = {0: show(high), height - 1: show(low)}
    if limit is not None and low <= limit <= high and 0 < row(limit) < height - 1:
        labels[row(limit)] = show(limit)
    margin = max(len(text) for text in labels.values())
    lines = [
        f"{labels.get(number, ''):>{margin}} ┤{''.join(cells).rstrip()}" for number, cells in enumerate(grid)
    ]
    if left or right:
        space = max(1, width - len(left) - len(right))
        lines.append(" " * (margin + 2) + left + " " * space + right)
    return lines


def bars(rows: Sequence[tuple[str, float]], show: Callable[[float], str], *, width: int = 30) -> list[str]:
    """Labelled values as bars from the middle: `front left  ▕████       −12 µm`."""
    if not rows:
        return []
    most = max(abs(value) for _, value in rows) or 1.0
    labels = max(len(label) for label, _ in rows)
    half = width // 2
    lines = []
    for label, value in rows:
        size = round(abs(value) / most * half)
        left = ("█" * size).rjust(half) if value < 0 else " " * half
        right = ("█" * size).ljust(half) if value >= 0 else " " * half
        lines.append(f"{label:<{labels}} {left}│{right} {show(value)}")
    return lines
