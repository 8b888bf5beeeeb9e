"""Parsing of distances and moves that a person types."""

import re

from zcal_tui.model.questions import JogMove

ACCEPTED = "a distance in mm or µm (negative = down), such as -0.05, 0.05 mm, 0,05 or -50 µm"
ACCEPTED_JOG = "one or more axes with a distance each, such as x 1.5, y -0.2 mm or z=-50um"
LONGEST = 1000.0
"""mm. No axis of a printer is as long."""

_UNITS = {"": 1.0, "mm": 1.0, "um": 1e-3, "µm": 1e-3, "μm": 1e-3}
_DISTANCE = r"([+\-\N{MINUS SIGN}]?)\s*([0-9]+(?:[.,][0-9]*)?|[.,][0-9]+)\s*(mm|um|µm|μm|)"
_WHOLE = re.compile(_DISTANCE)
_AXIS = re.compile(rf"\s*([xyz])\s*=?\s*{_DISTANCE}(?=\s|[xyz]|$)")


class DistanceError(ValueError):
    """The text is not a distance; `str()` says what is accepted."""


def parse_distance(text: str) -> float:
    """A typed distance in mm: a number with a decimal point or comma and any minus sign, with or without a unit.

    Raises DistanceError.
    """
    found = _WHOLE.fullmatch(text.strip().lower())
    value = None if found is None else _millimetres(*found.groups())
    if value is None:
        raise DistanceError(f"{text.strip()!r} is not a distance. Type {ACCEPTED}.")
    return value


def parse_jog(text: str) -> JogMove:
    """A typed move, each axis at most once: `x 1.5`, `Y-0.2 z=3`, `x 1,5 mm y -50um`. Raises DistanceError."""
    words, moves = text.strip().lower(), dict[str, float]()
    at = 0
    while (found := _AXIS.match(words, at)) is not None:
        axis, value = found[1], _millimetres(found[2], found[3], found[4])
        if value is None or f"d{axis}" in moves:
            break
        moves[f"d{axis}"] = value
        at = found.end()
    if not moves or at != len(words):
        raise DistanceError(f"{text.strip()!r} is not a move. Type {ACCEPTED_JOG}.")
    return JogMove("move", **moves)


def _millimetres(sign: str, digits: str, unit: str) -> float | None:
    """The value in mm; None if it is longer than any axis."""
    value = float(digits.replace(",", ".")) * _UNITS[unit]
    if value >= LONGEST:
        return None
    return -value if sign in ("-", "\N{MINUS SIGN}") else value
