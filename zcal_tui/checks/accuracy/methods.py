"""A scanner's coil against its nozzle contact, in turn at one bed point: do both find the bed at the same height?"""

import asyncio
import dataclasses
import math
import statistics
from collections.abc import Iterator, Sequence

from zcal_tui.checks.accuracy.parameters import AccuracyParameters
from zcal_tui.checks.accuracy.site import over_the_place
from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.estimates import estimate
from zcal_tui.checks.method_sampler import MethodSampler
from zcal_tui.checks.pace import Pace
from zcal_tui.checks.probing import samples_here
from zcal_tui.checks.travel import position, require_inside, travel
from zcal_tui.model import limits
from zcal_tui.model.events import (
    AdviceGiven,
    EstimateUpdated,
    Event,
    Progress,
    SampleTaken,
    Stage,
    VerdictReached,
)
from zcal_tui.model.record import Level, Verdict
from zcal_tui.model.units import length
from zcal_tui.printer.gcode import ProbingSettings
from zcal_tui.printer.probe_methods import NoSuchMethod, ProbeMethod, compared_methods
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.quantiles import t_ppf
from zcal_tui.stats.verdicts.rule import consequence

ROUNDS = 5
"""Pairs of both methods. A pair is what is repeated: the samples within one share what Z did before it."""
EACH = 3
"""Samples of a method in a round."""
CONFIDENCE = 0.95


async def compare_methods(context: Context, parameters: AccuracyParameters) -> None:
    """Sample with the coil and with the nozzle in turn, compare. See `Check.run` for what it raises."""
    try:
        coil, contact = compared_methods(context.printer.state)
    except NoSuchMethod as none:
        raise CheckRefused(none.what, none.cause, none.remedy) from none
    rounds: list[tuple[float, float]] = []
    async with over_the_place(context, parameters, contact) as site:
        over = position(context.printer)[:2]
        nozzle = over[0] + site.probe.x_offset, over[1] + site.probe.y_offset
        require_inside(context.printer, *nozzle)
        pace = Pace(context.clock.now())
        taken = 0
        for turn in range(1, ROUNDS + 1):
            heights: dict[str, list[float]] = {}
            order = (coil, contact) if turn % 2 else (contact, coil)  # so that a drift falls on both
            for method in order:
                context.emit(Stage("touch", f"{method.name}, round {turn} of {ROUNDS}"))
                x, y = nozzle if method.touches else over
                await travel(context.printer, x=x, y=y, clearance=site.clearance)
                sampling = dataclasses.replace(context, sampler=MethodSampler(context.printer, method))
                async for sample in samples_here(sampling, EACH, ProbingSettings(), begun=taken > 0):
                    taken += 1
                    heights.setdefault(method.name, []).append(sample.trigger_z)
                    context.emit(
                        SampleTaken(dataclasses.replace(sample, n=taken, place=method.name, round=turn))
                    )
                    total = 2 * ROUNDS * EACH
                    left = pace.left(context.clock.now(), taken, total)
                    context.emit(Progress(min(taken, total), total, left))
            rounds.append((statistics.fmean(heights[coil.name]), statistics.fmean(heights[contact.name])))
    for event in await asyncio.to_thread(lambda: list(conclusion(rounds, coil, contact))):
        context.emit(event)


def difference(rounds: Sequence[tuple[float, float]]) -> Interval:
    """The contact's height minus the coil's (mm), with a 95% interval over the rounds."""
    apart = [contact - coil for coil, contact in rounds]
    mean = statistics.fmean(apart)
    scatter = statistics.stdev(apart) / math.sqrt(len(apart))
    half = t_ppf(0.5 + CONFIDENCE / 2, len(apart) - 1) * scatter
    return Interval(mean, mean - half, mean + half, CONFIDENCE, {"rounds": scatter})


def conclusion(
    rounds: Sequence[tuple[float, float]], coil: ProbeMethod, contact: ProbeMethod
) -> Iterator[Event]:
    """The estimate, the verdict by an equivalence test, and what follows from it."""
    found = difference(rounds)
    limit = limits.Z_ACCURACY
    assert found.low is not None and found.high is not None
    yield EstimateUpdated({"method_shift": estimate("method_shift", found)})
    reason = (
        f"Height by {contact.name} minus height by {coil.name}: {length(found.value, sign=True)} (95%: "
        f"{length(found.low, sign=True)} to {length(found.high, sign=True)}). Limit: ±{limit.text} ({limit.source})."
    )
    if max(abs(found.low), abs(found.high)) <= limit.value:
        level, words = Level.PASS, "find the bed at the same height."
    elif found.low > limit.value or found.high < -limit.value:
        level, words = Level.WARN, "do not find the bed at the same height."
    else:
        level, words = Level.UNKNOWN, "may differ. Repeat the check to decide."
    follows = consequence(max(abs(found.low), abs(found.high)), "A difference of up to {}")
    yield VerdictReached(
        Verdict(level, f"{coil.name.capitalize()} and {contact.name} {words}", (reason, follows))
    )
    if level is Level.WARN:
        yield AdviceGiven(
            "Calibrate the coil's model again: Z offset (`z-offset --calibrate scan`). Clean the tip first: dirt on it "
            "touches too early."
        )
