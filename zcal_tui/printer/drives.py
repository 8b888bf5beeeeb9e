"""The positions of the Z drives, and the nearest place to each that can be probed. Coordinates in mm, in the frame of
printer.cfg."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.config_view import ProbeConfig, is_delta, probe_config
from zcal_tui.printer.geometry import Xy, area, probed_point
from zcal_tui.printer.places import Place, corner_places, place_at, reachable
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number, pair, text

_TOWERS = (("stepper_a", 210.0), ("stepper_b", 330.0), ("stepper_c", 90.0))
"""A linear delta's towers and their angles in degrees (Klipper docs, Config_Reference, linear delta kinematics)."""
_MOST_SCREWS = 99


@dataclass(frozen=True)
class ZDrive:
    """A support of the bed or the gantry; `name` is its stepper's section, or a screw's name."""

    name: str
    position: Xy


def z_drives(state: PrinterState) -> tuple[ZDrive, ...]:
    """The Z drives of a printer that has several, from [z_tilt], [quad_gantry_level] or a delta's towers; else the
    screws that hold the bed, from [screws_tilt_adjust] or [bed_screws]. Empty where the configuration shows neither."""
    for find in (_tilted, _gantry, _towers, _tilt_screws, _bed_screws):
        found = tuple(find(state))
        if len(found) > 1:
            return found
    return ()


def place_near(state: PrinterState, probe: ProbeConfig, drive: ZDrive) -> Place | None:
    """The place nearest to a drive that can be probed: within the area that is safe to probe. None where there is
    none, as before the printer has reported its limits."""
    corners = {place.name: place.bed for place in corner_places(state, probe)}
    allowed = area(state)
    if allowed is None or not corners:
        return None
    if allowed.radius is not None:
        bed = _towards(drive.position, list(corners.values()))
    else:
        low, high = corners["front left"], corners["back right"]
        bed = _clamped(drive.position, low, high)
    place = place_at(drive.name, (round(bed[0], 3), round(bed[1], 3)), probe)
    return place if reachable(state, place) else None


def grid_places(state: PrinterState, probe: ProbeConfig, count: int) -> tuple[Place, ...]:
    """`count` × `count` places over the area that is safe to probe, in the order of a short walk; on a round bed
    those of them that lie on it."""
    corners = {place.name: place.bed for place in corner_places(state, probe)}
    allowed = area(state)
    if allowed is None or not corners:
        return ()
    radius = None
    if allowed.radius is not None:
        radius = max(math.hypot(*bed) for bed in corners.values())
        low, high = (-radius, -radius), (radius, radius)
    else:
        low, high = corners["front left"], corners["back right"]
    found = []
    for row in range(count):
        columns = range(count) if row % 2 == 0 else reversed(range(count))
        for column in columns:
            share = (column / (count - 1), row / (count - 1)) if count > 1 else (0.5, 0.5)
            x, y = (round(low[axis] + share[axis] * (high[axis] - low[axis]), 3) for axis in (0, 1))
            place = place_at(f"{x:.0f},{y:.0f}", (x, y), probe)
            if reachable(state, place) and (radius is None or math.hypot(x, y) <= radius + 1e-3):
                found.append(place)
    return tuple(found)


def _tilted(state: PrinterState) -> Iterator[ZDrive]:
    for section in ("z_tilt", "z_tilt_ng"):
        places = _pairs(state.settings.get(section, {}).get("z_positions"))
        for n, place in enumerate(places):
            yield ZDrive(_stepper(n), place)
        if places:
            return


def _gantry(state: PrinterState) -> Iterator[ZDrive]:
    """Klipper docs, Config_Reference, quad_gantry_level: Z steppers from the front left corner clockwise."""
    corners = _pairs(state.settings.get("quad_gantry_level", {}).get("gantry_corners"))
    if len(corners) != 2:
        return
    (left, front), (right, back) = corners
    for n, place in enumerate(((left, front), (left, back), (right, back), (right, front))):
        yield ZDrive(_stepper(n), place)


def _towers(state: PrinterState) -> Iterator[ZDrive]:
    radius = number(state.settings.get("printer", {}).get("delta_radius"))
    if not is_delta(state) or radius is None:
        return
    for section, usual in _TOWERS:
        options = state.settings.get(section)
        if options is None:
            return
        angle = math.radians(_or(number(options.get("angle")), usual))
        yield ZDrive(section, (radius * math.cos(angle), radius * math.sin(angle)))


def _tilt_screws(state: PrinterState) -> Iterator[ZDrive]:
    """Their coordinates are the nozzle's when the probe is over the screw."""
    probe = probe_config(state)
    for drive in _screws(state.settings.get("screws_tilt_adjust", {})):
        yield drive if probe is None else ZDrive(drive.name, probed_point(drive.position, probe))


def _bed_screws(state: PrinterState) -> Iterator[ZDrive]:
    yield from _screws(state.settings.get("bed_screws", {}))


def _screws(options: Mapping[str, Any]) -> Iterator[ZDrive]:
    for n in range(1, _MOST_SCREWS + 1):
        place = pair(options.get(f"screw{n}"))
        if place is None:
            return
        yield ZDrive(text(options.get(f"screw{n}_name")) or f"screw{n}", place)


def _stepper(n: int) -> str:
    return f"stepper_z{n}" if n else "stepper_z"


def _pairs(value: object) -> list[Xy]:
    """Coordinate pairs as klippy parsed them, or as printer.cfg writes them, one a line; empty for anything else."""
    if isinstance(value, str):
        value = [line for line in value.splitlines() if line.strip()]
    if not isinstance(value, list | tuple):
        return []
    found = [pair(item) for item in value]
    return [] if None in found else [item for item in found if item is not None]


def _clamped(place: Xy, low: Xy, high: Xy) -> Xy:
    x, y = (min(max(value, least), most) for value, least, most in zip(place, low, high, strict=True))
    return x, y


def _towards(place: Xy, reachable_places: list[Xy]) -> Xy:
    return min(reachable_places, key=lambda other: math.dist(place, other))


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
