"""What a visit measured, from values some of which may be outliers that are too small to be significant.

A value that is far from the others of its visit counts less, and not at all from `REACH` standard deviations on
(Tukey's biweight). The standard deviation within visits is estimated from the lower quartile of the differences of two
values of a visit (Rousseeuw and Croux, 1993), which outliers hardly move. Visits have nothing in common but that, so
their results are as independent of each other as means are.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from statistics import median

from zcal_tui.stats.quantiles import normal_ppf

REACH = 3.5
"""Standard deviations within a visit. Without outliers intervals become 7 to 9 % wider, by simulation."""

_QUARTILE = math.sqrt(2.0) * normal_ppf(0.625)
"""The lower quartile of the distance of two normal values, in standard deviations of one."""
_MOST_TURNS = 50
_SAME = 1e-6
"""Of the standard deviation."""


def visit_values(visits: Sequence[Sequence[float]], step: float) -> tuple[float, ...]:
    """The value (mm) of each visit, from all of its values. `step` (mm) is that of the readings whose differences they
    are; the scatter is taken to be as large at least, since a reading that is one step off is normal.

    ValueError on a visit without values.
    """
    if any(not values for values in visits):
        raise ValueError("every visit needs at least one value")
    reach = REACH * max(_scatter(visits), step)
    return tuple(_biweight(values, reach) for values in visits)


def _scatter(visits: Sequence[Sequence[float]]) -> float:
    """The standard deviation within visits; 0 where no visit has two values."""
    apart = sorted(abs(a - b) for values in visits for a, b in itertools.combinations(values, 2))
    if not apart:
        return 0.0
    at = 0.25 * (len(apart) - 1)
    below = math.floor(at)
    above = min(below + 1, len(apart) - 1)
    return (apart[below] + (at - below) * (apart[above] - apart[below])) / _QUARTILE


def _biweight(values: Sequence[float], reach: float) -> float:
    """From the median on; of two values that is their mean."""
    centre = median(values)
    if len(values) < 3 or reach <= 0.0:
        return centre
    for _ in range(_MOST_TURNS):
        weights = [max(0.0, 1.0 - ((value - centre) / reach) ** 2) ** 2 for value in values]
        total = math.fsum(weights)
        if total <= 0.0:
            return centre
        before, centre = centre, math.fsum(w * v for w, v in zip(weights, values, strict=True)) / total
        if abs(centre - before) < _SAME * reach:
            break
    return centre
