"""The result of a campaign, and how it is printed."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Criterion:
    """A requirement in words, and whether it was met."""

    text: str
    met: bool


@dataclass(frozen=True, slots=True)
class Table:
    """Figures in columns."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def lines(self) -> list[str]:
        """Its text, each column as wide as it needs."""
        table = [self.columns, *self.rows]
        widths = [max(len(row[column]) for row in table) for column in range(len(self.columns))]
        return [
            "  " + "   ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True))
            for row in table
        ]


@dataclass(frozen=True, slots=True)
class CampaignReport:
    """The figures of one campaign."""

    title: str
    how: str
    """How they were measured, in a sentence."""
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    criteria: Sequence[Criterion]
    further: Sequence[Table] = ()

    @property
    def met(self) -> bool:
        """Whether every criterion was met."""
        return all(criterion.met for criterion in self.criteria)

    def text(self) -> str:
        """The tables, and the criteria below them."""
        lines = [self.title, self.how, ""]
        for table in (Table(self.columns, self.rows), *self.further):
            lines += [*table.lines(), ""]
        lines += [f"{'met' if criterion.met else 'NOT MET'}: {criterion.text}" for criterion in self.criteria]
        return "\n".join(lines)
