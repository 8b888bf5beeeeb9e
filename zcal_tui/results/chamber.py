"""The temperature of a heated or measured chamber in a record's context, and whether it is another one now."""

from collections.abc import Mapping
from typing import Any

_NAMES = ("chamber", "enclosure")
SAME_CHAMBER = 15.0
"""°C within which a chamber counts as equally warm; our choice. A frame of aluminium 300 mm high grows 100 µm in it."""


def chamber_temperature(temperatures: Mapping[str, Any]) -> float | None:
    """The chamber's temperature in °C among those of heaters or sensors by name; None where none is the chamber's."""
    for name, value in temperatures.items():
        if any(word in name.lower() for word in _NAMES) and isinstance(value, int | float):
            return float(value)
    return None


def chamber_of(context: Mapping[str, Any]) -> float | None:
    """The chamber's temperature in a record's context; None where the printer reports none."""
    for field in ("sensors", "temperatures"):
        known = context.get(field)
        if isinstance(known, Mapping) and (found := chamber_temperature(known)) is not None:
            return found
    return None


def chamber_changed(then: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    """Why a result no longer holds because of the chamber, as a clause; None where it does or nothing is known."""
    before, after = chamber_of(then), chamber_of(now)
    if before is None or after is None or abs(after - before) <= SAME_CHAMBER:
        return None
    return f"the chamber is at {after:.0f} °C, and was at {before:.0f} °C: the frame has another length"
