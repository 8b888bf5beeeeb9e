"""The range of true means."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from zcal_tui.stats.spread import SpreadEvidence

FloatArray = NDArray[np.float64]


def evidence(
    means: FloatArray | list[float], sigma: float = 1.0, dof: float = 9.0, **more: float
) -> SpreadEvidence:
    """Means that each have the standard error sigma."""
    count = len(means)
    return SpreadEvidence(
        np.asarray(means, dtype=np.float64), np.full((count, count), 2.0), sigma, dof, **more
    )


def test_the_lower_bound_is_tukeys() -> None:
    low, _ = evidence([0.0, 1.0, 2.0, 9.0]).bounds(0.05)
    assert low == pytest.approx(9.0 - stats.studentized_range.ppf(0.95, 4, 9), rel=1e-5)


def test_the_upper_bound_of_a_large_range_is_that_of_one_pair() -> None:
    _, high = evidence([0.0, 5.0, 5.0, 30.0]).bounds(0.05)
    assert high == pytest.approx(30.0 + np.sqrt(2) * stats.t.ppf(0.95, 9), rel=1e-3)


def test_two_means_are_one_pair() -> None:
    """Either may be the larger one: the lower bound is two-sided."""
    low, high = evidence([0.0, 30.0], dof=5).bounds(0.025)
    assert low == pytest.approx(30.0 - np.sqrt(2) * stats.t.ppf(0.9875, 5), rel=1e-3)
    assert high == pytest.approx(30.0 + np.sqrt(2) * stats.t.ppf(0.975, 5), rel=1e-3)


def test_equal_estimates_are_not_taken_for_equal_means() -> None:
    low, high = evidence([1.0, 1.0, 1.0, 1.0]).bounds(0.025)
    assert low == 0.0
    # As for a range that noise alone gives every other time.
    median = stats.studentized_range.ppf(0.5, 4, 9)
    assert high == pytest.approx(
        evidence([0.0, 0.5 * median, 0.5 * median, median]).bounds(0.025)[1], rel=1e-3
    )
    assert high > median


def test_bounds_scale_with_the_noise() -> None:
    small, large = evidence([0.0, 1.0, 3.0]), evidence([0.0, 10.0, 30.0], sigma=10.0)
    assert np.multiply(small.bounds(0.01), 10.0) == pytest.approx(large.bounds(0.01), rel=1e-6)


def test_what_repeats_do_not_lessen_widens_both_sides() -> None:
    plain, coarse = evidence([0.0, 1.0, 12.0]), evidence([0.0, 1.0, 12.0], systematic=1.0)
    assert coarse.bounds(0.025)[0] < plain.bounds(0.025)[0]
    assert coarse.bounds(0.025)[1] > plain.bounds(0.025)[1]


def test_without_any_noise_the_range_is_what_it_is() -> None:
    assert evidence([0.0, 2.0, 1.0], sigma=0.0).bounds(0.025) == (2.0, 2.0)


def test_pairs_of_different_precision() -> None:
    factor = np.array([[0.0, 2.0, 4.0], [2.0, 0.0, 4.0], [4.0, 4.0, 0.0]])
    low, high = SpreadEvidence(np.array([0.0, 1.0, 30.0]), factor, 1.0, 9.0).bounds(0.025)
    assert high == pytest.approx(30.0 + 2.0 * stats.t.ppf(0.975, 9))
    assert low == pytest.approx(30.0 - np.sqrt(2.0) * stats.studentized_range.ppf(0.975, 3, 9), rel=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(("count", "dof"), [(3, 4), (9, 16)])
@pytest.mark.parametrize("true", [0.0, 3.0, 6.0])
def test_each_bound_is_wrong_in_its_share_at_most(count: int, dof: int, true: float) -> None:
    """With the means where a small range is likeliest (upper bound) and where a large one is (lower bound)."""
    rng = np.random.default_rng([count, dof, int(true)])
    runs = 500
    ends = np.full(count, 0.5 * true)
    ends[0], ends[-1] = 0.0, true
    halves = np.where(np.arange(count) < count // 2, 0.0, true)
    too_low = too_high = 0
    for _ in range(runs):
        noise = rng.standard_normal(count)
        s = float(np.sqrt(rng.chisquare(dof) / dof))
        too_low += evidence(ends + noise, s, dof).bounds(0.05)[1] < true
        too_high += evidence(halves + noise, s, dof).bounds(0.05)[0] > true
    # 5 %, and two standard errors of 500 runs.
    assert too_low / runs <= 0.07
    assert too_high / runs <= 0.07
