"""What is not noise in a series: a first-sample shift, a drift, outliers. Named, never silently dropped.

The three are tested under one shared error rate: 2/7 of it each. All are t tests in one linear model,
height = level + drift · number + shift · (number is the first) + noise, so neither effect is mistaken for the other.
Outliers are looked for first (samples beyond what the model explains, generalised ESD on externally studentised
residuals); the other two are tested without them.

A single first sample cannot distinguish an outlier from a shift that always occurs. A second series can (`again`): if
its first sample is nearer to the first one's shift than to none, the shift recurs; if not, the first was an outlier.

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
    `starts` is how many series were begun to test the first sample: 2 where one was not enough."""

    drift: Effect | None
    first_sample: Effect | None
    outliers: Outliers
    starts: int = 1


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


LEAST_AGAIN = 3
"""The fewest heights of a second series from which its first one can be judged."""


def find_effects(
    heights: Sequence[float],
    *,
    step: float,
    error_rate: float = 0.05,
    confidence: float = 0.95,
    again: Sequence[float] = (),
) -> Effects:
    """Tests a series of heights (mm, in the order taken) for the three effects. `step` (mm) is 0 if not quantised.
    `again` are the heights of a second series, begun as the first was; fewer than LEAST_AGAIN are ignored."""
    values = np.asarray(heights, dtype=np.float64)
    if len(values) < MIN_SAMPLES:
        return Effects(None, None, NO_OUTLIERS)
    each = error_rate / _SHARES
    design = _design(len(values))
    outliers = _find_outliers(values, design, step, each)
    kept = np.array([i for i in range(len(values)) if i not in outliers.indices])
    fit = _least_squares(values[kept], design[kept])
    variance = fit.variance(step * step / 12.0)
    drift = _effect(fit, 1, variance, each, confidence)
    first = _effect(fit, 2, variance, each, confidence)
    if abs(first.size.value) < _GAP_STEPS * step:
        first = Effect(first.size, first.p, False)
    if not first.found or len(again) < LEAST_AGAIN:
        return Effects(drift, first, outliers)
    return _with_second_start(Effects(drift, first, outliers), first, again, variance, fit.dof)


def _with_second_start(
    effects: Effects, once: Effect, again: Sequence[float], variance: float, dof: int
) -> Effects:
    others = np.asarray(again[1:], dtype=np.float64)
    shift = float(again[0] - others.mean())
    error = math.sqrt(variance * (1.0 + 1.0 / len(others)))
    recurs = abs(shift - once.size.value) < abs(shift)
    if recurs:
        shift = 0.5 * (once.size.value + shift)
        error = 0.5 * math.hypot(error, once.size.components.get("random", 0.0))
    reach = t_ppf(0.5 + 0.5 * once.size.confidence, dof) * error
    size = Interval(shift, shift - reach, shift + reach, once.size.confidence, {"random": error})
    if recurs:
        return replace(effects, first_sample=Effect(size, once.p, True), starts=2)
    outliers = Outliers(
        (0, *effects.outliers.indices),
        min(once.p, effects.outliers.p),
        (once.size.value, *effects.outliers.distances),
    )
    p = 1.0 if error == 0.0 else t_two_sided_p(shift / error, dof)
    return replace(effects, first_sample=Effect(size, p, False), outliers=outliers, starts=2)


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


def _design(count: int) -> FloatArray:
    number = np.arange(count, dtype=np.float64)
    return np.column_stack([np.ones(count), number - number.mean(), number == 0.0]).astype(np.float64)


def _least_squares(values: FloatArray, design: FloatArray) -> _Fit:
    inverse = np.asarray(np.linalg.inv(design.T @ design), dtype=np.float64)
    coefficients = inverse @ (design.T @ values)
    leverage: FloatArray = np.einsum("ij,jk,ik->i", design, inverse, design)
    return _Fit(
        coefficients, inverse, values - design @ coefficients, leverage, len(values) - design.shape[1]
    )


def _effect(fit: _Fit, column: int, variance: float, level: float, confidence: float) -> Effect:
    size = float(fit.coefficients[column])
    error = math.sqrt(variance * float(fit.inverse[column, column]))
    if error == 0.0:
        return Effect(Interval(size, size, size, confidence), 1.0 if size == 0.0 else 0.0, size != 0.0)
    p = t_two_sided_p(size / error, fit.dof)
    reach = t_ppf(0.5 + 0.5 * confidence, fit.dof) * error
    return Effect(Interval(size, size - reach, size + reach, confidence, {"random": error}), p, p < level)


def _find_outliers(values: FloatArray, design: FloatArray, step: float, level: float) -> Outliers:
    """Generalised ESD: remove the farthest sample again and again; the last removal that is significant counts."""
    most = max(1, int(MAX_OUTLIER_SHARE * len(values)))
    kept = list(range(len(values)))
    removed: list[int] = []
    found, best_p = 0, 1.0
    for _ in range(most):
        if len(kept) - 1 <= design.shape[1]:
            break
        fit = _least_squares(values[kept], design[kept])
        position, p = _farthest(fit, step * step / 12.0)
        if position == 0:
            break
        removed.append(kept.pop(position))
        if p < level:
            found = len(removed)
        best_p = min(best_p, p)
    indices = [i for i in removed[:found] if _gap(values, i, removed[:found]) >= _GAP_STEPS * step]
    if not indices:
        return Outliers((), 1.0 if found else best_p, ())
    others = np.array([i for i in range(len(values)) if i not in indices])
    fit = _least_squares(values[others], design[others])
    distances = values - design @ fit.coefficients
    ordered = tuple(sorted(indices))
    return Outliers(ordered, best_p, tuple(float(distances[i]) for i in ordered))


def _farthest(fit: _Fit, least_variance: float) -> tuple[int, float]:
    """Position of the sample with the largest externally studentised residual, and its Bonferroni p-value.

    The first sample has a coefficient of its own; it is the farthest only if the model leaves nothing unexplained.
    """
    free = 1.0 - fit.leverage
    usable = free > 1e-9
    spread = np.where(usable, fit.residuals**2 / np.where(usable, free, 1.0), 0.0)
    spread[0] = 0.0
    position = int(spread.argmax())
    dof = fit.dof - 1
    without = max((float((fit.residuals**2).sum()) - float(spread[position])) / dof, least_variance)
    if without <= 0.0:
        return position, 1.0 if spread[position] <= 0.0 else 0.0
    t = math.sqrt(float(spread[position]) / without)
    return position, min(1.0, int(usable.sum()) * t_two_sided_p(t, dof))


def _gap(values: FloatArray, index: int, removed: list[int]) -> float:
    """Distance from a sample to the nearest one that was not removed."""
    others = [i for i in range(len(values)) if i not in removed]
    return float(np.abs(values[others] - values[index]).min())
