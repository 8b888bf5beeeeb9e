"""Our quantiles against scipy's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from zcal_tui.stats import quantiles

PROBABILITIES = (1e-6, 0.001, 0.025, 0.05, 0.5, 0.9, 0.975, 0.999, 1 - 1e-6)
DEGREES = (1, 2, 3, 9, 14, 39, 200)


def test_normal_cdf_array_is_exact_relative_to_its_size_in_the_lower_tail() -> None:
    x = np.linspace(-11.9, 11.9, 5001)
    np.testing.assert_allclose(quantiles.normal_cdf_array(x), stats.norm.cdf(x), rtol=2e-8)


def test_normal_cdf_array_is_clamped_far_out() -> None:
    assert quantiles.normal_cdf_array(np.array([-50.0, 50.0])) == pytest.approx([0.0, 1.0], abs=1e-30)


@pytest.mark.parametrize("p", PROBABILITIES)
def test_normal(p: float) -> None:
    assert quantiles.normal_ppf(p) == pytest.approx(stats.norm.ppf(p), rel=1e-9, abs=1e-12)
    assert quantiles.normal_cdf(stats.norm.ppf(p)) == pytest.approx(p, rel=1e-9)


@pytest.mark.parametrize("dof", DEGREES)
@pytest.mark.parametrize("p", PROBABILITIES)
def test_chi2(p: float, dof: int) -> None:
    assert quantiles.chi2_ppf(p, dof) == pytest.approx(stats.chi2.ppf(p, dof), rel=1e-9)
    assert quantiles.chi2_cdf(stats.chi2.ppf(p, dof), dof) == pytest.approx(p, rel=1e-9)


@pytest.mark.parametrize("dof", DEGREES)
@pytest.mark.parametrize("p", PROBABILITIES)
def test_t(p: float, dof: int) -> None:
    assert quantiles.t_ppf(p, dof) == pytest.approx(stats.t.ppf(p, dof), rel=1e-8, abs=1e-12)
    assert quantiles.t_cdf(stats.t.ppf(p, dof), dof) == pytest.approx(p, rel=1e-9)


def test_t_two_sided_p_is_both_tails() -> None:
    assert quantiles.t_two_sided_p(-2.5, 12) == pytest.approx(2 * stats.t.sf(2.5, 12), rel=1e-10)
    assert quantiles.t_two_sided_p(0.0, 12) == 1.0
    assert quantiles.t_two_sided_p(float("inf"), 12) == 0.0


@pytest.mark.parametrize("count", [2, 3, 10, 40])
def test_range_of_normals(count: int) -> None:
    for width in (0.5, 2.0, 3.0, 4.5, 6.0):
        expected = stats.studentized_range.cdf(width, count, np.inf)
        assert quantiles.normal_range_cdf(width, count) == pytest.approx(expected, rel=1e-7, abs=1e-10)
    for p in (0.05, 0.5, 0.95):
        assert quantiles.normal_range_cdf(quantiles.normal_range_ppf(p, count), count) == pytest.approx(
            p, rel=1e-9
        )


def test_range_of_ten_by_the_figures_of_control_charts() -> None:
    assert quantiles.normal_range_mean(10) == pytest.approx(3.07751, abs=1e-5)
    assert quantiles.normal_range_mean(2) == pytest.approx(2 / np.sqrt(np.pi), abs=1e-6)
    assert quantiles.normal_range_ppf(0.95, 10) == pytest.approx(4.474, abs=1e-3)


@pytest.mark.parametrize(("count", "dof"), [(3, 2), (3, 10), (5, 20), (10, 60)])
def test_studentised_range(count: int, dof: int) -> None:
    for q in (1.0, 3.0, 5.0):
        expected = stats.studentized_range.cdf(q, count, dof)
        assert quantiles.studentised_range_cdf(q, count, dof) == pytest.approx(expected, rel=1e-5)
    assert quantiles.studentised_range_cdf(
        quantiles.studentised_range_ppf(0.95, count, dof), count, dof
    ) == pytest.approx(0.95, rel=1e-9)


def test_nothing_is_narrower_than_nothing() -> None:
    assert quantiles.normal_range_cdf(-1.0, 10) == 0.0
    assert quantiles.studentised_range_cdf(0.0, 10, 5) == 0.0
    assert quantiles.chi2_cdf(-1.0, 5) == 0.0


@pytest.mark.parametrize("dof", [3.0, 9.0, 200.0])
@pytest.mark.parametrize("p", [0.7, 0.95, 0.99])
def test_two_ends_are_a_difference_by_students_t(p: float, dof: float) -> None:
    assert quantiles.studentised_ends_ppf(p, 1, 1, dof) == pytest.approx(
        math.sqrt(2.0) * stats.t.ppf(p, dof), rel=1e-4
    )


def test_two_at_each_end_are_farther_apart_than_one_pair_and_less_than_bonferroni_says() -> None:
    rng = np.random.default_rng(8)
    draws = rng.standard_normal((200_000, 4)) / np.sqrt(rng.chisquare(9, (200_000, 1)) / 9)
    apart = draws[:, :2].max(axis=1) - draws[:, 2:].min(axis=1)
    for p in (0.7, 0.95, 0.99):
        assert quantiles.studentised_ends_ppf(p, 2, 2, 9.0) == pytest.approx(
            float(np.quantile(apart, p)), abs=0.04
        )
