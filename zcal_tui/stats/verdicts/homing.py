"""The verdict on homing by the probe: the same point is probed after each of several homings.

What counts for prints is how far two homings differ, as for a Z endstop (`verdicts.endstop`). There are few of them, so
all of what they scatter counts: no effect is named and left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import fmean, median

import numpy as np

from zcal_tui.model import limits
from zcal_tui.model.units import length, micrometres
from zcal_tui.stats.homings import pair_exceedance
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.noise import NoiseEvidence, noise_evidence
from zcal_tui.stats.quantisation import reading_step
from zcal_tui.stats.verdicts.endstop import pair_level, pair_reason
from zcal_tui.stats.verdicts.rule import Advice, Level, VerdictRule, consequence

HOMING_LOOKS = (5, 8, 12)
"""Homings after which the verdict may be clear; the last is the cap."""
ERROR_RATE = 0.025
"""Of a verdict at any look; each look has a share by the homings since the look before. With it at most 1 % of machines
are judged wrongly 20 % beyond a limit (tests/unit/stats/test_homing_verdict.py)."""
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class HomingScatter:
    """Heights of one point after each of `n` homings, mm. `outlier` is the index of the one farthest from the median,
    `largest` how far it is."""

    n: int
    sigma: Interval
    pair: Interval
    """The share of pairs of homings that differ by more than the accuracy of Z."""
    bounds: Interval
    """The same with the bounds that decide, at this look's error."""
    span: float
    outlier: int
    largest: float
    crash: float
    """The distance of one homing from the others (mm) that is never acceptable: the first layer."""
    level: Level

    @property
    def crashes(self) -> bool:
        """Whether a single homing is that far off."""
        return self.largest > self.crash


def homing_scatter(
    heights: Sequence[float], step: float, crash: float, looks: Sequence[int] = HOMING_LOOKS
) -> HomingScatter:
    """What the heights (mm, two or more) show. `step` is the Z step distance in mm; `crash` as in
    HomingScatter."""
    values = np.asarray(heights, dtype=np.float64)
    grid = reading_step(values, step)
    evidence = noise_evidence((values - values.mean()).tolist(), dof=len(values) - 1, step=grid)
    limit = limits.Z_ACCURACY.value

    def share(sigma: float) -> float:
        return pair_exceedance(sigma, limit, grid)

    def shares(error: float) -> Interval:
        low = 0.0 if evidence.levels == 1 else share(evidence.quantile(error))
        high = share(evidence.quantile(1.0 - error))
        return Interval(share(evidence.quantile(0.5)), low, high, 1.0 - 2.0 * error)

    bounds = shares(_error_at(len(heights), looks))
    middle = median(heights)
    outlier = max(range(len(heights)), key=lambda n: abs(heights[n] - middle))
    largest = abs(heights[outlier] - middle)
    return HomingScatter(
        len(heights),
        _sigma(heights, evidence),
        shares(0.5 * (1.0 - CONFIDENCE)),
        bounds,
        max(heights) - min(heights),
        outlier,
        largest,
        crash,
        "fail" if largest > crash else pair_level(bounds, limits.HOMING_UNFIT_SHARE),
    )


def homings_wanted(scatter: HomingScatter | None, looks: Sequence[int] = HOMING_LOOKS) -> int:
    """How many more homings before the next decision; 0 where they decide."""
    if scatter is None:
        return looks[0]
    if scatter.crashes:
        return 0
    if scatter.level in ("pass", "fail") and scatter.n in looks:
        return 0
    upcoming = next((look for look in looks if look > scatter.n), None)
    return 0 if upcoming is None else upcoming - scatter.n


def judge_homings(scatter: HomingScatter, causes: str, span: float | None = None) -> VerdictRule:
    """The verdict. `causes` is what to check with this kind of probe; `span` (mm) that of the samples in one place."""
    level = scatter.level
    beside = "" if span is None else f" Samples in one place span {micrometres(span)}."
    reasons = [
        (
            f"The probe homes Z, so what counts for prints is how homing repeats. {scatter.n} homings span "
            f"{micrometres(scatter.span)}.{beside} {pair_reason(scatter.bounds, limits.HOMING_UNFIT_SHARE)}"
        )
    ]
    end = consequence(2.0 * scatter.sigma.value, "An error of twice σ, {},")
    if scatter.crashes:
        reasons.insert(
            0,
            f"Homing {scatter.outlier + 1} was {length(scatter.largest)} off the others: the nozzle hits the bed or "
            f"prints in the air. {replace(limits.FIRST_LAYER, value=scatter.crash).sentence}",
        )
        end = consequence(scatter.largest)
    advice: tuple[Advice, ...] = ()
    if level == "unknown":
        advice = (
            Advice(
                "more-homings",
                f"{scatter.n} homings do not decide how well homing repeats. Repeat with --homings 20.",
            ),
        )
    elif level != "pass":
        advice = (
            Advice(
                "homing-scatter",
                f"{causes} Check Z for play (the check Backlash). Home more slowly (second_homing_speed). More samples "
                "a point do not help homing, which takes Z 0 from one trigger.",
            ),
        )
    return VerdictRule(level, (*reasons, end), advice)


def homing_summary(scatter: HomingScatter) -> str:
    """The answer in a sentence, where homing decides the verdict."""
    span = micrometres(scatter.span)
    if scatter.crashes:
        return f"Not safe to home Z with: one homing was {length(scatter.largest)} off the others."
    match scatter.level:
        case "fail":
            return f"Homing does not repeat: {scatter.n} homings span {span}. Prints start at another height each time."
        case "warn":
            return f"Usable, but homing scatters: {scatter.n} homings span {span}."
        case _:
            return (
                f"Not decided: {scatter.n} homings, which span {span}, do not show how well homing repeats."
            )


def _error_at(n: int, looks: Sequence[int]) -> float:
    position = max([i for i, look in enumerate(looks) if look <= n], default=0)
    before = looks[position - 1] if position else 0
    return ERROR_RATE * (looks[position] - before) / looks[-1]


def _sigma(heights: Sequence[float], evidence: NoiseEvidence) -> Interval:
    mean = fmean(heights)
    value = math.sqrt(math.fsum((height - mean) ** 2 for height in heights) / (len(heights) - 1))
    tail = 0.5 * (1.0 - CONFIDENCE)
    low = None if evidence.levels == 1 else min(value, evidence.quantile(tail))
    return Interval(value, low, max(value, evidence.quantile(1.0 - tail)), CONFIDENCE)
