"""Numbers as aligned lines, and one number on a scale with its limit."""

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

from zcal_tui.tui.glyphs import glyphs_of
from zcal_tui.tui.presenters.presenter import Figure, Gauge
from zcal_tui.tui.widgets.text import TONES, Plain

LABEL_WIDTH = 14
"""The least columns for the labels; more where they are longer and there is room."""


def label_width(figures: tuple[Figure, ...], room: int) -> int:
    """How many columns the labels get: what they need, less what the values do."""
    wide = max((len(f.value) for f in figures), default=0)
    need = max((len(f.label) + 1 for f in figures), default=0)
    return max(LABEL_WIDTH, min(need, room - wide)) if room else max(LABEL_WIDTH, need)


def figure_lines(figures: tuple[Figure, ...], room: int = 0, *, notes: bool = True) -> Content:
    """Label, value and note of each figure, aligned in `room` columns."""
    wide = max((len(f.value) for f in figures), default=0)
    labels = label_width(figures, room)
    lines = []
    for figure in figures:
        label = figure.label if len(figure.label) < labels else f"{figure.label[: labels - 2]}… "
        line = Content.assemble(
            (f"{label:<{labels}}", "$z-dim"),
            (figure.value, f"bold {TONES[figure.tone]}".strip()),
        )
        if notes and figure.note:
            line += Content.assemble((" " * (wide - len(figure.value) + 1) + figure.note, "$z-dim"))
        lines.append(line)
    return Content("\n").join(lines)


class Figures(Plain):
    """The lines of numbers; notes only where they fit."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._figures: tuple[Figure, ...] = ()

    def show(self, figures: tuple[Figure, ...]) -> None:
        """Show these, if they are not what is shown already."""
        self._figures = figures
        wide = max((len(f.value) for f in figures), default=0)
        notes = max((len(f.note) for f in figures), default=0)
        room = self.content_size.width or 200
        labels = label_width(figures, room)
        self.set_text(figure_lines(figures, room, notes=labels + wide + notes + 1 <= room))

    def on_resize(self) -> None:
        """Notes may fit now, or no longer."""
        self.show(self._figures)


class LimitGauge(Widget):
    """A bar from 0 past the limit: the value filled, its interval thin, the limit marked."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._gauge: Gauge | None = None

    def show(self, gauge: Gauge | None) -> None:
        """Show this one, if it is not what is shown already."""
        if gauge != self._gauge:
            self._gauge = gauge
            self.refresh()

    def render(self) -> RenderResult:
        """The bar, and under it 0, what it measures and the limit."""
        if self._gauge is None:
            return Content("")
        return gauge_content(self._gauge, self.content_size.width, *self._signs())

    def _signs(self) -> tuple[str, str, str]:
        signs = glyphs_of(self)
        return signs.bar, signs.bar_rest, signs.limit


def gauge_content(gauge: Gauge, width: int, bar: str = "━", rest: str = "─", mark: str = "┃") -> Content:
    """The two lines of a gauge, `width` cells wide. The scale ends a quarter past the limit, or past the number."""
    if width < 8:
        return Content("")
    top = max(gauge.limit * 1.25, (gauge.high or gauge.value or 0.0) * 1.05)
    if top > gauge.limit * 4:
        top = max(gauge.limit * 4, (gauge.value or 0.0) * 1.05)

    def cell(value: float) -> int:
        return min(width - 1, max(0, round(value / top * (width - 1))))

    limit = cell(gauge.limit)
    value = cell(gauge.value) if gauge.value is not None else -1
    high = cell(gauge.high) if gauge.high is not None else value
    over = gauge.value is not None and gauge.value > gauge.limit
    filled = "$text-error" if over else "$text-success"
    parts: list[tuple[str, str]] = []
    for x in range(width):
        if x == limit:
            parts.append((mark, "bold $text-warning"))
        elif x <= value:
            parts.append((bar, filled))
        elif x <= high:
            parts.append((bar, "$z-dim"))
        else:
            parts.append((rest, "$z-faint"))
    caption = f"{gauge.limit:g} {gauge.unit} limit"
    start = min(max(1, limit - len(f"{gauge.limit:g}") + 1), width - len(caption))
    if start < 2:
        return Content.assemble(*parts)
    name = next((text for text in (f"0 {gauge.name}".rstrip(), gauge.name, "0") if len(text) < start), "0")
    return Content.assemble(*parts, "\n", (name.ljust(start) + caption, "$z-dim"))
