"""How the Z offset is measured: probe a point, bring the nozzle over the same point, do the paper test."""

import asyncio
import functools

from zcal_tui.checks.base import Context
from zcal_tui.checks.clearance import (
    ABOVE_ACCEPTED,
    ABOVE_CONTACT,
    ABOVE_PROBED_POINT,
    safe_clearance,
    travel_clearance,
)
from zcal_tui.checks.dock.attach import dock_macros, probe_attached, stow_macros
from zcal_tui.checks.dock.docked import probe_docked, require_travel
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.heating.hot import Heat, at_temperature
from zcal_tui.checks.heating.targets import HOT, require_no_ooze
from zcal_tui.checks.operator import require_person
from zcal_tui.checks.paper import PaperHeight, PaperPlan, paper_test
from zcal_tui.checks.preconditions import home_cold, require_cold, require_probe, require_ready, require_step
from zcal_tui.checks.probing import take_samples, trigger_heights
from zcal_tui.checks.room_below import OutOfReach, paper_conclusion, require_room
from zcal_tui.checks.travel import come_down, lift_and_leave, position, require_free, travel
from zcal_tui.checks.z_offset.analysis import (
    OLD_MESH,
    endstop_conclusion,
    homes_with_probe,
    probe_conclusion,
    probe_estimates,
)
from zcal_tui.checks.z_offset.eddy import calibrate_eddy
from zcal_tui.checks.z_offset.mesh import MeshPlan, offer_mesh, profile_to_make
from zcal_tui.checks.z_offset.parameters import ZOffsetParameters
from zcal_tui.checks.z_offset.places import CONTACT_DETAIL, DETAIL, HOT_DETAIL, chosen_place, nozzle_place
from zcal_tui.checks.z_offset.scanner_calibration import calibrate_scanner
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, Stage
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.questions import Confirm
from zcal_tui.printer.config_view import ProbeConfig, ZRail, is_delta, probe_config, tool_probes, z_rail
from zcal_tui.printer.geometry import Xy
from zcal_tui.printer.sampler import ProbeUnusable
from zcal_tui.printer.scan_model import PAPER, ScanModel, scan_model
from zcal_tui.printer.scanner_calibrations import EDDY_OWN, own_command, unmodelled
from zcal_tui.printer.state import PrinterState


async def measure(context: Context, parameters: ZOffsetParameters) -> None:
    """Measure it for the probe or the endstop. See `Check.run` for what it raises."""
    try:
        await _measure(context, parameters)
    except OutOfReach as error:
        for event in paper_conclusion(error):
            context.emit(event)


async def _measure(context: Context, parameters: ZOffsetParameters) -> None:
    require_ready(context.printer.state)
    require_person(context.operator, "A person has to feel when the nozzle drags on the paper.")
    probe = probe_config(context.printer.state)
    rail = z_rail(context.printer.state)
    step = require_step(context.printer.state)
    if parameters.calibrate != "none":
        _require_no_heat(parameters)
        await _calibrate(context, parameters, step)
        return
    what = parameters.what
    if what == "auto":
        what = "endstop" if probe is None or _only_endstop(context.printer.state, probe, rail) else "probe"
    if what == "probe" and probe is not None and probe.kind == "probe_eddy_current":
        _require_no_heat(parameters)
        await calibrate_eddy(context, parameters, probe, step)
        return
    measured = rail
    if what == "probe":
        probe = require_probe(context.printer.state, "Or use --what endstop.")
        probe = _require_switch(probe, context.printer.state)
        require_no_ooze(probe, parameters.nozzle)
    else:
        measured = _require_endstop(rail)
    if parameters.bed is None and parameters.nozzle is None:
        await require_cold(context)
    async with at_temperature(context, parameters.bed, parameters.nozzle, parameters.soak) as heat:
        if what == "probe":
            assert probe is not None
            await _probe_offset(context, parameters, probe, step, heat)
        else:
            assert measured is not None
            await _endstop_position(context, parameters, measured, step, heat)


def _only_endstop(state: PrinterState, probe: ProbeConfig, rail: ZRail | None) -> bool:
    """Whether the endstop's position is all that can be measured, because nothing is known of the scanner's models."""
    return rail is not None and rail.has_position and unmodelled(state, probe)


def _require_no_heat(parameters: ZOffsetParameters) -> None:
    """Raises CheckRefused where heat was asked for with a calibration that Klipper or a plugin does by itself."""
    if parameters.bed is None and parameters.nozzle is None:
        return
    raise CheckRefused(
        "A sensor's own calibration is not heated by this check.",
        "--bed and --nozzle are for the z_offset of a switch probe, a scanner's model or a Z endstop.",
        "Leave --bed and --nozzle out.",
    )


async def _calibrate(context: Context, parameters: ZOffsetParameters, step: float) -> None:
    """The scanner's own calibration that was asked for."""
    probe = require_probe(context.printer.state)
    if probe.kind == "probe_eddy_current" and parameters.calibrate in EDDY_OWN:
        drive_current = parameters.calibrate == "drive-current"
        await calibrate_eddy(context, parameters, probe, step, drive_current=drive_current)
    else:
        await calibrate_scanner(context, parameters, probe)


@dataclass(frozen=True)
class _Tests:
    """The settings that all paper tests of a run share."""

    name: str
    old: float | None
    base: float
    expected: float
    count: int
    clearance: float
    moves_nozzle: bool = True
    detail: str = DETAIL
    sign: int = -1
    sheet: float = 0.0
    """mm of paper that is subtracted, where the nozzle is hot and has grown already."""


async def _probe_offset(
    context: Context, parameters: ZOffsetParameters, probe: ProbeConfig, step: float, heat: Heat
) -> None:
    macros = dock_macros(context.printer.state, parameters.attach, parameters.detach)
    stow = stow_macros(context.printer.state, parameters.attach, parameters.detach)
    model = _model(context.printer.state, probe)
    place = chosen_place(context, parameters, probe)
    profile = profile_to_make(context.printer.state)
    await require_travel(context, macros, probe)
    await home_cold(context, allowed=parameters.home)
    await context.holder.clear_mesh()
    await context.holder.zero_offset()
    clearance = travel_clearance(probe)
    try:
        context.emit(Stage("travel", f"Bringing the probe over X {place.bed[0]:.1f} Y {place.bed[1]:.1f}"))
        await travel(context.printer, x=place.toolhead[0], y=place.toolhead[1], clearance=clearance)
        async with probe_attached(context, macros):
            context.stop_if_cancelled()
            if macros is not None:  # the macro may leave the toolhead at the dock
                await travel(context.printer, x=place.toolhead[0], y=place.toolhead[1], clearance=clearance)
            context.emit(Stage("touch", "Probing the bed"))
            touches = await take_samples(context, parameters.touches)
        heights = trigger_heights(touches)
        if model is not None and touches and touches[0].bed_z is None:  # read from the console
            heights = tuple(height + model.console_shift for height in heights)
        if len(heights) < 2:
            raise ProbeUnusable(
                "The printer reported too few samples.",
                "Its configuration drops samples, or console lines were lost.",
                "Raise --touches, or repeat the check.",
            )
        trigger = sum(heights) / len(heights)
        homes = homes_with_probe(context.printer.state)
        sheet = sheet_of(context.printer.state) if model is None else 0.0
        tests = _Tests(
            "z_offset",
            probe.z_offset if model is None else model.offset,
            trigger + sheet if model is None else model.corrected(trigger + model.excess),
            trigger - probe.z_offset + sheet if model is None else trigger - model.distance + PAPER,
            parameters.repeats,
            clearance,
            homes,
            _detail(model, sheet),
            -1 if model is None else -model.sign,
            sheet,
        )
        require_room(context.printer.state, tests.expected)
        papers: list[PaperHeight] = []
        async with probe_docked(context, stow):  # it may have been attached before the check began
            context.emit(Stage("travel", "Bringing the nozzle over the same point"))
            await travel(
                context.printer,
                x=place.bed[0],
                y=place.bed[1],
                clearance=travel_clearance(probe, trigger),
            )
            await _confirm_place(context, probe, place.toolhead)
            for test in range(1, parameters.repeats + 1):
                start = papers[-1].height + ABOVE_ACCEPTED if papers else trigger + ABOVE_PROBED_POINT
                await come_down(context.printer, start)
                papers.append(
                    await _paper(context, tests, test, len(touches) + test, papers[-1] if papers else None)
                )
                heat.require_kept()
                found = await asyncio.to_thread(
                    functools.partial(probe_estimates, homes=homes),
                    heights,
                    papers,
                    step,
                    context.scatter,
                    model,
                    sheet,
                )
                heat.emit(EstimateUpdated(found))
    except ProbeUnusable as unusable:
        raise CheckFailed(unusable.what, unusable.cause, unusable.remedy) from unusable
    finally:
        await lift_and_leave(context, clearance)
    events = await asyncio.to_thread(
        lambda: list(
            probe_conclusion(
                context.printer.state, probe, heights, papers, step, context.scatter, model, sheet
            )
        )
    )
    old_mesh = AdviceGiven(OLD_MESH)
    for event in events:
        if event != old_mesh:
            heat.emit(event)
    changes = tuple(c for event in events if isinstance(event, AdviceGiven) for c in event.changes)
    making = MeshPlan(profile, probe, macros, place.toolhead, clearance, hot=heat.on)
    made = await offer_mesh(context, making, changes)
    if old_mesh in events and not made:
        context.emit(old_mesh)


async def _endstop_position(
    context: Context, parameters: ZOffsetParameters, rail: ZRail, step: float, heat: Heat
) -> None:
    assert rail.position_endstop is not None
    place = nozzle_place(context, parameters)
    stow = stow_macros(context.printer.state, parameters.attach, parameters.detach)
    await home_cold(context, allowed=parameters.home)
    await context.holder.clear_mesh()
    await context.holder.zero_offset()
    position_endstop = rail.position_endstop
    clearance = safe_clearance(context.printer.state)
    sheet = sheet_of(context.printer.state)
    tests = _Tests(
        "position_endstop",
        position_endstop,
        position_endstop + sheet,
        sheet,
        parameters.repeats,
        clearance,
        detail=_detail(None, sheet),
        sheet=sheet,
    )
    papers: list[PaperHeight] = []
    try:
        async with probe_docked(context, stow):
            for test in range(1, parameters.repeats + 1):
                if test > 1:
                    # So that the endstop's own scatter is part of the scatter of the repeats
                    context.emit(Stage("home", "Homing again, to include the scatter of the endstop"))
                    await require_free(context.printer)
                    await context.printer.gcode("G28" if is_delta(context.printer.state) else "G28 Z")
                context.emit(Stage("travel", f"Bringing the nozzle over X {place[0]:.1f} Y {place[1]:.1f}"))
                await travel(context.printer, x=place[0], y=place[1], clearance=clearance)
                above = papers[-1].height + ABOVE_ACCEPTED if papers else tests.expected + ABOVE_CONTACT
                await come_down(context.printer, above)
                papers.append(await _paper(context, tests, test, test, papers[-1] if papers else None))
                heat.require_kept()
    finally:
        await lift_and_leave(context, clearance)
    for event in await asyncio.to_thread(
        lambda: list(endstop_conclusion(context.printer.state, rail, papers, step, context.scatter, sheet))
    ):
        heat.emit(event)


def sheet_of(state: PrinterState) -> float:
    """mm of paper to subtract: all of it under a nozzle that is hot and has grown, so that the paper compensates for
    nothing; none under a cold one (Klipper docs, Bed_Level)."""
    nozzles = {name: heater for name, heater in state.heaters.items() if name.startswith("extruder")}
    used = [nozzles[state.extruder]] if state.extruder in nozzles else list(nozzles.values())
    return PAPER if max((heater.temperature for heater in used), default=0.0) >= HOT else 0.0


def _detail(model: ScanModel | None, sheet: float) -> str:
    if model is not None:
        return CONTACT_DETAIL
    return HOT_DETAIL if sheet else DETAIL


async def _paper(
    context: Context, tests: _Tests, test: int, n: int, before: PaperHeight | None
) -> PaperHeight:
    """One paper test; `before` is the one before it at this place."""
    context.emit(Stage("paper", "Lower the nozzle until the paper drags slightly"))
    return await paper_test(
        context,
        PaperPlan(
            text="Lower the nozzle until the paper drags slightly.",
            name=tests.name,
            old=tests.old,
            base=tests.base,
            sign=tests.sign,
            expected=tests.expected if before is None else before.height,
            clearance=tests.clearance,
            test=test,
            tests=tests.count,
            detail=tests.detail,
            moves_nozzle=tests.moves_nozzle,
            measured=before is not None,
        ),
        n,
    )


async def _confirm_place(context: Context, probe: ProbeConfig, touched_at: Xy) -> None:
    """Ask whether the nozzle is above the probed point. If not, the probe's X and Y offsets are wrong, and the paper
    test would measure another point of the bed (Klipper docs, Probe_Calibrate)."""
    nozzle = position(context.printer)
    right = await context.operator.confirm(
        Confirm(
            "nozzle-over-point",
            "Is the nozzle above the point that was probed?",
            "It was moved by the configured offsets "
            f"(x_offset {probe.x_offset:g} mm, y_offset {probe.y_offset:g} mm). 1 mm off does not matter.",
            yes="Above it",
            no="Beside it",
            facts={
                "nozzle_x": nozzle[0],
                "nozzle_y": nozzle[1],
                "probed_x": touched_at[0],
                "probed_y": touched_at[1],
                "x_offset": probe.x_offset,
                "y_offset": probe.y_offset,
            },
        )
    )
    if not right:
        raise CheckFailed(
            "The nozzle is not above the point that was probed.",
            f"x_offset and y_offset in [{probe.section}] are wrong.",
            "Run Probe XY offset (`probe-xy`) and save its values, then repeat this check.",
        )


def _require_switch(probe: ProbeConfig, state: PrinterState) -> ProbeConfig:
    if probe.kind == "scanner":
        _model(state, probe)
        return probe
    if "z_offset" not in state.settings.get(probe.section, {}) and tool_probes(state):
        names = ", ".join(f"[{name}]" for name in tool_probes(state))
        raise CheckRefused(
            f"[{probe.section}] has no z_offset of its own.",
            f"Each tool of this toolchanger has one: {names}. No tool is active now.",
            "Select a tool (INITIALIZE_TOOLCHANGER, or its macro such as T0), then start again.",
        )
    return probe


def _model(state: PrinterState, probe: ProbeConfig) -> ScanModel | None:
    """The model of a scanner, whose offset is measured; None for any other probe. Raises CheckRefused."""
    if probe.kind != "scanner":
        return None
    model = scan_model(state, probe)
    if model is None:
        command = own_command(state, probe.section)
        raise CheckRefused(
            f"[{probe.section}] has no z_offset that a paper test can measure.",
            "A sensor that measures distance is calibrated over its whole range, by its plugin's own command.",
            f"Run {command}: start this check with --calibrate scan where it offers that, else as the plugin's "
            "documentation describes, then SAVE_CONFIG.",
        )
    return model


def _require_endstop(rail: ZRail | None) -> ZRail:
    if rail is None or not rail.has_position:
        raise CheckRefused(
            "Z has no endstop with a position_endstop.",
            "Z homes with the probe, whose z_offset sets the height, or its section has no position_endstop.",
            "Use --what probe.",
        )
    return rail
