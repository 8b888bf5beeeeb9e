"""The range of the next value is left as often as it says, and is never narrower than the values' own errors."""

import random

import pytest

from zcal_tui.stats.next_value import next_value_range


@pytest.mark.parametrize(("count", "rate"), [(2, 0.05), (5, 0.05), (12, 0.2), (30, 0.05)])
def test_it_is_left_as_often_as_it_says(count: int, rate: float) -> None:
    draw = random.Random(count)
    rounds, left = 4000, 0
    for _ in range(rounds):
        *values, following = (draw.gauss(5.0, 0.3) for _ in range(count + 1))
        low, high = next_value_range(values, rate)
        left += not low <= following <= high
    assert left / rounds == pytest.approx(rate, abs=0.015)


def test_equal_values_have_the_width_of_their_own_errors() -> None:
    low, high = next_value_range([1.0] * 4, 0.05, errors=[0.2] * 4, error=0.1)
    assert high - 1.0 == pytest.approx(1.96 * (0.2**2 / 4 + 0.1**2) ** 0.5, rel=1e-3)
    assert 1.0 - low == pytest.approx(high - 1.0)


def test_a_rate_shared_by_a_thousand_printers_is_still_a_number() -> None:
    low, high = next_value_range([1.0, 1.1, 0.9, 1.05, 1.0], 0.05 / 1000)
    assert 0.0 < high - 1.0 < 10.0
    assert low < high


def test_one_value_has_no_scatter() -> None:
    with pytest.raises(ValueError, match="at least two"):
        next_value_range([1.0], 0.05)
