"""From samples at temperatures to a shift, its causes and the verdict. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from zcal_tui.checks.estimates import estimate
from zcal_tui.checks.heating.targets import BED, NOZZLE
from zcal_tui.checks.temperature.compensation import coefficient, frame_advice, nozzle_advice
from zcal_tui.checks.temperature.history import TemperatureHistory
from zcal_tui.model import limits
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, Event, Notice, VerdictReached
from zcal_tui.model.record import Estimate, Level, Sample, Verdict
from zcal_tui.model.units import duration, length, micrometres
from zcal_tui.stats.frame import frame_coefficient
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.thermal import Phase, ThermalBias, ThermalSample, thermal_bias
from zcal_tui.stats.verdicts.temperature import holds_for, judge_thermal

FEWEST = 3
"""The fewest samples in the baseline and in the heat from which anything can be estimated."""


class TemperatureReport:
    """Grows by one series at a time. `step` is the Z step distance in mm; `frame` are the
    options of [z_thermal_adjust], which moves the toolhead as the frame grows; None without it. `touches`: the nozzle
    itself is the probe."""

    def __init__(
        self,
        history: TemperatureHistory,
        step: float,
        *,
        frame: Mapping[str, Any] | None = None,
        touches: bool = False,
    ) -> None:
        self._history = history
        self._step = step
        self._frame = frame
        self._touches = touches
        self._samples: list[ThermalSample] = []

    def add(self, phase: Phase, samples: Sequence[Sample], bed: float, nozzle: float) -> None:
        """Add a series; `bed` and `nozzle` (°C) are used for a sample without temperatures of its own."""
        for sample in samples:
            if sample.recorded:
                self._samples.append(
                    ThermalSample(
                        sample.t,
                        sample.trigger_z,
                        bed if sample.bed is None else sample.bed,
                        nozzle if sample.hotend is None else sample.hotend,
                        phase,
                    )
                )

    def heights(self, phase: Phase) -> tuple[list[float], list[float]]:
        """Times and heights of a phase's samples."""
        own = [sample for sample in self._samples if sample.phase == phase]
        return [sample.t for sample in own], [sample.height for sample in own]

    def so_far(self) -> float | None:
        """The last series' height over the cold one, in mm; None while there is nothing to compare."""
        _, cold = self.heights("baseline")
        last = [sample.height for sample in self._samples[-FEWEST:]]
        if len(cold) < FEWEST or self._samples[-1].phase == "baseline":
            return None
        return sum(last) / len(last) - sum(cold) / len(cold)

    def estimates(self) -> EstimateUpdated | None:
        """The estimates so far; None while there are too few samples."""
        result = self._analyse()
        return None if result is None else EstimateUpdated(estimates_of(result))

    def decided(self) -> bool:
        """Whether the heat so far is enough for a verdict on the shift and on what may still come."""
        result = self._analyse()
        return result is not None and judge_thermal(result).level != "unknown"

    def conclusion(self) -> Iterator[Event]:
        """The verdict and what follows from it; nothing where the heat was too short."""
        result = self._analyse()
        if result is None:
            return
        rule = judge_thermal(result)
        level = Level(rule.level)
        growth = self._frame_growth() if self._frame is not None else None
        estimates = estimates_of(result)
        if growth is not None:
            estimates["per_degree_frame"] = estimate("per_degree_frame", growth, "mm/°C")
        yield EstimateUpdated(estimates)
        yield VerdictReached(Verdict(level, summary_of(level, result), rule.reasons))
        for words in result.not_separable:
            yield Notice(words)
        yield from _causes(result)
        for advice in rule.advice:
            yield AdviceGiven(advice.text)
        if self._frame is not None and coefficient(self._frame) != 0.0 and level is not Level.PASS:
            yield AdviceGiven(
                "[z_thermal_adjust] already corrects prints for the frame's growth. This shift is measured "
                "without it, so a first layer shifts less. Do not correct the same growth twice."
            )
        if self._frame is not None:
            yield from frame_advice(growth, self._frame)
        yield from nozzle_advice(result.per_degree_nozzle, touches=self._touches)

    def _frame_growth(self) -> Interval | None:
        times, frame = self._history.frame()
        try:
            return frame_coefficient(self._samples, self._history.taken(), times, frame)
        except ValueError:  # as in _analyse
            return None

    def _analyse(self) -> ThermalBias | None:
        hot = [sample for sample in self._samples if sample.phase in ("bed", "nozzle")]
        cold = [sample for sample in self._samples if sample.phase == "baseline"]
        if min(len(hot), len(cold)) < FEWEST:
            return None
        try:
            settled = limits.NORMAL_RANGE.value
            return thermal_bias(self._samples, self._history.taken(), settled=settled, step=self._step)
        except ValueError:  # nothing has been heated by enough yet
            return None


def estimates_of(result: ThermalBias) -> dict[str, Estimate]:
    """The record's estimates, in the order in which people want them."""
    found = {"shift": estimate("shift", result.shift)}
    optional = (
        ("per_degree_bed", result.per_degree_bed, "mm/°C"),
        ("per_degree_nozzle", result.per_degree_nozzle, "mm/°C"),
        ("remaining", result.remaining, "mm"),
        ("lag", result.lag, "s"),
        ("returned", result.returned, "mm"),
    )
    for name, interval, unit in optional:
        if interval is not None:
            found[name] = estimate(name, interval, unit)
    if result.settle is not None:
        found["settle"] = Estimate("settle", result.settle, None, None, "s")
    return found


def summary_of(level: Level, result: ThermalBias) -> str:
    """The answer in a sentence."""
    shift = result.shift.value
    moved = (
        f"the hot probe triggers {length(abs(shift))} {'higher' if shift >= 0 else 'lower'} than the cold one"
    )
    match level:
        case Level.PASS:
            return f"Temperature hardly matters: {moved}."
        case Level.WARN:
            return f"Always probe at the same temperature: {moved}."
        case Level.FAIL:
            return f"The trigger height does not settle or does not return: {moved}."
        case Level.UNKNOWN if (held := holds_for(result)) is not None:
            return f"Good for up to {duration(held)} of heat, not known beyond: {moved}."
        case Level.UNKNOWN:
            return f"Not decided, the data do not suffice: {moved}."


def _causes(result: ThermalBias) -> Iterator[Event]:
    """How much comes from which heater, where that is statistically significant."""
    parts = []
    for interval, name in ((result.per_degree_bed, BED), (result.per_degree_nozzle, NOZZLE)):
        if interval is not None and not interval.covers(0.0):
            heated = "the bed" if name == BED else "the nozzle"
            parts.append(f"{micrometres(interval.value, digits=2, sign=True)} per °C of {heated}")
    if parts:
        yield AdviceGiven(
            f"The trigger height changes by {' and '.join(parts)}. A height probed at another temperature "
            "than the print's is wrong by that much."
        )
