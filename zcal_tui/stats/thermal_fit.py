"""The fit behind `thermal`: which columns a temperature run can separate, and how the fitted height settles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from zcal_tui.stats.lag import LAGS, Blocks, IntArray, LagModel, blocks_for, lagged

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

Other = Literal["nothing", "drift", "slip"]

FEWEST = 3
"""The fewest samples in the baseline and in a hot phase from which anything is estimated."""

LEAST_HEATING = 5.0
"""°C. A heater that changed by less was not heated."""

_REACHED = 2.0
_OWN_SHARE = 0.05
HOUR = 3600.0
_CLEARLY_LESS = 0.8
"""A slip is chosen where it leaves less than this share of what a drift leaves."""

_TOGETHER = "Bed and nozzle warmed up together, so their effects cannot be separated."


@dataclass(frozen=True, slots=True)
class ThermalRun:
    """A temperature run as arrays. `nodes` are all times (s) at which temperatures (°C; bed, nozzle) are known, the
    samples' among them; `at_sample` are the samples' indices there."""

    times: FloatArray
    heights: FloatArray
    baseline: BoolArray
    hot: BoolArray
    back: BoolArray
    nodes: FloatArray
    temperatures: FloatArray
    at_sample: IntArray

    @property
    def start(self) -> FloatArray:
        """Temperatures of bed and nozzle in the baseline."""
        return np.asarray(self.temperatures[self.at_sample][self.baseline].mean(axis=0), dtype=np.float64)

    @property
    def end(self) -> FloatArray:
        """Temperatures of bed and nozzle in the last third of the hot phase."""
        late = self.temperatures[self.at_sample][self.late_hot]
        return np.asarray(np.median(late, axis=0), dtype=np.float64)

    @property
    def heated(self) -> list[int]:
        """What was heated: 0 the bed, 1 the nozzle."""
        return np.flatnonzero(np.abs(self.end - self.start) >= LEAST_HEATING).tolist()

    @property
    def heated_for(self) -> float:
        """Seconds from the last sample of the baseline to the last one of the hot phase."""
        return float(self.times[self.hot][-1] - self.times[self.baseline][-1])

    @property
    def late_hot(self) -> BoolArray:
        """The samples in the last third of the hot phase."""
        return self._last_third(self.hot)

    @property
    def late_back(self) -> BoolArray:
        """The samples in the last third of the phase after the heat."""
        return self._last_third(self.back)

    def _last_third(self, phase: BoolArray) -> BoolArray:
        places = np.flatnonzero(phase)
        late = np.zeros(len(self.times), dtype=np.bool_)
        late[places[-max(FEWEST, len(places) // 3) :]] = True
        return late


def thermal_run(samples: FloatArray, phases: Sequence[str], history: FloatArray) -> ThermalRun:
    """The run from samples (rows of time, height, bed, nozzle) and a history (rows of time, bed, nozzle).

    ValueError on numbers that are not finite, or without three samples each in the baseline and in a hot phase.
    """
    if not (np.isfinite(samples).all() and np.isfinite(history).all()):
        raise ValueError("every time, height and temperature must be a finite number")
    order = np.argsort(samples[:, 0], kind="stable")
    samples = samples[order]
    phase = np.array(phases)[order]
    hot = phase == ("nozzle" if (phase == "nozzle").any() else "bed")
    if (phase == "baseline").sum() < FEWEST or hot.sum() < FEWEST:
        raise ValueError(f"at least {FEWEST} samples in the baseline and {FEWEST} in a hot phase are needed")
    # Where a sample and the history share a time the sample's temperatures count: it comes first.
    known = np.concatenate([samples[:, [0, 2, 3]], history])
    nodes, first = np.unique(known[:, 0], return_index=True)
    return ThermalRun(
        times=samples[:, 0],
        heights=samples[:, 1],
        baseline=phase == "baseline",
        hot=hot,
        back=phase == "back",
        nodes=nodes,
        temperatures=known[first, 1:],
        at_sample=np.searchsorted(nodes, samples[:, 0]),
    )


@dataclass(frozen=True, slots=True)
class ThermalFit:
    """The fitted model.

    Column 0 is the level; `thermal` are the columns of temperature, whose settled values when hot are `settled` and
    whose heaters are `names` (none where they cannot be separated). `other` is what changes beside temperature, in
    column `drift` (None where the run does not show it). `response` are the thermal columns at all nodes (lags × nodes
    × columns).
    """

    run: ThermalRun
    model: LagModel
    thermal: list[int]
    names: list[str]
    settled: FloatArray
    other: Other
    drift: int | None
    response: FloatArray
    lag: int
    coefficients: FloatArray
    fitted: FloatArray
    residuals: FloatArray
    blocks: Blocks

    def curve(self, times: FloatArray) -> FloatArray:
        """The fitted line at any times."""
        at_nodes = self.response[self.lag] @ self.coefficients[self.thermal]
        line = self.coefficients[0] + np.interp(times, self.run.nodes, at_nodes)
        if self.drift is not None:
            line = line + self.coefficients[self.drift] * _beside_temperature(self.run, self.other, times)
        return np.asarray(line, dtype=np.float64)


def fit_run(run: ThermalRun) -> tuple[ThermalFit, tuple[str, ...]]:
    """The fit, and sentences on what it cannot separate. ValueError if nothing was heated."""
    heating = run.end - run.start
    heated = np.isin([0, 1], run.heated)
    names = [name for name, was in zip(("bed", "nozzle"), heated, strict=True) if was]
    if not names:
        raise ValueError(f"neither bed nor nozzle was heated by {LEAST_HEATING:g} °C or more")
    # A lag longer than the heat looks like a straight line, which could lead anywhere
    lags = LAGS[: max(2, int((run.heated_for >= LAGS).sum()))]
    response = lagged(run.nodes, run.temperatures - run.start, lags)[:, :, heated]
    reasons = tuple(
        f"The {name} was not heated." for name, was in zip(("bed", "nozzle"), heated, strict=True) if not was
    )
    try:
        fit = _best_fit(run, response, names, heating[heated])
    except ValueError:
        if len(names) < 2:
            raise
        # Exactly in proportion: one column is used for both.
        share = (response / heating).sum(axis=2, keepdims=True)
        return _best_fit(run, share, [], np.array([2.0])), (_TOGETHER,)
    if len(names) == 2 and not _separable(fit):
        return replace(fit, names=[]), (_TOGETHER,)
    return fit, reasons


def _best_fit(run: ThermalRun, response: FloatArray, names: list[str], settled: FloatArray) -> ThermalFit:
    # Without a phase after the heat what happens beside temperature looks like a slow warming up.
    if run.back.sum() < FEWEST:
        return _fit(run, response, names, settled, "nothing")
    drifting, slipped = (
        _fit(run, response, names, settled, "drift"),
        _fit(run, response, names, settled, "slip"),
    )
    left = float(slipped.residuals @ slipped.residuals)
    return slipped if left < _CLEARLY_LESS * float(drifting.residuals @ drifting.residuals) else drifting


def _beside_temperature(run: ThermalRun, other: Other, times: FloatArray) -> FloatArray:
    """The column of `other`: the hours of a drift, or 1 from the first sample after the heat on for a slip."""
    if other == "slip":
        return np.asarray(times >= run.times[run.back][0], dtype=np.float64)
    return np.asarray((times - run.times[0]) / HOUR, dtype=np.float64)


def _fit(
    run: ThermalRun, response: FloatArray, names: list[str], settled: FloatArray, other: Other
) -> ThermalFit:
    count = len(run.times)
    lags = len(response)
    columns = [np.ones((lags, count, 1)), response[:, run.at_sample]]
    if other != "nothing":
        beside = _beside_temperature(run, other, run.times)
        columns.append(np.broadcast_to(beside[:, None], (lags, count, 1)))
    model = LagModel.of(np.concatenate(columns, axis=2))
    best = model.fit(run.heights[:, None])
    lag, coefficients = int(best.lag[0]), best.coefficients[0]
    fitted = model.columns[lag] @ coefficients
    residuals = run.heights - fitted
    return ThermalFit(
        run=run,
        model=model,
        thermal=list(range(1, 1 + response.shape[2])),
        names=names,
        settled=settled,
        other=other,
        drift=None if other == "nothing" else 1 + response.shape[2],
        response=response,
        lag=lag,
        coefficients=coefficients,
        fitted=fitted,
        residuals=residuals,
        blocks=blocks_for(residuals, model.orthonormal[lag]),
    )


def _separable(fit: ThermalFit) -> bool:
    """Whether each temperature has enough of its own that the other columns do not follow."""
    columns = fit.model.columns[fit.lag]
    for own in fit.thermal:
        others = np.delete(columns, own, axis=1)
        rest = columns[:, own] - others @ np.linalg.lstsq(others, columns[:, own], rcond=None)[0]
        if float(rest @ rest) < _OWN_SHARE * float(((columns[:, own] - columns[:, own].mean()) ** 2).sum()):
            return False
    return True


def settling(fit: ThermalFit, tolerance: float) -> float | None:
    """How long after the hot temperatures were reached the fitted height was within `tolerance` (mm) of where it leads
    to for good, in s; None if it was not."""
    run = fit.run
    before = run.nodes <= run.times[run.hot][-1]
    nodes = run.nodes[before]
    away = np.abs(run.temperatures[before] - run.end).max(axis=1) > _REACHED
    reached = float(nodes[min(_last(away) + 1, len(nodes) - 1)])
    off = np.abs((fit.response[fit.lag][before] - fit.settled) @ fit.coefficients[fit.thermal])
    last = _last(off > tolerance)
    return None if last == len(nodes) - 1 else max(0.0, float(nodes[last + 1]) - reached)


def _last(where: BoolArray) -> int:
    """The last index where it is true; −1 if it is nowhere."""
    places = np.flatnonzero(where)
    return int(places[-1]) if len(places) else -1
