"""Guides a scanner's own calibration: consent, the plugin's command, our own measurement of its result, saving.

The command stages its result by itself. So consent comes first, and nothing may be pending before it. What does not
agree with our own measurement is not saved: the session restarts Klipper to discard it.
"""

import asyncio
import contextlib
import statistics
from collections.abc import AsyncIterator
from dataclasses import replace

from zcal_tui.checks.backlash.plugin_calibration import uninterrupted
from zcal_tui.checks.base import Context
from zcal_tui.checks.clearance import safe_clearance
from zcal_tui.checks.errors import CheckCancelled, CheckFailed, CheckRefused
from zcal_tui.checks.method_sampler import MethodSampler, chosen_method, require_clean_tip
from zcal_tui.checks.operator import require_person
from zcal_tui.checks.paper import PaperPlan, paper_test
from zcal_tui.checks.preconditions import home_cold, require_cold
from zcal_tui.checks.travel import lift_and_leave, position, require_free, travel
from zcal_tui.checks.z_offset.calibration_lines import calibration_lines
from zcal_tui.checks.z_offset.parameters import ZOffsetParameters
from zcal_tui.checks.z_offset.places import CONTACT_DETAIL
from zcal_tui.model.events import AdviceGiven, ChangesUpdated, Progress, SampleTaken, Stage, VerdictReached
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.questions import Confirm
from zcal_tui.model.record import Change, Level, Sample, Verdict
from zcal_tui.model.units import length
from zcal_tui.printer.config_view import ProbeConfig, z_rail
from zcal_tui.printer.gcode import ProbingSettings
from zcal_tui.printer.geometry import Xy, measuring_site
from zcal_tui.printer.manual_probe import ManualCalibration
from zcal_tui.printer.probe_methods import COILS, TAP, ProbeMethod
from zcal_tui.printer.scan_model import PAPER
from zcal_tui.printer.scanner_calibrations import (
    ScannerCalibration,
    calibration_of,
    calibrations_of,
    own_command,
)
from zcal_tui.printer.state import PrinterState
from zcal_tui.stats.verdicts.rule import consequence
from zcal_tui.transport.failures import TransportError

CONTACT_AGREEMENT = 0.1
"""mm. How far from where Z 0 says it is the new calibration may find the nozzle's contact: the thickness of the paper;
our choice."""
TOUCH_RANGE = 0.02
"""mm. The widest range of five samples of nozzle contact; our choice, twice the plugin's own sample_range."""
SAMPLES = 5
NOT_KNOWN_YET = "(what the plugin measures)"


@dataclass(frozen=True)
class _Checked:
    """Our own measurement of a calibration."""

    contact: float
    """Mean height (mm) of the nozzle's contact."""
    off: float
    """mm by which it is too high or too low."""
    range: float
    agrees: bool


async def calibrate_scanner(context: Context, parameters: ZOffsetParameters, probe: ProbeConfig) -> None:
    """Run the calibration that was asked for. See `Check.run` for what it raises."""
    printer = context.printer
    calibration = required_calibration(printer.state, probe, parameters.calibrate)
    _require_possible(printer.state, calibration)
    require_person(context.operator, "A person has to consent, and to watch the nozzle.")
    by_xy = _homes_only_xy(printer.state, calibration)
    await _agree(context, calibration, by_xy=by_xy)
    if calibration.paper:
        await require_cold(context)
    else:
        await require_clean_tip(context, "The calibration", touches=calibration.touches)
    await _home(context, parameters, calibration)
    await context.holder.clear_mesh()
    await context.holder.zero_offset()
    _require_possible(printer.state, calibration)
    place = _place(printer.state, probe)
    clearance = safe_clearance(printer.state)
    try:
        if printer.state.homed():
            await travel(printer, x=place[0], y=place[1], clearance=clearance)
        async with _staging(context, probe, calibration):
            latest = await _run(context, calibration, probe)
        changes = _staged(await printer.refresh(), probe, calibration)
        if not changes:
            context.emit(ChangesUpdated(()))
            raise CheckFailed(
                f"{calibration.name} finished, but nothing is staged.",
                f"The plugin's last message: {latest}"
                if latest
                else "The calibration failed, or another program saved it or restarted Klipper.",
                "Read its messages on the console, then repeat the check.",
            )
        context.emit(ChangesUpdated(changes))
        context.stop_if_cancelled()
        checked = await _check(context, calibration, probe, changes)
        context.emit(ChangesUpdated(tuple(replace(one, saves=checked.agrees) for one in changes)))
        _judge(context, calibration, checked)
    finally:
        await lift_and_leave(context, clearance)


def required_calibration(state: PrinterState, probe: ProbeConfig, key: str) -> ScannerCalibration:
    """The calibration of that name. Raises CheckRefused, by name, where the probe has none."""
    found = calibration_of(probe.section, key)
    if found is None:
        there = " and ".join(calibrations_of(probe.section))
        if not there and (command := own_command(state, probe.section)):
            raise CheckRefused(
                f"[{probe.section}] is not calibrated from here.",
                "What its plugin stages could not be checked: its models are unknown to zcal-tui.",
                f"Run {command} as the plugin's documentation describes, then SAVE_CONFIG.",
            )
        raise CheckRefused(
            f"[{probe.section}] has no calibration {key}.",
            f"It has {there}." if there else "Only a scanner has calibrations of its own.",
            "Choose one of them (--calibrate)." if there else "Leave --calibrate out.",
        )
    if state.has_command(found.name) is False:
        raise CheckRefused(
            f"[{probe.section}] cannot be calibrated by {found.name}.",
            "This printer has no such command.",
            "Update Klipper or the plugin.",
        )
    if found.method is not None and found.method != "tap":
        chosen_method(state, found.method)  # what is calibrated has to be checked
    return found


def _require_possible(state: PrinterState, calibration: ScannerCalibration) -> None:
    if state.save_config.pending:
        raise CheckRefused(
            "Klipper has unsaved pending values.",
            f"{calibration.name} stages its result. Only a RESTART could discard it, together with them.",
            "Save them (SAVE_CONFIG) or discard them (RESTART), then start again.",
        )


async def _agree(context: Context, calibration: ScannerCalibration, *, by_xy: bool) -> None:
    """The consent before anything moves; `by_xy`: sideways while Z is unknown. Raises CheckRefused, CheckCancelled."""
    unknown = (
        "\nZ cannot be homed yet, so X and Y move first, at the present height. Check that the nozzle is at least "
        "5 mm above the bed and everything on it."
    )
    needs = (
        "Needs a cold nozzle and bed, a clean tip and a sheet of paper."
        if calibration.paper
        else "Needs a clean tip below 150 °C, and nothing on the bed."
    )
    agreed = await context.operator.confirm(
        Confirm(
            "scanner-calibration",
            f"Run {calibration.name}? It takes about {calibration.minutes} minutes.",
            f"{calibration.does}\n{needs} Only the emergency stop ends it early. It stages its result by itself. "
            "Afterwards zcal-tui measures once more and asks whether to save it. If it is not saved, a RESTART of "
            f"Klipper discards it: homing and the live G-code offset are then lost.{unknown if by_xy else ''}",
            yes="Calibrate",
            no="Not now",
            danger=calibration.touches or by_xy,
            consent=True,
        )
    )
    if not agreed:
        raise CheckRefused("The calibration was declined.", "Nothing was moved.")


def _homes_only_xy(state: PrinterState, calibration: ScannerCalibration) -> bool:
    """Whether Z cannot be homed before the calibration, because the scanner that homes it has no model yet."""
    rail = z_rail(state)
    if not calibration.paper or state.homed() or rail is None or not rail.homes_with_probe:
        return False
    return not any(section.startswith(calibration.stages) for section in state.settings)


async def _home(context: Context, parameters: ZOffsetParameters, calibration: ScannerCalibration) -> None:
    """Home all axes; only X and Y where Z homes with a scanner that was never calibrated."""
    state = context.printer.state
    if not _homes_only_xy(state, calibration):
        await home_cold(context, allowed=parameters.home)
        return
    if not state.homed("xy"):
        if not parameters.home:
            raise CheckRefused(
                "X and Y are not homed.",
                f"{calibration.name} moves to its place.",
                "Home them (G28 X Y), or allow the check to do so (--home).",
            )
        await require_free(context.printer)
        context.emit(Stage("home", "Homing X and Y"))
        await context.printer.gcode("G28 X Y")
        await context.printer.refresh()


def _place(state: PrinterState, probe: ProbeConfig) -> Xy:
    """Where the nozzle is over the measuring place."""
    site = measuring_site(state, probe)
    return site.bed if site is not None else (position_of(state)[0], position_of(state)[1])


def position_of(state: PrinterState) -> tuple[float, float, float]:
    """The toolhead's position, the origin where it is unknown."""
    return state.position or (0.0, 0.0, 0.0)


async def _run(context: Context, calibration: ScannerCalibration, probe: ProbeConfig) -> str:
    """Run its commands. Returns the last line that the plugin printed; empty without any."""
    printer = context.printer
    latest = ""
    chip = probe.section.split()[-1]
    commands = [command.format(chip=chip) for command in calibration.commands]
    if not calibration.paper:
        for number, command in enumerate(commands, 1):
            of = f" ({number} of {len(commands)})" if len(commands) > 1 else ""
            doing = f"{calibration.name} measures by itself{of}. Do not touch anything"
            if len(commands) > 1:
                context.emit(Progress(number - 1, len(commands)))
            with calibration_lines(context, doing) as lines:
                async with uninterrupted(context, calibration.name):
                    await printer.gcode(command)
            latest = lines.latest
            context.stop_if_cancelled()
        return latest

    @contextlib.asynccontextmanager
    async def waiting() -> AsyncIterator[None]:
        nonlocal latest
        with calibration_lines(context, "The plugin measures by itself. Do not touch anything") as lines:
            async with uninterrupted(context, calibration.name):
                yield
        latest = lines.latest

    context.emit(Stage("paper", "Lower the nozzle until the paper drags slightly"))
    plan = PaperPlan(
        text="Lower the nozzle until the paper drags slightly.",
        name="",
        old=None,
        base=0.0,
        sign=-1,
        expected=None,
        clearance=safe_clearance(printer.state),
        detail=f"{CONTACT_DETAIL} The heights shown are made up until you accept.",
        opener=calibration.name,
        accept="Accept makes the plugin measure by itself, with this height as 0.1 mm, and stage its model.",
    )
    await paper_test(
        context, plan, 1, ManualCalibration(printer, context.zcal, commands[0], lambda: waiting())
    )
    return latest


@contextlib.asynccontextmanager
async def _staging(
    context: Context, probe: ProbeConfig, calibration: ScannerCalibration
) -> AsyncIterator[None]:
    """The time in which the command stages by itself. The record says so before, in case this program dies in it;
    where it ends without anything staged, the record says that as well."""
    section = f"{calibration.stages} default" if calibration.stages else probe.section
    option = "model" if calibration.stages else "tap_threshold"
    context.emit(ChangesUpdated((Change(section, option, None, NOT_KNOWN_YET, "staged"),)))
    try:
        yield
    except (CheckRefused, CheckCancelled, TransportError, asyncio.CancelledError):
        with contextlib.suppress(TransportError):
            state = await context.printer.refresh()
            context.emit(ChangesUpdated(_staged(state, probe, calibration)))
        raise


def _staged(state: PrinterState, probe: ProbeConfig, calibration: ScannerCalibration) -> tuple[Change, ...]:
    """What the command has staged, as changes; nothing else was pending before."""
    prefix = calibration.stages or probe.section
    return tuple(
        Change(section, option, state.config.get(section, {}).get(option), text, "staged")
        for section, options in state.save_config.items.items()
        if section.lower().startswith(prefix)
        for option, text in options.items()
    )


def _checked_method(
    state: PrinterState, calibration: ScannerCalibration, probe: ProbeConfig, changes: tuple[Change, ...]
) -> ProbeMethod:
    """The method that shows what was calibrated. Raises CheckRefused where the printer lacks it."""
    if calibration.method == "tap":
        # Klipper keeps the threshold with which it started until the restart
        staged = next((change.new for change in changes if change.option == "tap_threshold"), "")
        return replace(TAP, command=f"{TAP.command} TAP_THRESHOLD={staged}")
    method = None if calibration.method is None else chosen_method(state, calibration.method)
    # Without its method's name a Beacon may probe by contact, which does not use the model
    return method or COILS[probe.section.split()[0]]


async def _check(
    context: Context, calibration: ScannerCalibration, probe: ProbeConfig, changes: tuple[Change, ...]
) -> _Checked:
    """Measure the nozzle's contact with the calibrated method, at the place where it was calibrated."""
    printer = context.printer
    context.emit(Stage("verify", "Checking the calibration with our own samples"))
    method = _checked_method(printer.state, calibration, probe, changes)
    at = position(printer)[:2]
    if calibration.method is None and not calibration.moves_coil:  # over the point that the nozzle touched
        at = at[0] - probe.x_offset, at[1] - probe.y_offset
    await travel(printer, x=at[0], y=at[1], clearance=safe_clearance(printer.state))
    heights: list[float] = []
    async for sample in MethodSampler(printer, method).series(SAMPLES, ProbingSettings(), context.cancelled):
        heights.append(sample.trigger_z)
        _emit_sample(context, sample, len(heights))
    context.stop_if_cancelled()
    contact, spread = statistics.fmean(heights), max(heights) - min(heights)
    lowest = _lowest_contact(calibration)
    off = max(lowest - contact, contact, 0.0) if lowest else abs(contact)
    return _Checked(contact, off, spread, off <= CONTACT_AGREEMENT and spread <= TOUCH_RANGE)


def _lowest_contact(calibration: ScannerCalibration) -> float:
    """mm: the lowest Z of the nozzle's contact where Z 0 is right. The plugins count from contact. Klipper's Z 0 may be
    contact, or the height at which the paper drags (Klipper docs, Bed_Level, The paper test)."""
    return -PAPER if calibration.section == "probe_eddy_current" else 0.0


def _emit_sample(context: Context, sample: Sample, n: int) -> None:
    # Sample 1 is the paper test's, where there was one
    context.emit(SampleTaken(replace(sample, n=n + 1, kind="verify")))


def _judge(context: Context, calibration: ScannerCalibration, checked: _Checked) -> None:
    lowest = _lowest_contact(calibration)
    span = (
        f" from Z 0, or from Z {length(lowest, sign=True)} where Z 0 is the height of the paper"
        if lowest
        else ""
    )
    found = (
        f"Contact found at Z {length(checked.contact, sign=True)}. Limit: ±{length(CONTACT_AGREEMENT)}{span}.",
        f"The range of {SAMPLES} samples is {length(checked.range)}. Limit: {length(TOUCH_RANGE)}.",
        consequence(checked.off),
    )
    if checked.agrees:
        verdict = Verdict(Level.PASS, f"{calibration.name} agrees with our own measurement.", found)
    else:
        verdict = Verdict(Level.FAIL, f"{calibration.name} does not agree with our own measurement.", found)
        context.emit(
            AdviceGiven(
                "The calibration is not saved. Clean the tip and the bed, check that the probe is firm, then repeat it."
            )
        )
    context.emit(VerdictReached(verdict))
