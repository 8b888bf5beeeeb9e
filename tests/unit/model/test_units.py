"""Lengths and times in people's words."""

import pytest

from zcal_tui.model.units import age, closer_farther, duration, length, micrometres, percent


@pytest.mark.parametrize(
    ("mm", "text"),
    [
        (0.0024, "2.4 µm"),
        (-0.0006, "−0.6 µm"),
        (0.0, "0.0 µm"),
        (0.025, "25 µm"),
        (0.00996, "10 µm"),
        (1.2451, "1.2451 mm"),
    ],
)
def test_a_length_is_in_the_unit_that_reads_better(mm: float, text: str) -> None:
    assert length(mm) == text


def test_a_sign_is_shown_where_it_is_asked_for() -> None:
    assert micrometres(0.0019, sign=True) == "+1.9 µm"
    assert micrometres(-0.0019, sign=True) == "−1.9 µm"
    assert micrometres(0.0, sign=True) == "0.0 µm"


def test_a_change_of_height_says_closer_or_farther() -> None:
    assert closer_farther(-0.05) == "the nozzle will be 50 µm closer to the bed"
    assert closer_farther(0.05) == "the nozzle will be 50 µm farther from the bed"
    assert "same height" in closer_farther(0.0)


def test_a_probability_is_never_claimed_to_be_none_or_certain() -> None:
    assert percent(0.0) == "< 0.1 %"
    assert percent(1.0) == "> 99.9 %"
    assert percent(0.5) == "50 %"
    assert percent(0.034) == "3.4 %"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(9.4, "9 s"), (125, "2 min 5 s"), (1500, "25 min"), (3780, "1 h 3 min"), (-3, "0 s")],
)
def test_a_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"), [(5, "now"), (120, "2 min ago"), (7300, "2 h ago"), (86400 * 12, "12 d ago")]
)
def test_an_age(seconds: float, text: str) -> None:
    assert age(seconds) == text
