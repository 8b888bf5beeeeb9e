"""The mean of a few repeats."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from zcal_tui.stats.offsets import mean_of_repeats


def test_the_mean_has_students_t_for_few_repeats() -> None:
    offset = mean_of_repeats([10.0, 10.1, 10.3])
    error = np.std([10.0, 10.1, 10.3], ddof=1) / np.sqrt(3)
    assert offset.n == 3
    assert offset.dof == 2
    assert offset.mean.value == pytest.approx(10.1333333)
    assert offset.mean.high == pytest.approx(offset.mean.value + stats.t.ppf(0.975, 2) * error)
    assert offset.sigma is not None
    assert offset.sigma.value == pytest.approx(np.std([10.0, 10.1, 10.3], ddof=1))


def test_equal_values_are_as_uncertain_as_a_step() -> None:
    mean = mean_of_repeats([0.1, 0.1, 0.1], step=0.0025).mean
    assert mean.low is not None
    assert 0.00125 < mean.value - mean.low < 0.0025


def test_one_value_rests_on_the_prior() -> None:
    offset = mean_of_repeats([24.7], prior_sigma=0.3, prior_dof=5)
    assert offset.sigma is None
    assert offset.mean.high == pytest.approx(24.7 + stats.t.ppf(0.975, 5) * 0.3)


def test_systematic_parts_do_not_average_out() -> None:
    mean = mean_of_repeats([1.0] * 50, step=1e-6, systematic={"mark": 0.1}).mean
    assert mean.components["mark"] == pytest.approx(0.1 / np.sqrt(3))
    assert mean.high == pytest.approx(1.0 + stats.norm.ppf(0.975) * 0.1 / np.sqrt(3), rel=1e-4)


@pytest.mark.parametrize(
    ("values", "words"), [([], "at least one"), ([1.0, float("nan")], "finite"), ([1.0], "prior")]
)
def test_what_says_nothing_is_refused(values: list[float], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        mean_of_repeats(values)


@pytest.mark.parametrize("n", [3, 5])
@pytest.mark.parametrize("steps", [0.01, 1.0, 4.0])
def test_coverage(n: int, steps: float) -> None:
    """Exact where rounding is fine, else conservative. `steps` is the step in sigma."""
    rng = np.random.default_rng([n, int(steps * 100)])
    runs = 4000
    covered = 0
    for _ in range(runs):
        truth = rng.random() * steps
        seen = np.floor((truth + rng.standard_normal(n)) / steps + 0.5) * steps
        covered += mean_of_repeats(seen.tolist(), step=steps).mean.covers(truth)
    if steps < 0.1:
        assert 0.935 <= covered / runs <= 0.965
    else:
        assert covered / runs >= 0.94
