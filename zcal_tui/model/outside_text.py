"""Text from outside (a printer, a server, a file) as it may be shown: data, never control of a terminal."""

import json
from typing import Any

REPLACEMENT = "�"
_JOINERS = "\u200b\u200c\u200d"
"""Invisible, but parts of words, of emoji, and of a report's Markdown."""


def is_harmless(character: str) -> bool:
    """Whether a terminal only draws the character: no control (C0, C1, escape sequences), no reordering of what is
    beside it (bidirectional marks), no line end but the usual one."""
    return (
        character.isprintable()
        or character in "\n\t"
        or character in _JOINERS
        or (character.isspace() and character >= "\xa0" and character not in "\u2028\u2029")
    )


def printable(text: str) -> str:
    """The text with its lines, each harmful character replaced by �."""
    if text.isprintable():
        return text
    if "\r\n" in text:
        text = text.replace("\r\n", "\n")
    return "".join(c if is_harmless(c) else REPLACEMENT for c in text)


def one_line(text: str) -> str:
    """The text as a name or a table's cell: on one line, each harmful character replaced by �."""
    return printable(text).replace("\n", " ").replace("\t", " ")


def indented_lines(text: str, indent: str = "    ") -> str:
    """The text as one entry of a list of lines: what follows its first line is indented, so that no text can pass for
    an entry of its own."""
    return printable(text).replace("\n", "\n" + indent)


def json_line(data: Any) -> str:
    """The data as JSON on one line, every control character escaped. Raises ValueError for NaN and infinity."""
    return json.dumps(data, allow_nan=False).replace("\x7f", "\\u007f")  # the one that `json` leaves as it is
