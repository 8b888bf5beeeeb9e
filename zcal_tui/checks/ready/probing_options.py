"""Findings about the sections that probe many points: whether the probe reaches them, and from a sufficient height.

Klipper looks at neither before the first point; the mesh then ends in the middle, or with the first sample.
"""

import math
from collections.abc import Iterator

from zcal_tui.checks.ready.finding import ReadyFinding, warn
from zcal_tui.model.record import Change
from zcal_tui.model.units import millimetres
from zcal_tui.printer.config_view import ProbeConfig, probe_config
from zcal_tui.printer.geometry import Xy, area, toolhead_for
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number, pair

PROBING = ("bed_mesh", "z_tilt", "z_tilt_ng", "quad_gantry_level", "screws_tilt_adjust", "delta_calibrate")
"""The sections with a horizontal_move_z."""
ROOM = 2.0
"""mm that the probe should be moved at above its trigger height, for a bed that is not level yet."""

AROUND = 16
"""Places at the edge of a round mesh that are looked at."""


def mesh_reach(state: PrinterState) -> ReadyFinding | None:
    """Whether the probe can be brought over the whole mesh."""
    probe, allowed = probe_config(state), area(state)
    mesh = state.settings.get("bed_mesh")
    if probe is None or allowed is None or mesh is None:
        return None
    if allowed.radius is not None or number(mesh.get("mesh_radius")) is not None:
        return _round_reach(state, probe)
    low, high = pair(mesh.get("mesh_min")), pair(mesh.get("mesh_max"))
    if low is None or high is None:
        return None
    best_low = _clamped(low, allowed.low, allowed.high, probe)
    best_high = _clamped(high, allowed.low, allowed.high, probe)
    changes = tuple(
        Change("bed_mesh", name, _shown(old), _shown(new))
        for name, old, new in (("mesh_min", low, best_low), ("mesh_max", high, best_high))
        if old != new
    )
    if not changes:
        return None
    reached = _reached(allowed.low, allowed.high, probe)
    edits = " and ".join(f"{change.option} to {change.new}" for change in changes)
    return warn(
        "mesh-reach",
        f"The probe cannot reach all of [bed_mesh]: {' and '.join(f'{c.option} {c.old}' for c in changes)}.",
        f"The probe is {_shown((probe.x_offset, probe.y_offset))} mm from the nozzle and reaches {reached}. "
        "The mesh would end with “Move out of range”.",
        f"Set {edits} in [bed_mesh].",
        source="Klipper docs, Bed_Mesh",
        changes=changes,
    )


def low_moves(state: PrinterState) -> ReadyFinding | None:
    """Whether the toolhead moves between points with room under the probe."""
    probe = probe_config(state)
    if probe is None or probe.kind == "scanner":
        return None
    low = [(name, height) for name, height in _heights(state) if height < probe.z_offset]
    if not low:
        return None
    better = f"{probe.z_offset + ROOM:.0f}"
    changes = tuple(Change(name, "horizontal_move_z", f"{height:g}", better) for name, height in low)
    named = " and ".join(f"[{name}] ({height:g} mm)" for name, height in low)
    return warn(
        "low-moves",
        f"horizontal_move_z is below the probe's trigger height in {named}.",
        f"The probe triggers with the nozzle at {millimetres(probe.z_offset)} (z_offset). It would be triggered "
        "before the first sample, or be dragged over the bed. Newer Klippers refuse to probe then.",
        f"Set horizontal_move_z to {better} or more there.",
        source="Klipper docs, Config_Reference",
        changes=changes,
    )


def _round_reach(state: PrinterState, probe: ProbeConfig) -> ReadyFinding | None:
    mesh, allowed = state.settings["bed_mesh"], area(state)
    radius = number(mesh.get("mesh_radius"))
    if radius is None or allowed is None:
        return None
    centre = pair(mesh.get("mesh_origin")) or (0.0, 0.0)
    turns = [math.tau * n / AROUND for n in range(AROUND)]
    ends = [(centre[0] + radius * math.cos(turn), centre[1] + radius * math.sin(turn)) for turn in turns]
    if all(allowed.contains(toolhead_for(end, probe)) for end in ends):
        return None
    return warn(
        "mesh-reach",
        f"The probe cannot reach all of [bed_mesh]: mesh_radius {radius:g}.",
        f"The probe is {_shown((probe.x_offset, probe.y_offset))} mm from the nozzle. "
        "The mesh would end with “Move out of range”.",
        "Make mesh_radius in [bed_mesh] smaller by the probe's distance from the nozzle.",
        source="Klipper docs, Bed_Mesh",
    )


def _heights(state: PrinterState) -> Iterator[tuple[str, float]]:
    for name in PROBING:
        height = number(state.settings.get(name, {}).get("horizontal_move_z"))
        if height is not None:
            yield name, height


def _clamped(place: Xy, low: Xy, high: Xy, probe: ProbeConfig) -> Xy:
    """The nearest bed point that the probe reaches."""
    offsets = probe.x_offset, probe.y_offset
    x, y = (
        min(max(value, least + offset), most + offset)
        for value, least, most, offset in zip(place, low, high, offsets, strict=True)
    )
    return x, y


def _reached(low: Xy, high: Xy, probe: ProbeConfig) -> str:
    x, y = probe.x_offset, probe.y_offset
    return f"X {low[0] + x:g} to {high[0] + x:g} and Y {low[1] + y:g} to {high[1] + y:g}"


def _shown(place: Xy) -> str:
    return f"{place[0]:g}, {place[1]:g}"
