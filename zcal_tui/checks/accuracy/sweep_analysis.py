"""From samples at many settings to a table, a recommendation and the config lines for it. Pure."""

import statistics
from collections.abc import Iterator, Sequence

from zcal_tui.checks.accuracy.analysis import outliers_summary, summary_of
from zcal_tui.checks.accuracy.variants import AGAIN, CONFIGURED, SweepSetting
from zcal_tui.checks.estimates import estimate
from zcal_tui.model import limits
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, Event, VerdictReached
from zcal_tui.model.record import Change, Estimate, Level, Verdict
from zcal_tui.model.units import length
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.stats.combine import UncertaintyPart, combine, within
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.repeatability import Repeatability, analyse
from zcal_tui.stats.repeats import COUNTS, result_share, samples_needed
from zcal_tui.stats.settings import SettingComparison, compare_scatter
from zcal_tui.stats.verdicts.repeatability import judge_for_homing, judge_repeatability
from zcal_tui.stats.verdicts.rule import VerdictRule
from zcal_tui.stats.verdicts.stopping import StoppingPlan

LEAST = 3
"""The fewest samples from which a setting can be judged."""
_SWEPT = ("median", "speed-and-height", "z-offset-again", "more-samples")
"""Advice that a sweep has followed already, or gives in its own words."""
_OPTIONS = {"probe_speed": "speed", "lift_speed": "lift_speed", "retract": "sample_retract_dist"}
_WORDS = {
    "probe_speed": "a probing speed of {:g} mm/s",
    "lift_speed": "a lift speed of {:g} mm/s",
    "retract": "a retract of {:g} mm between samples",
    "start_height": "a start {:g} mm above the trigger height",
}


class SweepReport:
    """Grows by one sample at a time. `step` is the Z step distance in mm; `horizontal_move_z` that of [bed_mesh], None
    without one; `crash`: how far (mm) a homing may never be off, where the probe is the Z endstop."""

    def __init__(
        self,
        plan: Sequence[SweepSetting],
        probe: ProbeConfig,
        step: float,
        horizontal_move_z: str | None,
        *,
        crash: float | None = None,
    ) -> None:
        self._crash = crash
        self._plan = {variant.name: variant for variant in plan}
        self._probe = probe
        self._step = step
        self._horizontal_move_z = horizontal_move_z
        self._heights: dict[str, list[float]] = {}

    def add(self, name: str, height: float) -> None:
        """Add a sample that counts."""
        self._heights.setdefault(name, []).append(height)

    def height(self) -> float | None:
        """The trigger height (mm) as far as it is known."""
        every = [height for heights in self._heights.values() for height in heights]
        return statistics.median(every) if every else None

    def estimates(self) -> EstimateUpdated:
        """The estimates so far."""
        found = {}
        for name in sorted(self._heights, key=self._rank):
            if len(self._heights[name]) >= LEAST:
                result = self._analyse(self._heights[name])
                found[f"sigma@{name}"] = estimate(f"sigma@{name}", result.sigma)
        return EstimateUpdated(found)

    def conclusion(self) -> Iterator[Event]:
        """The verdict and what follows from it; nothing before every setting was measured."""
        if set(self._heights) < set(self._plan) or min(map(len, self._heights.values())) < LEAST:
            return
        own = self._analyse(self._heights[CONFIGURED])
        compared = compare_scatter(
            [self._usual(CONFIGURED), self._usual(AGAIN)],
            {name: self._usual(name) for name in self._heights if name not in (CONFIGURED, AGAIN)},
        )
        best = min((each for each in compared if each.better), key=lambda each: each.ratio, default=None)
        chosen = own if best is None else self._analyse(self._heights[best.name])
        estimates = dict(self.estimates().estimates)
        estimates.update(self._of_counts(chosen))
        if best is not None:
            name = f"mean_shift@{best.name}"
            estimates[name] = estimate(name, self._shift(best.name))
        yield EstimateUpdated(estimates)
        rule = judge_repeatability(own, StoppingPlan.fixed(own.n))
        if self._crash is not None:
            rule = judge_for_homing(rule, own, self._crash)
        yield VerdictReached(self._verdict(rule, own, chosen, compared, best))
        if best is not None:
            yield from self._recommend(best)
        for advice in rule.advice:
            if advice.key not in _SWEPT:
                yield AdviceGiven(advice.text)
        samples = tuple(self._samples_lines(chosen))
        if samples:
            kept = f"{100 * (1.0 - limits.FIT_SHARE.value):g} %"
            yield AdviceGiven(
                f"Take {samples[0].new} samples at each point. Ten of their {samples[-1].new}s then stay "
                f"within {limits.RANGE_OF_TEN.text} in {kept} of series, even with σ at its upper bound.",
                samples,
            )
        if best is not None or samples:
            yield AdviceGiven(
                "New probe settings change z_offset. Enter them in printer.cfg, run RESTART, then do the "
                "check Z offset (Klipper docs, Probe_Calibrate)."
            )

    def _rank(self, name: str) -> tuple[int, float]:
        """The order in which people want them: by what was changed, then by how much."""
        variant = self._plan[name]
        if variant.option is None:
            return (0, float(name == AGAIN))
        return (1 + list(_WORDS).index(variant.option), variant.value)

    def _analyse(self, heights: Sequence[float]) -> Repeatability:
        sampling = {"sampling": self._step / 2}
        return analyse(
            heights,
            step=self._step,
            limit=limits.RANGE_OF_TEN.value,
            systematic=sampling,
            adaptive=False,
        )

    def _usual(self, name: str) -> list[float]:
        """The heights without outliers, which are named by themselves and would make any other setting look better."""
        heights = self._heights[name]
        outliers = self._analyse(heights).outliers.indices
        return [height for n, height in enumerate(heights) if n not in outliers]

    def _shift(self, name: str) -> Interval:
        """The mean trigger height with these settings minus that with the present ones."""
        own, other = [*self._usual(CONFIGURED), *self._usual(AGAIN)], self._usual(name)
        parts = {
            "configured": UncertaintyPart(statistics.stdev(own) / len(own) ** 0.5, len(own) - 1),
            "other": UncertaintyPart(statistics.stdev(other) / len(other) ** 0.5, len(other) - 1),
            "step": within(self._step),
        }
        return combine(statistics.fmean(other) - statistics.fmean(own), parts, 0.95)

    def _of_counts(self, chosen: Repeatability) -> dict[str, Estimate]:
        """The standard deviation of a result of several samples, from that of single ones."""
        found = {}
        for samples in COUNTS:
            name = f"sigma@samples={samples}"
            share, sigma = result_share(samples, self._probe.samples_result), chosen.sigma
            found[name] = estimate(
                name,
                Interval(
                    share * sigma.value,
                    None if sigma.low is None else share * sigma.low,
                    None if sigma.high is None else share * sigma.high,
                    sigma.confidence,
                ),
            )
        return found

    def _verdict(
        self,
        rule: VerdictRule,
        own: Repeatability,
        chosen: Repeatability,
        compared: Sequence[SettingComparison],
        best: SettingComparison | None,
    ) -> Verdict:
        level = Level(rule.level)
        many = (
            f"{len(compared)} settings were compared with the present ones. The comparisons share one error "
            "rate of 5 % (Holm). The interval of each σ is for that setting alone."
        )
        of_homing = None
        if self._crash is not None and own.outliers.indices:
            of_homing = outliers_summary(level, own, self._crash)
        if best is None and of_homing is not None:
            return Verdict(level, of_homing, (*rule.reasons[:-1], many, self._moved(), rule.reasons[-1]))
        if best is None:
            summary = f"{summary_of(level, own)} No other setting scatters less."
            if level is Level.PASS:
                summary = f"The present settings are good: σ {length(own.sigma.value)}. No other setting scatters less."
            return Verdict(level, summary, (*rule.reasons[:-1], many, self._moved(), rule.reasons[-1]))
        better = (
            f"With {self._words(best.name)} heights scatter {best.ratio:.2f} times as much as with the "
            f"present settings. That is statistically significant (p = {best.p:.2g})."
        )
        summary = (
            f"Better with {self._words(best.name)}: σ {length(chosen.sigma.value)} instead of "
            f"{length(own.sigma.value)}."
        )
        reasons = (better, *rule.reasons[:-1], many, self._moved(), rule.reasons[-1])
        if of_homing is not None:
            return Verdict(level, of_homing, reasons)
        return Verdict(Level.WARN, summary, reasons)

    def _moved(self) -> str:
        apart = statistics.fmean(self._heights[AGAIN]) - statistics.fmean(self._heights[CONFIGURED])
        normal = limits.NORMAL_RANGE
        return (
            f"The trigger height moved by {length(apart, sign=True)} from the first to the last series. "
            f"Normal is one step or {normal.text} ({normal.source})."
        )

    def _words(self, name: str) -> str:
        variant = self._plan[name]
        assert variant.option is not None
        return _WORDS[variant.option].format(variant.value)

    def _recommend(self, best: SettingComparison) -> Iterator[AdviceGiven]:
        variant = self._plan[best.name]
        assert variant.option is not None
        shift = length(self._shift(best.name).value, sign=True)
        if variant.option == "start_height":
            new = f"{self._probe.z_offset + variant.value:.1f}"
            changes: tuple[Change, ...] = ()
            if self._horizontal_move_z is not None:
                changes = (Change("bed_mesh", "horizontal_move_z", self._horizontal_move_z, new),)
            yield AdviceGiven(
                f"Start probing {variant.value:g} mm above the trigger height: set horizontal_move_z to "
                f"{new} in [bed_mesh] and the levelling sections. The trigger height shifts by {shift}.",
                changes,
            )
            return
        option = _OPTIONS[variant.option]
        now = {
            "speed": self._probe.speed,
            "lift_speed": self._probe.lift_speed,
            "sample_retract_dist": self._probe.sample_retract_dist,
        }
        change = Change(self._probe.section, option, f"{now[option]:g}", f"{variant.value:g}")
        yield AdviceGiven(
            f"Use {self._words(best.name)}. The trigger height shifts by {shift}. Then repeat the check "
            "Repeatability: the best of many settings usually looks better than it is.",
            (change,),
        )

    def _samples_lines(self, chosen: Repeatability) -> Iterator[Change]:
        """More samples a point where the configured number does not stay within the limit; none where outliers would
        spoil each homing all the same."""
        if self._crash is not None and chosen.outliers.indices:
            return
        result = "median" if chosen.outliers.indices else self._probe.samples_result
        # The upper bound of sigma without the outliers: the median takes care of those
        high = chosen.evidence.quantile(0.975)
        needed = samples_needed(high, limits.RANGE_OF_TEN.value, self._step, result, limits.FIT_SHARE.value)
        if chosen.outliers.indices:
            needed = max(needed or COUNTS[-1], 3)
        if needed is None or needed <= self._probe.samples:
            return
        yield Change(self._probe.section, "samples", str(self._probe.samples), str(needed))
        yield Change(self._probe.section, "samples_result", self._probe.samples_result, result)
