"""What rounding to steps leaves in a mean of readings that scatter."""

from __future__ import annotations

import math

from zcal_tui.stats.quantiles import chi2_ppf


def undithered_share(step: float, scatter: float, dof: int, confidence: float = 0.95) -> float:
    """By how much the mean of rounded readings may be off because of the rounding, as a share of what a single reading
    without scatter may be (half a step): 1 without scatter, near 0 where the readings scatter over several steps.

    Rounded readings of a normal scatter sigma are off by (step / pi) exp(-2 pi² sigma² / step²) on average at the most
    (the first term of the Fourier series; the others are smaller than what is rounded up here). Sigma is taken at its
    lower bound for a standard deviation `scatter` (mm) of rounded readings with `dof` degrees of freedom; `step` in mm.
    """
    if step <= 0.0 or dof < 1 or scatter <= 0.0:
        return 1.0
    low = scatter**2 * dof / chi2_ppf(confidence, dof) - step**2 / 12.0
    if low <= 0.0:
        return 1.0
    return min(1.0, 2.0 * math.exp(-2.0 * math.pi**2 * low / step**2))
