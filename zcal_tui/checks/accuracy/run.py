"""How `accuracy` runs: where, how many samples, and when to stop."""

import asyncio
import dataclasses
import math

from zcal_tui.checks.accuracy.analysis import LEAST_BATCH, AccuracyReport
from zcal_tui.checks.accuracy.homing_analysis import HomingReport
from zcal_tui.checks.accuracy.homings import measure_homings
from zcal_tui.checks.accuracy.parameters import AccuracyParameters
from zcal_tui.checks.accuracy.site import over_the_place
from zcal_tui.checks.base import Context
from zcal_tui.checks.dock.attach import dock_macros, stow_macros
from zcal_tui.checks.method_sampler import chosen_method, sampler_of
from zcal_tui.checks.pace import Pace
from zcal_tui.checks.preconditions import require_probe
from zcal_tui.checks.probing import samples_here
from zcal_tui.checks.room_below import probe_conclusion, without_room
from zcal_tui.checks.travel import (
    LIFT_SPEED,
    go_to,
    position,
    require_ours,
    travel,
)
from zcal_tui.model.events import Progress, SampleTaken, Stage
from zcal_tui.model.record import Sample
from zcal_tui.printer.config_view import ProbeConfig, homes_by_macros, z_rail
from zcal_tui.printer.gcode import ProbingSettings
from zcal_tui.printer.hazards import minimum
from zcal_tui.printer.state import PrinterState
from zcal_tui.stats.verdicts.series_fault import SHOWN_BY
from zcal_tui.stats.verdicts.stopping import START_SAMPLES, StoppingPlan
from zcal_tui.transport.failures import GcodeError

REST = 45.0
"""s. A pause, with the toolhead lifted, after which a sample is a first one again; our choice: a macro or a mesh starts
after as long. After a shorter one a shift may not have returned, and would be taken for an outlier."""


async def measure(context: Context, parameters: AccuracyParameters) -> None:
    """Home if needed, go to the place, sample until the data decide, home again and again where the probe homes Z,
    judge. See `Check.run` for what it raises."""
    method = chosen_method(context.printer.state, parameters.method)
    context = dataclasses.replace(context, sampler=sampler_of(context, method))
    rail = z_rail(context.printer.state)
    homes = rail is not None and rail.homes_with_probe
    try:
        async with over_the_place(context, parameters, method) as site:
            report = AccuracyReport(parameters, site.probe, site.step, homes=homes)
            began = context.clock.now()
            await _touch(context, parameters, report, site.probe)
            each = (context.clock.now() - began) / max(1, report.taken)
            if report.first_sample_decides:
                starts = StoppingPlan.starts_after(report.counted)
                for start in range(1, starts + 1):
                    await _start_again(context, parameters, report, site.clearance, (start, starts))
                # Once the first-sample shift is known, the data may need more samples
                await _touch(context, parameters, report, site.probe)
            place = position(context.printer)[:2]
        if homes and method is None:
            report.not_homed = _why_not_homed(context.printer.state, parameters, site.probe)
            if not report.not_homed and await asyncio.to_thread(lambda: report.worth_homing):
                docked = dock_macros(context.printer.state, parameters.attach, parameters.detach) is not None
                report.homings = HomingReport(parameters, site.probe, site.step, docked=docked)
                await measure_homings(
                    context,
                    parameters,
                    report.homings,
                    place,
                    first=report.taken + 1,
                    each=each,
                    clearance=site.clearance,
                )
    except GcodeError as error:
        z_offset = require_probe(context.printer.state).z_offset
        lowest = without_room(context.printer.state, z_offset, error.message)
        if lowest is None:
            raise
        for event in probe_conclusion(lowest, z_offset):
            context.emit(event)
        return
    for event in await asyncio.to_thread(lambda: list(report.conclusion())):
        context.emit(event)


def _why_not_homed(state: PrinterState, parameters: AccuracyParameters, probe: ProbeConfig) -> str:
    """Why the homings are left out, as a sentence for the verdict; empty where they are not. Where macros dock the
    probe after the samples, Klipper's own G28 would home without it."""
    flags = {
        "--homings 0": parameters.homings == 0,
        "--here": parameters.here,
        "--no-home": not parameters.home,
    }
    given = next((flag for flag, left_out in flags.items() if left_out), None)
    if given is not None:
        return f"The probe homes Z, and how homing repeats was not measured ({given})."
    docked = not probe.prepares and stow_macros(state, parameters.attach, parameters.detach) is not None
    if docked and not homes_by_macros(state):
        return (
            "The probe homes Z, and how homing repeats was not measured: G28 is Klipper's own here, and does not "
            "attach the probe."
        )
    return ""


async def _down_again(context: Context, height: float) -> None:
    """Come down to where the lift between two samples ends: the [zcal] module ends each command as high up as it began,
    and probing speed is slow. Never up."""
    await require_ours(context.printer)
    if position(context.printer)[2] > height:
        await go_to(context.printer, z=height, speed=LIFT_SPEED)


async def _touch(
    context: Context, parameters: AccuracyParameters, report: AccuracyReport, probe: ProbeConfig
) -> None:
    if report.wanted() == 0:
        return
    settings = ProbingSettings(parameters.probe_speed, parameters.lift_speed, parameters.retract)
    at = position(context.printer)
    context.emit(Stage("touch", f"Probing the bed at X {at[0]:.1f} Y {at[1]:.1f}"))
    context.emit(Progress(report.counted, report.most))
    pace = Pace(context.clock.now())

    least = max(LEAST_BATCH, int(minimum(context.printer.state, "PROBE_ACCURACY", "SAMPLES")))
    while (batch := report.next_batch(least)) > 0:
        lowest = math.inf
        async for sample in samples_here(
            context, batch, settings, begun=report.taken > 0, enough=lambda: report.faulty
        ):
            await _take(context, report, sample, pace)
            lowest = min(lowest, sample.trigger_z)
        # A probe that is prepared for each command may move sideways for that. After the first few samples it is left
        # as high as it began: most series end with the next.
        if probe.plain and report.counted > SHOWN_BY and report.wanted() > 0 and math.isfinite(lowest):
            await _down_again(context, lowest + (parameters.retract or probe.sample_retract_dist))


async def _start_again(
    context: Context,
    parameters: AccuracyParameters,
    report: AccuracyReport,
    clearance: float,
    start: tuple[int, int],
) -> None:
    """A further short series after a pause: several distinguish a single bad first sample from a first-sample shift."""
    context.emit(
        Stage(
            "again",
            f"The first sample was off. Checking whether it always is: start {start[0]} of {start[1]}, a pause of "
            f"{REST:.0f} s, then {START_SAMPLES} samples",
        )
    )
    x, y = position(context.printer)[:2]
    await travel(context.printer, clearance=clearance)
    until = context.clock.now() + REST
    while (left := until - context.clock.now()) > 0.0:
        context.stop_if_cancelled()
        context.emit(Progress(report.counted, report.most, round(left, 1)))
        await context.clock.sleep(min(1.0, left))
    # Others may have started a print, which ends the check here, or have moved the toolhead
    await travel(context.printer, x=x, y=y, clearance=clearance)
    settings = ProbingSettings(parameters.probe_speed, parameters.lift_speed, parameters.retract)
    made: list[Sample] = []
    async for sample in samples_here(context, START_SAMPLES, settings, begun=True):
        made.append(dataclasses.replace(sample, n=report.taken + len(made) + 1, round=start[0] + 1))
        context.emit(SampleTaken(made[-1]))
    context.emit(await asyncio.to_thread(report.add_start, made))


async def _take(context: Context, report: AccuracyReport, taken: Sample, pace: Pace) -> None:
    sample = dataclasses.replace(taken, n=report.taken + 1)
    context.emit(SampleTaken(sample))
    # Off this loop: on a slow board the arithmetic would delay status updates
    updated = await asyncio.to_thread(report.add, sample)
    if updated is not None:
        context.emit(updated)
    left = pace.left(context.clock.now(), report.taken, report.planned)
    context.emit(Progress(report.counted, report.most, left))
