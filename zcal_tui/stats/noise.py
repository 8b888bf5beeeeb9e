"""The standard deviation behind quantised readings.

Assumed: trigger heights scatter normally about their mean; each reading is the step the height fell into; where the
mean lies against the steps is unknown, and no place is likelier than another. Then the counts of readings per level
depend on sigma alone (in steps), and all their information on it is the interval-censored likelihood, integrated
over the mean: L(σ) = ∫ Π P(level i | mean, σ) d mean.

The posterior used here is that likelihood with the prior d log σ · σ / (σ + 0.2 step): the prior under which the
interval without quantisation is the χ² interval, made flat below a fifth of a step, where readings contain no
information.
How often its limits cover is a matter of `calibration`, not of belief.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zcal_tui.stats.quantiles import chi2_ppf, normal_cdf_array

FloatArray = NDArray[np.float64]

PRIOR_FLAT_BELOW = 0.2
"""In steps: below it the prior is flat in sigma, above it flat in log sigma."""

FINE_FROM = 1.0
"""In steps: above this sample standard deviation rounding is as good as an independent error of step²/12 (Sheppard)."""

SMALLEST_RATIO = 0.008
"""Sigma in steps below which readings on two levels are a coincidence that no interval has to reckon with."""

_GRID_POINTS = 96
_MEAN_POINTS = 161
_SMALLEST_CELL = 1e-18


@dataclass(frozen=True, slots=True, eq=False)
class NoiseEvidence:
    """A posterior of sigma on a grid. `sigma` (mm, increasing) and `cdf` are arrays of shape (points,).

    `levels` is the number of distinct readings; with one level nothing bounds sigma from below.
    """

    dof: int
    step: float
    levels: int
    sigma: FloatArray
    cdf: FloatArray

    def quantile(self, p: float) -> float:
        """The sigma (mm) that the posterior puts a share `p` below."""
        return float(np.exp(np.interp(p, self.cdf, np.log(self.sigma))))

    def share_below(self, sigma: float) -> float:
        """The posterior's share below `sigma` (mm)."""
        return float(np.interp(math.log(sigma), np.log(self.sigma), self.cdf))


def levels_log_likelihood(levels: FloatArray, counts: FloatArray, ratios: FloatArray) -> FloatArray:
    """Log of the likelihood of sigma / step = `ratios` (shape kept), the mean integrated out.

    `levels` are whole numbers of steps, ascending, and `counts` how many readings each had.
    """
    total = float(counts.sum())
    centre = float((levels * counts).sum()) / total
    reach = 0.5
    if len(levels) == 2 and levels[1] - levels[0] == 1.0:
        # Both levels are likely only where the mean is within a few sigma of their border.
        centre, reach = 0.5 * float(levels[0] + levels[1]), 0.0
    sigma = ratios[:, None]
    half_width = reach + 6.0 * sigma
    mean = centre + half_width * np.linspace(-1.0, 1.0, _MEAN_POINTS)
    # Neighbouring levels share an edge
    edges = np.unique(np.concatenate([levels - 0.5, levels + 0.5])).tolist()
    below = {edge: normal_cdf_array((edge - mean) / sigma) for edge in edges}
    log_terms = np.zeros_like(mean)
    for level, count in zip(levels.tolist(), counts.tolist(), strict=True):
        cell = np.maximum(below[level + 0.5] - below[level - 0.5], _SMALLEST_CELL)
        log_terms += count * np.log(cell)
    peak = log_terms.max(axis=1, keepdims=True)
    integral = np.exp(log_terms - peak).sum(axis=1) * half_width[:, 0]
    result: FloatArray = peak[:, 0] + np.log(integral)
    return result


def fine_log_likelihood(sum_of_squares: float, dof: int, ratios: FloatArray) -> FloatArray:
    """The same where rounding is fine, or dithered by a drift: readings as normal with variance σ² + step²/12."""
    variance = ratios**2 + 1.0 / 12.0
    result: FloatArray = -0.5 * dof * np.log(variance) - 0.5 * sum_of_squares / variance
    return result


def noise_evidence(
    residuals: Sequence[float], *, dof: int, step: float, dithered: bool = False
) -> NoiseEvidence:
    """The posterior of sigma given `residuals` (mm) about a fitted mean, or mean and trend, with `dof` left over.

    With `dithered` false the residuals must differ by whole steps. `step` 0 means that readings are not quantised.
    """
    values = np.asarray(residuals, dtype=np.float64)
    sum_of_squares = float(((values - values.mean()) ** 2).sum())
    if step <= 0.0:
        return _unquantised(sum_of_squares, dof)
    in_steps = values / step
    deviation = math.sqrt(sum_of_squares / dof) / step
    whole, counts = np.unique(np.rint(in_steps - in_steps[0]), return_counts=True)
    levels = len(whole)
    if dithered or deviation > FINE_FROM + 1e-9:  # what floats add must not decide
        ratios = _ratio_grid(deviation, dof, floor=0.05)
        log_likelihood = fine_log_likelihood(sum_of_squares / step**2, dof, ratios)
    else:
        ratios = _ratio_grid(deviation, dof, floor=SMALLEST_RATIO if levels <= 2 else 0.08)
        log_likelihood = levels_log_likelihood(whole, counts.astype(np.float64), ratios)
    prior = ratios / (ratios + PRIOR_FLAT_BELOW)
    return NoiseEvidence(
        dof,
        step,
        levels,
        ratios * step,
        _cumulate(ratios, log_likelihood + np.log(prior), 1 if levels == 1 else 2),
    )


def _unquantised(sum_of_squares: float, dof: int) -> NoiseEvidence:
    if sum_of_squares <= 0.0:
        raise ValueError("all readings are the same although nothing quantises them: give the step distance")
    sigma = _chi2_grid(math.sqrt(sum_of_squares / dof), dof, 4 * _GRID_POINTS)
    log_likelihood = -dof * np.log(sigma) - 0.5 * sum_of_squares / sigma**2
    return NoiseEvidence(dof, 0.0, 2, sigma, _cumulate(sigma, log_likelihood, 2))


def _chi2_grid(deviation: float, dof: int, points: int) -> FloatArray:
    low = deviation * math.sqrt(dof / chi2_ppf(1.0 - 1e-7, dof))
    high = deviation * math.sqrt(dof / chi2_ppf(1e-5, dof))
    return np.geomspace(low, high, points)


def _ratio_grid(deviation: float, dof: int, floor: float) -> FloatArray:
    """Values of sigma / step that hold all but a negligible part of the posterior."""
    wide = _chi2_grid(math.hypot(deviation, 0.6), dof, 2)
    low = max(floor, math.sqrt(max(0.0, float(wide[0]) ** 2 - 0.6)))
    return np.geomspace(low, float(wide[1]), _GRID_POINTS)


def _cumulate(sigma: FloatArray, log_density: FloatArray, power: int) -> FloatArray:
    """The cdf on the grid, from the log of an unnormalised density with respect to log sigma.

    Below the grid the density falls as sigma to the `power`: 1 with one level of readings, at least 2 with more.
    """
    density = np.exp(log_density - log_density.max())
    parts = 0.5 * (density[1:] + density[:-1]) * np.diff(np.log(sigma))
    cumulated = density[0] / power + np.concatenate([[0.0], np.cumsum(parts)])
    result: FloatArray = cumulated / cumulated[-1]
    return result
