"""A quantity at several spots of the bed, such as backlash: how much at each, and does a spot stand apart?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.verdicts import VerdictRule

SIMILAR = 0.025
"""mm. How much spots may differ. Cartographer's documentation asks for similar backlash on all spots without a
number; 25 µm is the accuracy goal of Klipper's documentation, Bed_Level."""

NO_MATTER = 0.010
"""mm. Backlash below this, or below one step, changes nothing that can be seen (ours)."""

MUCH = 0.100
"""mm. Backlash above this is a mechanical fault (ours: four times the accuracy goal)."""

SOURCE = "Cartographer docs, Z Backlash Estimation: similar on all spots"


@dataclass(frozen=True, slots=True)
class SpotSamples:
    """What was measured at a spot: mean and sample standard deviation (n − 1) of `n` values, in mm."""

    name: str
    mean: float
    sd: float
    n: int

    @classmethod
    def of(cls, name: str, values: Sequence[float]) -> SpotSamples:
        """The same from the values (mm) themselves. ValueError on no value."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class SpotEstimate:
    """A spot's value (mm) with its own interval, a one-sided upper bound of the same confidence, and whether it is
    told from zero (upwards)."""

    name: str
    value: Interval
    upper_bound: float
    found: bool


@dataclass(frozen=True, slots=True)
class SpotDifference:
    """Spot `a` minus spot `b` (mm); the intervals of all pairs hold together."""

    a: str
    b: str
    size: Interval


@dataclass(frozen=True, slots=True)
class Apart:
    """The spot that stands apart: its value (mm) minus the mean of the others'."""

    name: str
    distance: Interval


@dataclass(frozen=True, slots=True)
class SpotComparison:
    """The result of `compare_spots`; lengths in mm.

    `found` is whether anything at all is told from zero; its false alarm rate over all spots is 5 % when nothing is
    there. `spread` is the largest minus the smallest true value, None for a single spot. `apart` is None where no spot
    differs from the others significantly (5 % over all spots), or there are fewer than three spots.
    """

    spots: tuple[SpotEstimate, ...]
    mean: Interval
    upper_bound: float
    found: bool
    differences: tuple[SpotDifference, ...]
    spread: Interval | None
    apart: Apart | None
    sigma: Interval
    dof: float


def compare_spots(
    spots: Sequence[SpotSamples],
    *,
    step: float = 0.0,
    slope_error: float = 0.0,
    confidence: float = 0.95,
) -> SpotComparison:
    """Compares one or more spots, their scatter pooled.

    `step` (mm) is what the values are rounded to; half of it may be off at each spot. `slope_error` is the relative
    half-width of the sensor's slope error, common to all spots. ValueError on no spot, a name twice, a spot without
    values, or no spot with two.
    """
    raise NotImplementedError


def judge_backlash(
    result: SpotComparison,
    *,
    step: float = 0.0,
    upper_bound_only: bool = False,
    similar: float = SIMILAR,
    much: float = MUCH,
) -> VerdictRule:
    """The verdict on backlash: pass, warn (it differs between spots, or matters), fail (much), or unknown.

    `upper_bound_only`: the values contain something else that is the same at all spots (a switch's own differential
    travel), so that they say how much backlash there is at most; differences between spots are not touched by it.
    """
    raise NotImplementedError
