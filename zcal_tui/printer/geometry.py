"""Where the toolhead and the probe can go, and where on the bed to measure. Coordinates in mm, in the frame of
printer.cfg."""

import math
from collections.abc import Iterator

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.config_view import ProbeConfig, has_round_bed, probe_config, z_rail
from zcal_tui.printer.mesh_reference import mesh_reference
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number, pair

Xy = tuple[float, float]

_EDGE = 1e-6


@dataclass(frozen=True)
class Area:
    """The toolhead's allowed XY positions: a rectangle, within a circle around 0,0 where the bed is round."""

    low: Xy
    high: Xy
    radius: float | None = None

    def contains(self, place: Xy) -> bool:
        """Whether the toolhead may go there."""
        inside = all(
            low - _EDGE <= value <= high + _EDGE
            for low, value, high in zip(self.low, place, self.high, strict=True)
        )
        return inside and (self.radius is None or math.hypot(*place) <= self.radius + _EDGE)

    def nearest(self, place: Xy) -> Xy:
        """The allowed position closest to a place, itself if it is allowed."""
        x, y = (
            min(max(value, low), high) for low, value, high in zip(self.low, place, self.high, strict=True)
        )
        distance = math.hypot(x, y)
        if self.radius is not None and distance > self.radius:
            return x * self.radius / distance, y * self.radius / distance
        return x, y

    @property
    def centre(self) -> Xy:
        """Its middle."""
        return (self.low[0] + self.high[0]) / 2, (self.low[1] + self.high[1]) / 2


@dataclass(frozen=True)
class Site:
    """A place to measure: where the toolhead goes, the bed point that is measured, and why that one."""

    toolhead: Xy
    bed: Xy
    source: str


def area(state: PrinterState) -> Area | None:
    """Where the toolhead may go; None before the printer has reported its limits. Klipper reports a round area's limits
    as the square around it."""
    low, high = state.axis_minimum, state.axis_maximum
    if low is None or high is None or low[0] > high[0] or low[1] > high[1]:
        return None
    radius = min(high[0], -low[0]) if has_round_bed(state) else None
    return Area(low[:2], high[:2], radius)


def z_limits(state: PrinterState) -> tuple[float, float] | None:
    """The lowest and highest Z of the toolhead."""
    if state.axis_minimum is None or state.axis_maximum is None:
        return None
    return state.axis_minimum[2], state.axis_maximum[2]


def probed_point(toolhead: Xy, probe: ProbeConfig) -> Xy:
    """The bed point under the probe when the toolhead is at `toolhead`."""
    return toolhead[0] + probe.x_offset, toolhead[1] + probe.y_offset


def toolhead_for(bed: Xy, probe: ProbeConfig) -> Xy:
    """Where the toolhead must be for the probe to be over a bed point."""
    return bed[0] - probe.x_offset, bed[1] - probe.y_offset


def probe_reaches(state: PrinterState, bed: Xy, probe: ProbeConfig) -> bool:
    """Whether the probe can be brought over a bed point."""
    allowed = area(state)
    return allowed is not None and allowed.contains(toolhead_for(bed, probe))


def measuring_site(state: PrinterState, probe: ProbeConfig | None) -> Site | None:
    """The best place to measure: with the probe over it, or with the nozzle where `probe` is None.

    The first reachable of: the mesh's zero reference, where a mesh changes nothing; where a probe homes Z; a round
    bed's centre; the mesh's centre; the middle of the travel. If none is, the reachable place closest to the middle.
    None before the printer has reported its limits.
    """
    allowed = area(state)
    if allowed is None:
        return None
    middle = allowed.centre
    for bed, source in (*_candidates(state, probe), (middle, "the middle of the axes")):
        toolhead = bed if probe is None else toolhead_for(bed, probe)
        if allowed.contains(toolhead):
            return Site(toolhead, bed, source)
    toolhead = allowed.nearest(middle if probe is None else toolhead_for(middle, probe))
    bed = toolhead if probe is None else probed_point(toolhead, probe)
    return Site(toolhead, bed, "the reachable place closest to the middle")


def _candidates(state: PrinterState, probe: ProbeConfig | None) -> Iterator[tuple[Xy, str]]:
    mesh = state.settings.get("bed_mesh", {})
    if (zero := mesh_reference(state.settings)) is not None:
        given = "zero_reference_position" in mesh and mesh["zero_reference_position"] is not None
        yield zero, f"the mesh's {'zero_reference_position' if given else 'relative_reference_index'}"
    home = pair(state.settings.get("safe_z_home", {}).get("home_xy_position"))
    rail = z_rail(state)
    # A Z endstop may be beside the bed; only a probe that homes has bed below it there
    if home is not None and rail is not None and rail.homes_with_probe:
        own = probe_config(state)
        yield (home if own is None else probed_point(home, own)), "the place where Z is homed (safe_z_home)"
    if has_round_bed(state):
        yield (0.0, 0.0), "the centre of the round bed"
    if number(mesh.get("mesh_radius")) is not None:
        yield pair(mesh.get("mesh_origin")) or (0.0, 0.0), "the centre of the round mesh"
    low, high = pair(mesh.get("mesh_min")), pair(mesh.get("mesh_max"))
    if low is not None and high is not None:
        yield ((low[0] + high[0]) / 2, (low[1] + high[1]) / 2), "the centre of the mesh"
