"""The p-value of the largest step of a series is right, whatever the scatter."""

import numpy as np
import pytest

from zcal_tui.stats.change_point import p_of_largest_step
from zcal_tui.stats.quantiles import t_two_sided_p


def largest(values: np.ndarray) -> np.ndarray:
    """The largest t statistic of each row."""
    count = values.shape[1]
    off = values - values.mean(axis=1, keepdims=True)
    places = np.arange(1, count)
    contrast = np.abs(np.cumsum(off, axis=1)[:, :-1]) / np.sqrt(places * (count - places) / count)
    explained = contrast.max(axis=1) ** 2
    squares = np.sum(off**2, axis=1)
    return np.asarray(np.sqrt(explained / (squares - explained) * (count - 2)))


@pytest.mark.parametrize(("count", "below"), [(4, 0.0), (6, 0.0), (12, 0.003), (30, 0.010)])
def test_a_share_of_5_percent_is_below_5_percent(count: int, below: float) -> None:
    """`below`: what the overlaps of places that are not neighbours may take off in addition."""
    series, sampling = 40_000, 0.0033  # three standard errors
    found = largest(np.random.default_rng(count).normal(size=(series, count)))
    ordered = np.sort(found)[::-1]
    # The p-value falls with t, so the series named are those above one t
    low, high = 0.0, float(ordered[0])
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if p_of_largest_step(middle, count) > 0.05 else (low, middle)
    named = float(np.mean(found > high))
    print(f"{count}: {100 * named:.2f} %")
    assert 0.05 - below - sampling <= named <= 0.05 + sampling


@pytest.mark.parametrize("count", [4, 6, 20])
def test_it_lies_between_the_one_place_and_the_sum_of_all(count: int) -> None:
    before = 1.0
    for t in (0.0, 0.5, 1.0, 2.0, 5.0, 20.0, 1e4):
        p = p_of_largest_step(t, count)
        one = t_two_sided_p(t, count - 2)
        assert one <= p <= min(1.0, (count - 1) * one) + 1e-12
        assert p <= before
        before = p


def test_a_long_series_takes_little_memory_and_time() -> None:
    assert 0.0 < p_of_largest_step(6.0, 20_000) < 20_000 * t_two_sided_p(6.0, 19_998)


def test_three_values_have_no_step() -> None:
    with pytest.raises(ValueError, match="four"):
        p_of_largest_step(2.0, 3)
