"""Samples as a plot. textual-plot, and numpy with it, are imported when the first plot is shown."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from textual.containers import Container
from textual.content import Content
from textual.geometry import Size

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.units import UM_PER_MM
from zcal_tui.required_packages import missing_package
from zcal_tui.tui.glyphs import Glyphs, glyphs_of
from zcal_tui.tui.presenters.plots import Curve, Dots, PlotPoint, Trace, outlying, um_text
from zcal_tui.tui.theme import rich_colour
from zcal_tui.tui.widgets.text import Plain

if TYPE_CHECKING:
    from textual_plot import PlotWidget

SMALLEST = (16, 6)
"""Below this many columns and rows nothing can be read off a plot."""

LEFT_MARGIN = 6
MOST_NAMED = 3
"""Points outside the plot that its caption names."""

POINT = {False: "primary", True: "foreground"}
"""The colour of the points; on a console, where the line is of full half cells, the one that contrasts with it."""

NICE = (2, 4, 6, 10, 20, 30, 40, 60, 100, 150, 200, 300, 400, 600, 1000, 2000, 4000, 6000)
"""Round numbers whose halves are round too: the ticks are at both."""

SPANS = (10, 15, 20, 30, 50, 75, 100, 150, 200)
"""How many samples the x axis has room for; it grows with the run."""


@dataclass(frozen=True, slots=True)
class PlotAxes:
    """From where to where, in x and in y, and where the ticks of y are."""

    across: tuple[float, float]
    up: tuple[float, float]
    y_ticks: tuple[float, ...]


def symmetric_limit(points: tuple[PlotPoint, ...]) -> float:
    """Half the height of the y axis: a round number that holds every point with room to spare."""
    far = max((abs(p.y) for p in points), default=0.0) * 1.1
    return next((float(nice) for nice in NICE if nice >= far), far)


def span(count: int, most: int) -> float:
    """How far the x axis reaches: far enough for the samples, at first no farther than needed."""
    room = next((nice for nice in SPANS if nice >= count), count)
    return float(max(2, count, min(room, most) if most else room))


def nice_step(span: float, parts: int = 5) -> float:
    """A step of 1, 2 or 5 times a power of ten that divides the span into about so many parts."""
    rough = max(span, 1e-9) / parts
    power = 10.0 ** math.floor(math.log10(rough))
    return next(power * nice for nice in (1.0, 2.0, 5.0, 10.0) if power * nice >= rough * 0.999)


def axes_of(series: Dots | Curve, most: int) -> PlotAxes:
    """The axes that hold a series: around zero for dots, from the least to the most for a curve."""
    points, far = series.points, outlying(series.points)
    near = tuple(p for n, p in enumerate(points) if n not in far)
    if isinstance(series, Dots):
        limit = symmetric_limit(near)
        around = (-limit, -limit / 2, 0.0, limit / 2, limit)
        return PlotAxes((0.5, span(len(points), most) + 0.5), (-limit, limit), around)
    xs, ys = [p.x for p in points] or [0.0], [*(p.y for p in near), 0.0]
    step = nice_step(max(max(ys) - min(ys), 10.0))
    low, high = math.floor(min(ys) / step), math.ceil(max(ys) / step)
    margin = max(max(xs) - min(xs), 1.0) * 0.04
    ticks = tuple(step * n for n in range(low, high + 1))
    return PlotAxes((min(xs) - margin, max(xs) + margin), (step * (low - 0.4), step * (high + 0.4)), ticks)


def beyond(points: Sequence[PlotPoint], axes: PlotAxes) -> tuple[PlotPoint, ...]:
    """The points that are outside the axes: drawn at their edge, and named."""
    low, high = axes.up
    return tuple(p for p in points if not low <= p.y <= high)


def trace_range(traces: Sequence[Trace]) -> tuple[float, float]:
    """The least and the largest value of the traces, which share a scale."""
    values = [point.y for trace in traces for point in trace.points]
    low, high = min(values, default=0.0), max(values, default=1.0)
    return (low, high) if high > low else (low, low + 1.0)


def caption_of(series: Dots | Curve, axes: PlotAxes, glyphs: Glyphs) -> Content:
    """What is along x; below it what the letters, the lines and the arrows are."""
    lines = [Content.styled(series.across, "$z-dim")]
    keys = []
    if isinstance(series, Curve) and series.traces:
        low, high = trace_range(series.traces)
        letters = ", ".join(f"{trace.letter} {trace.name}" for trace in series.traces)
        keys.append(f"{letters}: {low:.0f} to {high:.0f} {series.trace_unit} upwards")
    if isinstance(series, Curve) and series.marks:
        begun = ", ".join(f"{mark.x:.0f}: {mark.text}" for mark in series.marks)
        keys.append(f"{glyphs.upright} {begun}")
    if outside := beyond(series.points, axes):
        named = ", ".join(
            f"{um_text(p.y / UM_PER_MM, sign=True)} µm at {p.x:.3g}" for p in outside[:MOST_NAMED]
        )
        more = f", and {len(outside) - MOST_NAMED} more" if len(outside) > MOST_NAMED else ""
        keys.append(f"{glyphs.up_arrow}{glyphs.down} outside the plot: {named}{more}")
    lines += [Content.styled(text, "$z-dim") for text in keys]
    return Content("\n").join(lines)


def cell_centre(
    x: float, y: float, across: tuple[float, float], up: tuple[float, float], size: Size
) -> tuple[float, float]:
    """The middle of the cell that textual-plot puts a marker at x, y in, so that the fine line meets the markers.

    `across` and `up` are the limits of the axes, `size` that of the canvas, whose outermost cells are the frame.
    """
    columns, rows = max(1, size.width - 2), max(1, size.height - 2)
    column = math.floor(1 + (x - across[0]) * columns / (across[1] - across[0]))
    row = math.ceil(rows + (y - up[0]) * -rows / (up[1] - up[0]))
    return (
        across[0] + (column - 0.5) / columns * (across[1] - across[0]),
        up[0] + (rows + 0.5 - row) / rows * (up[1] - up[0]),
    )


class SamplePlot(Container):
    """Dots or a curve. Redrawn only when they change."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._series: Dots | Curve = Dots("", ())
        self._most = 0
        self._plot: PlotWidget | None = None
        self._caption = Plain(classes="caption")

    def on_mount(self) -> None:
        """Follow the theme: the plot is drawn in its colours."""
        self.app.theme_changed_signal.subscribe(self, lambda _theme: self._draw())

    async def on_resize(self) -> None:
        """Hide what would be too small to read; draw the rest, again or for the first time."""
        if self._plot is None and self._readable:
            await self._make()
        if self._plot is not None:
            self._plot.display = self._caption.display = self._readable
            self.call_after_refresh(self._draw)

    async def _make(self) -> None:
        try:
            from textual_plot import PlotWidget  # numpy comes with it

            from zcal_tui.tui.widgets.ticks import MinusFormatter
        except ImportError as error:
            if (missing := missing_package(error)) is None:
                raise
            if not self._caption.is_attached:
                await self.mount(self._caption)
            self._caption.set_text(str(missing))
            return

        plot = PlotWidget(allow_pan_and_zoom=False)
        plot.set_x_formatter(MinusFormatter())
        plot.set_y_formatter(MinusFormatter())
        plot.can_focus = False
        await self.mount(plot, self._caption)
        plot.margin_top = 0
        plot.margin_bottom = 1
        plot.margin_left = LEFT_MARGIN
        self._plot = plot

    def show(self, series: Dots | Curve, most: int) -> None:
        """Draw this, if it is not what is drawn already. `most` is how many dots there may be in the end."""
        if series != self._series or most != self._most:
            self._series, self._most = series, most
            self._draw()

    @property
    def _readable(self) -> bool:
        return self.size.width >= SMALLEST[0] and self.size.height >= SMALLEST[1]

    def _draw(self) -> None:
        plot = self._plot
        if plot is None or not self._readable:
            return
        self._caption.set_text(caption_of(self._series, axes_of(self._series, self._most), glyphs_of(self)))
        from textual_plot import HiResMode

        canvas = plot.query("#plot")
        if not canvas or not (size := canvas.first().size):
            return  # taken down meanwhile, or not laid out yet: then drawn on the resize that follows

        signs = glyphs_of(self)
        colours = self.app.theme_variables
        axes = axes_of(self._series, self._most)
        (left, right), points = axes.across, self._series.points
        plot.clear()
        plot.set_xlimits(left, right)
        plot.set_ylimits(*axes.up)
        plot.set_yticks(list(axes.y_ticks))
        if isinstance(self._series, Curve):
            self._draw_traces(self._series, axes)

        columns = self.size.width - LEFT_MARGIN
        zero = [left + (right - left) * i / columns for i in range(columns)]
        plot.scatter(
            zero, [0.0] * columns, "╌" if not signs.console else "-", rich_colour(colours, "z-faint")
        )
        far = outlying(points)
        points = tuple(replace(p, odd=p.odd or n in far) for n, p in enumerate(points))
        outside = beyond(points, axes)
        points = tuple(p for p in points if p not in outside)
        counted = [p for p in points if not p.left_out]
        line = [cell_centre(p.x, p.y, axes.across, axes.up, size) for p in counted]
        fine = HiResMode.HALFBLOCK if signs.console else HiResMode.BRAILLE
        quiet = rich_colour(colours, "z-faint" if signs.console else "z-dim")
        plot.plot([x for x, _ in line], [y for _, y in line], quiet, fine)
        groups = (
            (
                [p for p in counted if not p.odd],
                signs.point,
                rich_colour(colours, POINT[signs.console]),
            ),
            ([p for p in counted if p.odd], signs.odd_point, rich_colour(colours, "warning")),
            ([p for p in points if p.left_out], signs.left_out, rich_colour(colours, "z-dim")),
        )
        for members, marker, style in groups:
            plot.scatter([p.x for p in members], [p.y for p in members], marker, style)
        bottom, top = axes.up
        edge = (top - bottom) / max(1, size.height - 2) / 2
        for p in outside:
            up = p.y > top
            marker = signs.up_arrow if up else signs.down
            plot.scatter(
                [p.x], [top - edge if up else bottom + edge], marker, rich_colour(colours, "warning")
            )

    def _draw_traces(self, curve: Curve, axes: PlotAxes) -> None:
        """The other quantities as letters, and lines where something began."""
        assert self._plot is not None
        colours = self.app.theme_variables
        low, high = trace_range(curve.traces)
        bottom, top = axes.up
        for trace in curve.traces:
            ys = [bottom + (p.y - low) / (high - low) * (top - bottom) * 0.96 for p in trace.points]
            self._plot.scatter([p.x for p in trace.points], ys, trace.letter, rich_colour(colours, "z-dim"))
        for mark in curve.marks:
            self._plot.add_v_line(mark.x, rich_colour(colours, "z-faint"))
