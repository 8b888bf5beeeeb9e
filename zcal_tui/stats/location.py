"""Location bias: does z_offset depend on where the toolhead is?

Every place is measured in every round, so that what drifts from round to round is told from what belongs to a place:
z_offset = level + place + round + noise, by least squares. Rounds may be incomplete as long as the places stay
comparable through the rounds they share.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from zcal_tui.stats.combine import UncertaintyPart, combine, pooled_scatter, within
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.spread import SpreadEvidence
from zcal_tui.stats.verdicts import Advice, Level, VerdictRule
from zcal_tui.stats.wording import between, um

FloatArray = NDArray[np.float64]

SPREAD_LIMIT = 0.025
"""mm. Klipper docs, Probe_Calibrate, Location Bias Check: more than 25 microns is not suitable."""

SOURCE = "Klipper docs, Probe_Calibrate, Location Bias Check"

ERROR_RATE = 0.05
"""Wrong verdicts, of each kind, at most."""

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
    evidence: SpreadEvidence = field(repr=False, compare=False)

    @property
    def complete_rounds(self) -> int:
        """The number of rounds in which every place was measured, or as good as that."""
        return min(place.n for place in self.places)

    def spread_bounds(self, error: float) -> tuple[float, float]:
        """Lower and upper bound of the spread, each wrong with probability `error` at most."""
        return self.evidence.bounds(error)


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
    scatter = pooled_scatter(
        float((residuals**2).sum()),
        len(values) - design.shape[1],
        least=step / math.sqrt(12.0),
        prior_sigma=prior_sigma,
        prior_dof=prior_dof,
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


def _look_error(rounds: int, cap: int | None, error_rate: float) -> float:
    """What of the error rate is spent at the look after so many rounds: up to n of N rounds (n / N)² of it."""
    if cap is None:
        return error_rate
    look = min(max(rounds, FIRST_LOOK), max(cap, FIRST_LOOK))
    before = look - 1 if look > FIRST_LOOK else 0
    last = max(cap, FIRST_LOOK)
    return error_rate * ((look / last) ** 2 - (before / last) ** 2)


def _standing(bounds: tuple[float, float], limit: float) -> Level:
    low, high = bounds
    if high < limit:
        return "pass"
    return "fail" if low > limit else "unknown"


def judge_spread(
    result: LocationBias,
    limit: float = SPREAD_LIMIT,
    cap: int | None = None,
    names: Mapping[int, str] | None = None,
) -> VerdictRule:
    """The verdict: pass if the spread is below `limit` (mm), fail if it is above, unknown if the data do not decide.
    `names` are the places' for people.

    `cap` is the number of rounds planned, where the measuring stops as soon as the verdict is clear; the 5 % of wrong
    verdicts are then spent over the rounds. None: the number of rounds was fixed beforehand.
    """
    error = _look_error(result.complete_rounds, cap, ERROR_RATE)
    low, high = result.spread_bounds(error)
    level = _standing((low, high), limit)
    bounds = between(Interval(result.spread.value, low, high, 1.0 - 2.0 * error))
    highest, lowest = (
        f"at place {place}" if names is None else names[place] for place in (result.highest, result.lowest)
    )
    where = f"highest {highest}, lowest {lowest}"
    rule = f"(limit: {um(limit)}; {SOURCE})"
    seen = f"z_offset differs by {um(result.spread.value)} between the places"
    words = {
        "pass": f"{seen}, at most {um(high)} {rule}.",
        "fail": f"{seen}, at least {um(low)}: {where} {rule}.",
        "unknown": f"The data do not decide: {seen}, by these data {bounds}: {where} {rule}.",
    }
    return VerdictRule(level, (words[level], *_drift_reason(result)), _advice(level, result, limit))


def _drift_reason(result: LocationBias) -> list[str]:
    drift = result.drift
    if drift is None or drift.low is None or drift.high is None or drift.low <= 0.0 <= drift.high:
        return []
    word = "up" if drift.value > 0.0 else "down"
    size = f"{um(abs(drift.value))} a round, {between(drift)}"
    rule = "(threshold: told from none with 95 % confidence, ours)"
    return [f"z_offset drifts {word} by {size} {rule}. The comparison of the places is free of it."]


def _advice(level: Level, result: LocationBias, limit: float) -> tuple[Advice, ...]:
    if level == "fail":
        return (
            Advice(
                "mechanics",
                "Look for what tilts on the way between these places: the probe's mount, the toolhead, the gantry. "
                "Klipper can compensate a twisted axis: [axis_twist_compensation] (Klipper docs, "
                "Axis_Twist_Compensation).",
            ),
            Advice(
                "manual-levelling",
                "As it is, do not use this probe for bed levelling: Klipper has manual tools (BED_SCREWS_ADJUST, "
                "MANUAL_PROBE; Klipper docs, Bed_Level).",
            ),
        )
    if level == "unknown":
        return (_more_rounds(result, limit),)
    return ()


def _more_rounds(result: LocationBias, limit: float) -> Advice:
    rounds = deciding_rounds(result, limit)
    if rounds is not None:
        return Advice(
            "more-rounds",
            f"By these numbers about {rounds} rounds decide: repeat with max_rounds {rounds} or more.",
        )
    scatter = f"a single z_offset scatters by {um(result.sigma.value)}, chiefly by the feel for the paper"
    return Advice(
        "steadier-feel",
        f"More rounds will hardly decide: the places differ by about the limit, and {scatter}. Repeat it with a "
        "steadier hand: nozzle and bed clean and cold, one sheet of paper, the same slight drag at every place.",
    )


def further_rounds(result: LocationBias, limit: float = SPREAD_LIMIT, cap: int = 8) -> int:
    """How many more rounds the verdict will take by these estimates: 0 if it is clear or `cap` rounds are done."""
    done = result.complete_rounds
    if done >= cap or _standing(result.spread_bounds(_look_error(done, cap, ERROR_RATE)), limit) != "unknown":
        return 0
    for rounds in range(max(done + 1, FIRST_LOOK), cap):
        if _expected_standing(result, rounds, cap, limit) != "unknown":
            return rounds - done
    return cap - done


MOST_ROUNDS = 12
"""More is not asked of a person: at five places that would be 60 paper tests and more."""


def deciding_rounds(result: LocationBias, limit: float = SPREAD_LIMIT) -> int | None:
    """How many rounds a repeat needs to decide, if it finds the same; None if MOST_ROUNDS do not."""
    for cap in range(max(result.complete_rounds, FIRST_LOOK), MOST_ROUNDS + 1):
        if _expected_standing(result, cap, cap, limit) != "unknown":
            return cap
    return None


def _expected_standing(result: LocationBias, rounds: int, cap: int, limit: float) -> Level:
    """Where so many rounds of at most `cap` would stand if they found what was found so far."""
    evidence = result.evidence
    count = len(evidence.means)
    expected = SpreadEvidence(
        evidence.means,
        np.full((count, count), 2.0 / rounds),
        evidence.sigma,
        evidence.dof + (rounds - result.complete_rounds) * (count - 1),
        evidence.systematic,
    )
    return _standing(expected.bounds(_look_error(rounds, cap, ERROR_RATE)), limit)
