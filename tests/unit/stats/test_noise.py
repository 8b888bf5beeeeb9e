"""The likelihood of sigma behind quantised readings."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from zcal_tui.stats.calibration import sigma_interval
from zcal_tui.stats.noise import fine_log_likelihood, levels_log_likelihood, noise_evidence

LEVELS = [
    ((0, 1), (5, 5)),
    ((0, 1), (1, 14)),
    ((0, 1, 2), (1, 8, 1)),
    ((0, 1, 2, 3), (3, 17, 17, 3)),
    ((0, 2), (9, 1)),
]


def brute_force(levels: tuple[int, ...], counts: tuple[int, ...], sigma: float) -> float:
    def density(mean: float) -> float:
        cells = [
            stats.norm.cdf((k + 0.5 - mean) / sigma) - stats.norm.cdf((k - 0.5 - mean) / sigma)
            for k in levels
        ]
        return math.prod(cell**count for cell, count in zip(cells, counts, strict=True))

    corners = [k + 0.5 for k in range(-1, max(levels) + 1)]
    return float(integrate.quad(density, -2.0, max(levels) + 2.0, points=corners, limit=400, epsabs=0.0)[0])


@pytest.mark.slow
@pytest.mark.parametrize(("levels", "counts"), LEVELS)
def test_likelihood_is_the_interval_censored_one_with_the_mean_integrated_out(
    levels: tuple[int, ...], counts: tuple[int, ...]
) -> None:
    sigmas = np.array([0.3, 0.45, 0.7, 1.1])
    ours = levels_log_likelihood(np.array(levels, dtype=float), np.array(counts, dtype=float), sigmas)
    expected = np.log([brute_force(levels, counts, float(sigma)) for sigma in sigmas])
    np.testing.assert_allclose(ours - ours[0], expected - expected[0], atol=2e-3)


def test_rounding_is_an_independent_error_where_it_is_fine() -> None:
    rng = np.random.default_rng(4)
    readings = np.rint(1.6 * rng.standard_normal(30) + 0.3)
    levels, counts = np.unique(readings, return_counts=True)
    sigmas = np.geomspace(1.0, 2.6, 9)
    exact = levels_log_likelihood(levels, counts.astype(float), sigmas)
    fine = fine_log_likelihood(float(((readings - readings.mean()) ** 2).sum()), 29, sigmas)
    np.testing.assert_allclose(exact - exact[4], fine - fine[4], rtol=0.01, atol=0.01)


@settings(max_examples=40, deadline=None)
@given(st.integers(6, 60), st.floats(0.0005, 0.02))
def test_without_quantisation_the_interval_is_the_chi_square_one(n: int, sigma: float) -> None:
    readings = sigma * np.random.default_rng(n).standard_normal(n)
    s = float(readings.std(ddof=1))
    interval = sigma_interval(noise_evidence(readings.tolist(), dof=n - 1, step=0.0), s, 0.95, None)
    assert interval.low == pytest.approx(s * math.sqrt((n - 1) / stats.chi2.ppf(0.975, n - 1)), rel=5e-3)
    assert interval.high == pytest.approx(s * math.sqrt((n - 1) / stats.chi2.ppf(0.025, n - 1)), rel=5e-3)


def test_a_single_level_bounds_sigma_from_above_only() -> None:
    evidence = noise_evidence([1.4] * 15, dof=14, step=0.0025)
    interval = sigma_interval(evidence, 0.0, 0.95, None)
    assert interval.low is None
    assert interval.high is not None
    # With sigma at the bound, fifteen readings on one level are rare; with half of it they are not.
    assert single_level_share(interval.high / 0.0025, 15) < 0.06
    assert single_level_share(interval.high / 0.0050, 15) > 0.15


def single_level_share(ratio: float, n: int) -> float:
    rng = np.random.default_rng(8)
    readings = np.floor(ratio * rng.standard_normal((20_000, n)) + rng.random((20_000, 1)))
    return float((np.ptp(readings, axis=1) == 0).mean())


def test_more_samples_on_one_level_bound_it_lower() -> None:
    bounds = [
        sigma_interval(noise_evidence([1.4] * n, dof=n - 1, step=0.0025), 0.0, 0.95, None).high
        for n in (10, 20, 40)
    ]
    assert all(bound is not None for bound in bounds)
    assert bounds == sorted(bounds, key=lambda bound: -(bound or 0.0))


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 4), min_size=5, max_size=40), st.floats(0.0003, 0.0125))
def test_any_readings_give_an_ordered_interval_and_scale_with_the_step(
    levels: list[int], step: float
) -> None:
    dof = len(levels) - 1
    one = sigma_interval(noise_evidence([float(k) for k in levels], dof=dof, step=1.0), 0.0, 0.95, None)
    other = sigma_interval(noise_evidence([k * step for k in levels], dof=dof, step=step), 0.0, 0.95, None)
    assert one.high is not None
    assert other.high == pytest.approx(one.high * step, rel=1e-6)
    if len(set(levels)) == 1:
        assert one.low is None
    else:
        assert one.low is not None
        assert 0.0 < one.low < one.high


def test_equal_readings_without_a_step_are_refused() -> None:
    with pytest.raises(ValueError, match="step distance"):
        noise_evidence([1.0, 1.0, 1.0], dof=2, step=0.0)
