"""A temperature run of a machine whose parts follow the heaters with lags of their own, in process.

Three minutes cold, then the bed heated and then the nozzle too, each as long as `soak`, then cooling down; a sample
every nine seconds, as a real run takes five every 45 s.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from zcal_tui.stats.lag import lagged
from zcal_tui.stats.thermal import Phase, ThermalSample

FloatArray = NDArray[np.float64]

COLD, HOT, NOZZLE = 23.0, 60.0, 200.0
EVERY = 9.0
CALM, BED_WARMS, NOZZLE_WARMS = 180.0, 300.0, 120.0
BED_COOLS, NOZZLE_COOLS = 700.0, 150.0


@dataclass(frozen=True, slots=True)
class HeatedMachine:
    """What bed and nozzle do to the trigger height: mm/°C by lag (s). `sigma` (mm) is the scatter of a sample, `step`
    (mm) the Z step distance."""

    bed: dict[float, float]
    nozzle: dict[float, float]
    sigma: float = 0.003
    step: float = 0.0025


@dataclass(frozen=True, slots=True)
class SimulatedHeat:
    """The samples of a run and its true values: `shift` in the last third of the heat, `remaining` after it (mm), and
    `per_nozzle` (mm/°C). `settled` is where the height leads to in the end (mm)."""

    samples: tuple[ThermalSample, ...]
    shift: float
    remaining: float
    per_bed: float
    per_nozzle: float

    @property
    def settled(self) -> float:
        """The shift with what was still to come, mm."""
        return self.shift + self.remaining


def heated_run(
    machine: HeatedMachine, rng: np.random.Generator, *, soak: float = 1200.0, back: float = 1800.0
) -> SimulatedHeat:
    """Heat it and measure. `soak` and `back` are in s."""
    on = CALM
    nozzle_on = on + BED_WARMS + soak
    off = nozzle_on + NOZZLE_WARMS + soak
    times = np.arange(0.0, off + back, EVERY)
    bed = np.interp(times, [on, on + BED_WARMS], [COLD, HOT])
    nozzle = np.interp(times, [nozzle_on, nozzle_on + NOZZLE_WARMS], [COLD, NOZZLE])
    cooling = np.maximum(0.0, times - off)
    bed = COLD + (bed - COLD) * np.exp(-cooling / BED_COOLS)
    nozzle = COLD + (nozzle - COLD) * np.exp(-cooling / NOZZLE_COOLS)
    phases: list[Phase] = [
        "baseline" if t < on else "bed" if t < nozzle_on else "nozzle" if t < off else "back" for t in times
    ]
    by_bed = _response(times, bed, machine.bed)
    by_nozzle = _response(times, nozzle, machine.nozzle)
    hot = np.flatnonzero((times >= nozzle_on) & (times < off))
    late, calm = hot[-(len(hot) // 3) :], times < on
    reached = [float(part[late].mean() - part[calm].mean()) for part in (by_bed, by_nozzle)]
    wanted = sum(machine.bed.values()) * (HOT - COLD) + sum(machine.nozzle.values()) * (NOZZLE - COLD)
    end = float(by_bed[hot[-1]] + by_nozzle[hot[-1]])
    heights = 1.5 + by_bed + by_nozzle + rng.normal(0.0, machine.sigma, len(times))
    if machine.step:
        heights = np.floor(heights / machine.step + rng.random()) * machine.step
    rows = zip(times.tolist(), heights.tolist(), bed.tolist(), nozzle.tolist(), phases, strict=True)
    return SimulatedHeat(
        tuple(ThermalSample(*row) for row in rows),
        sum(reached),
        wanted - end,
        reached[0] / (HOT - COLD),
        reached[1] / (NOZZLE - COLD),
    )


def _response(times: FloatArray, temperatures: FloatArray, parts: dict[float, float]) -> FloatArray:
    if not parts:
        return np.zeros(len(times))
    followed = lagged(times, (temperatures - COLD)[:, None], np.array(list(parts)))[:, :, 0]
    return np.asarray(np.array(list(parts.values())) @ followed, dtype=np.float64)
