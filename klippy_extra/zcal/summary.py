# Summary statistics of a series of heights
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import math
from statistics import mean, median, stdev
from typing import Any, Sequence

from .quantiles import t_quantile

LEVEL = 0.975
"""Two-sided 95 %."""


def summary(heights: Sequence[float], step: float) -> dict[str, Any]:
    """Of at least one height, in mm; `step` is the Z step distance.

    `sigma` is the sample standard deviation (n − 1) and null for one height, as is `half_width`: half of the mean's
    95 % interval.
    """
    return {
        "n": len(heights),
        "mean": mean(heights),
        "median": median(heights),
        "minimum": min(heights),
        "maximum": max(heights),
        "range": max(heights) - min(heights),
        "sigma": stdev(heights) if len(heights) > 1 else None,
        "half_width": half_width(heights, step),
        "step": step,
    }


def half_width(heights: Sequence[float], step: float) -> float | None:
    """Half of the mean's 95 % interval; null for fewer than two heights.

    Heights come in whole steps, so that a few may agree by luck: the scatter counts as no less than the one that
    rounding to steps causes by itself.
    """
    if len(heights) < 2:
        return None
    scatter = max(stdev(heights), step / math.sqrt(12.0))
    return t_quantile(LEVEL, len(heights) - 1) * scatter / math.sqrt(len(heights))
