# Summary statistics of a series of heights
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import math
from statistics import mean, median, stdev
from typing import Any, Sequence

from .quantiles import two_sided_t


def summary(heights: Sequence[float], step: float) -> dict[str, Any]:
    """Summarise at least one height, in mm; `step` is the Z step distance.

    `sigma` is the sample standard deviation (n − 1), `half_width` half of the mean's 95% interval. Both are null for a
    single height.
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
    """Half of the mean's 95% interval; None for fewer than two heights.

    Heights are quantised to steps, so a few may agree by chance: the scatter counts as no less than what rounding to
    steps causes.
    """
    if len(heights) < 2:
        return None
    scatter = max(stdev(heights), step / math.sqrt(12.0))
    return two_sided_t(len(heights) - 1) * scatter / math.sqrt(len(heights))
