"""Two states: a series that has two heights instead of one, each with little scatter.

A sticking switch, a pin that seats in two ways or backlash do that. Normal noise does not: split at its largest gap it
falls into groups that are not as far apart, compared with the scatter within them.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

FEWEST_IN_STATE = 3
"""Fewer samples apart from the others are outliers."""

_APART = 7.0
"""Distance of the means over the scatter within the groups. By simulation noise reaches it in at most 2 % of series."""
_GAP_STEPS = 1.5
_BY_CHANCE = 0.01
"""The largest probability of this order, or its reverse, among all orders of the same samples."""


@dataclass(frozen=True, slots=True)
class TwoStates:
    """The two heights (mm), and how many samples were at each."""

    low: float
    high: float
    at_low: int
    at_high: int
    rises: bool | None = None
    """Where the height changed once and stayed, whether it went up; None where it went back and forth."""

    @property
    def at_first(self) -> int:
        """How many samples came before a height that changed once."""
        return self.at_low if self.rises else self.at_high

    @property
    def apart(self) -> float:
        """Their distance, mm."""
        return self.high - self.low


def two_states(heights: Sequence[float], step: float) -> TwoStates | None:
    """The two states of a series (mm), `step` (mm) apart at least; None where it has one."""
    ordered = sorted(heights)
    count = len(ordered)
    if count < 2 * FEWEST_IN_STATE:
        return None
    gap, split = max((b - a, n) for n, (a, b) in enumerate(itertools.pairwise(ordered), 1))
    groups = ordered[:split], ordered[split:]
    if min(map(len, groups)) < FEWEST_IN_STATE or gap < _GAP_STEPS * step:
        return None
    low, high = (math.fsum(group) / len(group) for group in groups)
    squares = math.fsum(
        (height - mean) ** 2 for group, mean in zip(groups, (low, high), strict=True) for height in group
    )
    within = math.sqrt(max(squares / (count - 2), step * step / 12.0))
    if high - low < _APART * within:
        return None
    return TwoStates(low, high, len(groups[0]), len(groups[1]), _rises(heights, (low + high) / 2.0))


def _rises(heights: Sequence[float], middle: float) -> bool | None:
    """Whether a series in order goes from below the middle to above it, and stays there."""
    above = [height > middle for height in heights]
    if 2.0 / math.comb(len(above), sum(above)) > _BY_CHANCE:
        return None
    return above[-1] if above in (sorted(above), sorted(above, reverse=True)) else None
