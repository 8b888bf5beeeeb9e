"""The grid that readings lie on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

PRINTED_RESOLUTION = 1e-6
"""mm. Klipper prints trigger heights with six decimals."""

_FINEST_DIVISION = 4
"""Z drives that step in turn (several steppers, the towers of a delta) can make readings finer than one step."""


def reading_step(heights: FloatArray, step: float) -> float:
    """The distance (mm) of which all differences between the heights are multiples: `step`, or a fraction of it
    (a half to a quarter), or 0 where the heights lie on no such grid and are taken as not quantised.

    Where more than half of them are the same, though, it is `step`: nothing but steps makes so many alike. The towers
    of a delta step each for itself, so that the few others may lie anywhere between.
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
