"""A check's main number over its runs, with intervals; the selected run is marked."""

import itertools

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

from zcal_tui.model.estimate_text import value_text
from zcal_tui.results.text import moment
from zcal_tui.results.textplot import Mark, plot, scale_range
from zcal_tui.results.trend import TrendPoint
from zcal_tui.tui.glyphs import Glyphs, glyphs_of
from zcal_tui.tui.history_model import Trend, trend_limit

COLUMNS_EACH = 2
"""Columns that a run needs at least, so that two stay two."""
LEAST_ROWS = 4

QUIET = "$z-dim"
STYLES = {
    "●": "$text-primary",
    "◆": "bold $text-accent",
    "○": "$z-dim",
    "│": "$z-dim",
    "-": "$z-faint",
    "┤": "$z-faint",
}


def window(points: tuple[TrendPoint, ...], chosen: str, room: int) -> tuple[TrendPoint, ...]:
    """As many of the runs as there is room for: the newest, or those around the chosen one where it is older."""
    if len(points) <= room:
        return points
    last = len(points)
    for index, point in enumerate(points):
        if point.record.id == chosen and index < len(points) - room:
            last = min(len(points), index + room // 2 + 1)
    return points[max(0, last - room) : max(last, room)]


def trend_lines(trend: Trend, chosen: str, width: int, height: int) -> list[str]:
    """The plot as text; nothing where there is no room for one."""
    estimate = trend.points[-1].estimate
    show = value_text(estimate.name, estimate.unit)
    marks = _marks(trend.points, chosen)
    margin = max(len(show(end)) for end in scale_range(marks, trend_limit(estimate.name))) + 2
    room = width - margin
    if room < 2 * COLUMNS_EACH or height < LEAST_ROWS:
        return []
    shown = window(trend.points, chosen, room // COLUMNS_EACH)
    ends = [moment(shown[n].record.started) for n in (0, -1)]
    if ends[0][:10] != ends[1][:10]:
        ends = [end[:10] for end in ends]
    return plot(
        _marks(shown, chosen),
        show,
        width=room,
        height=height - 1,
        left=ends[0] if len(shown) > 1 else "",
        right=ends[1],
        limit=trend_limit(estimate.name),
    )


def _marks(points: tuple[TrendPoint, ...], chosen: str) -> list[Mark]:
    return [
        Mark(
            float(n),
            point.estimate.value or 0.0,
            point.estimate.low,
            point.estimate.high,
            faint=not point.comparable,
            chosen=point.record.id == chosen,
        )
        for n, point in enumerate(points)
    ]


def styled(line: str, signs: Glyphs) -> Content:
    """A line of the plot with a colour for each sign, in the signs of the terminal."""
    own = {"●": signs.point, "◆": signs.odd_point, "○": signs.left_out, "│": signs.upright}
    groups = itertools.groupby(line, key=lambda letter: QUIET if letter == " " else STYLES.get(letter, QUIET))
    return Content.assemble(
        *(("".join(own.get(letter, letter) for letter in letters), style) for style, letters in groups)
    )


class TrendPlot(Widget):
    """Drawn again only when it shows something else."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._trend: Trend | None = None
        self._chosen = ""

    def show(self, trend: Trend | None, chosen: str) -> None:
        """Show this trend, with the run of that id status out."""
        if trend is not self._trend or chosen != self._chosen:
            self._trend, self._chosen = trend, chosen
            self.refresh()

    def render(self) -> RenderResult:
        """The plot."""
        if self._trend is None:
            return Content("")
        size, signs = self.content_size, glyphs_of(self)
        *drawn, dates = trend_lines(self._trend, self._chosen, size.width, size.height) or [""]
        lines = [styled(line, signs) for line in drawn]
        return Content("\n").join([*lines, Content.styled(dates, QUIET)])
