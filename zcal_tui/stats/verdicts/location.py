"""The verdict on location bias, and how many rounds it takes to decide.

Pass and fail are equivalence tests against the limit. Near it no affordable number of paper tests decides, so a zone is
declared about it (limits.BIAS_ZONE on both sides): a spread that the data place inside it is borderline, a warning.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from zcal_tui.model import limits
from zcal_tui.model.limits import Limit
from zcal_tui.model.units import micrometres
from zcal_tui.stats.location import LocationBias
from zcal_tui.stats.spread import SpreadEvidence
from zcal_tui.stats.verdicts.rule import Advice, Level, VerdictRule, along, bounds, consequence

ERROR_RATE = 0.05
"""Wrong verdicts, of each kind, at most."""

PASS_ERROR, FAIL_ERROR = 0.03, 0.03
"""At the last look of several; at an earlier one times the square of the share of the tests that are made by then. By
simulation the looks together are wrong in less than ERROR_RATE, with the prior of the paper test and with a learned one
(docs/statistics.md)."""

ZONE_ERROR = 0.3
"""For the ends of the zone, where a wrong verdict is a warning, and another look costs a person minutes. At an earlier
look times the share of the tests that are made by then."""

FIRST_LOOK = 2
"""The first number of rounds at which a verdict is possible: one round cannot distinguish drift from place."""

MOST_ROUNDS = 12
"""More is not asked of a person: at five places that would be 60 paper tests and more."""


@dataclass(frozen=True, slots=True)
class LookErrors:
    """Error rates of a look: of a pass, of a fail, and of each end of the zone."""

    passing: float = ERROR_RATE
    failing: float = ERROR_RATE
    zone: float = ZONE_ERROR

    @classmethod
    def at(cls, tests: int, most: int | None) -> LookErrors:
        """After so many tests of at most `most`; None: their number was fixed beforehand."""
        if most is None:
            return cls()
        share = min(1.0, tests / most)
        return cls(PASS_ERROR * share**2, FAIL_ERROR * share**2, ZONE_ERROR * share)


def judge_spread(
    result: LocationBias,
    most_tests: int | None = None,
    names: Mapping[int, str] | None = None,
    *,
    limit: Limit | None = None,
) -> VerdictRule:
    """The verdict: pass if the spread is below the limit, fail if it is above, unknown if the data do not decide.

    `most_tests` is how many z_offsets are measured at most, where measuring stops as soon as the verdict is clear; the
    error rate is spent over the looks. None: their number was fixed beforehand. `names` are the places' for people.
    `limit` is `limits.LOCATION_BIAS` if not given.
    """
    limit = limit or limits.LOCATION_BIAS
    errors = LookErrors.at(result.tests, most_tests)
    low = result.evidence.lower_bound(errors.failing)
    high = result.evidence.upper_bound(errors.passing)
    level = level_of(result.evidence, errors, limit)
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
    if level == "pass":
        end = consequence(high / 2.0, "An error of up to half of that, {},")
    else:
        end = consequence(result.spread.value / 2.0, "An error of half that spread, {},")
    return VerdictRule(level, (reasons[level], *_drift_reason(result), end), _advice(level, result, limit))


def deciding_rounds(result: LocationBias, limit: Limit | None = None) -> int | None:
    """How many rounds a repeat needs to decide, if it finds the same: more tests than were made. None if MOST_ROUNDS do
    not."""
    limit = limit or limits.LOCATION_BIAS
    made = result.tests // len(result.places)
    for rounds in range(max(made + 1, FIRST_LOOK), MOST_ROUNDS + 1):
        if _expected_level(result, rounds, limit) != "unknown":
            return rounds
    return None


def level_of(evidence: SpreadEvidence, errors: LookErrors, limit: Limit) -> Level:
    """The verdict's level at a look with these error rates."""
    if evidence.upper_bound(errors.passing) < limit.value:
        return "pass"
    if evidence.lower_bound(errors.failing) > limit.value:
        return "fail"
    zone = limits.BIAS_ZONE.value * limit.value
    inside = (
        evidence.lower_bound(errors.zone) > limit.value - zone
        and evidence.upper_bound(errors.zone) < limit.value + zone
    )
    return "warn" if inside else "unknown"


def _expected_level(result: LocationBias, rounds: int, limit: Limit) -> Level:
    """The level after so many rounds and no more if they find what was found so far."""
    evidence = result.evidence
    count = len(evidence.means)
    expected = SpreadEvidence(
        evidence.means,
        np.full((count, count), 2.0 / rounds),
        evidence.sigma,
        evidence.dof + (rounds - result.complete_rounds) * (count - 1),
        evidence.systematic,
    )
    return level_of(expected, LookErrors.at(rounds * count, rounds * count), limit)


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
        return (_more_tests(result, limit),)
    return ()


def _more_tests(result: LocationBias, limit: Limit) -> Advice:
    rounds = deciding_rounds(result, limit)
    if rounds is not None:
        tests = rounds * len(result.places)
        return Advice(
            "more-tests",
            f"About {tests} tests in {rounds} rounds decide, by these numbers. Repeat with --max-tests {tests} and "
            f"--max-rounds {rounds}, or more.",
        )
    return Advice(
        "steadier-paper-tests",
        "More rounds will hardly decide: the places differ by about the limit. A single z_offset varies by "
        f"{micrometres(result.sigma.value)}, mostly from the paper test. Repeat with nozzle and bed clean "
        "and cold, one sheet of paper, and the same slight drag at every place. A feeler gauge (--gauge feeler) or a "
        "nozzle that senses contact (--gauge contact) measures finer.",
    )
