"""The standard deviation of a result made of several samples: their mean or median."""

from __future__ import annotations

import math

import numpy as np

from zcal_tui.stats.series import SERIES_LENGTH, exceedance

_MEDIANS = {1: 1.0, 2: 0.70711, 3: 0.66983, 4: 0.54609, 5: 0.53557, 7: 0.45870}
"""Standard deviation of the median of so many normal values with standard deviation 1 (of four or two: the mean of the
middle ones, as Klipper takes it)."""
COUNTS = (1, 2, 3, 5, 7)


def result_share(samples: int, result: str) -> float:
    """The standard deviation of a result (`median` or `average`) of so many samples, as a share of a single one's."""
    if result == "median":
        return _MEDIANS[samples] if samples in _MEDIANS else math.sqrt(math.pi / (2.0 * samples))
    return 1.0 / math.sqrt(samples)


def samples_needed(sigma: float, limit: float, step: float, result: str, most_over: float) -> int | None:
    """The fewest samples whose result spans more than `limit` (mm) in a share of series of ten below `most_over`; None
    where even the most do not. `sigma` and `step` in mm."""
    for samples in COUNTS:
        over = exceedance(limit, result_share(samples, result) * sigma, np.zeros(SERIES_LENGTH), step)
        if over < most_over:
            return samples
    return None
