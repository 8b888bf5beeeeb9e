"""Values out of a status message, which may be absent, null, not a number or of another type than documented."""

import math
from collections.abc import Mapping
from typing import Any


def number(value: object) -> float | None:
    """A finite number, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:  # a whole number beyond the floats
        return None
    return found if math.isfinite(found) else None


def triple(value: object) -> tuple[float, float, float] | None:
    """The first three of a coordinate, which may have more (extra axes) but no less."""
    if not isinstance(value, list | tuple) or len(value) < 3:
        return None
    x, y, z = (number(part) for part in value[:3])
    if x is None or y is None or z is None:
        return None
    return x, y, z


def pair(value: object) -> tuple[float, float] | None:
    """A coordinate pair as klippy parsed it, or as printer.cfg writes it. 0 is a coordinate like any other."""
    if isinstance(value, str):
        try:
            value = [float(part) for part in value.split(",")]
        except ValueError:
            return None
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    x, y = number(value[0]), number(value[1])
    return None if x is None or y is None else (x, y)


def text(value: object) -> str | None:
    """A string, else None."""
    return value if isinstance(value, str) else None


def flag(value: object) -> bool | None:
    """A truth value; klippy gives some as 0 or 1."""
    if isinstance(value, bool):
        return value
    return bool(value) if isinstance(value, int) and value in (0, 1) else None


def mapping(value: object) -> Mapping[str, Any]:
    """A mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}
