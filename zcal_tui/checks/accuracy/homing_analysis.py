"""From heights of one point after each homing to estimates and the verdict, where the probe homes Z. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from statistics import median

from zcal_tui.checks.accuracy.parameters import LEAST_HOMINGS, AccuracyParameters
from zcal_tui.checks.estimates import estimate
from zcal_tui.model import limits
from zcal_tui.model.record import Estimate
from zcal_tui.printer.config_view import ProbeConfig, ProbeKind
from zcal_tui.stats.repeatability import Repeatability
from zcal_tui.stats.verdicts.homing import (
    HOMING_LOOKS,
    HomingScatter,
    homing_scatter,
    homing_summary,
    homings_wanted,
    judge_homings,
)
from zcal_tui.stats.verdicts.rule import VerdictRule, worst

_TIGHT = "Check that the probe's switch and mount are tight."
_CAUSES: dict[ProbeKind, str] = {
    "bltouch": "The pin is pushed out again for each homing: clean it and check its play.",
    "dockable_probe": "The probe is attached again for each homing: check how it seats.",
    "smart_effector": "The nozzle itself touches the bed: clean it, and check that the effector is tight.",
    "load_cell_probe": "The nozzle itself touches the bed: clean it, and check that the load cell is tight.",
    "probe_eddy_current": "Check that the coil's mount is tight and that its temperature is steady.",
    "scanner": "Check that the coil's mount is tight and that its temperature is steady.",
}


def crash_of(parameters: AccuracyParameters) -> float:
    """How far (mm) a single homing may never be off: the first layer."""
    usual = limits.FIRST_LAYER.value
    return usual if parameters.first_layer is None else min(usual, parameters.first_layer)


class HomingReport:
    """Grows by one homing at a time. `step` is the Z step distance in mm, `docked`: the probe is attached again for
    each homing."""

    def __init__(
        self, parameters: AccuracyParameters, probe: ProbeConfig, step: float, *, docked: bool = False
    ) -> None:
        count = parameters.homings
        self._looks: Sequence[int] = HOMING_LOOKS if count is None else (count,)
        self._crash = crash_of(parameters)
        kind: ProbeKind = "dockable_probe" if docked else probe.kind
        self._causes = _CAUSES.get(kind, _TIGHT)
        self._step = step
        self._scatter: HomingScatter | None = None
        self.heights: list[float] = []

    @property
    def least(self) -> int:
        """The fewest homings."""
        return self._looks[0]

    @property
    def most(self) -> int:
        """The most homings that are counted."""
        return self._looks[-1]

    def wanted(self) -> int:
        """How many more homings before the next decision; 0 where they are enough."""
        if self._scatter is None:
            return self.least - len(self.heights)
        return homings_wanted(self._scatter, self._looks)

    def add(self, samples: Sequence[float]) -> None:
        """Add a homing by the samples (mm) of the point after it; their median counts."""
        self.heights.append(median(samples))
        if len(self.heights) >= LEAST_HOMINGS:
            self._scatter = homing_scatter(self.heights, self._step, self._crash, self._looks)

    def off(self, height: float) -> float:
        """How far (mm) a height is from the middle of all homings."""
        return abs(height - median(self.heights))

    def estimates(self) -> dict[str, Estimate]:
        """The record's estimates; empty with too few homings."""
        if self._scatter is None:
            return {}
        span = self._scatter.span
        return {
            "homing_sigma": estimate("homing_sigma", self._scatter.sigma),
            "homing_range": Estimate("homing_range", span, None, None),
            "pair_over_limit": estimate("pair_over_limit", self._scatter.pair, unit=""),
        }

    def with_samples(self, rule: VerdictRule, summary: str, result: Repeatability) -> tuple[VerdictRule, str]:
        """The verdict on the samples together with that on the homings. The worse of the two decides, and its reasons
        and consequence come first and last."""
        if self._scatter is None:
            return rule, summary
        homing = judge_homings(self._scatter, self._causes, result.observed_range)
        level = worst((rule.level, homing.level))
        advice = (*homing.advice, *rule.advice)
        if level == rule.level and not (level == homing.level and homing.level == "fail"):
            return replace(
                rule, reasons=(*rule.reasons[:-1], *homing.reasons[:-1], rule.reasons[-1]), advice=advice
            ), summary
        reasons = (*homing.reasons[:-1], *rule.reasons[:-1], homing.reasons[-1])
        return VerdictRule(level, reasons, advice), homing_summary(self._scatter)
