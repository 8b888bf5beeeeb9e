"""Location bias: does z_offset depend on where the toolhead is?

Every place is measured in every round, so that what drifts from round to round is told from what belongs to a place:
z_offset = level + place + round + noise, by least squares. Rounds may be incomplete as long as the places stay
comparable through the rounds they share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.verdicts import VerdictRule

SPREAD_LIMIT = 0.025
"""mm. Klipper docs, Probe_Calibrate, Location Bias Check: more than 25 microns is not suitable."""

SOURCE = "Klipper docs, Probe_Calibrate, Location Bias Check"

FIRST_LOOK = 2
"""The first number of rounds at which a verdict is looked for: one round cannot tell drift from place."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One z_offset (mm) at a place in a round. Places and rounds are numbers of the caller's."""

    place: int
    round: int
    z_offset: float


@dataclass(frozen=True, slots=True)
class PlaceEffect:
    """A place's z_offset, and its distance from the mean of all places (mm); intervals simultaneous over places."""

    place: int
    z_offset: Interval
    effect: Interval
    n: int


@dataclass(frozen=True, slots=True)
class LocationBias:
    """The result of `location_bias`; lengths in mm.

    `spread` is the largest minus the smallest true place effect, between `highest` and `lowest`. `sigma` is the
    scatter of one z_offset, data and prior pooled, with `dof` degrees of freedom. `drift` is the change from one round
    to the next (None with a single round), `rounds` the mean of each round over all places.
    """

    places: tuple[PlaceEffect, ...]
    spread: Interval
    highest: int
    lowest: int
    sigma: Interval
    dof: float
    drift: Interval | None
    rounds: tuple[float, ...]

    def spread_bounds(self, error: float) -> tuple[float, float]:
        """Lower and upper bound of the spread, each wrong with probability `error` at most."""
        raise NotImplementedError


def location_bias(
    measurements: Sequence[Measurement],
    *,
    step: float = 0.0,
    prior_sigma: float = 0.0,
    prior_dof: float = 0.0,
    confidence: float = 0.95,
) -> LocationBias:
    """What z_offsets measured at two or more places in two or more rounds say about location bias.

    `step` (mm) is the Z step distance: half a step may be off at each place, however often it is measured. The prior
    is about the scatter of one z_offset, chiefly the person's (`paper.PRIOR_SIGMA`, `paper.PRIOR_DOF`); with it a
    single round gives an answer too. ValueError on fewer than two places, a z_offset that is not finite, places that
    share no rounds, or no degree of freedom.
    """
    raise NotImplementedError


def judge_spread(result: LocationBias, limit: float = SPREAD_LIMIT, cap: int | None = None) -> VerdictRule:
    """The verdict: pass if the spread is below `limit` (mm), fail if it is above, unknown if the data do not decide.

    `cap` is the number of rounds planned, where the measuring stops as soon as the verdict is clear; the 5 % of wrong
    verdicts are then spent over the rounds. None: the number of rounds was fixed beforehand.
    """
    raise NotImplementedError


def further_rounds(result: LocationBias, limit: float = SPREAD_LIMIT, cap: int = 8) -> int:
    """How many more rounds the verdict will take by these estimates: 0 if it is clear or `cap` rounds are done."""
    raise NotImplementedError
