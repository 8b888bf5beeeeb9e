"""Drawings as inline SVG. Shapes have class names only; the page's style sheet has the colours, light and dark."""

import math
from collections.abc import Sequence
from dataclasses import field
from html import escape

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.outside_text import printable


def number(value: float) -> str:
    """A coordinate, short."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("", "-0") else text


def clean(text: object) -> str:
    """Text for a page: escaped, without control characters."""
    return escape(printable(str(text)), quote=True)


@dataclass
class SvgDrawing:
    """A drawing of that size in its own units. `description` is for screen readers."""

    width: float
    height: float
    description: str
    parts: list[str] = field(default_factory=list)

    def line(self, x1: float, y1: float, x2: float, y2: float, style: str) -> None:
        """A straight line."""
        at = " ".join(f'{n}="{number(v)}"' for n, v in (("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2)))
        self.parts.append(f'<line {at} class="{style}"/>')

    def path(self, places: Sequence[tuple[float, float]], style: str) -> None:
        """A line through places."""
        if len(places) > 1:
            points = " ".join(f"{number(x)},{number(y)}" for x, y in places)
            self.parts.append(f'<polyline points="{points}" class="{style}"/>')

    def shape(self, places: Sequence[tuple[float, float]], style: str) -> None:
        """A filled area."""
        points = " ".join(f"{number(x)},{number(y)}" for x, y in places)
        self.parts.append(f'<polygon points="{points}" class="{style}"/>')

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        style: str,
        *,
        round: float = 0,
        strength: float = 1.0,
    ) -> None:
        """A rectangle; `strength` from 0 to 1 is the opacity of its fill."""
        more = f' rx="{number(round)}"' if round else ""
        more += f' fill-opacity="{number(strength)}"' if strength < 1.0 else ""
        at = f'x="{number(x)}" y="{number(y)}" width="{number(max(0.0, width))}" height="{number(max(0.0, height))}"'
        self.parts.append(f'<rect {at}{more} class="{style}"/>')

    def circle(
        self, x: float, y: float, radius: float, style: str, *, tooltip: str = "", strength: float = 1.0
    ) -> None:
        """A circle; the tooltip shows on hover."""
        more = f' fill-opacity="{number(strength)}"' if strength < 1.0 else ""
        at = f'cx="{number(x)}" cy="{number(y)}" r="{number(radius)}"'
        inside = f"<title>{clean(tooltip)}</title></circle>" if tooltip else ""
        self.parts.append(f'<circle {at}{more} class="{style}"' + (f">{inside}" if inside else "/>"))

    def text(self, x: float, y: float, text: object, style: str = "label", *, anchor: str = "middle") -> None:
        """A text at a position."""
        at = f'x="{number(x)}" y="{number(y)}"'
        self.parts.append(f'<text {at} text-anchor="{anchor}" class="{style}">{clean(text)}</text>')

    def render(self) -> str:
        """The drawing as markup."""
        size = f"0 0 {number(self.width)} {number(self.height)}"
        body = "".join(self.parts)
        return (
            f'<svg viewBox="{size}" role="img" aria-label="{clean(self.description)}" '
            f'style="max-width:{number(self.width)}px">{body}</svg>'
        )


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Round numbers from `low` to `high`, about as many as wanted."""
    if not high > low:
        return [low]
    rough = (high - low) / max(1, wanted)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough * 0.999)
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [n * step for n in range(first, last + 1)]


def tick_text(value: float, step: float) -> str:
    """A tick's number, with the decimals that the distance to the next tick needs."""
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step > 0 else 0
    return f"{value + 0.0:.{decimals}f}".replace("-", "−")


@dataclass(frozen=True)
class SvgAxes:
    """A plot's rectangle on a drawing, and the values at its edges."""

    left: float
    top: float
    width: float
    height: float
    x: tuple[float, float]
    y: tuple[float, float]

    def at(self, x: float, y: float) -> tuple[float, float]:
        """The position of a value on the drawing."""
        return self.at_x(x), self.at_y(y)

    def at_x(self, x: float) -> float:
        """Its column."""
        low, high = self.x
        return self.left + (x - low) / (high - low) * self.width

    def at_y(self, y: float) -> float:
        """Its row; up is more."""
        low, high = self.y
        return self.top + (high - y) / (high - low) * self.height

    def draw_y(
        self, on: SvgDrawing, unit: str, *, right: bool = False, style: str = "label", grid: bool = True
    ) -> None:
        """The scale at the side."""
        marks = ticks(*self.y)
        step = marks[1] - marks[0] if len(marks) > 1 else 1.0
        for value in marks:
            row = self.at_y(value)
            if grid:
                on.line(self.left, row, self.left + self.width, row, "grid")
            edge, anchor = (self.left + self.width + 6, "start") if right else (self.left - 6, "end")
            on.text(edge, row + 4, tick_text(value, step), style, anchor=anchor)
        edge = self.left + self.width if right else self.left
        on.text(edge, self.top - 8, unit, style, anchor="start" if right else "end")

    def draw_x(self, on: SvgDrawing, title: str, *, whole: bool = False) -> None:
        """The scale below."""
        marks = [v for v in ticks(*self.x, wanted=6) if not whole or abs(v - round(v)) < 1e-9]
        step = marks[1] - marks[0] if len(marks) > 1 else 1.0
        bottom = self.top + self.height
        on.line(self.left, bottom, self.left + self.width, bottom, "axis")
        for value in marks:
            on.line(self.at_x(value), bottom, self.at_x(value), bottom + 4, "axis")
            on.text(self.at_x(value), bottom + 17, tick_text(value, step))
        on.text(self.left + self.width / 2, bottom + 34, title)


def axis_range(values: Sequence[float], *, share: float = 0.08, least: float = 0.0) -> tuple[float, float]:
    """The ends of an axis for values: a little beyond them, and at least `least` apart."""
    low, high = min(values), max(values)
    missing = max(0.0, least - (high - low)) / 2
    low, high = low - missing, high + missing
    if high <= low:
        low, high = low - 0.5, high + 0.5
    edge = (high - low) * share
    return low - edge, high + edge
