"""The contrast of what a screen shows, from the cells it renders (WCAG 2.1, contrast ratio)."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.color import Color, ColorType
from rich.style import Style
from textual.app import App

LEAST = 4.5
"""The ratio that text must have (WCAG 2.1, 1.4.3)."""


def _channel(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4


def luminance(colour: tuple[int, int, int]) -> float:
    """The relative luminance."""
    red, green, blue = (_channel(value) for value in colour)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    """The contrast ratio of two colours, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


Rgb = tuple[int, int, int]
VGA: tuple[Rgb, ...] = (
    *(
        (0, 0, 0),
        (170, 0, 0),
        (0, 170, 0),
        (170, 85, 0),
        (0, 0, 170),
        (170, 0, 170),
        (0, 170, 170),
        (170, 170, 170),
    ),
    *(
        (85, 85, 85),
        (255, 85, 85),
        (85, 255, 85),
        (255, 255, 85),
        (85, 85, 255),
        (255, 85, 255),
        (85, 255, 255),
    ),
    (255, 255, 255),
)
"""The sixteen colours of the Linux console."""
XTERM: tuple[Rgb, ...] = (
    *(
        (0, 0, 0),
        (205, 0, 0),
        (0, 205, 0),
        (205, 205, 0),
        (0, 0, 238),
        (205, 0, 205),
        (0, 205, 205),
        (229, 229, 229),
    ),
    *((127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0), (92, 92, 255), (255, 0, 255), (0, 255, 255)),
    (255, 255, 255),
)
"""Those of xterm."""


@dataclass(frozen=True)
class Terminal:
    """The colours of a terminal: its sixteen, and those that text and ground have by default."""

    palette: tuple[Rgb, ...]
    front: Rgb
    back: Rgb


TERMINALS = {
    "ansi-dark": (Terminal(VGA, VGA[7], VGA[0]), Terminal(XTERM, XTERM[7], XTERM[0])),
    "ansi-light": (Terminal(VGA, VGA[0], VGA[15]), Terminal(XTERM, XTERM[0], XTERM[15])),
}
"""Those on which each theme of the terminal's own colours is read."""
BLUE = (4, 12)
"""The numbers of blue, which nobody can read on black."""


def _rgb(colour: Color | None, terminal: Terminal | None, default: Rgb | None) -> Rgb | None:
    """The colour; None where only the terminal knows it."""
    if colour is None or colour.type is ColorType.DEFAULT:
        return default
    if colour.type is ColorType.STANDARD and terminal is not None and colour.number is not None:
        return terminal.palette[colour.number]
    if colour.type is not ColorType.TRUECOLOR or colour.triplet is None:
        return None
    return colour.triplet.red, colour.triplet.green, colour.triplet.blue


def is_text(word: str) -> bool:
    """Whether a word is read: frames, bars and plots are no text."""
    return any(character.isalnum() for character in word)


def blue_text(app: App[int]) -> Iterator[str]:
    """Every text on the screen in the terminal's blue."""
    for y, text, style in _texts(app):
        colour = style.bgcolor if style.reverse else style.color
        if colour is not None and colour.type is ColorType.STANDARD and colour.number in BLUE:
            yield f"row {y}: {text!r}"


def low_contrast(app: App[int]) -> Iterator[str]:
    """Every text on the screen whose contrast is below LEAST, with its colours."""
    for terminal in TERMINALS.get(app.theme, (None,)):
        yield from _low_contrast(app, terminal)


def _low_contrast(app: App[int], terminal: Terminal | None) -> Iterator[str]:
    own = (None, None) if terminal is None else (terminal.front, terminal.back)
    for y, text, style in _texts(app):
        front, back = _rgb(style.color, terminal, own[0]), _rgb(style.bgcolor, terminal, own[1])
        if style.reverse:
            front, back = back, front
        if front is None or back is None:
            continue
        if style.dim:
            yield f"row {y}: {text!r} is dimmed by the terminal"
        found = ratio(front, back)
        if found < LEAST:
            yield f"row {y}: {text!r} {found:.2f} ({style.color} on {style.bgcolor})"


def _texts(app: App[int]) -> Iterator[tuple[int, str, Style]]:
    """Every text on the screen, with its row and style."""
    box = app.screen.query_one("#box").region if app.screen.is_modal else app.screen.region
    for y, strip in enumerate(app.screen._compositor.render_strips(app.size)):
        x = 0
        for segment in strip:
            start, x = x, x + len(segment.text)
            if not (box.y <= y < box.bottom and box.x <= start < box.right):
                continue  # what a box covers is not read
            style = segment.style
            if style is None or not is_text(segment.text):
                continue
            yield y, segment.text.strip(), style
