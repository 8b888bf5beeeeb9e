"""The characters of the Linux console's font (code page 437), and the nearest of them for those it lacks."""

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

CODE_PAGE = frozenset(bytes(range(0x20, 0x7F)).decode() + bytes(range(0x80, 0x100)).decode("cp437"))
SYMBOLS = frozenset("☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼⌂")
"""What the font shows besides: the control codes' places."""
UNKNOWN = "?"

NEAREST = str.maketrans(
    {
        **dict.fromkeys("╭┏┍┎", "┌"),
        **dict.fromkeys("╮┓┑┒", "┐"),
        **dict.fromkeys("╰┗┕┖", "└"),
        **dict.fromkeys("╯┛┙┚", "┘"),
        **dict.fromkeys("━╌╍┄┅┈┉╴╶╸╺╼╾⎯", "─"),
        **dict.fromkeys("┃╎╏┆┇┊┋╵╷╹╻╽╿❘", "│"),
        **dict.fromkeys("┣┝┠┡┢", "├"),
        **dict.fromkeys("┫┥┨┩┪", "┤"),
        **dict.fromkeys("┳┯┰┱┲", "┬"),
        **dict.fromkeys("┻┷┸┹┺", "┴"),
        **dict.fromkeys("╋┿╂╀╁╃╄╅╆╇╈╉╊", "┼"),
        **dict.fromkeys("▁▂▃▖▗", "▄"),
        **dict.fromkeys("▅▆▇▉▊▋▙▛▜▟", "█"),
        **dict.fromkeys("▔▘▝", "▀"),
        **dict.fromkeys("▍▎▏▌", "▌"),
        **dict.fromkeys("▕▐", "▐"),
        **dict.fromkeys("−–—‐‑‒⁃", "-"),
        **dict.fromkeys("‘’‚′`", "'"),
        **dict.fromkeys("“”„″", '"'),
        **dict.fromkeys("●◆◉⬤", "■"),
        **dict.fromkeys("◇◈", "♦"),
        **dict.fromkeys("◌◯", "○"),
        "…": "~",
        "⏎": "◄",
        "✓": "√",
        "✔": "√",
        "✗": "x",
        "✕": "x",
        "×": "x",
        "▶": "►",
        "◀": "◄",
        "▽": "▼",
        "△": "▲",
        "↻": "~",
        "Δ": "d",
        "≠": "#",
        "³": "3",
        "¹": "1",
    }
)


def in_font(text: str) -> str:
    """The text in the font's characters, as wide as before."""
    found = text.translate(NEAREST)
    if all(character in CODE_PAGE or character in SYMBOLS for character in found):
        return found
    return "".join(
        character if character in CODE_PAGE or character in SYMBOLS else UNKNOWN * max(0, cell_len(character))
        for character in found
    )


class ConsoleFontFilter(LineFilter):
    """Draws every line in the font's characters."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """The same line of the same width, in the font."""
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(in_font(segment.text), segment.style)
            for segment in segments
        ]
