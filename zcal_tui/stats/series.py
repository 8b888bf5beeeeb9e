"""How wide a series of probings spans: the range of ten that Klipper's documentation judges a probe by.

A series is what PROBE_ACCURACY takes: `count` readings, each its own expected height plus normal noise, rounded to
steps. The range is the reported one, maximum minus minimum of the rounded readings. With the place of the heights
against the steps unknown, a true range R (in steps) is reported as one of the two whole numbers next to it, in
proportion; so the reported range has R's expectation, and its probability to exceed a limit is that of R averaged
over one step.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from zcal_tui.stats.quantiles import normal_cdf_array, normal_range_cdf_array, normal_range_mean

FloatArray = NDArray[np.float64]

SERIES_LENGTH = 10
"""Klipper docs, Probe_Calibrate, Repeatability check: PROBE_ACCURACY "will run the probe ten times"."""

_REACH = 8.5
_NODES = 57
_STEP_NODES = np.array([0.5 - math.sqrt(15) / 10, 0.5, 0.5 + math.sqrt(15) / 10])
_STEP_WEIGHTS = np.array([5.0, 8.0, 5.0]) / 18.0
_TOLERANCE = 1e-6
_MOST_PIECES = 10
_TABLE_STEP = 0.02
_TABLE_END = 20.0


def range_cdf(width: float, sigma: float, offsets: FloatArray) -> float:
    """Probability that readings scattering with `sigma` about `offsets` (mm) span at most `width` (mm), unrounded."""
    if width < 0.0:
        return 0.0
    if sigma <= 0.0:
        return 1.0 if float(np.ptp(offsets)) <= width else 0.0
    # Each reading in turn is the lowest, and all the others lie within `width` above it.
    z = np.linspace(-_REACH, _REACH, _NODES)
    lowest, owners = np.unique(offsets, return_counts=True)
    x = lowest[:, None] + sigma * z
    above = (x[..., None] - lowest) / sigma
    others = normal_cdf_array(above + width / sigma) - normal_cdf_array(above)
    log_others = np.log(np.maximum(others, 1e-300))
    log_all = log_others @ owners
    density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    total = 0.0
    for i, owner in enumerate(owners):
        total += float(owner) * float((density * np.exp(log_all[i] - log_others[i, :, i])).sum())
    return min(1.0, total * float(z[1] - z[0]))


@lru_cache(maxsize=1)
def _beyond_table() -> tuple[FloatArray, FloatArray]:
    """Probability that a range of ten standard normals is beyond each node, and its integral from there on."""
    nodes = np.arange(0.0, _TABLE_END + 0.5 * _TABLE_STEP, _TABLE_STEP)
    beyond = np.maximum(0.0, 1.0 - normal_range_cdf_array(nodes, SERIES_LENGTH))
    parts = 0.5 * (beyond[1:] + beyond[:-1]) * _TABLE_STEP
    return beyond, np.concatenate([np.cumsum(parts[::-1])[::-1], [0.0]])


def _integral_beyond(widths: FloatArray) -> FloatArray:
    beyond, integral = _beyond_table()
    inside = np.clip(widths, 0.0, _TABLE_END)
    index = np.minimum((inside / _TABLE_STEP).astype(np.intp), len(beyond) - 2)
    d = inside - index * _TABLE_STEP
    slope = (beyond[index + 1] - beyond[index]) / _TABLE_STEP
    result: FloatArray = integral[index] - d * (beyond[index] + 0.5 * d * slope)
    return result


def noise_exceedance(limit: float, sigmas: FloatArray, step: float) -> FloatArray:
    """`exceedance` by noise alone for every element of `sigmas` (mm, above zero)."""
    if step <= 0.0:
        beyond, _ = _beyond_table()
        result: FloatArray = np.interp(
            limit / sigmas, np.arange(len(beyond)) * _TABLE_STEP, beyond, right=0.0
        )
        return result
    whole = math.floor(limit / step + _TOLERANCE)
    average = _integral_beyond(whole * step / sigmas) - _integral_beyond((whole + 1) * step / sigmas)
    return np.clip(average * sigmas / step, 0.0, 1.0)


def exceedance(limit: float, sigma: float, offsets: FloatArray, step: float) -> float:
    """Probability that the reported range of such a series exceeds `limit` (mm)."""
    if sigma <= 0.0:
        spread = float(np.ptp(offsets))
        if step <= 0.0:
            return 1.0 if spread > limit else 0.0
        return float(np.clip(spread / step - math.floor(limit / step + _TOLERANCE), 0.0, 1.0))
    if not np.ptp(offsets):
        return float(noise_exceedance(limit, np.array([sigma]), step)[0])
    if step <= 0.0:
        return 1.0 - range_cdf(limit, sigma, offsets)
    whole = math.floor(limit / step + _TOLERANCE)
    spread, reach = float(np.ptp(offsets)), 2.0 * _REACH * sigma
    if spread + reach <= whole * step:
        return 0.0
    if spread - reach >= (whole + 1) * step:
        return 1.0
    # Gauss-Legendre over the step, in pieces no longer than the range's own scatter.
    pieces = min(_MOST_PIECES, max(1, math.ceil(step / (2.0 * sigma))))
    places = ((np.arange(pieces)[:, None] + _STEP_NODES) / pieces).ravel()
    weights = np.tile(_STEP_WEIGHTS / pieces, pieces)
    inside = [range_cdf((whole + place) * step, sigma, offsets) for place in places]
    return float(np.clip(1.0 - weights @ np.array(inside), 0.0, 1.0))


def expected_range(sigma: float, offsets: FloatArray) -> float:
    """The expected range (mm) of such a series; rounding does not change it."""
    if sigma <= 0.0:
        return float(np.ptp(offsets))
    if not np.ptp(offsets):
        return normal_range_mean(len(offsets)) * sigma
    # E[max] − E[min], each as the integral of the probability of not having been reached.
    x = np.linspace(float(offsets.min()) - _REACH * sigma, float(offsets.max()) + _REACH * sigma, 801)
    z = (x[:, None] - offsets) / sigma
    between = 1.0 - normal_cdf_array(z).prod(axis=1) - normal_cdf_array(-z).prod(axis=1)
    return float(between.sum() * (x[1] - x[0]))
