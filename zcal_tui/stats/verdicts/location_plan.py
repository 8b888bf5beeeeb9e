"""Which places to measure next: those that lead to a verdict in the fewest tests if the estimates stay as they are.

Each verdict has pairs of places in its way. For a pass no pair may be as far apart as the limit, so the widest one is
measured on; for a fail the clearest pair; for a borderline spread whichever end of the zone is farther from being ruled
out. A test is added to the end of that pair that has fewer, until the verdict would be clear.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from zcal_tui.model import limits
from zcal_tui.stats.combine import UncertaintyPart, t_quantile
from zcal_tui.stats.location import LocationBias
from zcal_tui.stats.spread import SpreadEvidence
from zcal_tui.stats.verdicts.location import LookErrors, level_of

PAIR = 2
"""Places in a round at least: a single one cannot be compared with anything."""

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class NextTests:
    """How often each of these places has to be measured; `decides`: the verdict would be clear then."""

    tests: dict[int, int]
    decides: bool
    short_by: float
    """mm that the verdict would still be away from clear."""

    @property
    def count(self) -> int:
        """All tests together."""
        return sum(self.tests.values())

    @property
    def rounds(self) -> int:
        """Rounds, in each of which a place is measured once."""
        return max(self.tests.values(), default=0)


def next_tests(result: LocationBias, left: int, most_tests: int) -> NextTests:
    """The tests, `left` at most, that lead to a verdict soonest; none where it is clear or `left` are too few."""
    errors = LookErrors.at(result.tests, most_tests)
    evidence = result.evidence
    if left < PAIR or level_of(evidence, errors, limits.LOCATION_BIAS) != "unknown":
        return NextTests({}, decides=False, short_by=0.0)
    counts = [place.n for place in result.places]
    ways = [_Way(evidence, errors, verdict).tests(counts, left) for verdict in ("pass", "fail", "warn")]
    best = min(ways, key=lambda way: (not way.decides, way.count if way.decides else way.short_by))
    numbers = [place.place for place in result.places]
    return NextTests({numbers[n]: count for n, count in best.tests.items()}, best.decides, best.short_by)


class _Way:
    """The way to one verdict."""

    def __init__(self, evidence: SpreadEvidence, errors: LookErrors, verdict: str) -> None:
        self._evidence = evidence
        self._errors = errors
        self._verdict = verdict
        count = len(evidence.means)
        self._pairs = [(i, j) for i in range(count) for j in range(i)]

    def tests(self, counts: Sequence[int], left: int) -> NextTests:
        """What has to be measured after `counts` tests at each place."""
        made = list(counts)
        short_by, pair = self._obstacle(made)
        while short_by >= 0.0 and sum(made) - sum(counts) < left:
            made[min(pair, key=lambda place: made[place])] += 1
            short_by, pair = self._obstacle(made)
        tests = {n: now - then for n, (now, then) in enumerate(zip(made, counts, strict=True)) if now > then}
        if len(tests) < PAIR:  # a place is measured together with the one that is farthest from it
            for n in pair if not tests else (self._farthest(next(iter(tests))),):
                tests[n] = 1
        return NextTests(tests, short_by < 0.0, short_by)

    def _farthest(self, place: int) -> int:
        means = self._evidence.means
        others = [n for n in range(len(means)) if n != place]
        return max(others, key=lambda n: abs(float(means[n] - means[place])))

    def _obstacle(self, made: Sequence[int]) -> tuple[float, Pair]:
        """How far (mm) the verdict is from clear after so many tests at each place, and the pair that keeps it so."""
        limit, errors = limits.LOCATION_BIAS.value, self._errors
        zone = limits.BIAS_ZONE.value * limit
        match self._verdict:
            case "pass":
                return self._too_far(made, limit, errors.passing)
            case "fail":
                return self._too_near(made, limit, errors.failing)
            case _:
                return max(
                    self._too_far(made, limit + zone, errors.zone),
                    self._too_near(made, limit - zone, errors.zone),
                )

    def _too_far(self, made: Sequence[int], limit: float, error: float) -> tuple[float, Pair]:
        return max(
            (self._apart(pair) + t_quantile(1.0 - error, part.dof) * part.size - limit, pair)
            for pair in self._pairs
            for part in (self._part(pair, made),)
        )

    def _too_near(self, made: Sequence[int], limit: float, error: float) -> tuple[float, Pair]:
        return min(
            (limit - self._apart(pair) + self._evidence.ends_reach(self._part(pair, made), error), pair)
            for pair in self._pairs
        )

    def _apart(self, pair: Pair) -> float:
        return abs(float(self._evidence.means[pair[0]] - self._evidence.means[pair[1]]))

    def _part(self, pair: Pair, made: Sequence[int]) -> UncertaintyPart:
        """The uncertainty of a pair's difference; the degrees of freedom are today's."""
        evidence = self._evidence
        random = evidence.sigma * math.sqrt(sum(1.0 / made[place] for place in pair))
        return UncertaintyPart(math.hypot(random, math.sqrt(2.0) * evidence.systematic), evidence.dof)
