"""A picture of a record, as every report has it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReportPlot:
    """A picture of a record."""

    caption: str
    svg: str
    lines: tuple[str, ...]
