"""Figures next to their references, and how they are printed."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Format = Callable[[float], str]


def milliseconds(seconds: float) -> str:
    """A duration in ms."""
    return f"{seconds * 1e3:.3g} ms" if seconds < 0.1 else f"{seconds * 1e3:.0f} ms"


def microseconds(seconds: float) -> str:
    """A duration in µs."""
    return f"{seconds * 1e6:.1f} µs" if seconds < 1e-3 else f"{seconds * 1e6:.0f} µs"


def percent(share: float) -> str:
    """A share of one core."""
    return f"{share:.1%}"


def kilobytes(rate: float) -> str:
    """Bytes a second."""
    return f"{rate / 1e3:.2f} kB/s"


def megabytes(size: float) -> str:
    """Bytes."""
    return f"{size / 1e6:.2f} MB"


def seconds_text(seconds: float) -> str:
    """A long duration in s."""
    return f"{seconds:.1f} s"


def plain_count(count: float) -> str:
    """A number of things."""
    return f"{count:.0f}"


def plain_ratio(value: float) -> str:
    """A ratio."""
    return f"{value:.2f}×" if value < 100 else f"{value:.0f}×"


@dataclass(frozen=True, slots=True)
class BenchmarkComparison:
    """One figure against one reference. `pairs` holds (figure, reference), each pair taken together, both in the
    unit that `format` prints."""

    figure: str
    reference: str
    pairs: Sequence[tuple[float, float]]
    format: Format

    def rows(self) -> list[tuple[str, str, str, str]]:
        """Label, minimum, median, maximum: of the figure, of the reference, of the ratio within each pair."""
        figures = [figure for figure, _ in self.pairs]
        references = [reference for _, reference in self.pairs]
        # Below the clock's resolution there is no ratio.
        ratios = [figure / reference for figure, reference in self.pairs if reference > 0]
        return [
            (self.figure, *_spread(figures, self.format)),
            (f"  reference: {self.reference}", *_spread(references, self.format)),
            ("  ratio", *_spread(ratios, plain_ratio)),
        ]


@dataclass(frozen=True, slots=True)
class BenchmarkReport:
    """The result of one benchmark."""

    title: str
    how: str
    """How it was measured, in a sentence."""
    comparisons: Sequence[BenchmarkComparison]

    def text(self) -> str:
        """The table."""
        rows = [("", "min", "median", "max")]
        for comparison in self.comparisons:
            rows += comparison.rows()
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = [self.title, self.how, ""]
        for label, *cells in rows:
            figures = "".join(f"{cell:>{width + 3}}" for cell, width in zip(cells, widths[1:], strict=True))
            lines.append(f"  {label:<{widths[0]}}{figures}")
        return "\n".join(lines)


def _spread(values: Sequence[float], form: Format) -> tuple[str, str, str]:
    if not values:
        return "–", "–", "–"
    return form(min(values)), form(statistics.median(values)), form(max(values))
