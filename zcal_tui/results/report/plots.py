"""Which pictures belong to a check's record. Each comes as SVG and as lines of text, with a caption."""

from collections.abc import Callable, Mapping

from zcal_tui.model.record import Record
from zcal_tui.results.report.curve import temperature
from zcal_tui.results.report.heights import three_heights
from zcal_tui.results.report.map import places
from zcal_tui.results.report.offsets import seen_from_above
from zcal_tui.results.report.plot import ReportPlot
from zcal_tui.results.report.series import repeats, touches
from zcal_tui.results.report.variants import settings

DRAWN: Mapping[str, tuple[Callable[[Record], ReportPlot | None], ...]] = {
    "probe-xy": (seen_from_above,),
    "z-offset": (repeats, touches),
    "accuracy": (settings, touches),
    "bias": (places,),
    "temperature": (temperature,),
    "backlash": (places,),
    "auto-z": (three_heights, repeats),
    "first-layer": (repeats,),
}
"""The drawings of each check, the first one first; of any other the touches."""


def figures(record: Record) -> list[ReportPlot]:
    """The pictures of a record, those for which it has the data."""
    found = [draw(record) for draw in DRAWN.get(record.check, (touches,))]
    return [figure for figure in found if figure is not None]
