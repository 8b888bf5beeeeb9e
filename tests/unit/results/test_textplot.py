"""Plots out of characters say what the numbers say."""

from hypothesis import example, given
from hypothesis import strategies as st

from zcal_tui.results.textplot import Mark, bars, plot


def show(value: float) -> str:
    return f"{value:.1f}"


def test_the_largest_is_on_top_and_the_first_at_the_left() -> None:
    lines = plot([Mark(0, 1.0), Mark(1, 3.0)], show, width=10, height=3, left="a", right="b")
    assert lines == ["3.0 ┤         ●", "    ┤", "1.0 ┤●", "     a        b"]


def test_an_interval_is_a_line_and_what_does_not_count_is_hollow() -> None:
    lines = plot([Mark(0, 2.0, 1.0, 3.0), Mark(1, 2.0, faint=True)], show, width=5, height=3)
    assert lines == ["3.0 ┤│", "    ┤●   ○", "1.0 ┤│"]


def test_equal_values_and_single_ones_have_a_scale() -> None:
    assert len(plot([Mark(0, 0.0)], show)) == 9
    assert "●" in "".join(plot([Mark(0, 5.0), Mark(1, 5.0)], show))
    assert plot([], show) == []


@example([(0.0, 5e-324)])
@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=1, max_size=30))
def test_it_stays_within_its_room(places: list[tuple[float, float]]) -> None:
    lines = plot([Mark(x, y) for x, y in places], show, width=40, height=7)
    assert len(lines) == 7
    assert all(len(line.split("┤", 1)[1]) <= 40 for line in lines)
    assert sum(line.count("●") for line in lines) >= 1


def test_bars_go_both_ways_from_the_middle() -> None:
    assert bars([("left", -1.0), ("right", 0.5)], show, width=8) == [
        "left  ████│     -1.0",
        "right     │██   0.5",
    ]
    assert bars([], show) == []
    assert "0.0" in bars([("x", 0.0)], show)[0]
