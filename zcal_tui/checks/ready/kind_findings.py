"""Findings that only some kinds of printers have: deltas, meshes, toolchangers, vendors' Klippers."""

from dataclasses import replace

from zcal_tui.checks.ready.finding import ReadyFinding, fail, fine, warn
from zcal_tui.model.record import Change
from zcal_tui.printer.config_view import kinematics, probe_config, z_rail
from zcal_tui.printer.geometry import area, measuring_site, probed_point
from zcal_tui.printer.mesh_reference import mesh_reference
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import pair
from zcal_tui.printer.vendor_forks import vendor_fork


def vendor(state: PrinterState) -> ReadyFinding | None:
    """A vendor's Klipper, by name, with what can be used."""
    fork = vendor_fork(state)
    if fork is None:
        return None
    if fork.support == "supported":
        return fine(
            "vendor", f"This is a Klipper of {fork.name}, which is supported.", fork.what, fork.advice
        )
    if fork.support == "limited":
        return warn(
            "vendor", f"This is a Klipper of {fork.name}, which is supported in part.", fork.what, fork.advice
        )
    return fail(
        "vendor", f"This is a Klipper of {fork.name}, which is not supported.", fork.what, fork.advice
    )


def delta_geometry(state: PrinterState) -> ReadyFinding | None:
    """A delta's geometry comes before everything that depends on it."""
    if kinematics(state) != "delta":
        return None
    order = "A new geometry makes z_offset, Location bias and the bed mesh stale."
    if "delta_calibrate" not in state.settings:
        return warn(
            "geometry",
            "The delta has no [delta_calibrate].",
            f"Its geometry decides every height away from the centre. {order}",
            "Add [delta_calibrate], run DELTA_CALIBRATE and SAVE_CONFIG first, then the other checks.",
            source="Klipper docs, Delta_Calibrate",
        )
    if not any(option.startswith("height") for option in state.config.get("delta_calibrate", {})):
        return warn(
            "geometry",
            "DELTA_CALIBRATE was never saved on this printer.",
            f"Its geometry decides every height away from the centre. {order}",
            "Run DELTA_CALIBRATE and SAVE_CONFIG first, then the other checks.",
            source="Klipper docs, Delta_Calibrate",
        )
    return fine("geometry", "The delta's geometry is calibrated (DELTA_CALIBRATE).", order)


def mesh_zero(state: PrinterState) -> ReadyFinding | None:
    """A mesh has to be zero where z_offset applies."""
    mesh = state.settings.get("bed_mesh")
    if mesh is None or mesh_reference(state.settings) is not None:
        return None
    low, high = pair(mesh.get("mesh_min")), pair(mesh.get("mesh_max"))
    place = f"{(low[0] + high[0]) / 2:g}, {(low[1] + high[1]) / 2:g}" if low and high else "0, 0"
    return warn(
        "mesh-zero",
        "[bed_mesh] has no zero_reference_position.",
        "The mesh then moves the nozzle up or down everywhere, by the bed's height where z_offset was measured.",
        f"Set zero_reference_position in [bed_mesh] to the place of the paper test, such as {place}. Then make the "
        "mesh again.",
        source="Klipper docs, Bed_Mesh",
        changes=(Change("bed_mesh", "zero_reference_position", None, place),),
    )


def homing_place(state: PrinterState) -> ReadyFinding | None:
    """Where the probe homes Z, the probe has to be over the bed while homing, not the nozzle."""
    probe, rail = probe_config(state), z_rail(state)
    home = pair(state.settings.get("safe_z_home", {}).get("home_xy_position"))
    reach = area(state)
    if probe is None or rail is None or not rail.homes_with_probe or home is None or reach is None:
        return None
    place = probed_point(home, probe)
    if reach.contains(place):
        return fine("homing-place", f"The probe homes Z at X {place[0]:g} Y {place[1]:g} of the bed.")
    elsewhere = {name: options for name, options in state.settings.items() if name != "safe_z_home"}
    site = measuring_site(replace(state, settings=elsewhere), probe)
    better = "a place" if site is None else f"{site.toolhead[0]:g}, {site.toolhead[1]:g}"
    changes = () if site is None else (Change("safe_z_home", "home_xy_position", _shown(home), better),)
    return warn(
        "homing-place",
        f"[safe_z_home] homes Z with the probe at X {place[0]:g} Y {place[1]:g}, which the nozzle cannot reach: the "
        "probe may be beside the bed.",
        f"home_xy_position is where the nozzle is, and the probe is {probe.x_offset:g}, {probe.y_offset:g} mm from it. "
        "A probe beside the bed never triggers, and the nozzle goes down into the bed.",
        f"Set home_xy_position in [safe_z_home] to {better}, so that the probe is over the bed.",
        source="Klipper docs, Config_Reference, safe_z_home",
        changes=changes,
    )


def _shown(place: tuple[float, float]) -> str:
    return f"{place[0]:g}, {place[1]:g}"
