"""Distribution functions and quantiles that numpy lacks: normal, chi-square, Student's t, and the range of normals.

Each is tested against scipy. Scalars in, floats out, except `normal_cdf_array`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

_STANDARD_NORMAL = NormalDist()
_SQRT_2PI = math.sqrt(2.0 * math.pi)
_CELLS_PER_UNIT = 256
_TABLE_REACH = 12.0
_MAX_TERMS = 10_000
_TINY = 1e-300


def normal_cdf(x: float) -> float:
    """Probability that a standard normal is at most `x`, accurate in both tails."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def normal_ppf(p: float) -> float:
    """The standard normal's quantile at `p` in (0, 1)."""
    return _STANDARD_NORMAL.inv_cdf(p)


@lru_cache(maxsize=1)
def _normal_table() -> tuple[FloatArray, FloatArray, FloatArray]:
    """Nodes, cdf and density of the standard normal, for a Taylor step of third order from the nearest node."""
    nodes = np.arange(-_TABLE_REACH * _CELLS_PER_UNIT, _TABLE_REACH * _CELLS_PER_UNIT + 1) / _CELLS_PER_UNIT
    cdf = np.array([normal_cdf(float(x)) for x in nodes])
    return nodes, cdf, np.exp(-0.5 * nodes**2) / _SQRT_2PI


def normal_cdf_array(x: FloatArray) -> FloatArray:
    """`normal_cdf` of every element; the relative error is below 2e-8 down to x = -12, where it is clamped."""
    nodes, cdf, density = _normal_table()
    clamped = np.clip(x, -_TABLE_REACH, _TABLE_REACH)
    index = np.rint((clamped + _TABLE_REACH) * _CELLS_PER_UNIT).astype(np.intp)
    node = nodes[index]
    d = clamped - node
    taylor: FloatArray = cdf[index] + density[index] * d * (
        1.0 - d * (0.5 * node - d * (node * node - 1.0) / 6.0)
    )
    return taylor


def whole_power(base: FloatArray, exponent: int) -> FloatArray:
    """`base ** exponent` for a whole number from 0 on, by squaring: numpy's own takes 30 times as long from 3 on."""
    result = np.ones_like(base) if exponent % 2 == 0 else base
    while exponent := exponent // 2:
        base = base * base
        if exponent % 2:
            result = result * base
    return result


def _invert(cdf: Callable[[float], float], p: float, low: float, high: float) -> float:
    """The x with cdf(x) = p by Ridders' method; `high` is doubled until it lies above."""
    while cdf(high) < p:
        low, high = high, high * 2.0
    f_low, f_high = cdf(low) - p, cdf(high) - p
    for _ in range(200):
        middle = 0.5 * (low + high)
        f_middle = cdf(middle) - p
        if middle in (low, high) or f_middle == 0.0:
            return middle
        root = math.sqrt(f_middle * f_middle - f_low * f_high)
        # Signs differ at the ends, so the root is real; it is zero only where both are on the spot.
        x = middle - (middle - low) * f_middle / root if root > 0.0 else middle
        f = cdf(x) - p
        if f == 0.0 or x in (low, high):
            return x
        if (f_middle < 0.0) != (f < 0.0):
            low, f_low, high, f_high = (
                (middle, f_middle, x, f) if f_middle < 0.0 else (x, f, middle, f_middle)
            )
        elif f < 0.0:
            low, f_low = max((x, f), (middle, f_middle))
        else:
            high, f_high = min((x, f), (middle, f_middle))
        if high - low <= 1e-13 * high:
            break
    return 0.5 * (low + high)


def _lower_gamma(a: float, x: float) -> float:
    """Regularised lower incomplete gamma function: the series below a + 1, the continued fraction above."""
    if x <= 0.0:
        return 0.0
    front = math.exp(a * math.log(x) - x - math.lgamma(a))
    if x < a + 1.0:
        term = total = 1.0 / a
        for k in range(1, _MAX_TERMS):
            term *= x / (a + k)
            total += term
            if term < total * 1e-17:
                break
        return min(1.0, front * total)
    b = x + 1.0 - a
    c = 1.0 / _TINY
    d = 1.0 / b
    fraction = d
    for k in range(1, _MAX_TERMS):
        numerator = -k * (k - a)
        b += 2.0
        d = 1.0 / _away_from_zero(numerator * d + b)
        c = _away_from_zero(b + numerator / c)
        fraction *= d * c
        if abs(d * c - 1.0) < 1e-16:
            break
    return max(0.0, 1.0 - front * fraction)


def _away_from_zero(x: float) -> float:
    return x if abs(x) > _TINY else _TINY


def chi2_cdf(x: float, dof: float) -> float:
    """Probability that a chi-square with `dof` degrees of freedom is at most `x`."""
    return _lower_gamma(0.5 * dof, 0.5 * x)


@lru_cache(maxsize=4096)
def chi2_ppf(p: float, dof: float) -> float:
    """The chi-square's quantile at `p` in (0, 1)."""
    return _invert(lambda x: chi2_cdf(x, dof), p, 0.0, 2.0 * dof)


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """Regularised incomplete beta function by its continued fraction (modified Lentz)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - _incomplete_beta(b, a, 1.0 - x)
    log_front = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    c = 1.0
    d = 1.0 / _away_from_zero(1.0 - (a + b) * x / (a + 1.0))
    fraction = d
    for k in range(1, _MAX_TERMS):
        even = k * (b - k) * x / ((a + 2 * k - 1.0) * (a + 2 * k))
        d = 1.0 / _away_from_zero(1.0 + even * d)
        c = _away_from_zero(1.0 + even / c)
        fraction *= d * c
        odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1.0))
        d = 1.0 / _away_from_zero(1.0 + odd * d)
        c = _away_from_zero(1.0 + odd / c)
        fraction *= d * c
        if abs(d * c - 1.0) < 1e-16:
            break
    return math.exp(log_front) * fraction / a


def t_cdf(t: float, dof: float) -> float:
    """Probability that Student's t with `dof` degrees of freedom is at most `t`."""
    if math.isinf(t):
        return 0.0 if t < 0.0 else 1.0
    tail = 0.5 * _incomplete_beta(0.5 * dof, 0.5, dof / (dof + t * t))
    return tail if t < 0.0 else 1.0 - tail


def t_two_sided_p(t: float, dof: float) -> float:
    """Probability of a Student's t at least as far from zero as `t`."""
    return min(1.0, 2.0 * t_cdf(-abs(t), dof))


@lru_cache(maxsize=4096)
def t_ppf(p: float, dof: float) -> float:
    """Student's t quantile at `p` in (0, 1)."""
    if p == 0.5:
        return 0.0
    if p < 0.5:
        return -_invert(lambda x: 1.0 - t_cdf(-x, dof), 1.0 - p, 0.0, 2.0)
    return _invert(lambda x: t_cdf(x, dof), p, 0.0, 2.0)


def normal_range_cdf(width: float, count: int) -> float:
    """Probability that the range (maximum − minimum) of `count` standard normals is at most `width`."""
    return float(normal_range_cdf_array(np.array([width]), count)[0])


def normal_range_cdf_array(widths: FloatArray, count: int) -> FloatArray:
    """`normal_range_cdf` of every element of `widths` (shape kept).

    The smallest of them lies at x and the others within `width` above it:
    count · ∫ φ(x) [Φ(x + w) − Φ(x)]^(count−1) dx.
    The trapezoidal rule converges geometrically on such integrands.
    """
    x = np.linspace(-9.0, 9.0, 145)
    above = normal_cdf_array(x + np.maximum(widths, 0.0)[..., None]) - normal_cdf_array(x)
    density = np.exp(-0.5 * x * x) / _SQRT_2PI
    result: FloatArray = np.clip(
        count * (density * whole_power(above, count - 1)).sum(axis=-1) * (x[1] - x[0]), 0.0, 1.0
    )
    return result


@lru_cache(maxsize=256)
def normal_range_ppf(p: float, count: int) -> float:
    """The quantile at `p` in (0, 1) of the range of `count` standard normals."""
    return _invert(lambda w: normal_range_cdf(w, count), p, 0.0, 4.0)


@lru_cache(maxsize=64)
def normal_range_mean(count: int) -> float:
    """The expected range of `count` standard normals (d2 of control charts)."""
    widths = np.linspace(0.0, 18.0, 1801)
    beyond = 1.0 - normal_range_cdf_array(widths, count)
    simpson = beyond[0] + beyond[-1] + 4.0 * beyond[1:-1:2].sum() + 2.0 * beyond[2:-1:2].sum()
    return float(simpson * (widths[1] - widths[0]) / 3.0)


def studentised_range_cdf(q: float, count: int, dof: float) -> float:
    """Probability that the range of `count` normals over an independent s (`dof` degrees of freedom) is at most `q`."""
    if q <= 0.0:
        return 0.0
    spread = 10.0 / math.sqrt(2.0 * dof)
    log_s = np.linspace(-spread - 14.0 / dof, min(spread, 3.0), 161)
    s = np.exp(log_s)
    log_density = (
        math.log(2.0)
        + 0.5 * dof * math.log(0.5 * dof)
        - math.lgamma(0.5 * dof)
        + dof * log_s
        - 0.5 * dof * s * s
    )
    weights = np.exp(log_density)
    return float(min(1.0, (weights * normal_range_cdf_array(q * s, count)).sum() * (log_s[1] - log_s[0])))


@lru_cache(maxsize=256)
def studentised_range_ppf(p: float, count: int, dof: float) -> float:
    """The quantile at `p` in (0, 1) of the studentised range."""
    return _invert(lambda q: studentised_range_cdf(q, count, dof), p, 0.0, 4.0)


def studentised_ends_cdf(q: float, above: int, below: int, dof: float) -> float:
    """Probability that the largest of `above` normals minus the smallest of `below` others, over an independent s
    (`dof` degrees of freedom), is at most `q`."""
    spread = 10.0 / math.sqrt(2.0 * dof)
    log_s = np.linspace(-spread - 14.0 / dof, min(spread, 3.0), 121)
    s = np.exp(log_s)
    weights = np.exp(dof * (log_s - 0.5 * s * s + 0.5))
    x = np.linspace(-7.0, 7.0, 113)
    density = above * np.exp(-0.5 * x * x) / _SQRT_2PI * whole_power(normal_cdf_array(x), above - 1)
    within = whole_power(normal_cdf_array((q * s)[:, None] - x), below)
    each = (density * within).sum(axis=1) * (x[1] - x[0])
    return float(min(1.0, (weights * each).sum() / weights.sum()))


@lru_cache(maxsize=1024)
def studentised_ends_ppf(p: float, above: int, below: int, dof: float) -> float:
    """The quantile at `p` of `studentised_ends_cdf`."""
    return _invert(lambda q: studentised_ends_cdf(q, above, below, dof), p, -4.0, 4.0)
