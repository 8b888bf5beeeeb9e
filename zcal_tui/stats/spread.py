"""How far the largest of several true means lies above the smallest, from estimates that scatter.

The estimated range is too large on average: noise alone spreads equal means. So its two bounds are of different kinds.

*Lower.* Tukey: at once for all pairs, a difference is off by less than the studentised range's quantile. The largest
difference that this leaves is a bound, and it is exact when all means are equal.

*Upper.* The true range R is rejected if so small a range would be seen too seldom. Of all means with range R, those
with two ends and everything else in the middle show a small range most often (the density of the noise is log-concave
and even, the set "range at most r" convex and even, so averaging means with their mirror image raises its probability);
they are used here. The scatter is known only as s, so the probability is averaged over the distribution of sigma given
s; alone, that misses up to 1.5 times too often with two or three degrees of freedom. The bound is put halfway from
there to that of the one pair of ends by Student's t, which is valid but too wide near the noise; for a range far above
it the two are the same. An estimated range below the median of what noise alone gives is taken to be that median, so
that luck does not shrink the bound.

Where pairs differ in precision the upper bound is the largest of all single pairs' bounds, which is valid but wider.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from zcal_tui.stats.combine import UncertaintyPart, effective_dof, t_quantile
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.quantiles import (
    normal_cdf_array,
    studentised_ends_ppf,
    studentised_range_ppf,
    whole_power,
)

FloatArray = NDArray[np.float64]

_Z = np.linspace(-5.5, 5.5, 33)
_Z_WEIGHTS = np.exp(-0.5 * _Z**2) / math.sqrt(2.0 * math.pi) * float(_Z[1] - _Z[0])
_SCATTER_NODES = 21
_SCATTER_REACH = 6.0
_PRECISION = 2e-3
_FIRST_STEP = 0.5
_MOST_STEPS = 30
_TINY = 1e-300
_MOST_DEGREES = 200
_SAME = 1e-6


@dataclass(frozen=True, slots=True)
class SpreadEvidence:
    """Estimates (mm) of several means, and what the range of the true ones can be.

    The difference of two has the variance sigma² · `pair_factor`[i, j] + 2 · `systematic`², with sigma known with
    `dof` degrees of freedom, and `systematic` the standard uncertainty of each mean that repeats do not lessen.
    """

    means: FloatArray
    pair_factor: FloatArray
    sigma: float
    dof: float
    systematic: float = 0.0

    @property
    def range(self) -> float:
        """The estimated range."""
        return float(np.ptp(self.means))

    def pair_error(self, i: int, j: int) -> UncertaintyPart:
        """The standard uncertainty of the difference of two estimates."""
        parts = {
            "random": UncertaintyPart(self.sigma * math.sqrt(float(self.pair_factor[i, j])), self.dof),
            "systematic": UncertaintyPart(math.sqrt(2.0) * self.systematic),
        }
        return UncertaintyPart(
            math.hypot(parts["random"].size, parts["systematic"].size), effective_dof(parts)
        )

    def bounds(self, error: float) -> tuple[float, float]:
        """Lower and upper bound of the true range, each wrong with probability `error` at most."""
        pairs = [
            (float(self.means[i] - self.means[j]), self.pair_error(i, j))
            for i in range(len(self.means))
            for j in range(len(self.means))
            if i != j
        ]
        count = len(self.means)
        low = max(
            abs(difference) - tukey_quantile(1.0 - error, count, part.dof) * part.size / math.sqrt(2.0)
            for difference, part in pairs
        )
        if max(part.size for _, part in pairs) <= 0.0:
            return self.range, self.range
        return max(0.0, low), self.upper_bound(error)

    def upper_bound(self, error: float) -> float:
        """The upper of `bounds`."""
        count = len(self.means)
        pairs = [
            (float(self.means[i] - self.means[j]), self.pair_error(i, j))
            for i in range(count)
            for j in range(count)
            if i != j
        ]
        sizes = [part.size for _, part in pairs]
        if max(sizes) <= 0.0:
            return self.range
        if max(sizes) - min(sizes) <= _SAME * max(sizes):
            unit = sizes[0] / math.sqrt(2.0)
            high = unit * _upper_bound(self.range / unit, count, _whole(pairs[0][1].dof), error)
        else:
            high = max(
                difference + t_quantile(1.0 - error, part.dof) * part.size for difference, part in pairs
            )
        return max(self.range, high)

    def lower_bound(self, error: float) -> float:
        """Like the lower of `bounds`, for a range that is far above the noise: it allows for as many pairs as can be
        that far apart at once (half of the means at each end), not for all of them."""
        count = len(self.means)
        low = max(
            abs(float(self.means[i] - self.means[j])) - self.ends_reach(part, error)
            for i in range(count)
            for j in range(i)
            for part in (self.pair_error(i, j),)
        )
        return max(0.0, low)

    def ends_reach(self, part: UncertaintyPart, error: float) -> float:
        """How far `lower_bound` is below a difference with this uncertainty."""
        count = len(self.means)
        above = count // 2
        quantile = studentised_ends_ppf(1.0 - error, above, count - above, float(_whole(part.dof)))
        return quantile * part.size / math.sqrt(2.0)

    def interval(self, confidence: float) -> Interval:
        """The true range, with half of the error on each side."""
        low, high = self.bounds(0.5 * (1.0 - confidence))
        return Interval(self.range, low, high, confidence)


def tukey_quantile(p: float, count: int, dof: float) -> float:
    """The studentised range's quantile for degrees of freedom that need not be whole; they are rounded down."""
    return studentised_range_ppf(p, count, float(_whole(dof)))


def _whole(dof: float) -> int:
    return max(1, math.floor(min(dof, _MOST_DEGREES)))


@lru_cache(maxsize=64)
def _scatter_nodes(dof: int) -> tuple[FloatArray, FloatArray]:
    """Values of s / sigma with their probabilities; the trapezoidal rule in its logarithm."""
    reach = _SCATTER_REACH / math.sqrt(2.0 * dof)
    log_s = np.linspace(-reach - 3.0 / dof, min(reach, 1.5), _SCATTER_NODES)
    density = np.exp(dof * (log_s - 0.5 * np.exp(2.0 * log_s) + 0.5))
    return np.exp(log_s), density / density.sum()


def _probability_of_less(seen: float, true: float, count: int, dof: int) -> float:
    """Probability of an estimated range of at most `seen` where the true one is `true`, both in units of s.

    Two means are the ends, the others in the middle; averaged over the distribution of sigma given s.
    """
    scatter, weights = _scatter_nodes(dof)
    width = (seen * scatter)[:, None]
    half = (0.5 * true * scatter)[:, None]
    owners = (1, count - 2, 1)
    # One mean is estimated lowest, and another, so many halves above its true place, within `width` above that.
    within = {
        halves: normal_cdf_array(_Z + width - halves * half) - normal_cdf_array(_Z - halves * half)
        for halves in range(-2, 3)
    }
    total: FloatArray = np.zeros(len(scatter))
    for lowest, many in enumerate(owners):
        if not many:
            continue
        product = np.broadcast_to(_Z_WEIGHTS, within[0].shape)
        for other, others in enumerate(owners):
            left = others - (other == lowest)
            if left:
                product = product * whole_power(within[other - lowest], left)
        total += many * product.sum(axis=1)
    return float(weights @ total)


def _upper_bound(seen: float, count: int, dof: int, error: float) -> float:
    """The bound on the true range where the estimated one is `seen`, both in units of s."""
    seen = max(seen, studentised_range_ppf(0.5, count, float(dof)))
    by_one_pair = seen + math.sqrt(2.0) * t_quantile(1.0 - error, dof)
    return 0.5 * (_inverted(seen, by_one_pair, count, dof, error) + by_one_pair)


def _inverted(seen: float, high: float, count: int, dof: int, error: float) -> float:
    """The true range, `high` at most, of which one of at most `seen` has just the probability `error`."""

    def excess(true: float) -> float:
        return math.log(max(_probability_of_less(seen, true, count, dof), _TINY) / error)

    # The logarithm is concave and falls, so secants from above come down to the crossing in a few steps.
    right, middle = high, max(0.0, high - _FIRST_STEP)
    f_right, f = excess(right), excess(middle)
    for _ in range(_MOST_STEPS):
        if abs(f) < _PRECISION or f == f_right:
            break
        following = min(max(middle - f * (right - middle) / (f_right - f), 0.0), high)
        if following == middle:
            break
        right, f_right, middle, f = middle, f, following, excess(following)
    return middle
