"""The parts of the page of error messages: every explanation, with the message that it belongs to."""

import re
from collections.abc import Iterator, Sequence

from docs_tools.blocks import PageError
from zcal_tui.printer.errors.boards import BOARDS, DRIVERS
from zcal_tui.printer.errors.entry import ErrorEntry
from zcal_tui.printer.errors.homing import HOMING
from zcal_tui.printer.errors.levelling import MESH, TILT, TWIST
from zcal_tui.printer.errors.machine import MACHINE_ERRORS
from zcal_tui.printer.errors.macros import MACROS
from zcal_tui.printer.errors.measuring import MEASURING_ERRORS
from zcal_tui.printer.errors.sensors import EDDY, LOAD_CELL, SCANNER
from zcal_tui.printer.errors.startup import STARTUP
from zcal_tui.printer.errors.toolchanger import TOOLCHANGER

GROUPS: dict[str, tuple[ErrorEntry, ...]] = {
    "macros": MACROS,
    "homing": HOMING,
    "startup": STARTUP,
    "measuring": MEASURING_ERRORS,
    "eddy": EDDY,
    "load-cell": LOAD_CELL,
    "scanner": SCANNER,
    "mesh": MESH,
    "levelling": TILT,
    "axis-twist": TWIST,
    "toolchanger": TOOLCHANGER,
    "drivers": DRIVERS,
    "boards": BOARDS,
    "machine": MACHINE_ERRORS,
}

_CLASSES = {"d": "0", "S": "…", "s": " ", "w": "…", "b": "", "D": "…", "W": "…"}
_QUANTIFIER = re.compile(r"\*\??|\+\??|\?|\{[\d,]+\}")


def messages(words: Sequence[str]) -> str:
    """The explanations of one group. Raises PageError."""
    if len(words) != 1 or words[0] not in GROUPS:
        raise PageError(f"{' '.join(words)!r} is no group of messages; there are {', '.join(GROUPS)}")
    return "\n".join(_entry(entry) for entry in GROUPS[words[0]])


def _entry(entry: ErrorEntry) -> str:
    shown = " or ".join(f"`{text}`" for text in readable(entry.pattern))
    return (
        f"### {_words(entry.what)}\n\nMessage: {shown}\n\n"
        f"Likely cause: {_words(entry.cause)}\n\nWhat to do: {_words(entry.remedy)}\n"
    )


def _words(sentence: str) -> str:
    """Placeholders as a reader knows them, and nothing that Markdown would read."""
    text = re.sub(r"\{(\w+)\}", lambda match: match[1].upper(), sentence)
    return re.sub(r"([\[\]*<>])", r"\\\1", text)


def readable(pattern: str) -> tuple[str, ...]:
    """What a pattern looks for, as a person would write it: alternatives apart, groups by their names, gaps as `…`."""
    found = [_tidy(text) for text in _alternatives(pattern)]
    return tuple(dict.fromkeys(text for text in found if text))


def _tidy(text: str) -> str:
    return re.sub(r"(…\s*)+", "… ", text).replace("`", "'").strip(" …^$")


def _alternatives(pattern: str) -> Iterator[str]:
    """The text of each alternative of the outermost level."""
    depth, begin, position, in_set = 0, 0, 0, False
    while position < len(pattern):
        letter = pattern[position]
        if letter == "\\":
            position += 1
        elif in_set:
            in_set = letter != "]"
        elif letter == "[":
            in_set = True
        elif letter in "()":
            depth += 1 if letter == "(" else -1
        elif letter == "|" and not depth:
            yield _text(pattern[begin:position])
            begin = position + 1
        position += 1
    yield _text(pattern[begin:])


def _text(pattern: str) -> str:
    """One alternative without the syntax of patterns."""
    parts: list[str] = []
    position = 0
    while position < len(pattern):
        letter = pattern[position]
        if letter == "\\":
            escaped = pattern[position + 1]
            parts.append(_CLASSES.get(escaped, escaped))
            position += 2
        elif letter == "[":
            position = pattern.index("]", position + 2) + 1
            parts.append("…")
        elif letter == "(":
            end = _closing(pattern, position)
            parts.append(_group(pattern[position + 1 : end]))
            position = end + 1
        else:
            parts.append("…" if letter == "." else letter)
            position += 1
        if match := _QUANTIFIER.match(pattern, position):
            if match[0][0] in "?*" and parts[-1] != "…":
                parts.pop()  # it may be missing
            position = match.end()
    return "".join(parts)


def _group(inner: str) -> str:
    if match := re.match(r"\?P<(\w+)>", inner):
        return match[1].upper()
    if re.match(r"\?(=|!|<=|<!)", inner):
        return ""
    return next(_alternatives(re.sub(r"^\?:", "", inner)))


def _closing(pattern: str, start: int) -> int:
    """Where the group that opens at `start` closes."""
    depth, position, in_set = 0, start, False
    while position < len(pattern):
        letter = pattern[position]
        if letter == "\\":
            position += 1
        elif in_set:
            in_set = letter != "]"
        elif letter == "[":
            in_set = True
        elif letter == "(":
            depth += 1
        elif letter == ")":
            depth -= 1
            if not depth:
                return position
        position += 1
    raise PageError(f"a group is not closed: {pattern}")
