"""What is put around an error's text before it is shown or logged, and wordings of older Klippers."""

import re

_BYTES = re.compile(r"b(?P<quote>['\"])(?P<text>.*)(?P=quote)")
"""klippy logs what its C code reports as Python's bytes (klippy/chelper/__init__.py)."""
_CODED = re.compile(r'\{\s*"code"\s*:\s*"[^"]*"\s*,\s*"msg"\s*:\s*"(?P<text>(?:[^"\\]|\\.)*)".*\}', re.DOTALL)
"""Creality's Klipper sends an object with a number and the text (its extras, as of 2024)."""
_MARK = "!! "
"""klippy's mark of an error on the console (klippy/gcode.py)."""
_OLDER = re.compile(r"Failed to home (?P<name>.+?): Timeout during homing")
"""Until 2021; vendors' forks have it longer."""


def as_today(text: str) -> str:
    """An error's text as today's Klipper words it."""
    return _OLDER.sub(r"No trigger on \g<name> after full movement", text)


def unwrapped(text: str) -> str:
    """An error's own text. A text without anything around it is returned as it is."""
    bare = text.strip().removeprefix(_MARK)
    found = _BYTES.fullmatch(bare) or _CODED.fullmatch(bare)
    if found is None:
        return bare
    return found["text"].replace('\\"', '"').replace("\\'", "'").strip()
