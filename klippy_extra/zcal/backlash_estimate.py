# Estimates of the backlash and their uncertainty, as pure arithmetic
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import math
from statistics import NormalDist, mean, stdev
from typing import NamedTuple, Sequence

from .quantiles import TWO_SIDED, two_sided_t


class UncertainValue(NamedTuple):
    """An estimate with its standard error and that error's degrees of freedom."""

    value: float
    error: float
    freedom: float


class ConfidenceInterval(NamedTuple):
    """An estimate and its two-sided 95% interval."""

    value: float
    low: float
    high: float


class Singular(Exception):
    """The measurements do not determine the value."""


def effect(settings: Sequence[float], readings: Sequence[float], resolution: float) -> UncertainValue:
    """The change of the reading per unit of the setting, with linear drift removed.

    Least squares of a constant, the setting and the position in the series; needs at least four readings. The scatter
    counts as no less than what the resolution of the readings causes. Raises Singular.
    """
    count = len(readings)
    if count < 4 or count != len(settings):
        raise Singular("too few readings")
    centre = (count - 1) / 2.0
    x = _centred(settings)
    t = [place - centre for place in range(count)]
    y = _centred(readings)
    xx, xt, tt = _dot(x, x), _dot(x, t), _dot(t, t)
    determinant = xx * tt - xt * xt
    if xx <= 0.0 or determinant < 1e-12 * xx * tt:
        raise Singular("the settings cannot be separated from drift")
    slope = (_dot(x, y) * tt - _dot(t, y) * xt) / determinant
    drift = (_dot(t, y) * xx - _dot(x, y) * xt) / determinant
    freedom = count - 3
    squares = sum((c - slope * a - drift * b) ** 2 for a, b, c in zip(x, t, y))
    variance = max(squares / freedom, resolution * resolution / 12.0)
    return UncertainValue(slope, math.sqrt(variance * tt / determinant), freedom)


def average(values: Sequence[float], resolution: float) -> UncertainValue:
    """The mean of at least two independent values of a known resolution. Raises Singular."""
    if len(values) < 2:
        raise Singular("too few values")
    scatter = max(stdev(values), resolution / math.sqrt(12.0))
    return UncertainValue(mean(values), scatter / math.sqrt(len(values)), len(values) - 1)


def scaled(raw: UncertainValue, slope: UncertainValue) -> UncertainValue:
    """A sensor reading divided by the sensor's slope, whose own error is included. Raises Singular.

    Degrees of freedom by Welch and Satterthwaite.
    """
    if slope.value <= 0.0 or slope.value < 4.0 * slope.error:
        raise Singular("the sensor barely responds to height")
    value = raw.value / slope.value
    parts = ((raw.error / slope.value, raw.freedom), (value * slope.error / slope.value, slope.freedom))
    variance = sum(error * error for error, _ in parts)
    fourth = sum(error**4 / freedom for error, freedom in parts)
    return UncertainValue(
        value, math.sqrt(variance), variance * variance / fourth if fourth > 0.0 else raw.freedom
    )


def interval(estimate: UncertainValue, *, within: float = 0.0, below: float = 0.0) -> ConfidenceInterval:
    """The 95% interval, with up to two systematic errors of known size.

    `within`: an error that is uniform within ± this, independent of the scatter. `below`: an error of up to this that
    can only raise the estimate. The first is combined half width by half width. Adding it to the variance would
    overstate the degrees of freedom of a few readings, and the interval would cover too little.
    """
    scatter = two_sided_t(estimate.freedom) * estimate.error
    half = math.hypot(scatter, NormalDist().inv_cdf(TWO_SIDED) * within / math.sqrt(3.0))
    return ConfidenceInterval(estimate.value, estimate.value - half - below, estimate.value + half)


def balanced(pairs: int) -> list[int]:
    """The order of approaches, +1 from above and −1 from below.

    Each pair is reversed relative to the previous one, so steady drift affects both directions equally.
    """
    order: list[int] = []
    for pair in range(pairs):
        order += (1, -1) if pair % 2 == 0 else (-1, 1)
    return order


def _centred(values: Sequence[float]) -> list[float]:
    middle = mean(values)
    return [value - middle for value in values]


def _dot(one: Sequence[float], other: Sequence[float]) -> float:
    return math.fsum(a * b for a, b in zip(one, other))
