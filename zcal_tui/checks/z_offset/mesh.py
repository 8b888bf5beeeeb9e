"""The offer to make the bed mesh again after a new z_offset, so that both are saved with one restart.

BED_MESH_CALIBRATE stages the profile by itself: it runs by consent, never while anything is pending, and what it staged
is discarded by a RESTART where it is not saved.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from zcal_tui.checks.base import Context
from zcal_tui.checks.dock.attach import probe_attached
from zcal_tui.checks.errors import CheckCancelled, CheckRefused
from zcal_tui.checks.preconditions import require_ready
from zcal_tui.checks.travel import lift_and_leave, travel
from zcal_tui.checks.z_offset.analysis import homes_with_probe
from zcal_tui.checks.z_offset.mesh_progress import points_counted
from zcal_tui.model.events import ChangesUpdated, Notice, Stage
from zcal_tui.model.mesh_comparison import compare, parse_points, text_map
from zcal_tui.model.questions import Confirm
from zcal_tui.model.record import Change
from zcal_tui.printer.config_view import ProbeConfig, macro_wraps
from zcal_tui.printer.errors.explain import explain
from zcal_tui.printer.geometry import Xy
from zcal_tui.printer.mesh_reference import mesh_reference
from zcal_tui.printer.printer import CommandFailed
from zcal_tui.printer.state import PrinterState
from zcal_tui.transport.failures import ReplyLost, TransportError, Unreachable

COMMAND = "BED_MESH_CALIBRATE"
NOT_KNOWN_YET = "not measured yet"
AREA = ("min_x", "max_x", "min_y", "max_y")
DETAIL = (
    "{command} probes the whole bed and stages the mesh by itself. It is then saved together with z_offset, with one "
    "restart, or discarded by a RESTART. Only the emergency stop ends it early. It is made as warm as the printer "
    "is now: say no if your mesh is made hot. Keep the bed clear."
)


@dataclass(frozen=True, slots=True)
class MeshPlan:
    """How the mesh is made. `place` is where the toolhead goes with the probe attached, `clearance` the height (mm) to
    move at; `hot` is whether the run heats."""

    profile: str | None
    probe: ProbeConfig
    macros: tuple[str, str] | None
    place: Xy
    clearance: float
    hot: bool = False


def profile_to_make(state: PrinterState) -> str | None:
    """The name of the mesh's profile: the loaded one, else the only one in printer.cfg; None without one."""
    if state.bed_mesh.profile_name:
        return state.bed_mesh.profile_name
    names = [section.partition(" ")[2] for section in state.config if section.startswith("bed_mesh ")]
    return names[0] if len(names) == 1 else None


def obstacle(state: PrinterState, plan: MeshPlan) -> str | None:
    """Why the mesh cannot be made again in this run, as a sentence; None if it can."""
    probe = plan.probe
    if plan.hot:
        return "The time that you agreed to heat is for z_offset. Make the mesh at print temperature after the restart."
    if probe.kind == "scanner":
        return f"[{probe.section}] scans its mesh with its plugin's own settings. Make it after the restart."
    if macro_wraps(state, COMMAND) or state.has_command(COMMAND) is False:
        return f"{COMMAND} is not Klipper's own command on this printer. Run it after the restart."
    if '"' in (plan.profile or ""):
        return "The profile's name contains a quotation mark."
    if state.save_config.pending:
        return "Klipper has unsaved pending values, and the mesh would be staged beside them."
    if not state.homed():
        return "The printer is no longer homed."
    if False in (state.quad_gantry_level_applied, state.z_tilt_applied):
        return "The gantry is not levelled. Level it, then make the mesh after the restart."
    if not homes_with_probe(state) and mesh_reference(state.settings) is None:
        return (
            "Its heights depend on z_offset, and the new one is in effect only after the restart. Make it then. With "
            "zero_reference_position in [bed_mesh] they would not depend on it."
        )
    return None


async def offer_mesh(context: Context, plan: MeshPlan, changes: tuple[Change, ...]) -> bool:
    """Make the mesh again by consent, and add it to the run's `changes`; whether it was made.

    Raises CheckCancelled, CheckFailed, TransportError; a mesh that Klipper could not make is a notice, so that z_offset
    can be saved without it.
    """
    profile = plan.profile
    if profile is None or not any(change.saves and change.option == "z_offset" for change in changes):
        return False
    if not context.may_save:
        return False  # it would only be discarded
    if (why := obstacle(context.printer.state, plan)) is not None:
        context.emit(Notice(f"The bed mesh is not made again in this run: {why}"))
        return False
    agreed = await context.operator.confirm(
        Confirm(
            "mesh-again",
            f"Make the bed mesh {profile} again, and save it together with z_offset?",
            DETAIL.format(command=COMMAND),
            yes="Make the mesh",
            no="Not now",
            consent=True,
        )
    )
    if not agreed:
        return False
    await context.printer.refresh()
    require_ready(context.printer.state)
    if (why := obstacle(context.printer.state, plan)) is not None:
        context.emit(Notice(f"The bed mesh is not made again in this run: {why}"))
        return False
    section = f"bed_mesh {profile}"
    try:
        async with _staging(context, section, changes):
            await _calibrate(context, plan)
    except CommandFailed as error:
        state = await context.printer.refresh()
        if section in state.save_config.items or not state.ready:
            raise
        explanation = explain(error.message)
        context.emit(Notice(f"The bed mesh was not made: {explanation.what} {explanation.cause}".strip()))
        return False
    context.emit(ChangesUpdated(changes))
    return await _show(context, section, changes)


async def _calibrate(context: Context, plan: MeshPlan) -> None:
    x, y = plan.place
    try:
        async with probe_attached(context, plan.macros):
            context.stop_if_cancelled()
            await travel(context.printer, x=x, y=y, clearance=plan.clearance)
            context.stop_if_cancelled()
            context.emit(Stage("mesh", f"Klipper makes the bed mesh {plan.profile}. Do not touch anything"))
            with points_counted(context):
                await context.printer.gcode(f'{COMMAND} PROFILE="{plan.profile}"')
    finally:
        await lift_and_leave(context, plan.clearance)
    context.stop_if_cancelled()


async def _show(context: Context, section: str, changes: tuple[Change, ...]) -> bool:
    """Add what Klipper has staged to the changes, and show it beside the old mesh; whether there is any."""
    state = await context.printer.refresh()
    staged = state.save_config.items.get(section, {})
    old = state.config.get(section, {})
    new = parse_points(staged.get("points", ""))
    if new is None:
        context.emit(Notice(f"{COMMAND} finished, but staged no mesh."))
        return False
    same_points = all(_same(staged.get(name), old.get(name)) for name in AREA)
    compared = compare(new, parse_points(old.get("points", "")), same_points=same_points)
    found = tuple(
        Change(
            section,
            option,
            old.get(option),
            text,
            "staged",
            saves=True,
            effect=str(compared) if option == "points" else "",
        )
        for option, text in staged.items()
        if option == "points" or not _same(text, old.get(option))
    )
    context.emit(ChangesUpdated((*changes, *found)))
    context.emit(Notice(f"The new bed mesh: {compared}. Heights in µm, the back on top:\n{text_map(new)}"))
    return True


def _same(new: str | None, old: str | None) -> bool:
    """Whether two texts of printer.cfg are the same value."""
    if new is None or old is None:
        return new == old
    with contextlib.suppress(ValueError):
        return float(new) == float(old)
    return new.split() == old.split()


@contextlib.asynccontextmanager
async def _staging(context: Context, section: str, changes: Sequence[Change]) -> AsyncIterator[None]:
    """The time in which Klipper stages by itself. The record says so before, in case this program dies in it; where it
    ends with nothing staged, the record says that as well. After a lost link the command may still run, and stage at
    its end."""
    old = context.printer.state.config.get(section, {}).get("points")
    context.emit(ChangesUpdated((*changes, Change(section, "points", old, NOT_KNOWN_YET, "staged"))))
    try:
        yield
    except (asyncio.CancelledError, ReplyLost, Unreachable):
        raise
    except (CheckRefused, CheckCancelled, TransportError):
        with contextlib.suppress(TransportError):
            if not (await context.printer.refresh()).save_config.pending:
                context.emit(ChangesUpdated(tuple(changes)))
        raise
