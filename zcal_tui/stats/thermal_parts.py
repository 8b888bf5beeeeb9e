"""What each heater did to the height, where every part of the machine follows it with a lag of its own.

The bed rises within minutes, the probe warms up over several, the frame over a quarter of an hour, and they move the
height against each other. A single time constant (`thermal_fit`) draws a good line through that, but shares it between
the heaters otherwise than they did, by more than the residuals show. So here each heater has a coefficient at every lag
of a coarse grid, all with the same prior: normal about zero, of a size that the data choose. How the response is shared
among neighbouring lags is then left open, as far as the data leave it open, and the intervals contain that.

The estimate is of what was seen: how far the height had come when the heat ended. Where it would have gone is a
separate estimate (`remaining`), with the wide interval of an extrapolation to parts slower than the heat was long: a
frame that follows within hours looks like a slow straight line.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zcal_tui.stats.lag import LEAST_DOF, blocks_for, lagged
from zcal_tui.stats.thermal_fit import FEWEST, HOUR, ThermalRun

FloatArray = NDArray[np.float64]

QUICK: FloatArray = np.array([0.0, 45.0, 90.0, 150.0, 240.0, 400.0, 700.0, 1200.0])
"""s. The lags of what follows a heater while it is measured: bed, probe, toolhead."""

SLOW: FloatArray = np.array([3600.0, 7200.0])
"""s. The lags of what goes on after it: a frame, an enclosure."""

PARTS: FloatArray = np.concatenate([QUICK, SLOW])
"""s. The lags a heater's response is made of."""

Sizes = Mapping[float, float]
"""Sizes a prior may have, and how likely each is beforehand."""

COEFFICIENTS: Sizes = dict.fromkeys((0.0, 3e-5, 1e-4, 3e-4, 1e-3, 3e-3), 1.0 / 6.0)
"""mm/°C. Of one coefficient."""

SLOW_COEFFICIENTS: Sizes = {0.0: 0.75, 4e-4: 0.15, 2e-3: 0.1}
"""mm/°C. Of a slow part, apart from the quick ones: one that the data neither show nor rule out keeps `remaining`
wide."""

DRIFTS: Sizes = {0.0: 0.5, 0.002: 0.4, 0.010: 0.1}
"""mm an hour. Of what drifts beside temperature; our assumption, as is the next."""

SLIPS: Sizes = {0.0: 0.9, 0.010: 0.05, 0.050: 0.05}
"""mm. Of a slip when the heat ends: something that comes loose is rare, and plain to see."""

_INDEPENDENT = 1e-4
_LEAST_VARIANCE = 1e-10
"""mm². Noise of 0.01 µm, less than any printer has. With much less the matrices lose their digits, and with none, where
all heights are equal, they cannot be inverted."""


@dataclass(frozen=True, slots=True)
class KnownLags:
    """A value (mm or mm/°C) with its standard uncertainty."""

    value: float
    size: float


@dataclass(frozen=True, slots=True)
class Warmed:
    """What the heat did, over the baseline. `shift` (mm) is what it had done to the height in the last third of the hot
    phase, and `per_degree` (mm/°C, in the order of the heaters) each heater's share of it for every °C. `remaining`
    (mm) is the drift that remained after the hot phase, had its temperatures been held. `returned` (mm) is the
    height at the end of the phase after the heat, less what the temperatures explain; None without samples there. `dof`
    are the degrees of freedom of all."""

    per_degree: tuple[KnownLags, ...]
    shift: KnownLags
    remaining: KnownLags
    returned: KnownLags | None
    dof: float


def warmed(run: ThermalRun, heaters: Sequence[int], wander: float = 1.0) -> Warmed:
    """What the heat did in a run; `heaters` are those that were heated (0 the bed, 1 the nozzle).

    `wander` is the factor by which sums of the noise scatter more than those of independent values, as a stiffer line
    has found it: so many coefficients follow a slow wander themselves, and what they leave shows less of it.
    """
    response = lagged(run.nodes, run.temperatures - run.start, PARTS)[:, run.at_sample]
    columns = [response[:, :, heater].T for heater in heaters]
    groups = [(len(QUICK), COEFFICIENTS), (len(SLOW), SLOW_COEFFICIENTS)] * len(heaters)
    beside: list[tuple[int, Sizes]] = []
    cooled = int(run.back.sum()) >= FEWEST
    if cooled:
        slip = run.times >= run.times[run.back][0]
        columns += [((run.times - run.times[0]) / HOUR)[:, None], slip.astype(np.float64)[:, None]]
        beside = [(1, DRIFTS), (1, SLIPS)]
    fit = _Fit.of(np.concatenate(columns, axis=1), groups, beside, run.heights, wander)

    def of(weights: FloatArray) -> KnownLags:
        return KnownLags(float(weights @ fit.mean), math.sqrt(float(weights @ fit.covariance @ weights)))

    # For each heater, what its coefficients had done, what remained, and what is left after the heat
    reached = np.zeros((len(heaters), len(fit.mean)))
    to_come, left = np.zeros_like(reached), np.zeros_like(reached)
    heating = run.end - run.start
    for i, heater in enumerate(heaters):
        own = slice(i * len(PARTS), (i + 1) * len(PARTS))
        cold = columns[i][run.baseline].mean(axis=0)
        reached[i, own] = columns[i][run.late_hot].mean(axis=0) - cold
        to_come[i, own] = heating[heater] - (columns[i][run.hot][-1] - cold)
        left[i, own] = columns[i][run.late_back].mean(axis=0) - cold if cooled else 0.0
    returned = None
    if cooled:
        late, baseline = run.late_back, run.baseline
        explained = of(left.sum(axis=0))
        seen = float(run.heights[late].mean() - run.heights[baseline].mean())
        own_noise = fit.variance * (1.0 / late.sum() + 1.0 / baseline.sum())
        returned = KnownLags(seen - explained.value, math.hypot(explained.size, math.sqrt(own_noise)))
    return Warmed(
        per_degree=tuple(of(reached[i] / heating[heater]) for i, heater in enumerate(heaters)),
        shift=of(reached.sum(axis=0)),
        remaining=of(to_come.sum(axis=0)),
        returned=returned,
        dof=fit.dof,
    )


@dataclass(frozen=True, slots=True)
class _Fit:
    """Mean and covariance of the coefficients, the priors' sizes averaged over by how well each explains the heights.

    `variance` is that of the noise, raised by as much as its wander makes sums of it scatter more.
    """

    mean: FloatArray
    covariance: FloatArray
    variance: float
    dof: float

    @classmethod
    def of(
        cls,
        design: FloatArray,
        groups: Sequence[tuple[int, Sizes]],
        beside: Sequence[tuple[int, Sizes]],
        heights: FloatArray,
        wander: float,
    ) -> _Fit:
        """`groups`, then `beside`, are how many columns of `design` in turn have a prior of one size, and the sizes it
        may have. Those of `beside` are added to what the others leave: they are few, and many sizes of the others need
        their large matrices only once."""
        design = design - design.mean(axis=0)
        rest = heights - heights.mean()
        variance, dof = _noise(design, rest, wander)
        gram, onto = design.T @ design / variance, design.T @ rest / variance
        sizes, before = _combinations(groups)
        first = sizes.shape[1]
        own = _posteriors(
            np.broadcast_to(gram[:first, :first], (len(sizes), first, first)),
            np.broadcast_to(onto[:first], sizes.shape),
            sizes,
        )
        # What the first columns explain of the others, and the heights that are left for these
        shared = gram[first:, :first] @ own.covariances
        left = gram[first:, first:] - shared @ gram[:first, first:]
        left_onto = onto[first:] - own.means @ gram[:first, first:]
        other_sizes, other_before = _combinations(beside)
        count = len(other_sizes)
        other = _posteriors(
            np.repeat(left, count, axis=0),
            np.repeat(left_onto, count, axis=0),
            np.tile(other_sizes, (len(sizes), 1)),
        )
        scores = (own.scores + before)[:, None] + other.scores.reshape(-1, count) + other_before
        weights = np.exp(scores - scores.max())
        weights /= weights.sum()
        return cls(*_mixture(weights, own, other, shared), variance, dof)


@dataclass(frozen=True, slots=True)
class _Posteriors:
    """For priors of several sizes: the logarithm of how well each explains the heights (up to a constant), and the
    coefficients' means and covariances."""

    scores: FloatArray
    means: FloatArray
    covariances: FloatArray


def _combinations(groups: Sequence[tuple[int, Sizes]]) -> tuple[FloatArray, FloatArray]:
    """Every combination of the groups' sizes (combinations × columns), and the logarithm of how likely it is."""
    widths = [width for width, _ in groups]
    sizes = np.array(list(itertools.product(*(one for _, one in groups))), dtype=np.float64)
    odds = [math.prod(odds) for odds in itertools.product(*(one.values() for _, one in groups))]
    return np.repeat(sizes, np.array(widths, dtype=np.intp), axis=1), np.log(np.array(odds))


def _mixture(
    weights: FloatArray, own: _Posteriors, other: _Posteriors, shared: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean and covariance of all coefficients, over all combinations by their weights (first × other priors)."""
    first, width = own.means.shape[1], other.means.shape[1]
    other_means = other.means.reshape(*weights.shape, width)
    # Of the first coefficients the others take away what they share
    means = np.concatenate([own.means[:, None] - other_means @ shared, other_means], axis=2)
    mean = np.tensordot(weights, means, 2)
    apart = (means - mean).reshape(-1, first + width)
    covariance = apart.T @ (weights.reshape(-1, 1) * apart)
    covariance[:first, :first] += np.tensordot(weights.sum(axis=1), own.covariances, 1)
    # Their uncertainty adds to that of the first
    onto_all = np.concatenate([-shared, np.broadcast_to(np.eye(width), (len(weights), width, width))], axis=2)
    of_others = np.einsum("ij,ijkl->ikl", weights, other.covariances.reshape(*weights.shape, width, width))
    covariance += (onto_all.swapaxes(1, 2) @ of_others @ onto_all).sum(axis=0)
    return mean, covariance


def _noise(design: FloatArray, rest: FloatArray, wander: float) -> tuple[float, float]:
    """The variance of the noise as its sums scatter, from what no combination of the columns explains, and how many
    independent values that is worth."""
    count = len(rest)
    left, singular, _ = np.linalg.svd(design, full_matrices=False)
    basis = left[:, singular > _INDEPENDENT * singular[0]]
    residuals = rest - basis @ (basis.T @ rest)
    level = np.full((count, 1), 1.0 / math.sqrt(count))
    parameters = basis.shape[1] + 2
    blocks = blocks_for(residuals, np.concatenate([level, basis], axis=1))
    factor = max(1.0, wander, count / (blocks.dof + parameters))
    variance = max(_LEAST_VARIANCE, float(residuals @ residuals) / max(1, count - parameters))
    return variance * factor, max(LEAST_DOF, count / factor - parameters)


def _posteriors(grams: FloatArray, onto: FloatArray, sizes: FloatArray) -> _Posteriors:
    """For priors of these sizes (priors × coefficients), each with its own Gram matrix and right-hand side."""
    matrices = grams * sizes[:, :, None] * sizes[:, None, :] + np.eye(sizes.shape[1])
    lower = np.linalg.cholesky(matrices)
    covariances = np.linalg.inv(matrices) * sizes[:, :, None] * sizes[:, None, :]
    means = (covariances @ onto[:, :, None])[:, :, 0]
    # The half of what is explained is onto · mean / 2
    scores = 0.5 * (means * onto).sum(axis=1) - np.log(np.diagonal(lower, axis1=1, axis2=2)).sum(axis=1)
    return _Posteriors(scores, means, covariances)
