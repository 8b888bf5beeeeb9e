"""From samples to estimates, a decision when to stop, and the verdict of the check `accuracy`. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from zcal_tui.checks.accuracy.homing_analysis import HomingReport, crash_of
from zcal_tui.checks.accuracy.parameters import AccuracyParameters
from zcal_tui.checks.estimates import estimate
from zcal_tui.model import limits
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, Event, VerdictReached
from zcal_tui.model.record import Change, Estimate, Level, Sample, Verdict
from zcal_tui.model.units import length, percent
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.stats.repeatability import Repeatability, analyse
from zcal_tui.stats.repeats import samples_needed
from zcal_tui.stats.verdicts.repeatability import (
    first_sample_decides,
    homing_outlier,
    judge_for_homing,
    judge_repeatability,
    samples_tolerance,
)
from zcal_tui.stats.verdicts.rule import VerdictRule
from zcal_tui.stats.verdicts.series_fault import (
    SHOWN_BY,
    SeriesFault,
    fault_summary,
    judge_fault,
    series_fault,
)
from zcal_tui.stats.verdicts.stopping import DEFAULT_LOOKS, THOROUGH_SAMPLES, StoppingPlan, decide

LEAST_TO_ANALYSE = 3
LEAST_BATCH = 2
"""Samples that a further command takes at least, on printers that take no more (printer/hazards.py)."""
HOMING_IGNORES_SAMPLES = " They do not change homing, which takes one trigger."


def plan_of(parameters: AccuracyParameters) -> StoppingPlan:
    """When to decide: once at the end for a given number of samples, else at planned numbers."""
    if parameters.samples is not None:
        return StoppingPlan.fixed(parameters.samples)
    if parameters.thorough:
        return StoppingPlan.fixed(THOROUGH_SAMPLES)
    return StoppingPlan(
        (*(look for look in DEFAULT_LOOKS if look < parameters.max_samples), parameters.max_samples)
    )


class AccuracyReport:
    """Grows by one sample at a time. `step` is the Z step distance in mm; `homes`: the probe is the Z endstop."""

    def __init__(
        self, parameters: AccuracyParameters, probe: ProbeConfig, step: float, *, homes: bool = False
    ) -> None:
        self._homes = homes
        self._crash = crash_of(parameters)
        self.homings: HomingReport | None = None
        """What homing again shows; None where that was not measured."""
        self.not_homed: str = ""
        """Why it was not, where the probe homes Z: a sentence."""
        self._retract = parameters.retract or probe.sample_retract_dist
        self._plan = plan_of(parameters)
        self._probe = probe
        self._step = step
        self._heights: list[float] = []
        self._again: list[list[float]] = []
        self._result: Repeatability | None = None
        self._fault: SeriesFault | None = None
        self.taken = 0
        """Samples taken, with those that the printer leaves out of its result."""

    @property
    def most(self) -> int:
        """The most samples that are counted."""
        return max(self._plan.cap, self.counted)

    @property
    def counted(self) -> int:
        """Samples that count."""
        return len(self._heights) + sum(map(len, self._again))

    @property
    def planned(self) -> int:
        """How many samples will have been taken at the next decision."""
        return self.taken + self.wanted()

    def wanted(self) -> int:
        """How many more samples to take before the next decision; 0 when they are enough, or to start again."""
        if self._fault is not None or self.first_sample_decides:
            return 0
        if self._result is not None and decide(self._result, self._plan).outcome != "continue":
            return 0
        upcoming = self._plan.next_look(self.counted)
        return 0 if upcoming is None else upcoming - self.counted

    def next_batch(self, least: int = LEAST_BATCH) -> int:
        """How many samples to take at once; 0 when `wanted` is. At first as many as show a fault: a printer that is
        fast, or prepares its probe, may take all that it was asked for before it can be stopped. What is left is never
        fewer than `least`, which a command takes at least."""
        wanted = self.wanted()
        first = SHOWN_BY - self.counted
        return first if 0 < first <= wanted - least else wanted

    def add(self, sample: Sample) -> EstimateUpdated | None:
        """Add a sample. Returns the estimates, once there are enough samples for them."""
        self.taken += 1
        if not sample.recorded:
            return None
        # After further starts the last of them continues
        (self._again[-1] if self._again else self._heights).append(sample.trigger_z)
        if len(self._heights) < LEAST_TO_ANALYSE:
            return None
        self._fault = series_fault(self._heights, self._retract)
        self._result = self._analyse()
        return EstimateUpdated(estimates_of(self._result))

    @property
    def faulty(self) -> bool:
        """Whether the samples show a fault that more of them would only repeat."""
        return self._fault is not None

    @property
    def first_sample_decides(self) -> bool:
        """Whether the verdict depends on the first sample alone, so that further starts are worth their time; never
        where the number of samples was given, or once there were further starts."""
        if self._fault is not None or self._again or len(self._plan.looks) == 1 or self._result is None:
            return False
        return first_sample_decides(self._result, self._plan)

    def add_start(self, samples: Sequence[Sample]) -> EstimateUpdated:
        """Add a further start."""
        if not self._again:
            self._plan = self._plan.restarted(self.counted)
        self.taken += len(samples)
        self._again.append([sample.trigger_z for sample in samples if sample.recorded])
        self._result = self._analyse()
        return EstimateUpdated(estimates_of(self._result))

    def conclusion(self) -> Iterator[Event]:
        """The verdict and what follows from it; nothing where too little was measured."""
        if len(self._heights) < 2:
            return
        result = self._result or self._analyse()
        homed = {} if self.homings is None else self.homings.estimates()
        yield EstimateUpdated({**estimates_of(result), **homed})
        if self._fault is not None:
            rule = judge_fault(self._fault, homes=self._homes)
            summary = fault_summary(self._fault)
        else:
            rule, summary = self._judged(result)
        yield VerdictReached(Verdict(Level(rule.level), summary, rule.reasons))
        for advice in rule.advice:
            yield AdviceGiven(advice.text, tuple(self._changes(advice.config)))
        decided = rule.level in ("pass", "warn") and self._fault is None
        if decided and (settings := self._settings(result)) is not None:
            yield settings

    @property
    def worth_homing(self) -> bool:
        """Whether homing again would tell more: not where the samples fail already."""
        if self._fault is not None or self._result is None:
            return False
        rule = judge_for_homing(judge_repeatability(self._result, self._plan), self._result, self._crash)
        return rule.level != "fail"

    def _judged(self, result: Repeatability) -> tuple[VerdictRule, str]:
        """The verdict on samples and homings, and the answer in a sentence."""
        rule = judge_repeatability(result, self._plan)
        if self._homes:
            rule = judge_for_homing(rule, result, self._crash)
        summary = summary_of(Level(rule.level), result)
        if self._homes and result.outliers.indices:
            summary = outliers_summary(Level(rule.level), result, self._crash) or summary
        if self.not_homed:
            rule = replace(rule, reasons=(*rule.reasons[:-1], self.not_homed, rule.reasons[-1]))
        if self.homings is None:
            return rule, summary
        return self.homings.with_samples(rule, summary, result)

    def _settings(self, result: Repeatability) -> AdviceGiven | None:
        """The samples a point that this data ask for; None where even many would not do, or where outliers would spoil
        each homing all the same."""
        if self._homes and result.outliers.indices:
            return None
        kind = "median" if result.outliers.indices else "average"
        high = result.evidence.quantile(0.975)
        needed = samples_needed(high, result.limit, self._step, kind, limits.FIT_SHARE.value)
        if needed is None:
            return None
        if result.outliers.indices:
            needed = max(needed, 3)
        tolerance = samples_tolerance(result, max(needed, 2))
        return AdviceGiven(
            f"By this data [{self._probe.section}] needs samples: {needed}, samples_result: {kind} and "
            f"samples_tolerance: {tolerance:.3f}.{HOMING_IGNORES_SAMPLES if self._homes else ''}"
        )

    def _analyse(self) -> Repeatability:
        # Klipper checks the endstop once a step while probing, so a trigger is seen up to a step late
        sampling = {"sampling": self._step / 2}
        adaptive = len(self._plan.looks) > 1 or bool(self._again)
        return analyse(
            self._heights,
            step=self._step,
            limit=limits.RANGE_OF_TEN.value,
            systematic=sampling,
            adaptive=adaptive,
            again=self._again,
        )

    def _changes(self, lines: tuple[str, ...]) -> Iterator[Change]:
        now = {
            "samples": str(self._probe.samples),
            "samples_result": self._probe.samples_result,
            "samples_tolerance": f"{self._probe.samples_tolerance:g}",
            "samples_tolerance_retries": str(self._probe.samples_tolerance_retries),
        }
        for line in lines:
            option, _, value = line.partition(": ")
            if not _same(now.get(option), value):
                yield Change(self._probe.section, option, now.get(option), value)


def _same(now: str | None, value: str) -> bool:
    """Whether a config value is set already, however it is written: 0.02 is 0.020."""
    try:
        return now is not None and float(now) == float(value)
    except ValueError:
        return now == value


def estimates_of(result: Repeatability) -> dict[str, Estimate]:
    """The record's estimates, in the order in which people want them."""
    found = {
        "sigma": estimate("sigma", result.sigma),
        "range_of_ten": estimate("range_of_ten", result.series_range),
        "over_limit": estimate("over_limit", result.exceed, unit=""),
        "range": Estimate("range", result.observed_range, None, None),
        "mean": estimate("mean", result.mean),
    }
    if result.drift is not None:
        found["drift_per_sample"] = estimate("drift_per_sample", result.drift.size)
    if result.first_sample is not None:
        found["first_sample_shift"] = estimate("first_sample_shift", result.first_sample.size)
    return found


def outliers_summary(level: Level, result: Repeatability, crash: float) -> str | None:
    """The answer where the probe homes Z and there were outliers; None where they are not what decides. `crash` (mm) is
    the first layer."""
    if homing_outlier(result, crash) is not None:
        return "Not safe to home Z with: an outlier is larger than a first layer."
    if level is Level.WARN:
        largest = max(map(abs, result.outliers.distances))
        return f"Homing with this probe is off by {length(largest)} now and then: fix the outliers."
    return None


def summary_of(level: Level, result: Repeatability) -> str:
    """The answer in a sentence."""
    scatter = f"standard deviation σ {length(result.sigma.value)}"
    if result.levels == 1:
        scatter = f"every sample is on the same step of {length(result.reading_step)}"
    limit = replace(limits.RANGE_OF_TEN, value=result.limit).text
    match level:
        case Level.PASS:
            return f"Accurate enough for bed levelling: {scatter}."
        case Level.FAIL:
            over = percent(result.exceed.value)
            return f"Not accurate enough for bed levelling: ten samples span more than {limit} in {over} of series."
        case Level.WARN:
            return f"Usable, with something to fix: {scatter}."
        case Level.UNKNOWN:
            return f"Not decided: {result.n} samples do not show whether ten stay within {limit} ({scatter})."
