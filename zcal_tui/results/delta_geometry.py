"""Whether a delta has another geometry now (Klipper docs, Delta_Calibrate): DELTA_CALIBRATE was saved, or edited."""

from collections.abc import Mapping
from typing import Any

from zcal_tui.results.context import config_of

_TOWERS = ("stepper_a", "stepper_b", "stepper_c")
_SAME = 1e-3
"""mm or degrees. Smaller differences move nothing by a micrometre."""


def geometry_changed(then: Mapping[str, Any], now: Mapping[str, Any]) -> str | None:
    """Which part of a delta's geometry differs between two contexts, as a clause; None where none does."""
    before, after = _geometry(then), _geometry(now)
    if before is None or after is None:
        return None
    for name, value in after.items():
        old = before.get(name)
        if old is None or value is None:
            continue
        if abs(value - old) > _SAME:
            return f"the delta has another geometry: {name} was {old:g} and is {value:g}"
    return None


def _geometry(context: Mapping[str, Any]) -> dict[str, float | None] | None:
    """What decides a delta's heights from place to place; None for other kinematics. The towers' endstops count by
    their differences: all of them together only move Z zero."""
    config = config_of(context) or {}
    printer = config.get("printer", {})
    if printer.get("kinematics") != "delta":
        return None
    found: dict[str, float | None] = {"delta_radius": _number(printer.get("delta_radius"))}
    first = _number(config.get(_TOWERS[0], {}).get("position_endstop"))
    for tower in _TOWERS:
        options = config.get(tower, {})
        for option in ("arm_length", "angle"):
            found[f"{option} of [{tower}]"] = _number(options.get(option))
        endstop = _number(options.get("position_endstop"))
        if tower != _TOWERS[0] and endstop is not None and first is not None:
            found[f"position_endstop of [{tower}] against [{_TOWERS[0]}]"] = endstop - first
    return found


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
