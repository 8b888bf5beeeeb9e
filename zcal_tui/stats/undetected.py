"""How large a difference may be that a t test has not found, where the test's noise is known from elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence

from zcal_tui.stats.quantiles import chi2_ppf, normal_ppf


def undetected_bound(
    t_values: Sequence[float], sd: float, n: int, pairs: int, confidence: float = 0.95
) -> float:
    """An upper bound of a difference, in the unit of `sd`, from the |t| of comparisons of `pairs` values a side.

    The sign of each difference is not known, so it counts as positive. `sd` is the sample standard deviation of `n`
    single values taken for the purpose; its own upper bound is used. ValueError without a comparison, or with n < 2.
    """
    if not t_values or n < 2 or pairs < 1:
        raise ValueError("at least one comparison and two values are needed")
    sigma = sd * math.sqrt((n - 1) / chi2_ppf(1.0 - confidence, n - 1))
    error = sigma * math.sqrt(2.0 / pairs)
    mean = math.fsum(abs(t) for t in t_values) / len(t_values)
    return error * (mean + normal_ppf(confidence) / math.sqrt(len(t_values)))
