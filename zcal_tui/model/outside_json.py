"""JSON from outside: from a printer, from a file. What it holds is safe to compute with and to walk through."""

import json
from typing import Any

DEEPEST = 64
"""Levels of nesting; klippy's and our own messages have a dozen."""
_LONGEST_INTEGER = 300
"""Digits of a whole number that still fits a float."""


def read_json(text: str | bytes) -> Any:
    """The value of a JSON text. A whole number beyond the floats becomes infinite, as a decimal one does.

    Raises json.JSONDecodeError, also for what is nested too deep, and UnicodeDecodeError.
    """
    try:
        value = _DECODER.decode(text if isinstance(text, str) else _decoded(text))
    except RecursionError:
        value = None
        deep = True
    else:
        brackets = (text.count("{") + text.count("[")) if isinstance(text, str) else _brackets(text)
        deep = brackets > DEEPEST and _is_deep(value)
    if deep:
        raise json.JSONDecodeError("nested too deep", "", 0)
    return value


def _decoded(text: bytes) -> str:
    return text.decode(json.detect_encoding(text), "surrogatepass")


def _brackets(text: bytes) -> int:
    return text.count(b"{") + text.count(b"[")


def _integer(text: str) -> int | float:
    return int(text) if len(text) <= _LONGEST_INTEGER else float(text)


_DECODER = json.JSONDecoder(parse_int=_integer)


def _is_deep(value: Any) -> bool:
    """Whether containers are nested deeper than DEEPEST; looks level by level, so it needs no depth itself."""
    level = [value]
    for _ in range(DEEPEST + 1):
        level = [
            item
            for one in level
            for item in (one.values() if isinstance(one, dict) else one)
            if isinstance(item, dict | list)
        ]
        if not level:
            return False
    return True
