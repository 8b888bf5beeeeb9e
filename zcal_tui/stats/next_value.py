"""The range in which the next value of a series is expected: a prediction interval for one more value."""

import math
from collections.abc import Sequence

from zcal_tui.stats.quantiles import normal_ppf, t_ppf


def next_value_range(
    values: Sequence[float], rate: float, *, errors: Sequence[float] = (), error: float = 0.0
) -> tuple[float, float]:
    """The range that the next value leaves with probability `rate` when nothing has changed.

    The half-width is the wider of two: the scatter of the values about their mean, with a t quantile (W. Q. Meeker,
    G. J. Hahn and L. A. Escobar, Statistical Intervals, 2017, section 4.2), and the standard errors of the values
    (`errors`) and of the next one (`error`) alone, for values that happen to be alike. At least two values.
    """
    n = len(values)
    if n < 2:
        raise ValueError("a scatter needs at least two values")
    mean = math.fsum(values) / n
    sigma = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    scatter = t_ppf(1.0 - rate / 2.0, n - 1) * sigma * math.sqrt(1.0 + 1.0 / n)
    variance = math.fsum(one * one for one in errors) / (n * n) + error * error
    half = max(scatter, normal_ppf(1.0 - rate / 2.0) * math.sqrt(variance))
    return mean - half, mean + half
