"""The verdict on location bias, and how many rounds it takes to decide.

Pass and fail are equivalence tests against the limit. Near it no affordable number of paper tests decides, so a zone is
declared about it (limits.BIAS_ZONE on both sides): a spread that the data place inside it is borderline, a warning.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from zcal_tui.model import limits
from zcal_tui.model.limits import Limit
from zcal_tui.model.units import micrometres
from zcal_tui.stats.location import LocationBias
from zcal_tui.stats.spread import SpreadEvidence
from zcal_tui.stats.verdicts.rule import Advice, Level, VerdictRule, along, bounds, consequence

ERROR_RATE = 0.05
"""Wrong verdicts, of each kind, at most."""

LOOK_ERROR = 0.025
"""At each look of several. By simulation the looks together are wrong in less than ERROR_RATE, with the prior of the
paper test and with a learned one, since most wrong verdicts would be wrong at several of them (docs/statistics.md)."""

ZONE_ERROR = 0.3
"""For the ends of the zone, where a wrong verdict is a warning, and another look costs a person minutes."""

FIRST_LOOK = 2
"""The first number of rounds at which a verdict is possible: one round cannot distinguish drift from place."""

MOST_ROUNDS = 12
"""More is not asked of a person: at five places that would be 60 paper tests and more."""


def judge_spread(
    result: LocationBias,
    cap: int | None = None,
    names: Mapping[int, str] | None = None,
    *,
    limit: Limit | None = None,
) -> VerdictRule:
    """The verdict: pass if the spread is below the limit, fail if it is above, unknown if the data do not decide.

    `cap` is the number of rounds planned, where measuring stops as soon as the verdict is clear; each look then has
    LOOK_ERROR. None: the number of rounds was fixed beforehand. `names` are the places'
    for people. `limit` is `limits.LOCATION_BIAS` if not given.
    """
    limit = limit or limits.LOCATION_BIAS
    error = _look_error(cap)
    low, high = result.evidence.decision_bounds(error)
    level = _level(result.evidence, error, limit)
    highest, lowest = (
        f"at place {place}" if names is None else names[place] for place in (result.highest, result.lowest)
    )
    spread = micrometres(result.spread.value)
    reasons = {
        "pass": f"z_offset differs by {spread} between the places, at most {micrometres(high)}. {limit.sentence}",
        "fail": (
            f"z_offset differs by {spread} between the places, at least {micrometres(low)}. "
            f"It is highest {highest}, lowest {lowest}. {limit.sentence}"
        ),
        "warn": (
            f"z_offset differs by {spread} between the places: about the limit, within {limits.BIAS_ZONE.text} "
            f"of it. It is highest {highest}, lowest {lowest}. {limit.sentence}"
        ),
        "unknown": (
            f"The data do not decide: z_offset differs by {spread} between the places ({micrometres(low)} "
            f"to {micrometres(high)}). It is highest {highest}, lowest {lowest}. {limit.sentence}"
        ),
    }
    end = consequence((high if level == "pass" else result.spread.value) / 2.0)
    return VerdictRule(level, (reasons[level], *_drift_reason(result), end), _advice(level, result, limit))


def places_to_measure(result: LocationBias) -> frozenset[int]:
    """The places that may still be an end of a spread at the limit; the others are decided. All of them where none is
    left."""
    ends = result.evidence.possible_ends(ZONE_ERROR, limits.LOCATION_BIAS.value)
    numbers = [effect.place for effect in result.places]
    return frozenset(numbers[n] for n in ends) or frozenset(numbers)


def further_rounds(result: LocationBias, cap: int = 8) -> int:
    """How many more rounds the verdict will take by these estimates: 0 if it is clear or `cap` rounds are done."""
    limit = limits.LOCATION_BIAS
    done = result.complete_rounds
    if done >= cap or _level(result.evidence, _look_error(cap), limit) != "unknown":
        return 0
    for rounds in range(max(done + 1, FIRST_LOOK), cap):
        if _expected_level(result, rounds, cap, limit) != "unknown":
            return rounds - done
    return cap - done


def deciding_rounds(result: LocationBias, limit: Limit | None = None) -> int | None:
    """How many rounds a repeat needs to decide, if it finds the same; None if MOST_ROUNDS do not."""
    limit = limit or limits.LOCATION_BIAS
    for cap in range(max(result.complete_rounds, FIRST_LOOK), MOST_ROUNDS + 1):
        if _expected_level(result, cap, cap, limit) != "unknown":
            return cap
    return None


def _look_error(cap: int | None) -> float:
    """The error rate of a look; of a single one where the number of rounds was fixed beforehand."""
    return ERROR_RATE if cap is None else LOOK_ERROR


def _level(evidence: SpreadEvidence, error: float, limit: Limit) -> Level:
    low, high = evidence.decision_bounds(error)
    if high < limit.value:
        return "pass"
    if low > limit.value:
        return "fail"
    low, high = evidence.decision_bounds(ZONE_ERROR)
    zone = limits.BIAS_ZONE.value * limit.value
    return "warn" if limit.value - zone < low and high < limit.value + zone else "unknown"


def _expected_level(result: LocationBias, rounds: int, cap: int, limit: Limit) -> Level:
    """The level after so many rounds of at most `cap` if they find what was found so far."""
    evidence = result.evidence
    count = len(evidence.means)
    expected = SpreadEvidence(
        evidence.means,
        np.full((count, count), 2.0 / rounds),
        evidence.sigma,
        evidence.dof + (rounds - result.complete_rounds) * (count - 1),
        evidence.systematic,
    )
    return _level(expected, _look_error(cap), limit)


def _drift_reason(result: LocationBias) -> list[str]:
    drift = result.drift
    if drift is None or drift.covers(0.0):
        return []
    word = "up" if drift.value > 0.0 else "down"
    size = along(drift)
    text = (
        f"z_offset drifts {word} by {micrometres(size.value)} a round {bounds(size)}. That is statistically "
        "significant. The comparison of the places does not contain it."
    )
    return [text]


def _advice(level: Level, result: LocationBias, limit: Limit) -> tuple[Advice, ...]:
    if level == "fail":
        return (
            Advice(
                "mechanics",
                "Check what tilts between these places: the probe's mount, the toolhead, the gantry. "
                "[axis_twist_compensation] corrects a bias along one axis. Where there is one, this check proposes its "
                "values.",
            ),
            Advice(
                "manual-levelling",
                "Until then do not use this probe for bed levelling. Klipper has manual tools: "
                "BED_SCREWS_ADJUST and MANUAL_PROBE (Klipper docs, Bed_Level).",
            ),
        )
    if level == "warn":
        return (
            Advice(
                "borderline",
                "The mesh may be off by about half of that. Check the probe's mount and the gantry. A feeler gauge "
                "(--gauge feeler) or a nozzle that senses contact (--gauge contact) measures finer than paper.",
            ),
        )
    if level == "unknown":
        return (_more_rounds(result, limit),)
    return ()


def _more_rounds(result: LocationBias, limit: Limit) -> Advice:
    rounds = deciding_rounds(result, limit)
    if rounds is not None:
        return Advice(
            "more-rounds",
            f"About {rounds} rounds decide, by these numbers. Repeat with max_rounds {rounds} and max_tests "
            f"{rounds * len(result.places)} or more.",
        )
    return Advice(
        "steadier-paper-tests",
        "More rounds will hardly decide: the places differ by about the limit. A single z_offset varies by "
        f"{micrometres(result.sigma.value)}, mostly from the paper test. Repeat with nozzle and bed clean "
        "and cold, one sheet of paper, and the same slight drag at every place.",
    )
