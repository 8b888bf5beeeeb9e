"""A drawing of the probe's position relative to the nozzle, from above and to scale."""

from zcal_tui.model.record import Record
from zcal_tui.model.units import millimetres
from zcal_tui.results.report.plot import ReportPlot
from zcal_tui.results.report.series import known
from zcal_tui.results.report.svg import SvgDrawing

SIZE, EDGE = 320.0, 54.0


def seen_from_above(record: Record) -> ReportPlot | None:
    """The nozzle, the probe, and the two offsets between them."""
    x, y = known(record.estimates.get("x_offset")), known(record.estimates.get("y_offset"))
    if x is None or y is None:
        return None
    span = max(abs(x), abs(y), 5.0)
    scale = (SIZE / 2 - EDGE) / span
    middle = SIZE / 2
    # Both at the same distance from the middle, so that they fit whatever the signs
    nozzle = (middle - x * scale / 2, middle + y * scale / 2)
    probe = (middle + x * scale / 2, middle - y * scale / 2)
    offsets = (
        f"x_offset {millimetres(x, digits=3, sign=True)}, y_offset {millimetres(y, digits=3, sign=True)}"
    )
    drawing = SvgDrawing(SIZE, SIZE, f"The probe relative to the nozzle: {offsets}")
    drawing.rect(6, 6, SIZE - 12, SIZE - 12, "bed", round=8)
    drawing.line(*nozzle, probe[0], nozzle[1], "measure")
    drawing.line(probe[0], nozzle[1], *probe, "measure")
    drawing.circle(*nozzle, 9, "tool")
    drawing.circle(*nozzle, 2.5, "plunger")
    drawing.circle(*probe, 9, "warm")
    below = 26.0 if y >= 0 else -16.0
    drawing.text(nozzle[0], nozzle[1] + below, "nozzle")
    drawing.text(probe[0], probe[1] - below + 10, "probe")
    drawing.text(22, 26, "↑ Y", anchor="start")
    drawing.text(SIZE - 22, SIZE - 16, "X →", anchor="end")
    lines = (
        f"x_offset  {millimetres(x, digits=3, sign=True)}",
        f"y_offset  {millimetres(y, digits=3, sign=True)}",
    )
    return ReportPlot(f"Top view, to scale: {offsets}.", drawing.render(), lines)
