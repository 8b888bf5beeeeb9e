"""How numbers are written in reasons and advice."""

import pytest

from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.wording import between, um


@pytest.mark.parametrize(
    ("mm", "text"),
    [(0.0, "0.0 µm"), (-0.00002, "0.0 µm"), (-0.0012, "−1.2 µm"), (0.00996, "10 µm"), (-0.0334, "−33 µm")],
)
def test_lengths(mm: float, text: str) -> None:
    assert um(mm) == text


def test_ends() -> None:
    assert between(Interval(0.0, -0.002, 0.013, 0.95)) == "between −2.0 µm and 13 µm"
    assert between(Interval(0.0, None, 0.013, 0.95)) == "at most 13 µm"
