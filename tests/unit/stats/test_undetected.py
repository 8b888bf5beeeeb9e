"""The bound of a difference that was not found."""

import numpy as np
import pytest

from zcal_tui.stats.undetected import undetected_bound

PAIRS, NOISE_SAMPLES, SIGMA = 10, 8, 0.001


def test_it_grows_with_t_and_noise_and_shrinks_with_repetition() -> None:
    usual = undetected_bound([1.0], SIGMA, NOISE_SAMPLES, PAIRS)
    assert undetected_bound([1.9], SIGMA, NOISE_SAMPLES, PAIRS) > usual
    assert undetected_bound([1.0], 2 * SIGMA, NOISE_SAMPLES, PAIRS) == pytest.approx(2 * usual)
    assert undetected_bound([1.0, 1.0, 1.0], SIGMA, NOISE_SAMPLES, PAIRS) < usual
    assert undetected_bound([1.0], SIGMA, NOISE_SAMPLES, 4 * PAIRS) == pytest.approx(usual / 2)


@pytest.mark.parametrize(("t_values", "n", "pairs"), [([], 8, 10), ([1.0], 1, 10), ([1.0], 8, 0)])
def test_too_little_to_bound_anything(t_values: list[float], n: int, pairs: int) -> None:
    with pytest.raises(ValueError, match="at least"):
        undetected_bound(t_values, SIGMA, n, pairs)


@pytest.mark.slow
@pytest.mark.parametrize("true", [0.0, 1.0, 2.0, 3.0])
@pytest.mark.parametrize("visits", [1, 2, 4])
def test_it_covers_what_a_test_misses(true: float, visits: int) -> None:
    """`true` is in standard errors of a comparison. Of the runs in which no visit finds anything, few are wrong."""
    draws = np.random.default_rng(14)
    runs = 4000
    difference = true * SIGMA * np.sqrt(2 / PAIRS)
    down = draws.normal(difference, SIGMA, (runs, visits, PAIRS))
    up = draws.normal(0.0, SIGMA, (runs, visits, PAIRS))
    spread = np.sqrt((down.var(axis=2, ddof=1) + up.var(axis=2, ddof=1)) / PAIRS)
    t = np.abs(down.mean(axis=2) - up.mean(axis=2)) / spread
    missed = np.flatnonzero((t < 2.0).all(axis=1))
    noise = draws.normal(0.0, SIGMA, (runs, NOISE_SAMPLES)).std(axis=1, ddof=1)
    wrong = sum(
        undetected_bound(list(t[run]), float(noise[run]), NOISE_SAMPLES, PAIRS) < difference for run in missed
    )
    assert wrong / runs <= 0.05
