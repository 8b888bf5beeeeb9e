"""Values over the bed, to scale: each written where it was measured, in a frame for the edge of the bed."""

import math

from textual.app import RenderResult
from textual.content import Content
from textual.widget import Widget

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.state import PrinterState
from zcal_tui.tui.glyphs import UNICODE, Glyphs, glyphs_of
from zcal_tui.tui.presenters.plots import BedMap, Spot

CELL = 2.0
"""A cell is about twice as high as wide."""
STRONG = 0.6
"""From this share of the largest deviation on a value has a strong colour."""
LEAST = (24, 7)
NO_ROOM = "· no room for the number"
NUMBERS = "0123456789+−."
"""What the numbers on the map are made of."""


@dataclass(frozen=True, slots=True)
class Bed:
    """Where the nozzle can go over the bed, mm; `round` on a delta."""

    low: tuple[float, float] = (0.0, 0.0)
    high: tuple[float, float] = (200.0, 200.0)
    round: bool = False


def bed_of(printer: PrinterState) -> Bed | None:
    """The bed as the axes reach it; None where the printer does not report it."""
    low, high = printer.axis_minimum, printer.axis_maximum
    if low is None or high is None:
        return None
    kinematics = str(printer.settings.get("printer", {}).get("kinematics", ""))
    return Bed(low[:2], high[:2], kinematics in ("delta", "rotary_delta", "polar"))


def around(spots: tuple[Spot, ...]) -> Bed:
    """A bed that holds the spots, where the printer does not report its own."""
    xs, ys = [s.x for s in spots] or [0.0], [s.y for s in spots] or [0.0]
    margin = max(max(xs) - min(xs), max(ys) - min(ys), 10.0) * 0.2
    return Bed((min(xs) - margin, min(ys) - margin), (max(xs) + margin, max(ys) + margin))


def tone(spot: Spot) -> str:
    """The colour of a value: larger and smaller than usual; the sign before it says the same."""
    if abs(spot.size) < 0.2:
        return ""
    return "$text-warning" if spot.size > 0 else "$text-primary"


class Canvas:
    """Cells with styles."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._cells = [[(" ", "")] * width for _ in range(height)]

    def put(self, x: int, y: int, text: str, style: str) -> None:
        """Write a text that begins at a cell; what does not fit is moved inwards."""
        if not 0 <= y < self.height:
            return
        x = min(max(0, x), max(0, self.width - len(text)))
        for n, letter in enumerate(text[: self.width - x]):
            self._cells[y][x + n] = (letter, style)

    def free(self, x: int, y: int, length: int) -> bool:
        """Whether nothing is written there."""
        if not (0 <= y < self.height and x >= 0 and x + length <= self.width):
            return False
        return all(letter in " ·" for letter, _ in self._cells[y][x : x + length])

    def apart(self, x: int, y: int, length: int) -> bool:
        """Whether a text fits there with a gap to others; the frame may be beside it."""
        beside = [self._cells[y][n][0] for n in (x - 1, x + length) if 0 <= n < self.width]
        return self.free(x, y, length) and not any(letter in NUMBERS for letter in beside)

    def content(self) -> Content:
        """The lines, runs of one style together."""
        lines = []
        for row in self._cells:
            parts: list[tuple[str, str]] = []
            for letter, style in row:
                if parts and parts[-1][1] == style:
                    parts[-1] = (parts[-1][0] + letter, style)
                else:
                    parts.append((letter, style))
            lines.append(Content.assemble(*parts))
        return Content("\n").join(lines)


def bed_map_content(
    bed_map: BedMap, bed: Bed | None, width: int, height: int, glyphs: Glyphs = UNICODE
) -> Content:
    """The map, its edges, the ends of X, and the legend under it; +X to the right, +Y to the back, upwards. Where not
    all numbers fit, the smallest are dots."""
    if width < LEAST[0] or height < LEAST[1]:
        return Content("")
    bed = bed or around(bed_map.spots)
    rows = height - 2  # the axis' numbers and the legend
    span = bed.high[0] - bed.low[0], bed.high[1] - bed.low[1]
    scale = min((width - 1) / span[0], (rows - 1) * CELL / span[1])
    w, h = max(8, round(span[0] * scale)), max(4, round(span[1] * scale / CELL))
    w, h = min(w, width - 1), min(h, rows - 1)
    left = (width - 1 - w) // 2
    canvas = Canvas(width, rows)
    _frame(canvas, left, w, h, bed.round)

    def cell(spot: Spot) -> tuple[int, int]:
        x = left + (spot.x - bed.low[0]) / span[0] * w
        y = h - (spot.y - bed.low[1]) / span[1] * h
        return round(x), round(y)

    crowded = False
    for spot in sorted(bed_map.spots, key=lambda spot: -abs(spot.size)):
        x, y = cell(spot)
        style = f"bold {tone(spot)}".strip()
        inside = max(left + 1, min(x - len(spot.text) // 2, left + w - len(spot.text)))
        row = min(max(1, y), h - 1) if h > 2 else y
        if canvas.apart(inside, row, len(spot.text)):
            canvas.put(inside, row, spot.text, style)
        elif canvas.free(x, row, 1):
            canvas.put(x, row, "·", style)
            crowded = True
    for spot in bed_map.spots:
        x, y = cell(spot)
        y = min(max(1, y), h - 1)
        start = max(left + 1, min(x - len(spot.note) // 2, left + w - len(spot.note)))
        for row in (y + 1, y - 1):
            if spot.note and 0 < row < h and canvas.free(start, row, len(spot.note)):
                canvas.put(start, row, spot.note, "$z-dim")
                break
    _sides(canvas, left, w, h)
    ends = f"X {bed.low[0]:g} left", f"right {bed.high[0]:g} mm"
    if len(" ".join(ends)) > w + 1:
        ends = f"X {bed.low[0]:g}", f"{bed.high[0]:g} mm"
        middle = canvas.height // 2
        canvas.put(left - len("left "), middle, "left", "$z-dim")
        canvas.put(left + w + 2, middle, "right", "$z-dim")
    axis = " " * left + ends[0] + ends[1].rjust(max(1, w + 1 - len(ends[0])))
    drawn = canvas.content() + "\n" + Content.styled(axis[:width], "$z-dim")
    legend = f"{bed_map.legend}  {NO_ROOM}" if crowded else bed_map.legend
    return drawn + "\n" + Content.styled(legend, "$z-dim").truncate(width, ellipsis=True)


def _sides(canvas: Canvas, left: int, w: int, h: int) -> None:
    """Which edge is which: on the edge itself."""
    for y, word in ((0, " back "), (h, " front ")):
        canvas.put(left + (w - len(word)) // 2 + 1, y, word, "$z-dim")


def _frame(canvas: Canvas, left: int, w: int, h: int, round_bed: bool) -> None:
    """The bed's edge: a box, or a ring of dots for a round one."""
    style = "$z-faint"
    if round_bed:
        steps = 6 * (w + h)
        for n in range(steps):
            angle = 2 * math.pi * n / steps
            x = left + w / 2 + w / 2 * math.cos(angle)
            canvas.put(round(x), round(h / 2 + h / 2 * math.sin(angle)), "·", style)
        return
    canvas.put(left, 0, "╭" + "─" * (w - 1) + "╮", style)
    for y in range(1, h):
        canvas.put(left, y, "│", style)
        canvas.put(left + w, y, "│", style)
    canvas.put(left, h, "╰" + "─" * (w - 1) + "╯", style)


class BedMapView(Widget):
    """The map, as large as there is room."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._bed_map: BedMap | None = None
        self._bed: Bed | None = None

    def show(self, bed_map: BedMap, bed: Bed | None) -> None:
        """Show this, if it is not what is shown already."""
        if bed_map != self._bed_map or bed != self._bed:
            self._bed_map, self._bed = bed_map, bed
            self.refresh()

    def render(self) -> RenderResult:
        """The map."""
        if self._bed_map is None:
            return Content("")
        size = self.content_size
        return bed_map_content(self._bed_map, self._bed, size.width, size.height, glyphs_of(self))
