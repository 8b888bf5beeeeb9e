"""The frame's share of a temperature run: by how much the height changes for every °C of a sensor on the frame.

height = level + a · lag₁(T_bed) + b · lag₂(T_bed) + c · lag₃(T_nozzle) + d · T_frame + noise. The bed has two columns
because what it heats (its own shape, the probe) follows it at more than one speed. The frame's sensor shows the frame
itself and needs no lag. A part of the bed that followed as slowly as the frame could not be distinguished from it.
None is assumed to be slower than LONGEST_LAG.

The interval is the union over all lags that fit about as well as the best: which lags are right is not known.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.lag import blocks_for, lagged
from zcal_tui.stats.quantiles import t_ppf
from zcal_tui.stats.thermal import Temperatures, ThermalSample
from zcal_tui.stats.thermal_fit import LEAST_HEATING, ThermalRun, thermal_run

FloatArray = NDArray[np.float64]

LEAST_WARMING = 1.0
"""°C by which the frame has to warm up before anything is estimated."""
LONGEST_LAG = 300.0
"""s. Our assumption: the bed's shape and the probe follow their heaters within this time constant."""
LAGS: FloatArray = np.array([1.0, 15.0, 30.0, 60.0, 90.0, 120.0, 150.0, 180.0, 240.0, LONGEST_LAG])
"""s. The time constants considered."""
_LEAST_OWN = 1e-4
"""Share of its variance that the frame's column needs for itself."""


def frame_coefficient(
    samples: Sequence[ThermalSample],
    history: Temperatures,
    times: Sequence[float],
    frame: Sequence[float],
    *,
    confidence: float = 0.95,
) -> Interval | None:
    """The change of the height for every °C of the frame (mm/°C), whose temperature was `frame` at `times` (s).

    None where the frame hardly warmed up, or the data cannot separate it from bed and nozzle. ValueError as by
    `thermal_run`.
    """
    run = thermal_run(
        np.array([(s.t, s.height, s.bed, s.nozzle) for s in samples], dtype=np.float64),
        [s.phase for s in samples],
        np.column_stack([history.t, history.bed, history.nozzle]),
    )
    if len(times) < 2 or not np.isfinite(frame).all():
        return None
    at_sample = np.interp(run.times, times, frame)
    if float(np.ptp(at_sample)) < LEAST_WARMING:
        return None
    fits = [_fit(run, columns, at_sample) for columns in _responses(run)]
    found = [fit for fit in fits if fit is not None]
    if not found:
        return None
    best = min(found, key=lambda fit: fit[1])
    value, left, _, residuals, orthonormal = best
    blocks = blocks_for(residuals, orthonormal)
    count, parameters = orthonormal.shape
    wander = max(1.0, count / (blocks.dof + parameters + 1))
    variance = max(left, 1e-18) / max(1.0, count - parameters) * wander
    t = t_ppf(0.5 + 0.5 * confidence, blocks.dof)
    near = [fit for fit in found if fit[1] - left <= variance * t * t]
    low = min(fit[0] - t * math.sqrt(variance) * fit[2] for fit in near)
    high = max(fit[0] + t * math.sqrt(variance) * fit[2] for fit in near)
    return Interval(value, low, high, confidence)


def _responses(run: ThermalRun) -> Iterator[FloatArray]:
    """The columns of bed and nozzle at the samples, for each choice of lags."""
    warming = run.temperatures - run.start
    response = lagged(run.nodes, warming, LAGS)[:, run.at_sample]
    bed, nozzle = (float(np.ptp(warming[:, place])) >= LEAST_HEATING for place in (0, 1))
    pairs: list[tuple[int, ...]] = list(itertools.combinations(range(len(LAGS)), 2)) if bed else [()]
    for pair in pairs:
        for own in range(len(LAGS)) if nozzle else (None,):
            columns = [response[lag, :, 0] for lag in pair]
            if own is not None:
                columns.append(response[own, :, 1])
            yield np.column_stack([np.ones(len(run.times)), *columns])


def _fit(
    run: ThermalRun, columns: FloatArray, frame: FloatArray
) -> tuple[float, float, float, FloatArray, FloatArray] | None:
    """The frame's coefficient, the sum of squares that is left, the coefficient's standard error for σ = 1, the
    residuals, and the columns made orthonormal; None where the frame cannot be separated from the others."""
    others, _ = np.linalg.qr(columns)
    own = frame - others @ (others.T @ frame)
    size = float(own @ own)
    if size < _LEAST_OWN * float(((frame - frame.mean()) ** 2).sum()):
        return None
    rest = run.heights - others @ (others.T @ run.heights)
    coefficient = float(own @ rest) / size
    residuals = rest - coefficient * own
    orthonormal = np.column_stack([others, own / math.sqrt(size)])
    return coefficient, float(residuals @ residuals), 1.0 / math.sqrt(size), residuals, orthonormal
