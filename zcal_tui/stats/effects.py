"""What is not noise in a series: a first-sample shift, a drift, outliers. Named, never silently dropped.

The three are tested under one shared error rate: 2/7 of it each. All are t tests in one linear model,
height = level + drift · number + shift · (number is the first) + noise, so neither effect is mistaken for the other.
Outliers are looked for first (samples beyond what the model explains, generalised ESD on externally studentised
residuals); the other two are tested without them.

A single first sample cannot distinguish an outlier from a shift that always occurs. Further starts can (`again`): where
at least half of them begin nearer to the first one's shift than to none, the shift recurs; if not, those that were off
are outliers. Their other samples count as those of the first series do.

Readings come in steps, so two rules hold beside the p-values: rounding's own variance step²/12 is the least the noise
is taken to be, and a difference of one step to the neighbouring reading is never evidence of an outlier or of a
first-sample shift (Klipper docs, Probe_Calibrate, Repeatability check: a difference of one step is normal).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.quantiles import t_ppf, t_two_sided_p

FloatArray = NDArray[np.float64]

MIN_SAMPLES = 8
"""Fewer samples are too few to test for an effect."""

MAX_OUTLIER_SHARE = 0.15
"""More are not outliers: they are how the probe behaves."""

HINT_P = 0.15
"""Below this p-value an effect that is not named still widens sigma's interval downwards."""

CERTAIN_P = 0.0005
"""An effect above this p-value is named if significant, but what it explains stays in sigma's interval."""

_GAP_STEPS = 1.5

_SHARES = 3.5
"""Three tests share the error rate. The rest, found by simulation, is for two of them following the removal of
outliers, and for the repeated search for outliers."""


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect in mm, with its interval, its p-value, and whether it is significant under the shared error rate."""

    size: Interval
    p: float
    found: bool


@dataclass(frozen=True, slots=True)
class Outliers:
    """Indices (from 0) of samples that the others do not explain, the p-value of the clearest, and their distances in
    mm."""

    indices: tuple[int, ...]
    p: float
    distances: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Effects:
    """`drift` is mm per sample, `first_sample` the first sample's height above the others. None: too few samples.
    `starts` is how many series were begun to test the first sample: more than 1 where one was not enough. In
    `starts_off` of them it was off; `firsts` are the indices to which `first_sample` applies."""

    drift: Effect | None
    first_sample: Effect | None
    outliers: Outliers
    starts: int = 1
    starts_off: int = 1
    firsts: tuple[int, ...] = (0,)


NO_OUTLIERS = Outliers((), 1.0, ())


@dataclass(frozen=True, slots=True)
class _Fit:
    coefficients: FloatArray
    inverse: FloatArray
    residuals: FloatArray
    leverage: FloatArray
    dof: int

    def variance(self, least: float) -> float:
        return max(float((self.residuals**2).sum()) / self.dof, least)


MOST_ALIKE = 0.85
"""The largest correlation of neighbouring samples that is allowed for: fewer than a tenth of them would be left."""

FEW = 5
"""The fewest samples that show whether the first one is off."""

FEW_P = 0.01
"""For that test: what it finds costs more starts, not a verdict."""


def find_effects(
    heights: Sequence[float],
    *,
    step: float,
    error_rate: float = 0.05,
    confidence: float = 0.95,
    again: Sequence[Sequence[float]] = (),
) -> Effects:
    """Tests a series of heights (mm, in the order taken) for the three effects. `step` (mm) is 0 if not quantised.
    `again` are the heights of further series, begun as the first was. Indices count through all of them."""
    values = np.asarray([*heights, *(height for start in again for height in start)], dtype=np.float64)
    if len(values) < MIN_SAMPLES:
        return Effects(None, None, NO_OUTLIERS)
    each = error_rate / _SHARES
    if again:
        return _of_starts(values, _firsts(heights, again), step, each, confidence)
    design = _design(len(values), (0,))
    outliers = _find_outliers(values, design, step, each)
    kept = np.array([i for i in range(len(values)) if i not in outliers.indices])
    fit = _least_squares(values[kept], design[kept])
    variance = fit.variance(step * step / 12.0)
    drift = _drift(fit, variance, each, confidence)
    first = _effect(fit, 2, variance, each, confidence)
    if abs(first.size.value) < _GAP_STEPS * step:
        first = Effect(first.size, first.p, False)
    return Effects(drift, first, outliers)


def first_sample_shift(heights: Sequence[float], step: float) -> float | None:
    """How far (mm) the first of a few samples is from the others; None where they do not show that it is off. For
    series too short for `find_effects`."""
    values = np.asarray(heights, dtype=np.float64)
    if len(values) < FEW:
        return None
    others = values[1:]
    shift = float(values[0] - others.mean())
    variance = max(float(others.var(ddof=1)), step * step / 12.0)
    if abs(shift) < _GAP_STEPS * step or shift == 0.0:
        return None
    error = math.sqrt(variance * (1.0 + 1.0 / len(others)))
    p = 0.0 if error == 0.0 else t_two_sided_p(shift / error, len(others) - 1)
    return shift if p < FEW_P else None


def _firsts(heights: Sequence[float], again: Sequence[Sequence[float]]) -> tuple[int, ...]:
    """The index of each series' first sample."""
    found, index = [0], len(heights)
    for start in again:
        if len(start):
            found.append(index)
        index += len(start)
    return tuple(found)


def _of_starts(
    values: FloatArray, firsts: tuple[int, ...], step: float, level: float, confidence: float
) -> Effects:
    """The effects in several series: the firsts are compared with what the other samples lead to."""
    others = np.array([i for i in range(len(values)) if i not in firsts])
    design = _design(len(values), firsts)
    # A column for the firsts would be all zeros among the others
    plain = design[:, :2]
    found = _find_outliers(values[others], plain[others], step, level, keep_first=False)
    good = np.array([i for n, i in enumerate(others) if n not in found.indices])
    fit = _least_squares(values[good], plain[good])
    shifts = values - plain @ fit.coefficients
    once = float(shifts[0])
    variance = fit.variance(step * step / 12.0)
    certain = _outlier_p(once, variance, fit.dof) < FEW_P
    off = tuple(i for i in firsts if not certain or abs(shifts[i] - once) < abs(shifts[i]))
    later = [i for i in firsts[1:] if i in off]
    recurs = 2 * len(later) >= len(firsts) - 1 and len(firsts) > 1
    apart = tuple(int(others[n]) for n in found.indices)
    if recurs:
        kept = np.array(sorted((*good, *firsts)))
        shifted = _design(len(values), off)
        whole = _least_squares(values[kept], shifted[kept])
        variance = whole.variance(step * step / 12.0)
        first = _effect(whole, 2, variance, level, confidence)
        drift = _drift(whole, variance, level, confidence)
        outliers = Outliers(apart, found.p, found.distances)
        return Effects(
            drift, replace(first, found=certain or first.found), outliers, len(firsts), 1 + len(later), off
        )
    named = tuple(sorted((*off, *apart)))
    kept = np.array([i for i in range(len(values)) if i not in named])
    usual = tuple(i for i in firsts if i not in off)
    whole = _least_squares(values[kept], _design(len(values), usual)[kept])
    variance = whole.variance(step * step / 12.0)
    p = _outlier_p(once, variance, whole.dof)
    return Effects(
        _drift(whole, variance, level, confidence),
        replace(_effect(whole, 2, variance, level, confidence), found=False),
        Outliers(named, min(p, found.p), tuple(float(shifts[i]) for i in named)),
        len(firsts),
        1 + len(later),
        usual,
    )


def _outlier_p(distance: float, variance: float, dof: int) -> float:
    return 0.0 if variance <= 0.0 else t_two_sided_p(distance / math.sqrt(variance), dof)


def hinted_effects(effects: Effects) -> Effects:
    """The same effects, with a drift and a first-sample shift below HINT_P as if they were found: too little to name
    them, enough to make the scatter look larger than it is."""

    def hinted(effect: Effect | None) -> Effect | None:
        if effect is None or effect.found or effect.p >= HINT_P:
            return effect
        return Effect(effect.size, effect.p, True)

    return replace(effects, drift=hinted(effects.drift), first_sample=hinted(effects.first_sample))


def certain_effects(effects: Effects) -> Effects:
    """The same effects, with only those found that are significant at CERTAIN_P."""

    def certain(effect: Effect | None) -> Effect | None:
        if effect is None or not effect.found or effect.p < CERTAIN_P:
            return effect
        return Effect(effect.size, effect.p, False)

    outliers = effects.outliers
    if outliers.indices and outliers.p >= CERTAIN_P:
        outliers = Outliers((), outliers.p, ())
    return replace(
        effects,
        drift=certain(effects.drift),
        first_sample=certain(effects.first_sample),
        outliers=outliers,
    )


def _design(count: int, firsts: tuple[int, ...]) -> FloatArray:
    number = np.arange(count, dtype=np.float64)
    return np.column_stack([np.ones(count), number - number.mean(), np.isin(number, firsts)]).astype(
        np.float64
    )


def _least_squares(values: FloatArray, design: FloatArray) -> _Fit:
    inverse = np.asarray(np.linalg.inv(design.T @ design), dtype=np.float64)
    coefficients = inverse @ (design.T @ values)
    leverage: FloatArray = np.einsum("ij,jk,ik->i", design, inverse, design)
    return _Fit(
        coefficients, inverse, values - design @ coefficients, leverage, len(values) - design.shape[1]
    )


def _drift(fit: _Fit, variance: float, level: float, confidence: float) -> Effect:
    """The slope, tested for the number of independent samples that the series is worth: what wanders from sample to
    sample looks like a slope more often than independent noise does."""
    alike = _lag_one(fit.residuals)
    factor = (1.0 + alike) / (1.0 - alike)
    lost = len(fit.residuals) * (1.0 - 1.0 / factor)
    return _effect(fit, 1, variance * factor, level, confidence, dof=max(2, math.floor(fit.dof - lost)))


def _lag_one(residuals: FloatArray) -> float:
    """The correlation of neighbouring residuals, at least 0; two nth are added for what fitting a line takes out."""
    squares = float(residuals @ residuals)
    if squares <= 0.0:
        return 0.0
    found = float(residuals[1:] @ residuals[:-1]) / squares + 2.0 / len(residuals)
    return min(MOST_ALIKE, max(0.0, found))


def _effect(
    fit: _Fit, column: int, variance: float, level: float, confidence: float, *, dof: int | None = None
) -> Effect:
    free = fit.dof if dof is None else dof
    size = float(fit.coefficients[column])
    error = math.sqrt(variance * float(fit.inverse[column, column]))
    if error == 0.0:
        return Effect(Interval(size, size, size, confidence), 1.0 if size == 0.0 else 0.0, size != 0.0)
    p = t_two_sided_p(size / error, free)
    reach = t_ppf(0.5 + 0.5 * confidence, free) * error
    return Effect(Interval(size, size - reach, size + reach, confidence, {"random": error}), p, p < level)


def _find_outliers(
    values: FloatArray, design: FloatArray, step: float, level: float, keep_first: bool = True
) -> Outliers:
    """Generalised ESD: remove the farthest sample again and again; the last removal that is significant counts.
    `keep_first`: the first sample has a coefficient of its own."""
    most = max(1, int(MAX_OUTLIER_SHARE * len(values)))
    kept = list(range(len(values)))
    removed: list[int] = []
    found, best_p = 0, 1.0
    for _ in range(most):
        if len(kept) - 1 <= design.shape[1]:
            break
        fit = _least_squares(values[kept], design[kept])
        position, p = _farthest(fit, step * step / 12.0, keep_first)
        if position == 0 and keep_first:
            break
        removed.append(kept.pop(position))
        if p < level:
            found = len(removed)
        best_p = min(best_p, p)
    # A first sample with a coefficient of its own may be as far off, and shows no outlier to be usual
    apart = [*removed[:found], *([0] if keep_first else [])]
    indices = [i for i in removed[:found] if _gap(values, i, apart) >= _GAP_STEPS * step]
    if not indices:
        return Outliers((), 1.0 if found else best_p, ())
    others = np.array([i for i in range(len(values)) if i not in indices])
    fit = _least_squares(values[others], design[others])
    distances = values - design @ fit.coefficients
    ordered = tuple(sorted(indices))
    return Outliers(ordered, best_p, tuple(float(distances[i]) for i in ordered))


def _farthest(fit: _Fit, least_variance: float, keep_first: bool) -> tuple[int, float]:
    """Position of the sample with the largest externally studentised residual, and its Bonferroni p-value.

    A first sample with a coefficient of its own is the farthest only if the model leaves nothing unexplained.
    """
    free = 1.0 - fit.leverage
    usable = free > 1e-9
    spread = np.where(usable, fit.residuals**2 / np.where(usable, free, 1.0), 0.0)
    if keep_first:
        spread[0] = 0.0
    position = int(spread.argmax())
    dof = fit.dof - 1
    without = max((float((fit.residuals**2).sum()) - float(spread[position])) / dof, least_variance)
    if without <= 0.0:
        return position, 1.0 if spread[position] <= 0.0 else 0.0
    t = math.sqrt(float(spread[position]) / without)
    return position, min(1.0, int(usable.sum()) * t_two_sided_p(t, dof))


def _gap(values: FloatArray, index: int, apart: list[int]) -> float:
    """Distance from a sample to the nearest of the others without those that are `apart`."""
    others = [i for i in range(len(values)) if i not in apart]
    return float(np.abs(values[others] - values[index]).min())
