"""How well a probe repeats: everything that a series of trigger heights at one place shows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from zcal_tui.stats.calibration import sigma_interval
from zcal_tui.stats.combine import UncertaintyPart, combine, within
from zcal_tui.stats.effects import (
    Effect,
    Effects,
    Outliers,
    certain_effects,
    find_effects,
    first_sample_shift,
    hinted_effects,
)
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.noise import NoiseEvidence, noise_evidence
from zcal_tui.stats.quantisation import PRINTED_RESOLUTION, reading_step
from zcal_tui.stats.series import SERIES_LENGTH, exceedance, expected_range
from zcal_tui.stats.two_states import TwoStates, two_states

FloatArray = NDArray[np.float64]

FEW_OFF = 2
"""So many samples may be outliers although there are too few others to name them."""


@dataclass(frozen=True, slots=True)
class Repeatability:
    """The result of `analyse`; lengths in mm.

    `sigma.value` is the sample standard deviation (n − 1) of what is left after the named effects; its interval is of
    the scatter before rounding to steps, with `low` None where all readings are on one step. `sigma_estimate` is the
    median estimate of that scatter, from which `series_range` (the expected range of a series of ten) and `exceed`
    (the probability that a series of ten spans more than `limit`) are derived; both include a named drift and a named
    first-sample shift, `exceed_noise` does not. Outliers are in none of them: they are in `effects.outliers`, and in
    `observed_range`.
    """

    n: int
    levels: int
    step: float
    reading_step: float
    limit: float
    mean: Interval
    sigma: Interval
    sigma_estimate: float
    observed_range: float
    series_range: Interval
    exceed: Interval
    exceed_noise: Interval
    effects: Effects
    evidence: NoiseEvidence = field(repr=False, compare=False)
    largest_of_ten: float = math.inf
    """The largest range (mm) of ten samples in a row; of all where there are fewer."""
    range_of_most: float = math.inf
    """The range (mm) without the FEW_OFF samples that widen it most."""
    states: TwoStates | None = None
    """The two heights between which the probe changes; None where it has one."""

    few_shift: float | None = None
    """How far (mm) the first sample is off, where there are too few to test it as `first_sample`."""

    doubtful: tuple[Effects, NoiseEvidence] | None = field(default=None, repr=False, compare=False)
    """What the data show if only the certain ones of the named effects are real; None where all are certain."""

    @property
    def stays_within(self) -> bool:
        """Whether no ten samples in a row spanned more than the limit."""
        return self.largest_of_ten <= self.limit + 1e-9

    @property
    def drift(self) -> Effect | None:
        """Drift per sample; None with too few samples to test it."""
        return self.effects.drift

    @property
    def first_sample(self) -> Effect | None:
        """Height of the first sample above the others; None with too few samples to test it."""
        return self.effects.first_sample

    @property
    def outliers(self) -> Outliers:
        """Samples that the others do not explain."""
        return self.effects.outliers

    def exceed_bounds(self, error: float) -> tuple[float, float]:
        """Lower and upper bound of `exceed`, each wrong with probability `error` at most. An effect that is named but
        may be noise is part of the scatter for the one where it matters: without it the rest looks steadier."""
        low, high = self._bounds(error, self.effects, self.evidence)
        if self.doubtful is None:
            return low, high
        other_low, other_high = self._bounds(error, *self.doubtful)
        return min(low, other_low), max(high, other_high)

    def _bounds(self, error: float, effects: Effects, evidence: NoiseEvidence) -> tuple[float, float]:
        low_sigma = 0.0 if self.levels == 1 else evidence.quantile(error)
        high_sigma = evidence.quantile(1.0 - error)
        return (
            exceedance(self.limit, low_sigma, _offsets(effects, "low"), self.reading_step),
            exceedance(self.limit, high_sigma, _offsets(effects, "high"), self.reading_step),
        )


def analyse(
    heights: Sequence[float],
    *,
    step: float,
    limit: float,
    confidence: float = 0.95,
    error_rate: float = 0.05,
    adaptive: bool = True,
    systematic: Mapping[str, float] | None = None,
    again: Sequence[Sequence[float]] = (),
) -> Repeatability:
    """What a series of trigger heights (mm, in the order taken, at least two) shows about the probe.

    `step` is the Z step distance in mm (gears included; 0 if readings are not quantised). `limit` (mm) is the one for
    the range of ten samples. `systematic` names further half-widths (mm) within which the mean may be off as a whole,
    such as the endstop's sampling grid. `error_rate` is shared by the tests for drift, first-sample shift and outliers.
    `adaptive`: the series ends when its verdict is clear (`StoppingPlan`), not at a number fixed beforehand; sigma's
    interval allows for that. `again` are the heights of further series, which show whether the first sample is always
    shifted; `n` counts them too.
    ValueError on fewer than two heights, a height that is not finite, a negative step, or equal heights with step 0.
    """
    values = np.asarray([*heights, *(height for start in again for height in start)], dtype=np.float64)
    if values.ndim != 1 or len(values) < 2:
        raise ValueError("at least two heights are needed")
    if not np.isfinite(values).all():
        raise ValueError("every height must be a finite number")
    if not (math.isfinite(step) and step >= 0.0):
        raise ValueError("the step distance must be a finite number of mm, not negative")
    grid = reading_step(values, step)
    effects = find_effects(heights, step=grid, error_rate=error_rate, confidence=confidence, again=again)
    residuals, dof, drifting = _residuals(values, effects)
    evidence = _evidence(residuals, dof, grid, step, drifting)
    deviation = math.sqrt(float(((residuals - residuals.mean()) ** 2).sum()) / dof)
    stopping_limit = limit if adaptive else None
    sigma = sigma_interval(evidence, deviation, confidence, stopping_limit)
    certain = certain_effects(effects)
    doubtful = None
    if certain != effects:
        # A named effect may still be noise; then the scatter includes it.
        rest, rest_dof, rest_dithered = _residuals(values, certain)
        rest_evidence = _evidence(rest, rest_dof, grid, step, rest_dithered)
        doubtful = certain, rest_evidence
        sigma = _hull(sigma, sigma_interval(rest_evidence, deviation, confidence, stopping_limit))
    estimate = evidence.quantile(0.5)
    reported = _with_hints(sigma, values, effects, grid, step, confidence)
    exceed = _exceedance(sigma, estimate, effects, limit, grid, confidence)
    shifting = drifting or (effects.first_sample is not None and effects.first_sample.found)
    return Repeatability(
        n=len(values),
        levels=len(np.unique(np.rint((values - values[0]) / grid) if grid > 0.0 else values)),
        step=step,
        reading_step=grid,
        limit=limit,
        mean=_mean(values, effects, deviation, dof, step, systematic or {}, confidence),
        sigma=reported,
        sigma_estimate=estimate,
        observed_range=float(np.ptp(values)),
        series_range=_expected(sigma, estimate, effects, confidence),
        exceed=exceed,
        exceed_noise=_exceedance(sigma, estimate, None, limit, grid, confidence) if shifting else exceed,
        effects=effects,
        evidence=evidence,
        largest_of_ten=_largest_of_ten(values),
        range_of_most=_range_of_most(values),
        few_shift=first_sample_shift(values.tolist(), grid) if effects.first_sample is None else None,
        states=two_states(np.delete(values, list(effects.outliers.indices)).tolist(), grid),
        doubtful=doubtful,
    )


def _with_hints(
    sigma: Interval, values: FloatArray, effects: Effects, grid: float, step: float, confidence: float
) -> Interval:
    """Sigma's interval, stretched downwards where an effect that is not significant may be in the scatter."""
    hinted = hinted_effects(effects)
    if hinted == effects or sigma.low is None:
        return sigma
    rest, dof, drifting = _residuals(values, hinted)
    evidence = _evidence(rest, dof, grid, step, drifting)
    deviation = math.sqrt(float(((rest - rest.mean()) ** 2).sum()) / dof)
    without = sigma_interval(evidence, deviation, confidence, None)
    low = None if without.low is None else min(sigma.low, without.low)
    return Interval(sigma.value, low, sigma.high, sigma.confidence, sigma.components)


def _largest_of_ten(values: FloatArray) -> float:
    starts = range(max(1, len(values) - SERIES_LENGTH + 1))
    return max(float(np.ptp(values[start : start + SERIES_LENGTH])) for start in starts)


def _range_of_most(values: FloatArray) -> float:
    ordered = np.sort(values)
    kept = max(1, len(ordered) - FEW_OFF)
    return float((ordered[kept - 1 :] - ordered[: len(ordered) - kept + 1]).min())


def _evidence(residuals: FloatArray, dof: int, grid: float, step: float, dithered: bool) -> NoiseEvidence:
    """The posterior of sigma. Residuals on no grid of steps that differ by less than Klipper prints are on that of the
    printed digits: what floats leave of them is no scatter."""
    if grid <= 0.0 < step and float(np.ptp(residuals)) <= 2.0 * PRINTED_RESOLUTION:
        grid = PRINTED_RESOLUTION
    return noise_evidence(residuals.tolist(), dof=dof, step=grid, dithered=dithered)


def _residuals(values: FloatArray, effects: Effects) -> tuple[FloatArray, int, bool]:
    """What is left of the heights after the named effects, its degrees of freedom, and whether a drift was removed."""
    kept = np.array([i for i in range(len(values)) if i not in effects.outliers.indices])
    if effects.first_sample is not None and effects.first_sample.found:
        kept = kept[~np.isin(kept, effects.firsts)]
    rest = values[kept]
    if effects.drift is None or not effects.drift.found:
        return rest, len(rest) - 1, False
    number = kept - kept.mean()
    slope = float(number @ rest) / float(number @ number)
    return rest - slope * number, len(rest) - 2, True


def _hull(a: Interval, b: Interval) -> Interval:
    """The interval `a` stretched over `b`."""
    low = None if a.low is None or b.low is None else min(a.low, b.low)
    high = None if a.high is None or b.high is None else max(a.high, b.high)
    return Interval(a.value, low, high, a.confidence, a.components)


def _mean(
    values: FloatArray,
    effects: Effects,
    deviation: float,
    dof: int,
    step: float,
    systematic: Mapping[str, float],
    confidence: float,
) -> Interval:
    """The mean of all samples but outliers, with random and systematic parts combined as standard uncertainties."""
    kept = np.delete(values, list(effects.outliers.indices))
    parts = {
        **{name: within(half_width) for name, half_width in systematic.items()},
        "step": within(0.5 * step),
        "random": UncertaintyPart(deviation / math.sqrt(len(kept)), dof),
    }
    return combine(float(kept.mean()), parts, confidence)


def _offsets(effects: Effects | None, side: str) -> FloatArray:
    """Expected heights of a series of ten under the named effects, at their value or the end of their interval
    that makes them least ("low") or greatest ("high")."""
    number = np.arange(SERIES_LENGTH, dtype=np.float64)
    offsets = np.zeros(SERIES_LENGTH)
    if effects is None:
        return offsets
    if effects.drift is not None and effects.drift.found:
        offsets += _end(effects.drift.size, side) * number
    if effects.first_sample is not None and effects.first_sample.found:
        offsets[0] += _end(effects.first_sample.size, side)
    return offsets


def _end(size: Interval, side: str) -> float:
    ends = [end for end in (size.low, size.high) if end is not None]
    if side == "value" or not ends:
        return size.value
    if side == "high":
        return max(ends, key=abs)
    return 0.0 if min(ends) < 0.0 < max(ends) else min(ends, key=abs)


def _expected(sigma: Interval, estimate: float, effects: Effects, confidence: float) -> Interval:
    return Interval(
        expected_range(estimate, _offsets(effects, "value")),
        expected_range(sigma.low or 0.0, _offsets(effects, "low")) if sigma.low is not None else None,
        expected_range(sigma.high, _offsets(effects, "high")) if sigma.high is not None else None,
        confidence,
    )


def _exceedance(
    sigma: Interval, estimate: float, effects: Effects | None, limit: float, grid: float, confidence: float
) -> Interval:
    return Interval(
        exceedance(limit, estimate, _offsets(effects, "value"), grid),
        exceedance(limit, sigma.low or 0.0, _offsets(effects, "low"), grid),
        exceedance(limit, sigma.high, _offsets(effects, "high"), grid) if sigma.high is not None else None,
        confidence,
    )
