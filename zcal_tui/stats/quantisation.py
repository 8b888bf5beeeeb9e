"""The grid of steps that readings lie on, and the error that rounding to it leaves in a mean."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from zcal_tui.stats.quantiles import chi2_ppf

FloatArray = NDArray[np.float64]

PRINTED_RESOLUTION = 1e-6
"""mm. Klipper prints trigger heights with six decimals."""

_FINEST_DIVISION = 4
"""Z drives that step in turn (several steppers, the towers of a delta) can make readings finer than one step."""


def reading_step(heights: FloatArray, step: float) -> float:
    """The distance (mm) of which all differences between the heights are multiples: `step`, or a fraction of it
    (a half to a quarter), or 0 where the heights lie on no such grid and are taken as not quantised.

    Where more than half of them are the same, though, it is `step`: only steps make so many alike. The towers of a
    delta step independently, so the few others may lie anywhere between.
    """
    if step <= 0.0:
        return 0.0
    for division in range(1, _FINEST_DIVISION + 1):
        pitch = step / division
        in_steps = (heights - heights[0]) / pitch
        # Two readings may each be off by half the last printed digit, and the step distance is known to a few ppm.
        slack = 2.0 * PRINTED_RESOLUTION / pitch + 1e-5 * np.abs(in_steps) + 1e-3
        if (np.abs(in_steps - np.rint(in_steps)) <= slack).all():
            return pitch
    alike = np.unique(heights, return_counts=True)[1].max()
    return step if 2 * alike > len(heights) else 0.0


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
