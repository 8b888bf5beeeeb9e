"""A plot of one estimate with several settings (`sigma@probe_speed=10`), each with its interval."""

from zcal_tui.model.labels import label
from zcal_tui.model.record import Estimate, Record
from zcal_tui.model.units import UM_PER_MM, length
from zcal_tui.results.report.map import is_at_place
from zcal_tui.results.report.plot import ReportPlot
from zcal_tui.results.report.svg import SvgAxes, SvgDrawing
from zcal_tui.results.textplot import bars

WIDTH, ROW = 720.0, 26.0
NAMES = 190.0


def settings(record: Record) -> ReportPlot | None:
    """The estimate with each setting; None if there was only one."""
    tried = [e for e in record.estimates.values() if "@" in e.name and not is_at_place(e.name)]
    found = [e for e in tried if e.value is not None and e.unit == "mm"]
    if len(found) < 2:
        return None
    name = found[0].name.partition("@")[0]
    tall = ROW * len(found)
    drawing = SvgDrawing(WIDTH, tall + 62, f"{label(name)} with {len(found)} settings, in µm")
    most = max(e.value if e.high is None else e.high for e in found if e.value is not None) * UM_PER_MM
    axes = SvgAxes(NAMES, 14, WIDTH - NAMES - 70, tall, (0.0, most * 1.05 or 1.0), (0.0, 1.0))
    axes.draw_x(drawing, f"{label(name)}, µm")
    first = (found[0].value or 0.0) * UM_PER_MM
    drawing.line(axes.at_x(first), axes.top, axes.at_x(first), axes.top + tall, "mean")
    for n, estimate in enumerate(found):
        _row(drawing, axes, axes.top + (n + 0.5) * ROW, estimate)
    lines = bars([(_setting(e), e.value or 0.0) for e in found], length)
    caption = f"{label(name)} with each setting, with its 95 % interval. Dashed: {_setting(found[0])}."
    return ReportPlot(caption, drawing.render(), tuple(lines))


def _row(drawing: SvgDrawing, axes: SvgAxes, row: float, estimate: Estimate) -> None:
    value = estimate.value or 0.0
    low, high = (value if end is None else end for end in (estimate.low, estimate.high))
    drawing.text(NAMES - 10, row + 4, _setting(estimate), anchor="end")
    drawing.line(axes.at_x(low * UM_PER_MM), row, axes.at_x(high * UM_PER_MM), row, "whisker")
    drawing.circle(
        axes.at_x(value * UM_PER_MM), row, 5, "dot", tooltip=f"{_setting(estimate)}: {length(value)}"
    )
    drawing.text(WIDTH - 6, row + 4, length(value), anchor="end")


def _setting(estimate: Estimate) -> str:
    return estimate.name.partition("@")[2].replace("_", " ").replace("=", " = ")
