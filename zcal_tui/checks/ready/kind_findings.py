"""Findings that only some kinds of printers have: deltas, meshes, toolchangers, vendors' Klippers."""

from zcal_tui.checks.ready.finding import ReadyFinding, fail, fine, warn
from zcal_tui.model.record import Change
from zcal_tui.printer.config_view import kinematics
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
