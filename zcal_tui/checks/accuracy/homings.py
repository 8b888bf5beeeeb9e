"""How well homing repeats where the probe homes Z: home, probe the same point, and again."""

import asyncio
import dataclasses
from statistics import median

from zcal_tui.checks.accuracy.homing_analysis import HomingReport
from zcal_tui.checks.accuracy.parameters import AccuracyParameters
from zcal_tui.checks.accuracy.site import over_the_place
from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckFailed
from zcal_tui.checks.pace import Pace
from zcal_tui.checks.probing import samples_here
from zcal_tui.checks.travel import require_free
from zcal_tui.model import limits
from zcal_tui.model.events import EstimateUpdated, Notice, Progress, SampleTaken, Stage
from zcal_tui.model.record import Sample
from zcal_tui.model.units import duration, length
from zcal_tui.printer.config_view import z_rail
from zcal_tui.printer.gcode import ProbingSettings
from zcal_tui.printer.geometry import Xy
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number

PLACE = "homing"
AFTER = 3
"""Samples after each homing. Their median counts, so that a single bad sample is not taken for a bad homing."""
MOST_AGAIN = 2
"""Further homings at the end, where the last one was off."""
_SIDEWAYS = 4.0
"""s. About what the moves to the homing position and back take."""


async def measure_homings(
    context: Context,
    parameters: AccuracyParameters,
    report: HomingReport,
    place: Xy,
    *,
    first: int,
    each: float,
    clearance: float,
) -> None:
    """Home Z and probe the point again and again until the heights decide. `place` is the toolhead position of the
    point, `first` the number of the first sample, `each` how long a sample takes (s). Z is left homed like most of the
    homings, or a notice says that it is not. Raises as `Check.run`."""
    run = _Homings(context, parameters, report, place, first)
    one = homing_seconds(context.printer.state, clearance) + AFTER * each
    least, most = duration(one * report.least), duration(one * report.most)
    times = f"{report.least} to {report.most}" if report.least < report.most else f"{report.most}"
    span = f"{least} to {most}" if report.least < report.most else most
    context.emit(
        Stage("homing", f"Homing Z {times} times and probing the same point after each: about {span}")
    )
    pace = Pace(context.clock.now())
    done = 0
    while (wanted := report.wanted()) > 0:
        context.emit(Progress(done, report.most, pace.left(context.clock.now(), done, done + wanted)))
        last = await run.home_and_probe(done + 1)
        await asyncio.to_thread(report.add, last)
        done += 1
        if estimates := report.estimates():
            context.emit(EstimateUpdated(estimates))
    context.emit(Progress(done, done))
    await _leave_homed(context, run, report, done)


async def _leave_homed(context: Context, run: "_Homings", report: HomingReport, done: int) -> None:
    """Home again where the last homing was off: prints would start with it."""
    limit = limits.Z_ACCURACY.value
    height = report.heights[-1]
    for turn in range(1, MOST_AGAIN + 1):
        if report.off(height) <= limit:
            return
        context.emit(Stage("homing", "The last homing was off. Homing again"))
        height = median(await run.home_and_probe(done + turn))
    if report.off(height) > limit:
        context.emit(
            Notice(
                f"Z is homed {length(report.off(height))} off its usual height. Home it again before you print."
            )
        )


def homing_seconds(state: PrinterState, clearance: float) -> float:
    """About how long homing Z takes from `clearance` (mm), with the moves to the homing position and back."""
    rail = z_rail(state)
    options = state.settings.get(rail.section, {}) if rail is not None else {}
    speed = number(options.get("homing_speed")) or 5.0
    second = number(options.get("second_homing_speed")) or speed / 2.0
    retract = number(options.get("homing_retract_dist"))
    retract = 5.0 if retract is None else retract
    return (clearance + retract) / speed + retract / second + _SIDEWAYS


class _Homings:
    """Homes and probes; numbers the samples."""

    def __init__(
        self,
        context: Context,
        parameters: AccuracyParameters,
        report: HomingReport,
        place: Xy,
        first: int,
    ) -> None:
        self._context = context
        self._parameters = dataclasses.replace(parameters, x=place[0], y=place[1], here=False, home=False)
        self._settings = ProbingSettings(parameters.probe_speed, parameters.lift_speed, parameters.retract)
        self._next = first

    async def home_and_probe(self, turn: int) -> list[float]:
        """Home Z once and return the heights (mm) of the point after it."""
        context = self._context
        context.stop_if_cancelled()
        await require_free(context.printer)
        await context.printer.gcode("G28 Z")
        if not (await context.printer.refresh()).homed():
            raise CheckFailed(
                "G28 Z has finished, but not every axis is homed.",
                "A G28 macro or a homing_override may leave some out.",
                "Home all axes, then repeat the check with --homings 0.",
            )
        heights: list[float] = []
        # A dock that the homing macro has put the probe into is left again for each homing
        async with over_the_place(context, self._parameters):
            async for sample in samples_here(context, AFTER, self._settings, begun=True):
                self._take(sample, turn)
                if sample.recorded:
                    heights.append(sample.trigger_z)
        if not heights:
            raise CheckFailed(
                "The printer reported no sample after homing.",
                "Its configuration drops samples, or console lines were lost.",
                "Repeat the check, or leave out the homings: --homings 0.",
            )
        return heights

    def _take(self, sample: Sample, turn: int) -> None:
        self._context.emit(SampleTaken(dataclasses.replace(sample, n=self._next, place=PLACE, round=turn)))
        self._next += 1
