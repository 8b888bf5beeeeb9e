"""What every widget draws, without characters that would control the terminal: the last step before it is written."""

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

from zcal_tui.model.outside_text import REPLACEMENT, is_harmless


class PlainFilter(LineFilter):
    """Removes what has no width and replaces the rest, so that no column moves."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same line of the same width, harmless."""
        if all(segment.control or segment.text.isprintable() for segment in segments):
            return segments
        return [
            segment if segment.control else Segment(_harmless(segment.text), segment.style)
            for segment in segments
        ]


def _harmless(text: str) -> str:
    if text.isprintable():
        return text
    return "".join(c if is_harmless(c) and c not in "\n\t" else _of_width(cell_len(c)) for c in text)


def _of_width(width: int) -> str:
    return REPLACEMENT.ljust(width) if width > 0 else ""
