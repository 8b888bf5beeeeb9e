"""How `accuracy` runs: where, how many samples, and when to stop."""

import asyncio
import contextlib
import dataclasses
import math
from collections.abc import AsyncIterator
from dataclasses import dataclass

from zcal_tui.checks.accuracy.analysis import AccuracyReport
from zcal_tui.checks.accuracy.parameters import AccuracyParameters
from zcal_tui.checks.base import Context
from zcal_tui.checks.clearance import travel_clearance
from zcal_tui.checks.dock.attach import dock_macros, probe_attached
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.method_sampler import chosen_method, require_clean_tip, sampler_of
from zcal_tui.checks.preconditions import require_probe, require_ready, require_step
from zcal_tui.checks.probing import samples_here
from zcal_tui.checks.room_below import probe_conclusion, without_room
from zcal_tui.checks.travel import (
    LIFT_SPEED,
    go_to,
    home_if_needed,
    lift_and_leave,
    position,
    require_inside,
    require_ours,
    travel,
)
from zcal_tui.model.events import Progress, SampleTaken, Stage
from zcal_tui.model.record import Sample
from zcal_tui.printer.config_view import ProbeConfig, z_rail
from zcal_tui.printer.gcode import ProbingSettings
from zcal_tui.printer.geometry import measuring_site
from zcal_tui.printer.hazards import outside
from zcal_tui.printer.probe_methods import ProbeMethod
from zcal_tui.printer.sampler import StockSampler
from zcal_tui.stats.verdicts.stopping import START_SAMPLES, StoppingPlan
from zcal_tui.transport.failures import GcodeError

REST = 45.0
"""s. A pause, with the toolhead lifted, after which a sample is a first one again; our choice: a macro or a mesh starts
after as long. After a shorter one a shift may not have returned, and would be taken for an outlier."""


@dataclass(frozen=True)
class SamplingSite:
    """The probe and the clearance for it. `step` is the Z step distance in mm."""

    probe: ProbeConfig
    step: float
    clearance: float


async def measure(context: Context, parameters: AccuracyParameters) -> None:
    """Home if needed, go to the place, sample until the data decide, judge. See `Check.run` for what it raises."""
    method = chosen_method(context.printer.state, parameters.method)
    context = dataclasses.replace(context, sampler=sampler_of(context, method))
    try:
        async with over_the_place(context, parameters, method) as site:
            rail = z_rail(context.printer.state)
            homes = rail is not None and rail.homes_with_probe
            report = AccuracyReport(parameters, site.probe, site.step, homes=homes)
            await _touch(context, parameters, report, site.probe)
            if report.first_sample_decides:
                starts = StoppingPlan.starts_after(report.counted)
                for start in range(1, starts + 1):
                    await _start_again(context, parameters, report, site.clearance, (start, starts))
                # Once the first-sample shift is known, the data may need more samples
                await _touch(context, parameters, report, site.probe)
    except GcodeError as error:
        z_offset = require_probe(context.printer.state).z_offset
        lowest = without_room(context.printer.state, z_offset, error.message)
        if lowest is None:
            raise
        for event in probe_conclusion(lowest, z_offset):
            context.emit(event)
        return
    for event in report.conclusion():
        context.emit(event)


@contextlib.asynccontextmanager
async def over_the_place(
    context: Context, parameters: AccuracyParameters, method: ProbeMethod | None = None
) -> AsyncIterator[SamplingSite]:
    """Homed, over the place that was chosen, the probe on the toolhead, for the time of an `async with` block; lifted
    and the probe put back after it. Raises CheckRefused, before anything moves, for what cannot be."""
    require_ready(context.printer.state)
    probe = require_probe(context.printer.state, "Without a probe, measure the Z endstop: --what endstop.")
    step = require_step(context.printer.state)
    _require_allowed(context, parameters)
    if method is not None:
        await require_clean_tip(context, method.name, touches=method.touches)
    macros = dock_macros(context.printer.state, parameters.attach, parameters.detach)
    place = _chosen_place(context, parameters, probe)
    # Homing would lose the position that "here" means
    await home_if_needed(context, allowed=parameters.home and not parameters.here)
    x, y = place or position(context.printer)[:2]
    clearance = travel_clearance(probe)
    await _go_to(context, x, y, clearance)
    try:
        async with probe_attached(context, macros):
            context.stop_if_cancelled()
            if macros is not None:  # the macro may leave the toolhead at the dock
                await travel(context.printer, x=x, y=y, clearance=clearance)
            yield SamplingSite(probe, step, clearance)
    finally:
        await lift_and_leave(context, clearance)


def _require_allowed(context: Context, parameters: AccuracyParameters) -> None:
    """Raises CheckRefused for what the probe's own command does not take, where that one is used."""
    if not isinstance(context.sampler, StockSampler):
        return
    state = context.printer.state
    wanted = {"SAMPLES": parameters.samples, "SAMPLE_RETRACT_DIST": parameters.retract}
    hazard = outside(state, "PROBE_ACCURACY", wanted)
    if hazard is not None:
        raise CheckRefused(hazard.effect, f"This printer has {hazard.origin}.", hazard.rule)


def _chosen_place(
    context: Context, parameters: AccuracyParameters, probe: ProbeConfig
) -> tuple[float, float] | None:
    """The toolhead position; None for the present one. Raises CheckRefused where it is out of reach."""
    if parameters.here:
        if parameters.x is not None or parameters.y is not None:
            raise CheckRefused(
                "--here and a position were both given.",
                "--here means the present position.",
                "Leave one of them out.",
            )
        return None
    site = measuring_site(context.printer.state, probe)
    middle = site.toolhead if site is not None else position(context.printer)[:2]
    x = middle[0] if parameters.x is None else parameters.x
    y = middle[1] if parameters.y is None else parameters.y
    require_inside(context.printer, x, y)
    return x, y


async def _go_to(context: Context, x: float, y: float, clearance: float) -> None:
    context.emit(Stage("travel", f"Going to X {x:g} Y {y:g}"))
    await travel(context.printer, x=x, y=y, clearance=clearance)
    context.stop_if_cancelled()


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

    while (wanted := report.wanted()) > 0:
        lowest = math.inf
        async for sample in samples_here(
            context, wanted, settings, begun=report.taken > 0, enough=lambda: report.faulty
        ):
            await _take(context, report, sample, pace)
            lowest = min(lowest, sample.trigger_z)
        # A probe that is prepared for each command may move sideways for that
        if probe.plain and report.wanted() > 0 and math.isfinite(lowest):
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


async def _take(context: Context, report: AccuracyReport, taken: Sample, pace: "Pace") -> None:
    sample = dataclasses.replace(taken, n=report.taken + 1)
    context.emit(SampleTaken(sample))
    # Off this loop: on a slow board the arithmetic would delay status updates
    updated = await asyncio.to_thread(report.add, sample)
    if updated is not None:
        context.emit(updated)
    left = pace.left(context.clock.now(), report.taken, report.planned)
    context.emit(Progress(report.counted, report.most, left))


class Pace:
    """How long the touches take, for the time left. The first one, which comes from farther up, counts too."""

    def __init__(self, now: float) -> None:
        self._began = now

    def left(self, now: float, done: int, planned: int) -> float | None:
        """Seconds left, once there are two touches to judge by."""
        if done < 2:
            return None
        return round(max(0.0, (now - self._began) / done * (planned - done)), 1)
