"""The plots of a record. Each comes as SVG and as lines of text, with a caption."""

from collections.abc import Callable, Mapping

from zcal_tui.model.check_info import info_of
from zcal_tui.model.check_info.info import PlotName
from zcal_tui.model.record import Record
from zcal_tui.results.report.curve import temperature
from zcal_tui.results.report.heights import three_heights
from zcal_tui.results.report.map import places
from zcal_tui.results.report.offsets import seen_from_above
from zcal_tui.results.report.plot import ReportPlot
from zcal_tui.results.report.series import repeats, samples
from zcal_tui.results.report.variants import settings

PLOTS: Mapping[PlotName, Callable[[Record], ReportPlot | None]] = {
    "samples": samples,
    "repeats": repeats,
    "settings": settings,
    "places": places,
    "temperature": temperature,
    "three_heights": three_heights,
    "from_above": seen_from_above,
}
"""Each makes one plot of a record; None if the record lacks the data."""


def plots_of(record: Record) -> list[ReportPlot]:
    """The plots for which a record has the data; of an unknown check, the samples."""
    info = info_of(record.check)
    names = info.plots if info is not None else ("samples",)
    return [plot for name in names if (plot := PLOTS[name](record)) is not None]
