"""A plot of a record in every format of a report."""

from zcal_tui.model.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ReportPlot:
    """A plot as SVG and as lines of text, with its caption."""

    caption: str
    svg: str
    lines: tuple[str, ...]
