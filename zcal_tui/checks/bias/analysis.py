"""From z_offsets at places in rounds to a spread, the verdict, and what to check. Pure."""

import math
from collections.abc import Iterator, Sequence
from statistics import median

from zcal_tui.checks.bias.axis_twist import Twist
from zcal_tui.checks.bias.parameters import BiasParameters
from zcal_tui.checks.bias.pattern import Pattern, pattern_of
from zcal_tui.checks.estimates import estimate
from zcal_tui.model import limits
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, Event, VerdictReached
from zcal_tui.model.record import Estimate, Level, Verdict
from zcal_tui.model.units import length
from zcal_tui.printer.places import Place
from zcal_tui.stats.location import LocationBias, Measurement, location_bias
from zcal_tui.stats.operator_scatter import LEARNED_DOF, ScatterPrior
from zcal_tui.stats.verdicts.location import judge_spread
from zcal_tui.stats.verdicts.location_plan import PAIR, NextTests, next_tests
from zcal_tui.stats.verdicts.rule import VerdictRule

PEOPLE = ScatterPrior()
FINER_GAUGE = ScatterPrior(0.0025, 6.0)
"""Of a feeler gauge, or a nozzle that senses contact: our assumption, which the tests themselves correct."""


def trigger_height(heights: Sequence[float]) -> float:
    """The trigger height of one place in one round: the median, which neither an outlier nor a first-sample shift
    moves."""
    return median(heights)


class BiasReport:
    """Grows by one place in one round at a time. `step` is the Z step distance in mm, `prior` what is known of
    the scatter of a paper test."""

    def __init__(
        self,
        parameters: BiasParameters,
        places: Sequence[Place],
        step: float,
        prior: ScatterPrior = PEOPLE,
    ) -> None:
        self._places = tuple(places)
        self._cap = max(parameters.max_rounds, parameters.rounds)
        self._least = parameters.rounds
        self._most_tests = min(
            max(parameters.max_tests, parameters.rounds * len(self._places)), self._cap * len(self._places)
        )
        self._step = step
        self._prior = prior if parameters.gauge == "paper" else FINER_GAUGE
        self._found: list[Measurement] = []
        self._result: LocationBias | None = None
        self._next: NextTests | None = None

    @property
    def cap(self) -> int:
        """The most rounds."""
        return self._cap

    @property
    def tests_left(self) -> int:
        """The most paper tests that are still made."""
        return max(0, self._most_tests - len(self._found))

    @property
    def most_tests(self) -> int:
        """The most paper tests."""
        return self._most_tests

    @property
    def z_offset(self) -> float | None:
        """The mean of the z_offsets so far, None before the first."""
        return sum(m.z_offset for m in self._found) / len(self._found) if self._found else None

    @property
    def rounds(self) -> int:
        """Rounds that are done; from the first verdict on without the places that are decided."""
        counts = [sum(m.place == number for m in self._found) for number in range(len(self._places))]
        return len({m.round for m in self._found}) if min(counts) >= self._least else min(counts)

    def upcoming(self) -> tuple[Place, ...]:
        """The places of the next round: all of them at first, then those that lead to a verdict soonest, if the data do
        not give one yet."""
        if self._result is None or self.rounds < self._least:
            return self._places
        tests = self._next_tests(self._result).tests
        wanted = sorted(tests, key=lambda number: -tests[number])[: max(PAIR, self.tests_left)]
        return tuple(place for number, place in enumerate(self._places) if number in wanted)

    def add(self, place: Place, turn: int, z_offset: float) -> EstimateUpdated | None:
        """Add a z_offset (mm). Returns the estimates, once every place has one."""
        self._found.append(Measurement(self._places.index(place), turn, z_offset))
        self._next = None
        if not self.rounds:
            return None
        self._result = location_bias(
            self._found,
            step=self._step,
            prior_sigma=self._prior.sigma,
            prior_dof=self._prior.dof,
            prior_until=math.inf if self._prior.learned else LEARNED_DOF,
        )
        return EstimateUpdated(self._estimates(self._result))

    def further(self) -> int:
        """How many more rounds the verdict will take, by the data so far; 0 where it is clear or the cap is reached."""
        if self.rounds < self._least:
            return self._least - self.rounds
        if self._result is None or self.rounds >= self._cap:
            return 0
        return min(self._next_tests(self._result).rounds, self._cap - self.rounds)

    def further_tests(self) -> int:
        """How many more paper tests the verdict will take, by the data so far; 0 where it is clear or none is left."""
        if self._result is None or self.rounds < self._least:
            return self.further() * len(self._places)
        return min(self._next_tests(self._result).count, self.tests_left) if self.further() else 0

    def _next_tests(self, result: LocationBias) -> NextTests:
        if self._next is None:
            self._next = next_tests(result, self.tests_left, self._most_tests)
        return self._next

    def conclusion(self) -> Iterator[Event]:
        """The verdict and what follows from it; nothing before every place was measured twice."""
        result = self._result
        if result is None or self.rounds < 2:
            return
        rule = self._judge(result)
        level = Level(rule.level)
        yield EstimateUpdated(self._estimates(result))
        yield VerdictReached(Verdict(level, self._summary(level, result), rule.reasons))
        if level is not Level.PASS:
            yield from self._where(result, level)
        for advice in rule.advice:
            yield AdviceGiven(advice.text)

    def twist(self) -> Twist | None:
        """The bias along one axis, where the verdict is a fail and nothing else explains it as well."""
        result = self._result
        if result is None or self.rounds < 2 or Level(self._judge(result).level) is not Level.FAIL:
            return None
        pattern = self._pattern(result)
        match pattern.shape:
            case "along x":
                return Twist("x", pattern.size)
            case "along y":
                return Twist("y", pattern.size)
        return None

    def _pattern(self, result: LocationBias) -> Pattern:
        places = [self._places[effect.place] for effect in result.places]
        return pattern_of(
            [place.bed for place in places],
            [effect.z_offset.value for effect in result.places],
            result.precision,
        )

    def _judge(self, result: LocationBias) -> VerdictRule:
        names = {number: phrase(place) for number, place in enumerate(self._places)}
        return judge_spread(result, self._most_tests, names)

    def _estimates(self, result: LocationBias) -> dict[str, Estimate]:
        found = {"spread": estimate("spread", result.spread)}
        for effect in result.places:
            x, y = self._places[effect.place].bed
            name = f"z_offset@{x:g},{y:g}"
            found[name] = estimate(name, effect.z_offset)
        return found

    def _summary(self, level: Level, result: LocationBias) -> str:
        spread, limit = length(result.spread.value), limits.LOCATION_BIAS.text
        match level:
            case Level.PASS:
                return f"Accurate enough for bed levelling: z_offset differs by {spread} over the bed."
            case Level.WARN:
                return f"Borderline for bed levelling: z_offset differs by {spread} over the bed, about the limit."
            case Level.FAIL:
                return f"Not accurate enough for bed levelling: z_offset differs by {spread} over the bed."
            case _:
                return (
                    f"Not decided: z_offset differs by {spread} over the bed. {len(self._found)} tests do not "
                    f"show whether it stays within {limit}."
                )

    def _where(self, result: LocationBias, level: Level) -> Iterator[Event]:
        """The shape of the bias and its likely cause, where the bias is more than the scatter of paper tests."""
        if level is not Level.FAIL:
            return
        places = [self._places[effect.place] for effect in result.places]
        if (text := pattern_text(self._pattern(result), places)) is not None:
            yield AdviceGiven(text)


def phrase(place: Place) -> str:
    """Where a place is, in words that follow a verb: `at the front left`, `near A`."""
    if place.name.startswith(("near ", "opposite ")):
        return place.name
    if place.name == "centre":
        return "in the centre"
    return f"at {place.name}" if place.name[:1].isdigit() or place.name[:1] == "-" else f"at the {place.name}"


def pattern_text(pattern: Pattern, places: Sequence[Place]) -> str | None:
    """A shape of the bias in words with its likely cause; None where there is none to name."""
    size = length(abs(pattern.size))
    grows = pattern.size > 0
    match pattern.shape:
        case "along x":
            return (
                f"z_offset grows by {size} towards the {'right' if grows else 'left'}. The probe's mount "
                "tilts along X, or the X gantry is twisted. Check the mount's screws and the X rail."
            )
        case "along y":
            return (
                f"z_offset grows by {size} towards the {'back' if grows else 'front'}. The bed or gantry "
                "tilts along Y. Check the probe's mount, the Y rails and the bed's carriage."
            )
        case "twist":
            return (
                f"Two opposite corners have a z_offset {size} larger than the other two: the gantry twists "
                "over the bed. Level and square it. [axis_twist_compensation] corrects one axis only."
            )
        case "one place" if pattern.place is not None:
            word = "larger" if grows else "smaller"
            return (
                f"z_offset is {size} {word} {phrase(places[pattern.place])} than elsewhere. Check there for "
                "dirt, a loose bed clip, or something that the probe or a cable touches."
            )
        case _:
            return None
