"""From samples of the Z endstop to estimates and the verdict. Pure."""

from collections.abc import Iterator

from zcal_tui.checks.accuracy.analysis import LEAST_TO_ANALYSE, estimates_of
from zcal_tui.checks.estimates import estimate
from zcal_tui.model import limits
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, Event, VerdictReached
from zcal_tui.model.record import Level, Verdict
from zcal_tui.model.units import length, percent
from zcal_tui.stats.homings import pair_interval
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.repeatability import Repeatability, analyse
from zcal_tui.stats.verdicts.endstop import judge_endstop


class EndstopReport:
    """Grows by one sample at a time. `step` is the Z step distance in mm."""

    def __init__(self, step: float) -> None:
        self._step = step
        self._heights: list[float] = []

    @property
    def taken(self) -> int:
        """Samples so far."""
        return len(self._heights)

    def add(self, height: float) -> EstimateUpdated | None:
        """Add a sample. Returns the estimates, once there are enough samples for them."""
        self._heights.append(round(height, 6))
        return self._estimates() if len(self._heights) >= LEAST_TO_ANALYSE else None

    def conclusion(self) -> Iterator[Event]:
        """The verdict and what follows from it; nothing where too little was measured."""
        if len(self._heights) < LEAST_TO_ANALYSE:
            return
        yield self._estimates()
        result = self._analyse()
        rule = judge_endstop(result)
        level = Level(rule.level)
        yield VerdictReached(Verdict(level, _summary(level, result), rule.reasons))
        for advice in rule.advice:
            yield AdviceGiven(advice.text)

    def _estimates(self) -> EstimateUpdated:
        result = self._analyse()
        found = estimates_of(result)
        for name in ("over_limit", "range_of_ten"):
            del found[name]
        pair = estimate("pair_over_limit", _pair(result), unit="")
        return EstimateUpdated({**found, "pair_over_limit": pair})

    def _analyse(self) -> Repeatability:
        return analyse(
            self._heights,
            step=self._step,
            limit=limits.RANGE_OF_TEN.value,
            systematic={"sampling": self._step / 2},
            adaptive=False,
        )


def _pair(result: Repeatability) -> Interval:
    return pair_interval(result, limits.Z_ACCURACY.value)


def _summary(level: Level, result: Repeatability) -> str:
    """The answer in a sentence."""
    scatter = f"standard deviation σ {length(result.sigma.value)}"
    match level:
        case Level.PASS:
            return f"Accurate enough: the Z endstop repeats well ({scatter})."
        case Level.WARN:
            return f"Usable, with something to fix at the Z endstop ({scatter})."
        case Level.FAIL:
            over, limit = percent(_pair(result).value), limits.Z_ACCURACY.text
            return f"Not accurate enough: two homings differ by more than {limit} in {over} of cases."
        case Level.UNKNOWN:
            return f"Not decided: {result.n} samples do not show how well the Z endstop repeats ({scatter})."
