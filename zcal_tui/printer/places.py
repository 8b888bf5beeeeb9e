"""Places spread over the bed, for measurements that are compared with each other: its corners, or near a delta's
towers. Each can be reached by the nozzle and by the probe. Coordinates in mm, in the frame of printer.cfg.

Klipper docs, Probe_Calibrate, Location Bias Check: near the four corners; on a delta near the towers A, B and C.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.config_view import ProbeConfig, is_delta
from zcal_tui.printer.geometry import Area, Xy, area, toolhead_for
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number, pair

MARGIN = 0.1
"""Without a mesh's area: the share of the reach that is left out at each edge, where there may be no bed."""
_CENTRE = "centre"
_RECTANGLE: Mapping[str, Xy] = {
    "front left": (0.0, 0.0),
    "front": (0.5, 0.0),
    "front right": (1.0, 0.0),
    "right": (1.0, 0.5),
    "back right": (1.0, 1.0),
    "back": (0.5, 1.0),
    "back left": (0.0, 1.0),
    "left": (0.0, 0.5),
    _CENTRE: (0.5, 0.5),
}
"""Places by name, as shares of the area's width and depth, in the order of a walk."""
_RECTANGLE_RANK = (
    "front left",
    "back right",
    "front right",
    "back left",
    _CENTRE,
    "front",
    "back",
    "left",
    "right",
)
"""In which order they are worth having."""
_TOWERS = (("a", 210.0), ("b", 330.0), ("c", 90.0))
"""A linear delta's towers and their angles in degrees (Klipper docs, Config_Reference, linear delta kinematics)."""
_ROTARY_TOWERS = (("a", 30.0), ("b", 150.0), ("c", 270.0))
_STEPS = 60
"""Halvings that find how far out a place can be."""


@dataclass(frozen=True)
class Place:
    """A bed point by its name; `bed` is also where the toolhead is with the nozzle over it, `toolhead` where it
    is with the probe over it."""

    name: str
    bed: Xy
    toolhead: Xy


def corner_places(
    state: PrinterState, probe: ProbeConfig | None, count: int | None = None
) -> tuple[Place, ...]:
    """The `count` most telling places in the order of a short walk; by default the corners and the centre, or near
    each tower and the centre. `probe` None: for the nozzle alone.

    Fewer where there are no more (9 on a rectangle, 7 on a round bed); none before the printer has reported its limits,
    and where probe and nozzle reach no common area.
    """
    allowed = area(state)
    if allowed is None:
        return ()
    if allowed.radius is not None:
        found = list(_round(state, probe, allowed, allowed.radius))
        rank = [place.name for place in (*found[0:6:2], found[6], *found[1:6:2])]
    else:
        found = list(_rectangular(state, probe, allowed))
        rank = list(_RECTANGLE_RANK)
    usual = 4 if is_delta(state) and allowed.radius is not None else 5
    wanted = rank[: usual if count is None else count]
    return tuple(place for place in found if place.name in wanted and reachable(state, place))


def place_at(name: str, bed: Xy, probe: ProbeConfig | None) -> Place:
    """The place over a bed point."""
    return Place(name, bed, bed if probe is None else toolhead_for(bed, probe))


def reachable(state: PrinterState, place: Place) -> bool:
    """Whether both the nozzle and the probe can be brought there."""
    allowed = area(state)
    return allowed is not None and allowed.contains(place.bed) and allowed.contains(place.toolhead)


def _rectangular(state: PrinterState, probe: ProbeConfig | None, allowed: Area) -> Iterator[Place]:
    """All places of a rectangle: the mesh's, as far as both reach it, else all that both reach but for a margin."""
    offset = (0.0, 0.0) if probe is None else (probe.x_offset, probe.y_offset)
    low = [allowed.low[axis] + max(0.0, offset[axis]) for axis in (0, 1)]
    high = [allowed.high[axis] + min(0.0, offset[axis]) for axis in (0, 1)]
    mesh = state.settings.get("bed_mesh", {})
    mesh_low, mesh_high = pair(mesh.get("mesh_min")), pair(mesh.get("mesh_max"))
    if mesh_low is not None and mesh_high is not None:
        low = [max(own, meshed) for own, meshed in zip(low, mesh_low, strict=True)]
        high = [min(own, meshed) for own, meshed in zip(high, mesh_high, strict=True)]
    else:
        margin = [MARGIN * (upper - lower) for lower, upper in zip(low, high, strict=True)]
        low = [lower + left for lower, left in zip(low, margin, strict=True)]
        high = [upper - left for upper, left in zip(high, margin, strict=True)]
    # To whole micrometres as G-code is sent, but never out of reach by rounding
    low = [math.ceil(value * 1000 - 1e-6) / 1000 for value in low]
    high = [math.floor(value * 1000 + 1e-6) / 1000 for value in high]
    if low[0] >= high[0] or low[1] >= high[1]:
        return
    for name, share in _RECTANGLE.items():
        x, y = (round(low[axis] + share[axis] * (high[axis] - low[axis]), 3) for axis in (0, 1))
        yield place_at(name, (x, y), probe)


def _round(state: PrinterState, probe: ProbeConfig | None, allowed: Area, radius: float) -> Iterator[Place]:
    """Six places around a round bed, near a tower and opposite one in turn, and its centre; on a round bed without
    towers the first three are as far apart as towers."""
    mesh = state.settings.get("bed_mesh", {})
    middle = pair(mesh.get("mesh_origin")) or (0.0, 0.0)
    reach = number(mesh.get("mesh_radius")) or (1.0 - MARGIN) * radius
    for name, angle in _around(state):
        yield place_at(name, _outermost(middle, angle, reach, probe, allowed), probe)
    yield place_at(_CENTRE, _outermost((0.0, 0.0), 0.0, 0.0, probe, allowed), probe)


def _around(state: PrinterState) -> Sequence[tuple[str, float]]:
    if not is_delta(state):
        names = ("front left", "front right", "right", "back right", "back left", "left")
        return tuple((name, 240.0 + 60.0 * n) for n, name in enumerate(names))
    rotary = "rotary" in str(state.settings.get("printer", {}).get("kinematics", ""))
    towers = [
        (name.upper(), number(state.settings.get(f"stepper_{name}", {}).get("angle")) or usual)
        for name, usual in (_ROTARY_TOWERS if rotary else _TOWERS)
    ]
    found: list[tuple[str, float]] = []
    # Walking round, the place opposite tower C lies between A and B, and so on
    for n, (name, angle) in enumerate(towers):
        other, opposite = towers[(n + 2) % 3]
        found += [(f"near {name}", angle), (f"opposite {other}", opposite + 180.0)]
    return found


def _outermost(middle: Xy, angle: float, reach: float, probe: ProbeConfig | None, allowed: Area) -> Xy:
    """The point farthest from the middle in that direction, up to `reach`, to which nozzle and probe can go."""

    def at(distance: float) -> Xy:
        turned = math.radians(angle)
        return (
            round(middle[0] + distance * math.cos(turned), 3),
            round(middle[1] + distance * math.sin(turned), 3),
        )

    def fits(distance: float) -> bool:
        place = place_at("", at(distance), probe)
        return allowed.contains(place.bed) and allowed.contains(place.toolhead)

    if fits(reach):
        return at(reach)
    low, high = 0.0, reach
    for _ in range(_STEPS):
        half = (low + high) / 2
        low, high = (half, high) if fits(half) else (low, half)
    return at(low)
