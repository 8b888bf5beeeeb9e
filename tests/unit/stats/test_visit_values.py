"""The value of a visit, from which values that are far off hardly count."""

from statistics import fmean

import numpy as np
import pytest

from zcal_tui.stats.visit_values import visit_values

STEP = 0.00125


def drawn(rng: np.random.Generator, count: int = 15, each: int = 4) -> list[list[float]]:
    return [rng.normal(0.02, 0.0028, each).tolist() for _ in range(count)]


def test_without_outliers_they_are_about_the_means() -> None:
    found = drawn(np.random.default_rng(1))
    means = fmean(fmean(values) for values in found)
    assert fmean(visit_values(found, STEP)) == pytest.approx(means, abs=0.0005)


@pytest.mark.parametrize("size", [0.012, -0.012, 0.2])
def test_a_value_that_is_far_off_hardly_counts(size: float) -> None:
    found = drawn(np.random.default_rng(2))
    off = [*found[0], 0.02 + size]
    (alone, *others), (value, *same) = visit_values(found, STEP), visit_values([off, *found[1:]], STEP)
    assert value == pytest.approx(alone, abs=0.0005)
    assert same == pytest.approx(others, abs=0.0005)
    assert abs(fmean(off) - alone) > 0.002


def test_a_shift_of_all_values_shifts_the_result() -> None:
    found = drawn(np.random.default_rng(3))
    up = [[value + 1.0 for value in values] for values in found]
    assert visit_values(up, STEP) == pytest.approx([value + 1.0 for value in visit_values(found, STEP)])


def test_a_value_one_step_off_counts() -> None:
    (value, *_) = visit_values([[0.0, 0.0, 0.0, STEP], *[[0.0] * 4] * 9], STEP)
    assert value > 0.2 * STEP


def test_one_or_two_values_are_averaged() -> None:
    assert visit_values([[0.02], [0.01, 0.05], [0.02, 0.02]], STEP) == pytest.approx((0.02, 0.03, 0.02))


def test_values_that_are_all_alike() -> None:
    assert visit_values([[0.02] * 4] * 5, 0.0) == (0.02,) * 5


def test_a_visit_needs_a_value() -> None:
    with pytest.raises(ValueError, match="at least one value"):
        visit_values([[]], STEP)


def _shares(outlier: float, runs: int) -> tuple[float, float, float]:
    """How far the mean of 15 visits is off on average, and its standard deviation with means and with values (mm)."""
    rng = np.random.default_rng(4)
    by_mean, by_value = [], []
    for _ in range(runs):
        found = [[value + outlier * (rng.random() < 0.05) for value in values] for values in drawn(rng)]
        by_mean.append(fmean(fmean(values) for values in found))
        by_value.append(fmean(visit_values(found, STEP)))
    return fmean(by_value) - 0.02, float(np.std(by_mean)), float(np.std(by_value))


@pytest.mark.slow
def test_small_outliers_shift_the_mean_by_half_as_much_and_it_scatters_little_more() -> None:
    # Of 10 µm in 5 %: means are off by 0.5 µm; standard errors are 0.01 µm and 3 %
    assert _shares(0.010, 1000)[0] < 0.00025
    off, means, values = _shares(0.0, 1000)
    assert abs(off) < 0.00005
    assert values < 1.15 * means
