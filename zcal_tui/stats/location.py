"""Location bias: does z_offset depend on where the toolhead is?

Every place is measured in every round, which separates what drifts from round to round from what belongs to a place:
z_offset = level + place + round + noise, by least squares. Rounds may be incomplete as long as the places stay
comparable through the rounds they share.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from zcal_tui.stats.combine import UncertaintyPart, combine, pooled_scatter, within
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.spread import SpreadEvidence

FloatArray = NDArray[np.float64]


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
    evidence: SpreadEvidence = field(repr=False, compare=False)

    @property
    def complete_rounds(self) -> int:
        """The number of rounds in which every place was measured, or as good as that."""
        return min(place.n for place in self.places)

    @property
    def tests(self) -> int:
        """The number of z_offsets measured."""
        return sum(place.n for place in self.places)

    @property
    def precision(self) -> FloatArray:
        """The inverse covariance (1/mm²) of the places' distances from their mean, for what is fitted to them: places
        that were measured more often count more. All zero where nothing scatters."""
        evidence, count = self.evidence, len(self.places)
        apart = evidence.sigma**2 * evidence.pair_factor + 2.0 * evidence.systematic**2 * (
            1.0 - np.eye(count)
        )
        from_mean = np.eye(count) - 1.0 / count
        covariance = -0.5 * from_mean @ apart @ from_mean
        return np.asarray(np.linalg.pinv(covariance, hermitian=True), dtype=np.float64)

    def spread_bounds(self, error: float) -> tuple[float, float]:
        """Lower and upper bound of the spread, each wrong with probability `error` at most."""
        return self.evidence.bounds(error)


def location_bias(
    measurements: Sequence[Measurement],
    *,
    step: float = 0.0,
    prior_sigma: float = 0.0,
    prior_dof: float = 0.0,
    prior_until: float = math.inf,
    confidence: float = 0.95,
) -> LocationBias:
    """The location bias in z_offsets that were measured at two or more places in two or more rounds.

    `step` (mm) is the Z step distance: half a step may be off at each place, however often it is measured. The prior
    is about the scatter of one z_offset, mostly the person's (`operator_scatter`); with it a single round is enough. It
    gives way to the data once they have `prior_until` degrees of freedom. ValueError on fewer than two places, a
    z_offset that is not finite, places that share no rounds, or no degree of freedom.
    """
    values = np.array([m.z_offset for m in measurements], dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError("every z_offset must be a finite number")
    places = sorted({m.place for m in measurements})
    rounds = sorted({m.round for m in measurements})
    if len(places) < 2:
        raise ValueError("at least two places are needed")
    design = _design(measurements, places, rounds)
    if np.linalg.matrix_rank(design) < design.shape[1]:
        raise ValueError("the places cannot be compared: they share no rounds")
    covariance = np.asarray(np.linalg.inv(design.T @ design), dtype=np.float64)
    coefficients = covariance @ (design.T @ values)
    residuals = values - design @ coefficients
    own_dof = len(values) - design.shape[1]
    scatter = pooled_scatter(
        float((residuals**2).sum()),
        own_dof,
        least=step / math.sqrt(12.0),
        prior_sigma=prior_sigma,
        prior_dof=prior_dof if own_dof < prior_until else 0.0,
    )
    rounding = within(0.5 * step)
    count = len(places)
    means = coefficients[:count]
    of_places = covariance[:count, :count]
    variances = np.diag(of_places)
    evidence = SpreadEvidence(
        means,
        variances[:, None] + variances[None, :] - 2.0 * of_places,
        scatter.sigma,
        scatter.dof,
        rounding.size,
    )
    each = _for_each(confidence, count)

    def estimate(contrast: FloatArray) -> Interval:
        parts = {
            "random": UncertaintyPart(
                scatter.sigma * math.sqrt(float(contrast @ of_places @ contrast)), scatter.dof
            ),
            "step": UncertaintyPart(rounding.size * math.sqrt(float(contrast @ contrast))),
        }
        interval = combine(float(contrast @ means), parts, each)
        return Interval(interval.value, interval.low, interval.high, confidence, interval.components)

    unit = np.eye(count)
    return LocationBias(
        places=tuple(
            PlaceEffect(
                place,
                z_offset=estimate(unit[i]),
                effect=estimate(unit[i] - 1.0 / count),
                n=sum(m.place == place for m in measurements),
            )
            for i, place in enumerate(places)
        ),
        spread=_spread(evidence, confidence),
        highest=places[int(means.argmax())],
        lowest=places[int(means.argmin())],
        sigma=scatter.interval(confidence),
        dof=scatter.dof,
        drift=_drift(
            coefficients[count:], covariance[count:, count:], scatter.sigma, scatter.dof, confidence
        ),
        rounds=tuple(float(means.mean() + shift) for shift in _round_shifts(coefficients[count:])),
        evidence=evidence,
    )


def _design(measurements: Sequence[Measurement], places: list[int], rounds: list[int]) -> FloatArray:
    """A column a place, and a column a round but the last, whose shift is minus the sum of the others'."""
    design = np.zeros((len(measurements), len(places) + len(rounds) - 1))
    for row, measurement in enumerate(measurements):
        design[row, places.index(measurement.place)] = 1.0
        number = rounds.index(measurement.round)
        if number < len(rounds) - 1:
            design[row, len(places) + number] = 1.0
        else:
            design[row, len(places) :] = -1.0
    return design


def _for_each(confidence: float, count: int) -> float:
    """The confidence of each of `count` intervals that hold together (Šidák); two effects are one, up to the sign."""
    return confidence if count == 2 else float(confidence ** (1.0 / count))


def _spread(evidence: SpreadEvidence, confidence: float) -> Interval:
    interval = evidence.interval(confidence)
    components = {
        "random": evidence.sigma * math.sqrt(float(evidence.pair_factor.max())),
        "step": math.sqrt(2.0) * evidence.systematic,
    }
    return Interval(interval.value, interval.low, interval.high, confidence, components)


def _round_shifts(coefficients: FloatArray) -> FloatArray:
    return np.append(coefficients, -coefficients.sum())


def _drift(
    coefficients: FloatArray, covariance: FloatArray, sigma: float, dof: float, confidence: float
) -> Interval | None:
    """The straight line through the rounds' shifts, mm a round."""
    if not len(coefficients):
        return None
    number = np.arange(len(coefficients) + 1) - 0.5 * len(coefficients)
    weights = number / float(number @ number)
    slope = float(weights @ _round_shifts(coefficients))
    of_coefficients = weights[:-1] - weights[-1]
    error = sigma * math.sqrt(float(of_coefficients @ covariance @ of_coefficients))
    return combine(slope, {"random": UncertaintyPart(error, dof)}, confidence)
