"""Where heights lead to whose parts follow the heaters with lags of their own."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from zcal_tui.stats.combine import t_quantile
from zcal_tui.stats.lag import lagged
from zcal_tui.stats.thermal_fit import ThermalRun, thermal_run
from zcal_tui.stats.thermal_settled import Settled, settled_heights

FloatArray = NDArray[np.float64]

COLD, HOT, NOZZLE = 23.0, 60.0, 200.0
PER_NOZZLE = 0.00005
SIGMA = 0.003


def heated(parts: dict[float, float], seed: int, *, slip: float = 0.0) -> ThermalRun:
    """Three minutes cold, ten with the bed heated, ten with the nozzle too, ten cooling down, a touch every 9 s.

    `parts` are what the bed does, mm/°C by lag (s).
    """
    times = np.arange(0.0, 33.0 * 60.0, 9.0)
    bed = np.interp(times, [180.0, 360.0, 1380.0, 1700.0, 2000.0], [COLD, HOT, HOT, 32.0, 28.0])
    nozzle = np.interp(times, [780.0, 860.0, 1380.0, 1600.0, 2000.0], [COLD, NOZZLE, NOZZLE, 30.0, 25.0])
    phases = np.select([times < 180.0, times < 780.0, times < 1380.0], ["baseline", "bed", "nozzle"], "back")
    response = lagged(times, np.column_stack([bed, nozzle]) - COLD, np.array([*parts, 200.0]))
    heights = 1.5 + sum(size * response[n][:, 0] for n, size in enumerate(parts.values()))
    heights = heights + PER_NOZZLE * response[-1][:, 1] + slip * (times >= 1380.0)
    heights = heights + SIGMA * np.random.default_rng(seed).standard_normal(len(times))
    touches = np.column_stack([times, heights, bed, nozzle])
    return thermal_run(touches, phases.tolist(), np.empty((0, 3)))


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param(
            {120.0: 0.0008, 300.0: -0.0005, 900.0: -0.0002}, id="bed, probe and frame against each other"
        ),
        pytest.param({120.0: 0.0006, 300.0: 0.0009, 900.0: -0.0001}, id="bed and probe alike"),
        pytest.param({240.0: -0.0006}, id="a single lag"),
        pytest.param({240.0: 0.0}, id="nothing"),
    ],
)
def test_coverage(parts: dict[float, float]) -> None:
    runs = [heated(parts, seed) for seed in range(60)]
    found = [settled_heights(run, ("bed", "nozzle")) for run in runs]
    bed = sum(parts.values())
    shift = bed * (HOT - COLD) + PER_NOZZLE * (NOZZLE - COLD)
    truths = {"bed": bed, "nozzle": PER_NOZZLE, "shift": shift, "returned": 0.0}
    for name, truth in truths.items():
        held = [abs(_known(one, name)[0] - truth) <= _known(one, name)[1] for one in found]
        assert sum(held) / len(held) >= 0.9, name
    errors = [one.shift.value - shift for one in found]
    assert math.sqrt(float(np.mean(np.square(errors)))) < 0.004


def _known(found: Settled, name: str) -> tuple[float, float]:
    """A value and how far its 95 % interval reaches."""
    value = {"shift": found.shift, "returned": found.returned, **found.per_degree}[name]
    assert value is not None
    return value.value, t_quantile(0.975, found.dof) * value.size


def test_a_slip_when_the_heat_goes_is_no_warmth() -> None:
    parts = {120.0: 0.0008, 300.0: -0.0005}
    found = settled_heights(heated(parts, 1, slip=0.060), ("bed", "nozzle"))
    assert found.returned is not None
    assert found.returned.value == pytest.approx(0.060, abs=0.005)
    assert found.per_degree["bed"].value == pytest.approx(0.0003, abs=0.0001)


def test_a_heater_that_is_not_named_has_no_part() -> None:
    assert set(settled_heights(heated({240.0: 0.0004}, 2), ("bed",)).per_degree) == {"bed"}
