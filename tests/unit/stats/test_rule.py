"""How decision rules write numbers."""

import pytest

from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.verdicts.rule import along, bounds, share, worst


def test_ends() -> None:
    assert bounds(Interval(0.0, -0.002, 0.013, 0.95)) == "(95 %: −2.0 µm to 13 µm)"
    assert bounds(Interval(0.0, None, 0.013, 0.95)) == "(95 %: at most 13 µm)"
    assert bounds(Interval(0.0, 0.0121, None, 0.9)) == "(90 %: at least 12 µm)"
    assert bounds(Interval(0.0, None, None, 0.95)) == "(95 %: unbounded)"


def test_an_interval_is_turned_into_the_direction_of_its_value() -> None:
    assert along(Interval(-0.012, -0.014, 0.001, 0.95)) == Interval(0.012, -0.001, 0.014, 0.95)
    assert along(Interval(0.012, None, 0.014, 0.95)) == Interval(0.012, None, 0.014, 0.95)
    assert along(Interval(-0.012, None, -0.001, 0.95)) == Interval(0.012, 0.001, None, 0.95)


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0, "less than 0.1 %"),
        (0.004, "0.4 %"),
        (0.25, "25 %"),
        (0.996, "99.6 %"),
        (1.0, "more than 99.9 %"),
    ],
)
def test_a_share_is_never_none_or_all(p: float, text: str) -> None:
    assert share(p) == text


def test_not_knowing_is_worse_than_a_pass_only() -> None:
    assert worst(["pass", "unknown"]) == "unknown"
    assert worst(["unknown", "warn", "pass"]) == "warn"
    assert worst(["fail", "warn"]) == "fail"
