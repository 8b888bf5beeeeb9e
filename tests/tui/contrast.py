"""The contrast of what a screen shows, from the cells it renders (WCAG 2.1, contrast ratio)."""

from collections.abc import Iterator

from rich.color import Color, ColorType
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


def _rgb(colour: Color | None) -> tuple[int, int, int] | None:
    """The colour; None for the terminal's own, which nobody knows."""
    if colour is None or colour.type is not ColorType.TRUECOLOR or colour.triplet is None:
        return None
    return colour.triplet.red, colour.triplet.green, colour.triplet.blue


def is_text(word: str) -> bool:
    """Whether a word is read: frames, bars and plots are no text."""
    return any(character.isalnum() for character in word)


def low_contrast(app: App[int]) -> Iterator[str]:
    """Every text on the screen whose contrast is below LEAST, with its colours."""
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
            front, back = _rgb(style.color), _rgb(style.bgcolor)
            if style.reverse:
                front, back = back, front
            if front is None or back is None:
                continue
            found = ratio(front, back)
            if found < LEAST:
                yield f"row {y}: {segment.text.strip()!r} {found:.2f} ({style.color} on {style.bgcolor})"
