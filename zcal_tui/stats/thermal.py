"""Temperature bias: how the trigger height moves while bed and nozzle warm up, and whether it comes back.

height = level + b · lag(T_bed) + c · lag(T_nozzle) + other + noise, where lag is a first-order lag with one time
constant for both: the probe and its mount follow the heaters slowly. Where there are samples after the heat, what
happens beside temperature is in it too: a drift, or a slip when the heat ends, whichever explains the heights.

That line shows when the height settles. How far it came, and how much is due to which heater, is taken from
`thermal_parts`, which leaves each part of the machine a lag of its own.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zcal_tui.stats.combine import UncertaintyPart, combine, within
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.lag import LAGS, draw_residuals
from zcal_tui.stats.thermal_fit import ThermalFit, fit_run, settling, thermal_run
from zcal_tui.stats.thermal_parts import KnownLags, warmed

FloatArray = NDArray[np.float64]

Phase = Literal["baseline", "bed", "nozzle", "back"]
Heater = Literal["bed", "nozzle"]
HEATERS: tuple[Heater, ...] = ("bed", "nozzle")

_REPEATS = 400
_LAG_WIDENING = 1.2
"""By simulation: with a slow wander the lag's own scatter is not quite shown by the repeats."""

_CURVE_POINTS = 200


@dataclass(frozen=True, slots=True)
class ThermalSample:
    """A sample: time (s), trigger height (mm), temperatures (°C) of bed and nozzle at that moment, and the phase."""

    t: float
    height: float
    bed: float
    nozzle: float
    phase: Phase


@dataclass(frozen=True, slots=True)
class Temperatures:
    """The temperatures (°C) of bed and nozzle at times `t` (s), more often than the samples; may overlap with them."""

    t: Sequence[float]
    bed: Sequence[float]
    nozzle: Sequence[float]


@dataclass(frozen=True, slots=True)
class ThermalBias:
    """The result of `thermal_bias`; lengths in mm, times in s.

    `shift` is the height in the last third of the hot phase (bed, and nozzle where it was heated) over the baseline,
    as far as the heat explains it, and `per_degree_*` each heater's share of it for every °C, None where the data do
    not separate them, and then `not_separable` says why. `lag` is the time constant, None where nothing moves enough to
    show one. `settle` is how long after the hot temperatures were reached the height came within one step or 5 µm of
    where it leads to, None if it did not; `remaining` is how far it would still have gone after the hot phase.
    `returned` is the height at the end of the "back" phase minus the baseline, less what the temperatures
    explain; None without that phase. `sigma` is the scatter about the fitted line. `curve` is that line: (t, height).
    """

    shift: Interval
    per_degree_bed: Interval | None
    per_degree_nozzle: Interval | None
    not_separable: tuple[str, ...]
    lag: Interval | None
    settle: float | None
    remaining: Interval
    returned: Interval | None
    sigma: float
    curve: tuple[tuple[float, float], ...]
    heated_for: float
    """Seconds of heat after which the shift was seen."""

    @property
    def settled(self) -> Interval:
        """Where the height leads to if the heat goes on: shift and remaining drift, their bounds added since both come
        from one fit."""
        low, high = (
            None if shift is None or rest is None else shift + rest
            for shift, rest in (
                (self.shift.low, self.remaining.low),
                (self.shift.high, self.remaining.high),
            )
        )
        return Interval(self.shift.value + self.remaining.value, low, high, self.shift.confidence)


def thermal_bias(
    samples: Sequence[ThermalSample],
    history: Temperatures | None = None,
    *,
    settled: float,
    step: float = 0.0,
    confidence: float = 0.95,
    seed: int = 0,
) -> ThermalBias:
    """What the samples of a temperature run show. `step` (mm) is the Z step distance. A height has settled when it
    stays within `settled` (mm), or one step if that is more.

    The lag's interval comes from a block bootstrap of the residuals, drawn with `seed`. ValueError without samples in
    the baseline (three at least) and in a hot phase (three at least), on a number that is not finite, or if nothing
    was heated by 5 °C or more.
    """
    run = thermal_run(
        np.array(
            [(sample.t, sample.height, sample.bed, sample.nozzle) for sample in samples], dtype=np.float64
        ),
        [sample.phase for sample in samples],
        np.empty((0, 3)) if history is None else np.column_stack([history.t, history.bed, history.nozzle]),
    )
    fit, not_separable = fit_run(run)
    settle = settling(fit, max(step, settled))
    heaters = run.heated
    parts = warmed(run, heaters, len(run.times) / (fit.blocks.dof + len(fit.coefficients) + 1))
    # Two heights are compared, each rounded.
    rounding = math.sqrt(2.0) * within(0.5 * step).size

    def estimate(known: KnownLags, step_part: float = rounding) -> Interval:
        components = {"random": UncertaintyPart(known.size, parts.dof), "step": UncertaintyPart(step_part)}
        return combine(known.value, components, confidence)

    def per_degree(name: Heater) -> Interval | None:
        if name not in fit.names:
            return None
        place = heaters.index(HEATERS.index(name))
        heating = abs(float((run.end - run.start)[heaters[place]]))
        return estimate(parts.per_degree[place], rounding / heating)

    shift, bed, nozzle = estimate(parts.shift), per_degree("bed"), per_degree("nozzle")
    moves = any(part is not None and not part.covers(0.0) for part in (shift, bed, nozzle))
    lag = None
    if moves:
        drawn = draw_residuals(fit.residuals, fit.blocks, _REPEATS, np.random.default_rng(seed))
        # The first series is what was measured, the others are what might have been.
        heights = np.concatenate([run.heights[:, None], fit.fitted[:, None] + drawn], axis=1)
        lag = _lag(LAGS[fit.model.fit(heights).lag], fit, confidence)
    times = np.linspace(float(run.times[0]), float(run.times[-1]), _CURVE_POINTS)
    freedom = max(1, len(run.times) - len(fit.coefficients) - 1)
    return ThermalBias(
        shift=shift,
        per_degree_bed=bed,
        per_degree_nozzle=nozzle,
        not_separable=not_separable,
        lag=lag,
        settle=settle,
        remaining=estimate(parts.remaining),
        returned=None if parts.returned is None else estimate(parts.returned),
        sigma=math.sqrt(float(fit.residuals @ fit.residuals) / freedom),
        curve=tuple(zip(times.tolist(), fit.curve(times).tolist(), strict=True)),
        heated_for=run.heated_for,
    )


def _lag(lags: FloatArray, fit: ThermalFit, confidence: float) -> Interval:
    """The time constant, compared by its logarithm: by Student's t and by what share of the repeats lies beyond,
    whichever is wider. Open above where it reaches the longest that was looked at."""
    shortest, longest = float(LAGS[1]), float(LAGS[len(fit.response) - 1])
    logs = np.log(np.maximum(lags, shortest))
    parts = {
        "random": UncertaintyPart(_LAG_WIDENING * float(logs[1:].std(ddof=1)), fit.blocks.dof),
        "grid": within(0.5 * math.log(LAGS[2] / LAGS[1])),
    }
    interval = combine(float(logs[0]), parts, confidence)
    tail = 0.5 * (1.0 - confidence)
    low, high = (float(end) for end in np.exp(np.quantile(logs[1:], [tail, 1.0 - tail])))
    if interval.low is not None and interval.high is not None:
        low, high = min(low, math.exp(interval.low)), max(high, math.exp(interval.high))
    return Interval(
        float(lags[0]), 0.0 if low <= shortest else low, None if high >= longest else high, confidence
    )
