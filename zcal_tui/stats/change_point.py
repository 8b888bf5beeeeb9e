"""The largest of the steps that a series may have, one between any two neighbours, where its scatter is not known.

In units of the whole scatter, the contrast between the means before and after a place is the projection of a random
direction onto a fixed one. So the distribution of the largest does not depend on the scatter, and that of any two
neighbouring ones is an integral over an angle. Their overlap is subtracted from the sum of all places (Hunter and
Worsley): never below the true p-value, and at 5 % hardly above it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from zcal_tui.stats.quantiles import t_two_sided_p

ANGLES = 360
"""Of half a turn, over which the overlap is integrated."""
AT_ONCE = 2000
"""Places whose overlaps are worked out together: bounds the memory of a long series."""


def p_of_largest_step(t: float, count: int) -> float:
    """The p-value of the largest t statistic (n − 2 degrees of freedom) over all places of a step among `count` values,
    at least four of them."""
    if count < 4:
        raise ValueError("a step needs four values")
    dof = count - 2
    if t == 0.0:
        return 1.0
    alone = t_two_sided_p(t, dof)
    # Share of the whole scatter that the step explains
    explained = 1.0 / (1.0 + dof / t / t)
    overlap = sum(
        _overlap(np.arange(first, min(first + AT_ONCE, count - 1)), count, explained)
        for first in range(1, count - 1, AT_ONCE)
    )
    return float(min(1.0, max(alone, (count - 1) * alone - overlap)))


def _overlap(places: NDArray[np.int_], count: int, explained: float) -> float:
    """The sum, over these places, of the probability that the contrasts of each and of the next are both that large."""
    # The angle between the two directions
    between = np.arccos(np.sqrt(places * (count - places - 1) / ((places + 1) * (count - places))))
    angles = (np.arange(ANGLES) + 0.5) * np.pi / ANGLES
    nearer = np.minimum(np.cos(angles) ** 2, np.cos(angles - between[:, None]) ** 2)
    left = np.clip(1.0 - explained / np.maximum(nearer, 1e-300), 0.0, 1.0)
    return float(np.sum(np.mean(left ** ((count - 3) / 2.0), axis=1)))
