"""Temperature bias: how the trigger height moves while bed and nozzle warm up, and whether it comes back.

height = level + b · lag(T_bed) + c · lag(T_nozzle) + other + noise, where lag is a first-order lag with one time
constant for both: the probe and its mount follow the heaters slowly. Where there are touches after the heat, what
happens beside temperature is in it too: a drift, or a slip when the heat goes, whichever explains the heights.

That line says when the height settles. How far it came, and how much is due to which heater, is taken from
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
from zcal_tui.stats.verdicts import Advice, Level, VerdictRule
from zcal_tui.stats.wording import between, um

FloatArray = NDArray[np.float64]

Phase = Literal["baseline", "bed", "nozzle", "back"]
Heater = Literal["bed", "nozzle"]
HEATERS: tuple[Heater, ...] = ("bed", "nozzle")

SHIFT_LIMIT = 0.025
"""mm. Klipper docs, Bed_Level: the accuracy to aim for. Probe_Calibrate, Temperature Bias, names no number."""

SOURCE = "Klipper docs, Probe_Calibrate, Temperature Bias; 25 µm is the accuracy goal of Bed_Level"

SETTLED = 0.005
"""mm. Settled is within one step or this: what Probe_Calibrate, Repeatability check, calls normal."""

_REPEATS = 400
_LAG_WIDENING = 1.2
"""By simulation: with a slow wander the lag's own scatter is not quite shown by the repeats."""

_CURVE_POINTS = 200


@dataclass(frozen=True, slots=True)
class Touch:
    """A touch: time (s), trigger height (mm), temperatures (°C) of bed and nozzle at that moment, and the phase."""

    t: float
    height: float
    bed: float
    nozzle: float
    phase: Phase


@dataclass(frozen=True, slots=True)
class Temperatures:
    """The temperatures (°C) of bed and nozzle at times `t` (s), more often than the touches; may overlap with them."""

    t: Sequence[float]
    bed: Sequence[float]
    nozzle: Sequence[float]


@dataclass(frozen=True, slots=True)
class ThermalBias:
    """The result of `thermal_bias`; lengths in mm, times in s.

    `shift` is the height in the last third of the hot phase (bed, and nozzle where it was heated) over the baseline,
    as far as the heat explains it, and `per_degree_*` each heater's share of it for every °C, None where the data do
    not tell them, and then `not_separable` says why. `lag` is the time constant, None where nothing moves enough to
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


def thermal_bias(
    touches: Sequence[Touch],
    history: Temperatures | None = None,
    *,
    step: float = 0.0,
    confidence: float = 0.95,
    seed: int = 0,
) -> ThermalBias:
    """What touches in the phases of a temperature run say. `step` (mm) is the Z step distance.

    The lag's interval comes from a block bootstrap of the residuals, drawn with `seed`. ValueError without touches in
    the baseline (three at least) and in a hot phase (three at least), on a number that is not finite, or if nothing
    was heated by 5 °C or more.
    """
    run = thermal_run(
        np.array([(touch.t, touch.height, touch.bed, touch.nozzle) for touch in touches], dtype=np.float64),
        [touch.phase for touch in touches],
        np.empty((0, 3)) if history is None else np.column_stack([history.t, history.bed, history.nozzle]),
    )
    fit, not_separable = fit_run(run)
    settle = settling(fit, max(step, SETTLED))
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


def judge_thermal(result: ThermalBias, limit: float = SHIFT_LIMIT) -> VerdictRule:
    """The verdict: pass if the shift stays within `limit` (mm); warn if it exceeds it, for then the probe must always
    be used at the same temperature; fail if the height does not settle, or does not come back; unknown if the data do
    not decide."""
    size_level, size_reason = _judge_shift(result.shift, limit)
    levels, reasons = [size_level], [size_reason]
    settling = _judge_settling(result, size_level, limit)
    if settling is not None:
        levels.append(settling[0])
        reasons.append(settling[1])
    if result.returned is not None:
        level, reason = _judge_returned(result.returned, limit)
        levels.append(level)
        reasons.append(reason)
    level = max(levels, key=_SEVERITY.index)
    return VerdictRule(level, tuple(reasons), _advice(result, level, size_level))


_SEVERITY: list[Level] = ["pass", "unknown", "warn", "fail"]


def _rule(limit: float) -> str:
    return f"(limit: {um(limit)}; {SOURCE})"


def _magnitude(interval: Interval) -> tuple[float, float]:
    """Bounds of the absolute value."""
    low = -math.inf if interval.low is None else interval.low
    high = math.inf if interval.high is None else interval.high
    nearest = 0.0 if low <= 0.0 <= high else min(abs(low), abs(high))
    return nearest, max(abs(low), abs(high))


def _judge_shift(shift: Interval, limit: float) -> tuple[Level, str]:
    least, most = _magnitude(shift)
    word = "higher" if shift.value >= 0.0 else "lower"
    seen = f"Hot, the probe triggers {um(abs(shift.value))} {word} than cold, {between(shift)}"
    if least > limit:
        return "warn", f"{seen}: what is measured cold is wrong when hot {_rule(limit)}."
    if most <= limit:
        return "pass", f"{seen}: little enough {_rule(limit)}."
    return "unknown", f"{seen}: the data do not decide {_rule(limit)}."


def _judge_settling(result: ThermalBias, size_level: Level, limit: float) -> tuple[Level, str] | None:
    """What there is to say of a height that was still on its way when the heat went; None if there is nothing."""
    rest = result.remaining
    seen = f"at the end of the hot phase {um(abs(rest.value))} were still to come, {between(rest)}"
    # What is still to come is a guess from how the line bends: it counts once it is told from nothing
    goes_on = not rest.covers(0.0)
    if size_level == "warn" and goes_on and abs(rest.value) > limit:
        return "fail", f"It does not settle: {seen} {_rule(limit)}."
    if size_level == "pass" and goes_on and abs(result.shift.value + rest.value) > limit:
        return "unknown", f"The hot phase was too short: {seen} {_rule(limit)}."
    if size_level != "pass" and result.settle is None:
        source = "(settled: one step or 5 µm; Klipper docs, Probe_Calibrate, Repeatability check)"
        return "unknown", f"The hot phase was too short: {seen} {source}."
    return None


def _judge_returned(returned: Interval, limit: float) -> tuple[Level, str]:
    least, most = _magnitude(returned)
    seen = f"Cooled down, the height is {um(abs(returned.value))} from where it began, {between(returned)}"
    if least > limit:
        return "fail", f"{seen}: something moved that is not temperature {_rule(limit)}."
    if most <= limit:
        return "pass", f"{seen}: it comes back {_rule(limit)}."
    return "unknown", f"{seen}: the data do not decide {_rule(limit)}."


def _advice(result: ThermalBias, level: Level, size_level: Level) -> tuple[Advice, ...]:
    advice = []
    if size_level == "warn":
        wait = ""
        if result.settle is not None:
            wait = f" Wait {max(1, math.ceil(result.settle / 60.0))} min after the temperatures are reached."
        advice.append(
            Advice(
                "same-temperature",
                "Always level, mesh and calibrate z_offset at the same temperature, either cold or heated through "
                f"(Klipper docs, Probe_Calibrate, Temperature Bias).{wait}",
            )
        )
    if level == "fail":
        advice.append(
            Advice(
                "mechanics",
                "Check the probe's mount, the bed's springs or mounts, and that nothing is loose or being pushed by "
                "a cable; then repeat.",
            )
        )
    if level == "unknown":
        advice.append(Advice("longer", "Repeat with longer phases and more touches: these do not decide."))
    return tuple(advice)
