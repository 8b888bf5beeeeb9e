"""The bed mesh that a run has made again, as maps: its heights, and how they differ from the old ones. Pure.

Its heights are in the record's changes. Where they were probed follows from the area of the mesh: from the changes, if
it is another one now, else from [bed_mesh] in the record's context.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zcal_tui.model.mesh_comparison import Matrix, compare, differences, parse_points
from zcal_tui.model.record import Change, Record
from zcal_tui.model.units import length
from zcal_tui.results.context import config_of
from zcal_tui.tui.presenters.plots import BedMap, Spot, um_text

SECTION = "bed_mesh"
GRID = 50.0
"""mm between points of which nobody knows the places."""

Area = tuple[float, float, float, float]
"""The lowest and highest X, the lowest and highest Y, mm."""


def mesh_maps(record: Record) -> Iterator[BedMap]:
    """The new mesh, and its difference from the old one where both have the same points."""
    for change in record.changes:
        if not change.section.lower().startswith(f"{SECTION} ") or change.option != "points":
            continue
        new, old = parse_points(change.new), parse_points(change.old or "")
        if new is None:
            continue
        changed = {c.option: c for c in record.changes if c.section == change.section}
        area = _area(changed, _configured(record), new)
        name = change.section.partition(" ")[2]
        yield _map(f"New bed mesh {name}", new, area, "Heights in µm")
        compared = compare(new, old, same_points=not {"min_x", "max_x", "min_y", "max_y"} & changed.keys())
        if old is not None and compared.shift is not None and compared.rms is not None:
            legend = (
                f"µm, without the shift of {length(compared.shift, sign=True)}; {length(compared.rms)} rms"
            )
            apart = differences(new, old, compared.shift)
            yield _map(f"Bed mesh {name}: new minus old", apart, area, legend)


def _map(title: str, heights: Matrix, area: Area, legend: str) -> BedMap:
    far = max((abs(value) for row in heights for value in row), default=0.0) or 1.0
    low_x, high_x, low_y, high_y = area
    spots = tuple(
        Spot(x, y, um_text(value, sign=True, whole=True), size=value / far)
        for y, row in zip(_spread(low_y, high_y, len(heights)), heights, strict=True)
        for x, value in zip(_spread(low_x, high_x, len(row)), row, strict=True)
    )
    return BedMap(title, spots, legend)


def _spread(low: float, high: float, count: int) -> Sequence[float]:
    """Evenly spaced places from one end to the other."""
    if count == 1:
        return ((low + high) / 2.0,)
    return tuple(low + (high - low) * n / (count - 1) for n in range(count))


def _area(changed: Mapping[str, Change], configured: Mapping[str, Any], mesh: Matrix) -> Area:
    low, high = _pair(configured.get("mesh_min")), _pair(configured.get("mesh_max"))
    radius, origin = configured.get("mesh_radius"), _pair(configured.get("mesh_origin")) or (0.0, 0.0)
    if isinstance(radius, int | float):
        low = origin[0] - radius, origin[1] - radius
        high = origin[0] + radius, origin[1] + radius
    low = low or (0.0, 0.0)
    high = high or (GRID * (len(mesh[0]) - 1), GRID * (len(mesh) - 1))
    ends = {"min_x": low[0], "max_x": high[0], "min_y": low[1], "max_y": high[1]}
    found = [_number(changed[name].new) if name in changed else end for name, end in ends.items()]
    low_x, high_x, low_y, high_y = (
        end if new is None else new for new, end in zip(found, ends.values(), strict=True)
    )
    return low_x, high_x, low_y, high_y


def _configured(record: Record) -> Mapping[str, Any]:
    return (config_of(record.context) or {}).get(SECTION, {})


def _pair(value: object) -> tuple[float, float] | None:
    """Two numbers, as a list or as the text in printer.cfg."""
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or len(parts) != 2:
        return None
    first, second = (_number(part) for part in parts)
    return None if first is None or second is None else (first, second)


def _number(value: object) -> float | None:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
