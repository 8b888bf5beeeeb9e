"""Where the posterior of sigma is cut so that the interval has the coverage it claims.

Without quantisation the posterior's 2.5 % and 97.5 % points cover in 95 % of series. With few levels they do not: then
there are few possible outcomes, each with a lump of probability. So the interval is found by inverting a test (Neyman's
construction): a sigma is inside unless the posterior's share below it is among the most extreme 5 % of shares that
would be seen were that sigma the true one. The shares at which those 5 % begin depend on the number of samples and on
sigma in steps; they are tabulated in `sigma_table`, by simulation with the mean anywhere against the steps. On the
upper side 2.5 % are cut off, or as near to that as the lumps allow (nothing, where a single level is likely: readings
on one level bound sigma from above only), and on the lower side the rest of the 5 %.

Stopping early selects: near the border between fit and unfit, series that look clearer than they are end sooner. The
extreme 5 % differ then, and a second table has by how much, for the looks of the default plan.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.noise import NoiseEvidence
from zcal_tui.stats.sigma_table import COUNTS, CRITICAL_SHARES, RATIO_RANGES

FloatArray = NDArray[np.float64]

TABLED_CONFIDENCE = 0.95

EARLY_STOPPING_TAILS = (
    # Sigma, rounding included, in units of the limit; what to cut off below and above instead of 2.5 % each.
    (0.03, 0.025, 0.025),
    (0.04, 0.035, 0.025),
    (0.05, 0.0317, 0.0235),
    (0.06, 0.0281, 0.025),
    (0.07, 0.035, 0.025),
    (0.08, 0.035, 0.025),
    (0.09, 0.0293, 0.025),
    (0.10, 0.0276, 0.025),
    (0.12, 0.035, 0.0214),
    (0.14, 0.0345, 0.0186),
    (0.16, 0.0316, 0.0163),
    (0.18, 0.035, 0.0143),
    (0.20, 0.0267, 0.0121),
    (0.22, 0.0259, 0.0107),
    (0.24, 0.0115, 0.0101),
    (0.26, 0.0104, 0.0088),
    (0.28, 0.0149, 0.008),
    (0.30, 0.0171, 0.0079),
    (0.33, 0.0205, 0.0169),
    (0.36, 0.0221, 0.0219),
    (0.40, 0.025, 0.035),
    (0.80, 0.025, 0.035),
    (1.00, 0.025, 0.0303),
    (1.50, 0.025, 0.025),
)
"""By simulation of the default plan (40,000 series for each sigma), without quantisation.

Where series that would be missed continue instead, more than 2.5 % may be cut off. Only as much is used as leaves
coverage below 96.5 %, since other plans and coarse steps gain less."""

_FINE_POINTS = 600


@lru_cache(maxsize=1)
def _table() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Log ratios (shape R), lower and upper critical shares (each counts × R)."""
    (low, middle, count), (_, high, rest) = RATIO_RANGES
    ratios = np.concatenate(
        [np.geomspace(low, middle, count, endpoint=False), np.geomspace(middle, high, rest)]
    )
    lower = np.array([[int(share) for share in row.split()] for row, _ in CRITICAL_SHARES]) / 1e4
    upper = 1.0 - np.array([[int(share) for share in row.split()] for _, row in CRITICAL_SHARES]) / 1e4
    return np.log(ratios), lower, upper


def critical_shares(samples: int, log_ratios: FloatArray, confidence: float) -> tuple[FloatArray, FloatArray]:
    """The shares of the posterior below sigma between which a sigma is inside, by log of sigma / step.

    The table is for 95 %. For another confidence its tails are scaled, which is exact where quantisation is fine.
    """
    grid, lower, upper = _table()
    place = float(np.interp(np.log(samples), np.log(COUNTS), np.arange(len(COUNTS))))
    row = min(int(place), len(COUNTS) - 2)
    weight = place - row
    scale = (1.0 - confidence) / (1.0 - TABLED_CONFIDENCE)
    tail = 0.5 * (1.0 - confidence)
    low = (1.0 - weight) * lower[row] + weight * lower[row + 1]
    high = (1.0 - weight) * upper[row] + weight * upper[row + 1]
    return (
        np.interp(log_ratios, grid, scale * low, left=scale * float(low[0]), right=tail),
        np.interp(log_ratios, grid, 1.0 - scale * (1.0 - high), left=1.0, right=1.0 - tail),
    )


def sigma_interval(
    evidence: NoiseEvidence, value: float, confidence: float, stopping_limit: float | None
) -> Interval:
    """The interval for sigma (mm) about the reported standard deviation `value`.

    `stopping_limit` is the range limit (mm) by which the series was stopped, None if its length was fixed beforehand.
    With one level of readings there is no lower end: a small sigma cannot be distinguished from none.
    """
    log_sigma = np.log(evidence.sigma)
    fine = np.linspace(float(log_sigma[0]), float(log_sigma[-1]), _FINE_POINTS)
    shares = np.interp(fine, log_sigma, evidence.cdf)
    if evidence.step > 0.0:
        low, high = critical_shares(evidence.dof + 1, fine - np.log(evidence.step), confidence)
    else:
        low = np.full(_FINE_POINTS, 0.5 * (1.0 - confidence))
        high = 1.0 - low
    if stopping_limit is not None:
        share = np.hypot(np.exp(fine), evidence.step / math.sqrt(12.0)) / stopping_limit
        shares_of_limit, below, above = np.array(EARLY_STOPPING_TAILS).T
        low = low * np.interp(share, shares_of_limit, below) / 0.025
        high = 1.0 - (1.0 - high) * np.interp(share, shares_of_limit, above) / 0.025
    inside = np.flatnonzero((shares >= low) & (shares <= high))
    if not len(inside):
        inside = np.array([np.argmax(np.minimum(shares - low, high - shares))])
    first, last = int(inside[0]), int(inside[-1])
    bottom = _crossing(fine, shares - low, first - 1) if first > 0 else float(fine[0])
    top = _crossing(fine, high - shares, last) if last < len(fine) - 1 else float(fine[-1])
    return Interval(
        value, None if evidence.levels == 1 else float(np.exp(bottom)), float(np.exp(top)), confidence
    )


def _crossing(x: FloatArray, y: FloatArray, left: int) -> float:
    """Where y changes sign between `left` and the point after it; the point inside if it jumps."""
    change = float(y[left + 1] - y[left])
    weight = float(np.clip(-y[left] / change, 0.0, 1.0)) if change else 0.0
    return float(x[left] + weight * (x[left + 1] - x[left]))
