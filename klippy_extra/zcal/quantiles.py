# Quantiles of Student's t distribution, without scipy
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import math
from statistics import NormalDist

CONFIDENCE = 0.95
"""The confidence of all intervals."""
TWO_SIDED = 0.5 + CONFIDENCE / 2.0
"""The probability whose quantile bounds a two-sided interval."""

_TINY = 1e-300


def two_sided_t(freedom: float) -> float:
    """Half of a mean's two-sided interval, in standard errors."""
    return t_quantile(TWO_SIDED, freedom)


def t_quantile(probability: float, freedom: float) -> float:
    """The quantile of Student's t, for a probability above 0.5 and below 1 and any positive degrees of freedom.

    By Newton's method from the normal quantile, which is smaller: the distribution function is concave there, so the
    iteration never overshoots.
    """
    value = NormalDist().inv_cdf(probability)
    scale = (
        math.lgamma((freedom + 1.0) / 2.0) - math.lgamma(freedom / 2.0) - 0.5 * math.log(freedom * math.pi)
    )
    for _ in range(100):
        density = math.exp(scale - (freedom + 1.0) / 2.0 * math.log1p(value * value / freedom))
        change = (probability - t_distribution(value, freedom)) / density
        value += change
        if abs(change) <= 1e-12 * value:
            break
    return value


def t_distribution(value: float, freedom: float) -> float:
    """The distribution function of Student's t."""
    tail = 0.5 * incomplete_beta(freedom / 2.0, 0.5, freedom / (freedom + value * value))
    return 1.0 - tail if value > 0.0 else tail


def incomplete_beta(a: float, b: float, x: float) -> float:
    """The regularised incomplete beta function (DLMF 8.17, continued fraction 8.17.22)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    if x > (a + 1.0) / (a + b + 2.0):
        return 1.0 - incomplete_beta(b, a, 1.0 - x)
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    return front / (a * _fraction(a, b, x))


def _fraction(a: float, b: float, x: float) -> float:
    """1 + d1/(1 + d2/(1 + …)) by the modified Lentz method."""
    value, c, d = 1.0, 1.0, 0.0
    for n in range(1, 400):
        m = n // 2
        if n % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1.0 / _nonzero(1.0 + term * d)
        c = _nonzero(1.0 + term / c)
        value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            break
    return value


def _nonzero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY
