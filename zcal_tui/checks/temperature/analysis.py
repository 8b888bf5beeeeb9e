"""From touches at temperatures to a shift, its causes and the verdict: the arithmetic side of `temperature`."""

from collections.abc import Iterator, Sequence

from zcal_tui.checks.temperature.history import TemperatureHistory
from zcal_tui.checks.temperature.plan import BED, NOZZLE
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, Event, Notice, VerdictReached
from zcal_tui.model.record import Estimate, Level, Sample, Verdict
from zcal_tui.model.units import length, micrometres
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.thermal import Phase, ThermalBias, Touch, judge_thermal, thermal_bias

FEWEST = 3
"""Touches in the baseline and in the heat without which nothing can be said."""


class TemperatureReport:
    """Grows by one look at a time. `step` is the Z step distance in mm; `corrected` says that [z_thermal_adjust] moves
    the toolhead as the frame grows."""

    def __init__(self, history: TemperatureHistory, step: float, *, corrected: bool) -> None:
        self._history = history
        self._step = step
        self._corrected = corrected
        self._touches: list[Touch] = []

    def add(self, phase: Phase, samples: Sequence[Sample], bed: float, nozzle: float) -> None:
        """Take a look's touches into account; `bed` and `nozzle` (°C) stand where a sample does not tell."""
        for sample in samples:
            if sample.recorded:
                self._touches.append(
                    Touch(
                        sample.t,
                        sample.trigger_z,
                        bed if sample.bed is None else sample.bed,
                        nozzle if sample.hotend is None else sample.hotend,
                        phase,
                    )
                )

    def heights(self, phase: Phase) -> tuple[list[float], list[float]]:
        """Times and heights of a phase's touches."""
        own = [touch for touch in self._touches if touch.phase == phase]
        return [touch.t for touch in own], [touch.height for touch in own]

    def so_far(self) -> float | None:
        """The last look's height over the cold one, in mm; None while there is nothing to compare."""
        _, cold = self.heights("baseline")
        last = [touch.height for touch in self._touches[-FEWEST:]]
        if len(cold) < FEWEST or self._touches[-1].phase == "baseline":
            return None
        return sum(last) / len(last) - sum(cold) / len(cold)

    def estimates(self) -> EstimateUpdated | None:
        """The estimates so far; None while there are too few touches."""
        result = self._analyse()
        return None if result is None else EstimateUpdated(estimates_of(result))

    def conclusion(self) -> Iterator[Event]:
        """The verdict and what follows from it; nothing where it was not hot long enough to say anything."""
        result = self._analyse()
        if result is None:
            return
        rule = judge_thermal(result)
        level = Level(rule.level)
        yield EstimateUpdated(estimates_of(result))
        yield VerdictReached(Verdict(level, summary_of(level, result), rule.reasons))
        for words in result.not_separable:
            yield Notice(f"Not told apart: {words}.")
        yield from _causes(result)
        for advice in rule.advice:
            yield AdviceGiven(advice.text)
        if self._corrected and level is not Level.PASS:
            yield AdviceGiven(
                "[z_thermal_adjust] already takes the frame's growth out of prints, and this shift is without that: "
                "what is left of it in a first layer is less. Do not correct the same growth twice."
            )

    def _analyse(self) -> ThermalBias | None:
        hot = [touch for touch in self._touches if touch.phase in ("bed", "nozzle")]
        cold = [touch for touch in self._touches if touch.phase == "baseline"]
        if min(len(hot), len(cold)) < FEWEST:
            return None
        try:
            return thermal_bias(self._touches, self._history.taken(), step=self._step)
        except ValueError:  # nothing has been heated by enough yet
            return None


def estimates_of(result: ThermalBias) -> dict[str, Estimate]:
    """The record's estimates, in the order in which people want them."""
    found = {"shift": _estimate("shift", result.shift)}
    optional = (
        ("per_degree_bed", result.per_degree_bed, "mm/°C"),
        ("per_degree_nozzle", result.per_degree_nozzle, "mm/°C"),
        ("remaining", result.remaining, "mm"),
        ("lag", result.lag, "s"),
        ("returned", result.returned, "mm"),
    )
    for name, interval, unit in optional:
        if interval is not None:
            found[name] = _estimate(name, interval, unit)
    if result.settle is not None:
        found["settle"] = Estimate("settle", result.settle, None, None, "s")
    return found


def _estimate(name: str, interval: Interval, unit: str = "mm") -> Estimate:
    return Estimate(
        name=name,
        value=interval.value,
        low=interval.low,
        high=interval.high,
        unit=unit,
        confidence=interval.confidence,
        components=interval.components,
    )


def summary_of(level: Level, result: ThermalBias) -> str:
    """The answer in a sentence."""
    shift = result.shift.value
    moved = f"{length(abs(shift))} {'higher' if shift >= 0 else 'lower'}"
    match level:
        case Level.PASS:
            return f"Temperature hardly matters: hot, the probe triggers {moved} than cold."
        case Level.WARN:
            return f"Always probe at the same temperature: hot, the probe triggers {moved} than cold."
        case Level.FAIL:
            return (
                f"The heights do not settle or do not come back; hot, the probe triggered {moved} than cold."
            )
        case Level.UNKNOWN:
            return f"Not decided: hot, the probe triggered {moved} than cold, by data that do not suffice."


def _causes(result: ThermalBias) -> Iterator[Event]:
    """How much comes from which heater, where that is told from none."""
    parts = []
    for interval, name in ((result.per_degree_bed, BED), (result.per_degree_nozzle, NOZZLE)):
        if interval is not None and not interval.covers(0.0):
            heated = "the bed" if name == BED else "the nozzle"
            parts.append(f"{micrometres(interval.value, digits=2, sign=True)} per °C of {heated}")
    if parts:
        yield AdviceGiven(
            f"The trigger height changes by {' and '.join(parts)}: what is probed at another temperature than that of "
            "printing is off by that much."
        )
