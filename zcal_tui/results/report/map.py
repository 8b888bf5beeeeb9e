"""A map of estimates at places of the bed, to scale: `z_offset@30,40` and the like."""

import re
from collections.abc import Mapping

from zcal_tui.model.labels import label
from zcal_tui.model.record import Estimate, Record
from zcal_tui.model.units import UM_PER_MM, length, micrometres, millimetres
from zcal_tui.results.context import config_of
from zcal_tui.results.report.plot import ReportPlot
from zcal_tui.results.report.svg import SvgAxes, SvgDrawing, axis_range
from zcal_tui.results.textplot import bars

WIDTH, TALLEST = 560.0, 420.0
LEFT, RIGHT, TOP, BOTTOM = 56.0, 24.0, 26.0, 46.0
RADIUS = 25.0
OWN_ZERO = "backlash"
"""Values of these names are coloured by their size, others by their difference from the mean."""

_AT = re.compile(r"^(?P<name>[^@]+)@(?P<x>-?[\d.]+),(?P<y>-?[\d.]+)$")


def is_at_place(name: str) -> bool:
    """Whether an estimate belongs to a place on the bed and so is on the map."""
    return _AT.match(name) is not None


def at_places(record: Record) -> dict[tuple[float, float], Estimate]:
    """The record's estimates at places, by x and y; those of the most frequent name."""
    found: dict[str, dict[tuple[float, float], Estimate]] = {}
    for name, estimate in record.estimates.items():
        if (match := _AT.match(name)) and estimate.value is not None:
            try:
                place = float(match["x"]), float(match["y"])
            except ValueError:
                continue
            found.setdefault(match["name"], {})[place] = estimate
    return max(found.values(), key=len, default={})


def places(record: Record) -> ReportPlot | None:
    """The bed from above with a value at each place."""
    found = at_places(record)
    if len(found) < 2:
        return None
    name = next(iter(found.values())).name.partition("@")[0]
    own_zero = name.startswith(OWN_ZERO)
    middle = 0.0 if own_zero else sum(_of(e) for e in found.values()) / len(found)
    off = {place: _of(estimate) - middle for place, estimate in found.items()}
    drawing = _draw(record, found, off, f"{label(name)} at {len(found)} places of the bed")
    show = length if own_zero else _signed
    rows = [
        (f"X {x:g} Y {y:g}", value)
        for (x, y), value in sorted(off.items(), key=lambda item: (-item[0][1], item[0][0]))
    ]
    caption = f"Top view, to scale: {label(name)}, with 95 % intervals."
    if not own_zero:
        caption = (
            f"Top view, to scale: {label(name)} minus the mean, {millimetres(middle)}, with 95 % intervals."
        )
    return ReportPlot(caption, drawing, tuple(bars(rows, show)))


def _of(estimate: Estimate) -> float:
    return estimate.value if estimate.value is not None else 0.0


def _signed(mm: float) -> str:
    return micrometres(mm, sign=True)


def _draw(
    record: Record,
    found: Mapping[tuple[float, float], Estimate],
    off: Mapping[tuple[float, float], float],
    description: str,
) -> str:
    mesh, radius = _mesh(record), _round_bed(record)
    edges = [(-radius, -radius), (radius, radius)] if radius is not None else mesh
    xs, ys = ([place[n] for place in (*found, *edges)] for n in (0, 1))
    x, y = axis_range(xs, share=0.12, least=20.0), axis_range(ys, share=0.12, least=20.0)
    scale = min((WIDTH - LEFT - RIGHT) / (x[1] - x[0]), (TALLEST - TOP - BOTTOM) / (y[1] - y[0]))
    # A row of places would make a strip too thin for its numbers
    tall = max(2 * RADIUS + 40, scale * (y[1] - y[0]))
    y_middle, y_span = (y[0] + y[1]) / 2, tall / scale
    y = (y_middle - y_span / 2, y_middle + y_span / 2)
    wide = scale * (x[1] - x[0])
    drawing = SvgDrawing(LEFT + wide + RIGHT, TOP + tall + BOTTOM, description)
    axes = SvgAxes(LEFT, TOP, wide, tall, x, y)
    if radius is not None:
        drawing.circle(*axes.at(0.0, 0.0), radius * scale, "bed")
    else:
        drawing.rect(LEFT, TOP, wide, tall, "bed", round=8)
    if mesh:
        (x1, y1), (x2, y2) = mesh
        left, top = axes.at(x1, y2)
        drawing.rect(left, top, axes.at_x(x2) - left, axes.at_y(y1) - top, "mesh", round=4)
    axes.draw_y(drawing, "Y mm")
    axes.draw_x(drawing, "X mm")
    most = max((abs(value) for value in off.values()), default=0.0) or 1.0
    own_zero = min(off.values()) >= 0.0
    for place, estimate in found.items():
        column, row = axes.at(*place)
        value = off[place]
        style = "warm" if value >= 0 else "cold"
        drawing.circle(column, row, RADIUS, "under")
        drawing.circle(
            column,
            row,
            RADIUS,
            style,
            tooltip=_tooltip(place, estimate),
            strength=0.12 + 0.6 * abs(value) / most,
        )
        um = value * UM_PER_MM
        text = f"{um:.0f}" if own_zero or round(um) == 0 else f"{um:+.0f}".replace("-", "−")
        half = _half(estimate)
        drawing.text(column, row + (1 if half is not None else 5), text, "value")
        if half is not None:
            digits = 1 if half * UM_PER_MM < 2 else 0
            drawing.text(column, row + 14, f"±{half * UM_PER_MM:.{digits}f}", "small")
    drawing.text(LEFT + wide, TOP - 8, "µm", anchor="end")
    return drawing.render()


def _half(estimate: Estimate) -> float | None:
    if estimate.low is None or estimate.high is None:
        return None
    return (estimate.high - estimate.low) / 2


def _tooltip(place: tuple[float, float], estimate: Estimate) -> str:
    return f"X {place[0]:g} Y {place[1]:g}: {millimetres(_of(estimate))}"


def _mesh(record: Record) -> list[tuple[float, float]]:
    """The corners of the bed mesh, if the record has them."""
    section = (config_of(record.context) or {}).get("bed_mesh", {})
    corners = [_pair(section.get(name)) for name in ("mesh_min", "mesh_max")]
    return [corner for corner in corners if corner is not None] if None not in corners else []


def _round_bed(record: Record) -> float | None:
    """A delta's print radius, around X 0 Y 0; None for a bed with corners."""
    printer = (config_of(record.context) or {}).get("printer", {})
    radius = printer.get("print_radius") or printer.get("delta_radius")
    return float(radius) if isinstance(radius, int | float) and 1.0 <= radius <= 2000.0 else None


def _pair(value: object) -> tuple[float, float] | None:
    if isinstance(value, str):
        value = value.split(",")
    try:
        x, y = (float(part) for part in value)  # type: ignore[attr-defined]
    except (TypeError, ValueError):
        return None
    return x, y
