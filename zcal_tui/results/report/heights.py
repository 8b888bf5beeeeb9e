"""A drawing of the automatic Z offset: three heights, and the offset calculated from them."""

from zcal_tui.model.record import Record
from zcal_tui.model.units import length, millimetres
from zcal_tui.results.report.plot import ReportPlot
from zcal_tui.results.report.series import known
from zcal_tui.results.report.svg import SvgDrawing

WIDTH, HEIGHT = 720.0, 330.0
TOP, BOTTOM = 60.0, 250.0
COLUMNS = (
    ("nozzle", "nozzle on the endstop", 130.0),
    ("switch", "switch body on the endstop", 360.0),
    ("bed", "probe on the bed", 590.0),
)
MIN_DISTANCE = 34.0
"""Smallest distance on the drawing between two heights, so that both can be read."""


def three_heights(record: Record) -> ReportPlot | None:
    """Nozzle on endstop, switch body on endstop, probe on bed; not to scale."""
    heights = {name: known(record.estimates.get(name)) for name, _, _ in COLUMNS}
    offset = known(record.estimates.get("offset"))
    found = {name: height for name, height in heights.items() if height is not None}
    if len(found) < len(COLUMNS) or offset is None:
        return None
    # The record has four of the formula's five terms; this is the fifth
    switch_offset = found["bed"] - offset - (found["switch"] - found["nozzle"])
    rows = _rows(found)
    formula = (
        f"offset = bed − (switch − nozzle + switch_offset) = {found['bed']:.3f} − ({found['switch']:.3f} − "
        f"{_bracketed(found['nozzle'])} + {_bracketed(switch_offset)}) = {offset:.3f} mm"
    ).replace("-", "−")
    drawing = SvgDrawing(WIDTH, HEIGHT, formula)
    drawing.line(40, BOTTOM + 14, WIDTH - 40, BOTTOM + 14, "axis")
    for name, title, x in COLUMNS:
        row = rows[name]
        drawing.line(x - 88, row, x + 88, row, "level")
        _tool(drawing, name, x, row)
        drawing.text(x, BOTTOM + 34, title, "label")
        drawing.text(x + 30, row - 10, millimetres(found[name], digits=3), "value", anchor="start")
    _step(
        drawing,
        (COLUMNS[0][2] + COLUMNS[1][2]) / 2,
        rows["nozzle"],
        rows["switch"],
        found["switch"] - found["nozzle"],
    )
    _step(
        drawing,
        (COLUMNS[1][2] + COLUMNS[2][2]) / 2,
        rows["switch"],
        rows["bed"],
        found["bed"] - found["switch"],
    )
    drawing.text(WIDTH / 2, HEIGHT - 14, formula, "formula")
    lines = (
        *(f"{title:<28} {found[name]:>9.4f} mm" for name, title, _ in COLUMNS),
        f"{'switch_offset':<28} {switch_offset:>9.4f} mm",
        f"{'offset':<28} {offset:>9.4f} mm",
        formula,
    )
    return ReportPlot(
        "The three heights (toolhead Z) and the resulting offset. Not to scale.", drawing.render(), lines
    )


def _bracketed(value: float) -> str:
    return f"({value:.3f})" if value < 0 else f"{value:.3f}"


def _rows(found: dict[str, float]) -> dict[str, float]:
    """The row of each height: in order, with distances to scale as far as they stay readable."""
    ordered = sorted(found, key=lambda name: found[name])
    low, high = found[ordered[0]], found[ordered[-1]]
    rows = {
        name: BOTTOM - 6 - (found[name] - low) / ((high - low) or 1.0) * (BOTTOM - 6 - TOP)
        for name in ordered
    }
    middle, top, bottom = ordered[1], rows[ordered[2]], rows[ordered[0]]
    rows[middle] = min(max(rows[middle], top + MIN_DISTANCE), bottom - MIN_DISTANCE)
    return rows


def _tool(drawing: SvgDrawing, name: str, x: float, row: float) -> None:
    """The part that makes contact: the nozzle, or a switch with its plunger."""
    if name == "nozzle":
        drawing.shape(
            [
                (x - 14, row - 26),
                (x + 14, row - 26),
                (x + 14, row - 16),
                (x + 3, row),
                (x - 3, row),
                (x - 14, row - 16),
            ],
            "tool",
        )
    else:
        drawing.rect(x - 16, row - 28, 32, 20, "tool", round=3)
        drawing.line(x, row - 8, x, row, "plunger")


def _step(drawing: SvgDrawing, x: float, first: float, second: float, value: float) -> None:
    """The distance between two heights."""
    drawing.line(x, first, x, second, "measure")
    for row in (first, second):
        drawing.line(x - 5, row, x + 5, row, "measure")
    text = length(value, sign=True) if abs(value) < 1 else millimetres(value, digits=3, sign=True)
    drawing.text(x + 8, (first + second) / 2 + 4, text, "label", anchor="start")
