"""How far heights came whose parts follow the heaters with lags of their own."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from zcal_tui.stats.combine import t_quantile
from zcal_tui.stats.lag import lagged
from zcal_tui.stats.thermal_fit import ThermalRun, thermal_run
from zcal_tui.stats.thermal_parts import KnownLags, Sizes, Warmed, _Fit, warmed

FloatArray = NDArray[np.float64]

COLD, HOT, NOZZLE = 23.0, 60.0, 200.0
PER_NOZZLE = 0.00005
SIGMA = 0.003


@dataclass(frozen=True)
class Heated:
    """A run, and what is so in it."""

    run: ThermalRun
    truth: dict[str, float]


def heated(parts: dict[float, float], seed: int, *, slip: float = 0.0, sigma: float = SIGMA) -> Heated:
    """Three minutes cold, ten with the bed heated, ten with the nozzle too, ten cooling down, a touch every 9 s.

    `parts` are what the bed does, mm/°C by lag (s).
    """
    times = np.arange(0.0, 33.0 * 60.0, 9.0)
    bed = np.interp(times, [180.0, 360.0, 1380.0, 1700.0, 2000.0], [COLD, HOT, HOT, 32.0, 28.0])
    nozzle = np.interp(times, [780.0, 860.0, 1380.0, 1600.0, 2000.0], [COLD, NOZZLE, NOZZLE, 30.0, 25.0])
    phases = np.select([times < 180.0, times < 780.0, times < 1380.0], ["baseline", "bed", "nozzle"], "back")
    response = lagged(times, np.column_stack([bed, nozzle]) - COLD, np.array([*parts, 200.0]))
    by_bed = np.sum([size * response[n][:, 0] for n, size in enumerate(parts.values())], axis=0)
    by_nozzle = PER_NOZZLE * response[-1][:, 1]
    noise = sigma * np.random.default_rng(seed).standard_normal(len(times))
    heights = 1.5 + by_bed + by_nozzle + slip * (times >= 1380.0) + noise
    run = thermal_run(np.column_stack([times, heights, bed, nozzle]), phases.tolist(), np.empty((0, 3)))
    reached_bed, reached_nozzle = (float(part[run.late_hot].mean()) for part in (by_bed, by_nozzle))
    return Heated(
        run,
        {
            "bed": reached_bed / (HOT - COLD),
            "nozzle": reached_nozzle / (NOZZLE - COLD),
            "shift": reached_bed + reached_nozzle,
            "returned": slip,
        },
    )


@pytest.mark.slow
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
    found = [warmed(one.run, (0, 1)) for one in runs]
    for name in ("bed", "nozzle", "shift", "returned"):
        held = [
            abs(_known(one, name).value - run.truth[name])
            <= t_quantile(0.975, one.dof) * _known(one, name).size
            for run, one in zip(runs, found, strict=True)
        ]
        # 95 %, less 1.8 standard errors of 60 runs.
        assert sum(held) / len(held) >= 0.9, name
    errors = [one.shift.value - run.truth["shift"] for run, one in zip(runs, found, strict=True)]
    assert math.sqrt(float(np.mean(np.square(errors)))) < 0.3 * SIGMA


def _known(found: Warmed, name: str) -> KnownLags:
    bed, nozzle = found.per_degree
    assert found.returned is not None
    return {"bed": bed, "nozzle": nozzle, "shift": found.shift, "returned": found.returned}[name]


def test_a_slip_when_the_heat_goes_is_no_warmth() -> None:
    one = heated({120.0: 0.0008, 300.0: -0.0005}, 1, slip=0.060)
    found = warmed(one.run, (0, 1))
    assert found.returned is not None
    assert found.returned.value == pytest.approx(0.060, abs=0.005)
    assert found.shift.value == pytest.approx(one.truth["shift"], abs=0.003)


def test_what_is_still_to_come_is_told_from_nothing_only_where_the_line_bends() -> None:
    slow = warmed(heated({3600.0: 0.004}, 3).run, (0, 1)).remaining
    assert slow.value > 2.0 * slow.size
    quick = warmed(heated({60.0: 0.002}, 3).run, (0, 1)).remaining
    assert abs(quick.value) < 2.0 * quick.size


def test_a_heater_that_is_not_named_has_no_part() -> None:
    found = warmed(heated({240.0: 0.0004}, 2).run, (0,))
    assert len(found.per_degree) == 1


@pytest.mark.parametrize("height", [0.0, 1.5])
def test_heights_that_never_change_have_no_shift(height: float) -> None:
    run = heated({0.0: 0.0}, 1).run
    found = warmed(replace(run, heights=np.full_like(run.heights, height)), (0, 1))
    assert found.returned is not None
    for known in (found.shift, found.returned, found.remaining):
        assert abs(known.value) < 1e-6
        assert known.size < 0.001


@pytest.mark.parametrize("sigma", [0.0, 1e-8, 1e-6, 1e-5])
def test_heights_without_noise_are_followed_within_half_a_micrometre(sigma: float) -> None:
    one = heated({240.0: 0.0005}, 1, slip=0.030, sigma=sigma)
    found = warmed(one.run, (0, 1))
    assert found.returned is not None
    assert found.shift.value == pytest.approx(one.truth["shift"], abs=0.0005)
    assert found.returned.value == pytest.approx(0.030, abs=0.0005)


FEW: Sizes = {0.0: 0.5, 0.001: 0.3, 0.02: 0.2}
SOME: Sizes = {0.003: 0.6, 0.1: 0.4}


@pytest.mark.parametrize(
    ("groups", "beside"),
    [
        ([(3, FEW), (2, SOME)], [(1, FEW), (1, SOME)]),
        ([(2, SOME), (1, FEW), (2, FEW)], [(2, FEW)]),
        ([(3, FEW), (2, SOME)], []),
    ],
)
def test_a_fit_is_that_of_every_combination_of_sizes(
    groups: list[tuple[int, Sizes]], beside: list[tuple[int, Sizes]]
) -> None:
    """With heights drawn from normal coefficients, each combination's posterior written out in full."""
    rng = np.random.default_rng(7)
    every = [*groups, *beside]
    width = sum(columns for columns, _ in every)
    design = rng.normal(size=(60, width)).cumsum(axis=0)
    heights = design @ rng.normal(0.0, 0.001, width) + rng.normal(0.0, SIGMA, 60)
    fit = _Fit.of(design, groups, beside, heights, 1.0)
    centred, rest = design - design.mean(axis=0), heights - heights.mean()
    scores, means, covariances = [], [], []
    for sizes in itertools.product(*(one for _, one in every)):
        prior = np.diag(np.repeat(sizes, [columns for columns, _ in every]) ** 2)
        of_heights = fit.variance * np.eye(60) + centred @ prior @ centred.T
        gain = prior @ centred.T @ np.linalg.inv(of_heights)
        means.append(gain @ rest)
        covariances.append(prior - gain @ centred @ prior)
        odds = math.prod(one[size] for size, (_, one) in zip(sizes, every, strict=True))
        explained = float(rest @ np.linalg.solve(of_heights, rest))
        scores.append(math.log(odds) - 0.5 * (explained + float(np.linalg.slogdet(of_heights)[1])))
    weights = np.exp(np.array(scores) - max(scores))
    weights /= weights.sum()
    mean = weights @ np.array(means)
    apart = np.array(means) - mean
    covariance = np.tensordot(weights, np.array(covariances), 1) + apart.T @ (weights[:, None] * apart)
    assert fit.mean == pytest.approx(mean, abs=1e-9)
    assert fit.covariance == pytest.approx(covariance, rel=1e-6, abs=1e-12)
