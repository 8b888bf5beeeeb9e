"""How well a Z endstop repeats: how far two homings differ."""

from __future__ import annotations

import math

from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.quantiles import normal_cdf
from zcal_tui.stats.repeatability import Repeatability


def pair_exceedance(sigma: float, limit: float, step: float = 0.0) -> float:
    """The probability that two homings differ by more than `limit`: each scatters by `sigma` and by rounding (mm)."""
    spread = math.sqrt(2.0 * (sigma * sigma + step * step / 12.0))
    return 2.0 * (1.0 - normal_cdf(limit / spread)) if spread > 0.0 else 0.0


def pair_interval(result: Repeatability, limit: float) -> Interval:
    """That probability with the interval that follows from sigma's. `limit` in mm."""
    step, sigma = result.reading_step, result.sigma
    return Interval(
        pair_exceedance(result.sigma_estimate, limit, step),
        pair_exceedance(sigma.low or 0.0, limit, step),
        pair_exceedance(sigma.high, limit, step) if sigma.high is not None else None,
        sigma.confidence,
    )
