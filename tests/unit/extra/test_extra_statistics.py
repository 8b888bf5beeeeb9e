"""The statistics of [zcal], against scipy and against the true value of thousands of simulated series."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from klippy_extra.zcal.backlash_estimate import (
    Singular,
    UncertainValue,
    average,
    balanced,
    effect,
    interval,
    scaled,
)
from klippy_extra.zcal.quantiles import incomplete_beta, t_quantile, two_sided_t
from klippy_extra.zcal.summary import half_width, summary

RUNS = 2000


@pytest.mark.parametrize("freedom", [1, 1.3, 1.7, 2, 2.5, 3, 4.7, 5.5, 6, 9, 10, 29, 30, 197, 200, 1e4])
@pytest.mark.parametrize("probability", [0.6, 0.9, 0.95, 0.975, 0.995])
def test_t_quantiles_are_scipys(probability: float, freedom: float) -> None:
    assert t_quantile(probability, freedom) == pytest.approx(stats.t.ppf(probability, freedom), rel=1e-9)


def test_a_two_sided_interval_is_the_95_percent_one() -> None:
    assert two_sided_t(9.0) == pytest.approx(stats.t.interval(0.95, 9.0)[1], rel=1e-9)


@given(st.floats(0.1, 500), st.floats(0.1, 500), st.floats(0, 1))
def test_incomplete_beta_is_scipys(a: float, b: float, x: float) -> None:
    assert incomplete_beta(a, b, x) == pytest.approx(special.betainc(a, b, x), rel=1e-7, abs=1e-12)


def share_covered(
    backlash: float, pairs: int, *, drift: float, sigma: float, slope: float, bound: float = 0.0
) -> float:
    """How often the interval covers the true value, with a constant error within ± `bound` in each run."""
    draws = np.random.default_rng(round(1e6 * backlash) + pairs)
    order = balanced(pairs)
    heights = [0.25 * side for side in balanced(3)]
    inside = 0
    for _ in range(RUNS):
        known = [
            slope * height + drift * place + draws.normal(0, sigma) for place, height in enumerate(heights)
        ]
        off = draws.uniform(-bound, bound)
        readings = [
            slope * (backlash + off) * side / 2 + drift * place + draws.normal(0, sigma)
            for place, side in enumerate(order)
        ]
        raw = effect([side / 2 for side in order], readings, 1e-6)
        found = interval(scaled(raw, effect(heights, known, 1e-6)), within=bound)
        inside += found.low <= backlash <= found.high
    return inside / RUNS


@pytest.mark.slow
@pytest.mark.parametrize("backlash", [0.0, 0.010, 0.025, 0.060, 0.150])
@pytest.mark.parametrize(("pairs", "drift"), [(3, 0.0), (10, 0.0), (10, 0.002)])
def test_scan_backlash_covers_the_truth_as_often_as_it_says(
    backlash: float, pairs: int, drift: float
) -> None:
    assert 0.935 <= share_covered(backlash, pairs, drift=drift, sigma=0.002, slope=1.03) <= 0.965


@pytest.mark.parametrize("step", [0.00125, 0.0025])
@pytest.mark.parametrize("pairs", [3, 10])
def test_scan_backlash_covers_the_truth_with_motors_off_by_up_to_half_a_step(pairs: int, step: float) -> None:
    assert 0.935 <= share_covered(0.025, pairs, drift=0.0, sigma=0.002, slope=1.03, bound=step / 2) <= 0.965


def test_release_backlash_covers_the_truth_as_often_as_it_says() -> None:
    draws = np.random.default_rng(7)
    inside = 0
    for _ in range(RUNS):
        found = interval(average([float(value) for value in draws.normal(0.06, 0.003, 8)], 0.0))
        inside += found.low <= 0.06 <= found.high
    assert 0.935 <= inside / RUNS <= 0.965


def test_the_order_of_directions_takes_a_steady_drift_out() -> None:
    order = balanced(4)
    assert sum(order) == 0
    assert sum(side * place for place, side in enumerate(order)) == 0
    readings = [0.02 * side / 2 + 0.5 * place for place, side in enumerate(order)]
    assert effect([side / 2 for side in order], readings, 1e-6).value == pytest.approx(0.02, abs=1e-9)


def test_equal_readings_do_not_make_an_interval_of_nothing() -> None:
    found = interval(average([0.05] * 5, 0.0025))
    assert found.high - found.low > 0.0005


@pytest.mark.parametrize("count", [0, 1, 2, 3])
def test_too_few_readings_determine_nothing(count: int) -> None:
    with pytest.raises(Singular):
        effect([0.5, -0.5, 0.5][:count], [1.0] * count, 1e-6)


def test_a_setting_that_never_changes_determines_nothing() -> None:
    with pytest.raises(Singular):
        effect([1.0] * 6, [1.0, 2.0, 3.0, 1.0, 2.0, 3.0], 1e-6)


def test_a_sensor_that_does_not_follow_the_height_is_refused() -> None:
    with pytest.raises(Singular):
        scaled(UncertainValue(0.05, 0.001, 10), UncertainValue(0.01, 0.1, 3))


@given(st.lists(st.floats(-10, 10), min_size=2, max_size=30))
def test_a_summary_is_numpys(heights: list[float]) -> None:
    found = summary(heights, 0.0)
    assert found["mean"] == pytest.approx(np.mean(heights), abs=1e-9)
    assert found["median"] == pytest.approx(np.median(heights), abs=1e-9)
    assert found["sigma"] == pytest.approx(np.std(heights, ddof=1), abs=1e-7)


def test_heights_that_agree_by_luck_are_no_more_precise_than_a_step() -> None:
    width = half_width([1.0, 1.0, 1.0], 0.01)
    assert width is not None and width > 0.01 / math.sqrt(12)
    assert half_width([1.0], 0.01) is None
