"""The range of a series, against tables."""

import pytest

from campaigns.ranges import expected_range, range_exceeds


def test_ten_values_that_are_alike() -> None:
    # Tables of the range: mean 3.0775; 5 % exceed 4.474
    assert expected_range([0.0] * 10) == pytest.approx(3.07751, abs=1e-4)
    assert range_exceeds(4.474, [0.0] * 10) == pytest.approx(0.05, abs=1e-4)
    assert range_exceeds(25.0, [0.0] * 10) == pytest.approx(0.0, abs=1e-9)


def test_one_far_from_the_others_makes_the_range() -> None:
    # It is 50 above the lowest of nine, whose mean is -1.4850
    assert expected_range([50.0, *[0.0] * 9]) == pytest.approx(51.4850, abs=1e-3)
    assert range_exceeds(45.0, [50.0, *[0.0] * 9]) == pytest.approx(1.0, abs=1e-4)


def test_two_values() -> None:
    # Their distance is normal with variance 2: its mean size is 2 / sqrt(pi)
    assert expected_range([0.0, 0.0]) == pytest.approx(1.128379, abs=1e-5)
    assert range_exceeds(1.959964 * 2**0.5, [0.0, 0.0]) == pytest.approx(0.05, abs=1e-5)
