"""The points of the bed mesh, and the one at which it is zero. Coordinates in mm, in the frame of printer.cfg."""

import math
from collections.abc import Mapping
from typing import Any

from zcal_tui.printer.values import number, pair

_USUAL_COUNT = 3
"""Klipper's default for probe_count."""


def mesh_reference(settings: Mapping[str, Mapping[str, Any]]) -> tuple[float, float] | None:
    """zero_reference_position of [bed_mesh], else, on a Klipper from before 2024, the mesh point that
    relative_reference_index names; None where neither is configured, and for such a point of a round mesh."""
    mesh = settings.get("bed_mesh", {})
    if (place := pair(mesh.get("zero_reference_position"))) is not None:
        return place
    index = number(mesh.get("relative_reference_index"))
    low, high = pair(mesh.get("mesh_min")), pair(mesh.get("mesh_max"))
    if index is None or low is None or high is None:
        return None
    columns, rows = _counts(mesh.get("probe_count"))
    row, place_in_row = divmod(int(index), columns)
    if not 0 <= row < rows:
        return None
    # Probed to and fro, at distances that are cut off to hundredths (klippy/extras/bed_mesh.py of 2023)
    column = place_in_row if row % 2 == 0 else columns - 1 - place_in_row
    return low[0] + column * _apart(low[0], high[0], columns), low[1] + row * _apart(low[1], high[1], rows)


def mesh_points(settings: Mapping[str, Mapping[str, Any]]) -> int:
    """How many points BED_MESH_CALIBRATE probes, apart from those that replace points in a faulty region."""
    mesh = settings.get("bed_mesh", {})
    if number(mesh.get("mesh_radius")) is None:
        columns, rows = _counts(mesh.get("probe_count"))
        return columns * rows
    across, _ = _counts(mesh.get("round_probe_count", 5))
    # A square's points that lie within the circle, in units of half their distance
    places = range(1 - across, across, 2)
    return sum(math.hypot(x, y) <= across - 1 for x in places for y in places)


def _apart(low: float, high: float, count: int) -> float:
    return math.floor((high - low) / (count - 1) * 100) / 100


def _counts(value: object) -> tuple[int, int]:
    """probe_count, which may be one number for both ways, as klippy parsed it or as printer.cfg writes it."""
    if isinstance(value, list | tuple) and len(value) == 1:
        value = value[0]
    if isinstance(value, str) and value.strip().isdigit():
        value = int(value)
    one = number(value)
    counts = pair(value) if one is None else (one, one)
    if counts is None or min(counts) < 2:
        return _USUAL_COUNT, _USUAL_COUNT
    return int(counts[0]), int(counts[1])
