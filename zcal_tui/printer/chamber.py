"""Which temperature is that of the chamber."""

from collections.abc import Mapping
from typing import Any

_NAMES = ("chamber", "enclosure")


def chamber_temperature(temperatures: Mapping[str, Any]) -> float | None:
    """The chamber's temperature in °C among those of heaters or sensors by name; None where none is the chamber's."""
    for name, value in temperatures.items():
        if any(word in name.lower() for word in _NAMES) and isinstance(value, int | float):
            return float(value)
    return None
