"""What rounding leaves in a mean."""

import numpy as np
import pytest

from zcal_tui.stats.quantiles import normal_cdf
from zcal_tui.stats.quantisation import undithered_share


def test_without_scatter_it_is_all_of_it() -> None:
    assert undithered_share(0.0025, 0.0, 19) == 1.0
    assert undithered_share(0.0025, 0.0005, 19) == 1.0
    assert undithered_share(0.0, 0.001, 19) == 1.0
    assert undithered_share(0.0025, 0.001, 0) == 1.0


def test_it_vanishes_where_readings_scatter_over_steps() -> None:
    shares = [undithered_share(0.0025, scatter, 40) for scatter in (0.001, 0.0015, 0.002, 0.005)]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] < 1e-6


def off_by(mean: float, sigma: float) -> float:
    """How far the expected value of readings rounded to whole numbers is from their mean."""
    expected = sum(
        k * (normal_cdf((k + 0.5 - mean) / sigma) - normal_cdf((k - 0.5 - mean) / sigma))
        for k in range(-9, 11)
    )
    return abs(expected - mean)


@pytest.mark.parametrize("ratio", [0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0])
def test_means_are_not_off_by_more(ratio: float) -> None:
    """Over places of the mean against the steps, and standard deviations as they come."""
    draw = np.random.default_rng(7)
    dof, over, count = 19, 0, 400
    for _ in range(count):
        mean = draw.uniform(0.0, 1.0)
        sample = np.round(mean + ratio * draw.standard_normal(dof + 1))
        allowed = 0.5 * undithered_share(1.0, float(sample.std(ddof=1)), dof)
        over += off_by(mean, ratio) > allowed + 1e-9
    assert over <= 0.05 * count
