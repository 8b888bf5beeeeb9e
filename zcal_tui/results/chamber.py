"""The temperature of a heated or measured chamber in a record's context, and whether it is another one now."""

from collections.abc import Mapping
from typing import Any

from zcal_tui.model.record import Record
from zcal_tui.printer.chamber import chamber_temperature

SAME_CHAMBER = 15.0
"""°C within which a chamber counts as equally warm; our choice. A frame of aluminium 300 mm high grows 100 µm in it."""


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


def hot_changed(record: Record, now: Mapping[str, Any]) -> str | None:
    """Why a result that was measured at print temperature does not hold at the present one, as a clause; None where it
    does, or while nothing is heated."""
    targets = now.get("targets")
    bed = targets.get("heater_bed") if isinstance(targets, Mapping) else None
    if not isinstance(bed, int | float) or bed <= 0.0:
        return None
    for name, word, current in (
        ("bed_temperature", "bed", float(bed)),
        ("chamber_temperature", "chamber", chamber_of(now)),
    ):
        found = record.estimates.get(name)
        if found is None or found.value is None or current is None:
            continue
        if abs(current - found.value) > SAME_CHAMBER:
            return f"the {word} is at {current:.0f} °C, and this was measured with it at {found.value:.0f} °C"
    return None
