"""What rounding leaves in a mean."""

import numpy as np
import pytest

from zcal_tui.stats.dither import undithered_share


def test_without_scatter_it_is_all_of_it() -> None:
    assert undithered_share(0.0025, 0.0, 19) == 1.0
    assert undithered_share(0.0025, 0.0005, 19) == 1.0
    assert undithered_share(0.0, 0.001, 19) == 1.0
    assert undithered_share(0.0025, 0.001, 0) == 1.0


def test_it_vanishes_where_readings_scatter_over_steps() -> None:
    shares = [undithered_share(0.0025, scatter, 40) for scatter in (0.001, 0.0015, 0.002, 0.005)]
    assert shares == sorted(shares, reverse=True)
    assert shares[-1] < 1e-6


@pytest.mark.parametrize("ratio", [0.2, 0.3, 0.4, 0.5, 0.6, 0.8, 1.0])
def test_means_are_not_off_by_more(ratio: float) -> None:
    """Over places of the mean against the steps, and standard deviations as they come."""
    draw = np.random.default_rng(7)
    dof, step, over, count = 19, 1.0, 0, 400
    for _ in range(count):
        mean = draw.uniform(0.0, 1.0)
        sample = np.round(mean + ratio * draw.standard_normal(dof + 1))
        many = np.round(mean + ratio * draw.standard_normal(20_000)).mean()
        off_by = abs(many - mean)
        noise = 3.0 * np.hypot(ratio, 0.3) / np.sqrt(20_000)
        over += off_by > 0.5 * step * undithered_share(step, float(sample.std(ddof=1)), dof) + noise
    assert over <= 0.05 * count
