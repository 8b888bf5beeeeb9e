"""The probe's X and Y offsets: estimates, verdict, what to save, and the drawing that shows the signs."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.checks.probe_xy.analysis import AXES, conclusion, estimates_of
from zcal_tui.checks.probe_xy.drawing import SIZE, drawing
from zcal_tui.checks.probe_xy.run import Seen
from zcal_tui.model import limits
from zcal_tui.model.events import AdviceGiven, Notice, VerdictReached
from zcal_tui.model.record import Change, Level, Verdict
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.state import PrinterState

PROBE = ProbeConfig("bltouch", "bltouch", x_offset=-20.0, y_offset=0.5)
offset = st.floats(-60.0, 60.0)


def concluded(
    *looks: tuple[float, float], settings: dict[str, Any] | None = None
) -> tuple[Verdict, str, list[Change]]:
    events = list(conclusion(PrinterState(settings=settings or {}), PROBE, looks))
    (verdict,) = [event.verdict for event in events if isinstance(event, VerdictReached)]
    text = "\n".join(event.text for event in events if isinstance(event, (AdviceGiven, Notice)))
    return verdict, text, [c for event in events if isinstance(event, AdviceGiven) for c in event.changes]


def test_the_offset_is_where_the_nozzle_has_to_go() -> None:
    """Klipper docs, Probe_Calibrate: the nozzle's position over the mark minus that with the probe over it."""
    assert Seen(probed=(100.0, 80.0), nozzle=(75.0, 81.5)).offsets == (-25.0, 1.5)


@given(st.lists(st.tuples(offset, offset), min_size=1, max_size=5))
def test_the_estimates_are_the_means_with_an_interval_around(looks: list[tuple[float, float]]) -> None:
    found = estimates_of(looks)
    for axis, name in enumerate(AXES):
        estimate = found[name]
        assert estimate.value == pytest.approx(sum(look[axis] for look in looks) / len(looks), abs=1e-6)
        assert estimate.value is not None and estimate.low is not None and estimate.high is not None
        assert estimate.low < estimate.value < estimate.high


def test_a_new_place_is_proposed_with_what_follows_from_it() -> None:
    verdict, text, changes = concluded((-21.0, 0.5), settings={"bed_mesh": {}, "quad_gantry_level": {}})
    assert verdict.level is Level.PASS
    assert verdict.summary == "The probe is at x_offset -21.00, y_offset 0.50 mm."
    assert changes == [Change("bltouch", "x_offset", "-20", "-21.00", saves=True)]
    assert "Set x_offset to -21.00." in text
    assert "Take the tape off the bed." in text
    assert "measure z_offset again" in text
    assert "[bed_mesh], [quad_gantry_level]" in text


def test_right_offsets_are_left_alone() -> None:
    verdict, text, changes = concluded((-20.04, 0.46), settings={"bed_mesh": {}})
    assert verdict.level is Level.PASS
    assert changes == []
    assert text == "No change needed. Take the tape off the bed."


def test_what_nobody_can_see_is_no_change() -> None:
    assert [c.option for c in concluded((-20.04, 1.3))[2]] == ["y_offset"]
    assert concluded((-20.04, 0.56))[2] == []


def test_a_difference_within_measurement_error_is_not_proposed() -> None:
    assert concluded((-19.2, 0.1), (-20.6, 0.8))[2] == []


def test_an_offset_of_nothing_has_no_sign() -> None:
    (change,) = concluded((-20.0, -0.001))[2]
    assert change.new == "0.00"


@pytest.mark.parametrize(("apart", "level"), [(0.2, Level.PASS), (4.0, Level.UNKNOWN)])
def test_looks_that_disagree_do_not_decide(apart: float, level: Level) -> None:
    looks = [(-20.0 - apart, 0.5), (-20.0 + apart, 0.5)]
    half = estimates_of(looks)["x_offset"]
    assert half.low is not None and half.high is not None
    verdict, _, _ = concluded(*looks)
    assert verdict.level is level
    assert ((half.high - half.low) / 2 <= limits.XY_ACCURACY.value) is (level is Level.PASS)
    assert "Limit: 1 mm (our choice" in verdict.reasons[-1]


def place(letter: str, picture: str) -> tuple[int, int]:
    """How far right of and behind the middle a letter stands."""
    rows = [line[: 2 * SIZE + 1] for line in picture.splitlines()]
    assert sum(row.count(letter) for row in rows) == 1, picture
    return next((row.index(letter) - SIZE, 2 - line) for line, row in enumerate(rows) if letter in row)


@given(offset, offset)
def test_the_drawing_has_the_probe_on_its_side_of_the_nozzle(x: float, y: float) -> None:
    picture = drawing(x, y)
    assert len(picture.splitlines()) == 5
    if max(abs(x), abs(y)) < 0.05:
        assert place("B", picture) == (0, 0)
        return
    assert place("N", picture) == (0, 0)
    across, back = place("P", picture)
    assert across * x >= 0 and back * y >= 0
    assert (across, back) != (0, 0)


@given(offset, offset)
def test_the_larger_offset_reaches_the_edge(x: float, y: float) -> None:
    if max(abs(x), abs(y)) < 0.05:
        return
    across, back = place("P", drawing(x, y))
    assert abs(across) == SIZE if abs(x) >= abs(y) else abs(back) == 2


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        (
            12.0,
            0.0,
            [
                "x_offset +12.00: the probe is right of the nozzle",
                "y_offset +0.00: the probe is neither side",
            ],
        ),
        (-12.0, 3.0, ["the probe is left of the nozzle", "the probe is behind the nozzle"]),
        (0.0, -25.0, ["x_offset +0.00: the probe is neither side", "the probe is in front of the nozzle"]),
    ],
)
def test_the_signs_are_said_in_words(x: float, y: float, words: list[str]) -> None:
    picture = drawing(x, y)
    for word in words:
        assert word in picture


def half_width(looks: list[tuple[float, float]]) -> float:
    found = estimates_of(looks)["x_offset"]
    assert found.low is not None and found.high is not None
    return (found.high - found.low) / 2


def test_three_marks_rest_on_their_own_scatter() -> None:
    """A person who sees well has a narrow interval, another one a wide one; fewer marks rest on the assumption."""
    sharp = [(-20.0, 0.5), (-20.06, 0.53), (-19.95, 0.45)]
    assert half_width(sharp) < 0.1
    assert half_width([(10 * x, 10 * y) for x, y in sharp]) == pytest.approx(10 * half_width(sharp), rel=0.02)
    assert half_width(sharp[:1]) == pytest.approx(0.49, abs=0.01)
    assert half_width(sharp[:2]) > 0.2


@pytest.mark.parametrize("marks", [3, 5])
@pytest.mark.parametrize("eye", [0.05, 0.15, 0.4])
def test_intervals_of_marks_cover_whatever_the_person_sees(marks: int, eye: float) -> None:
    draws = np.random.default_rng(round(100 * eye) + marks)
    covered = 0
    for _ in range(600):
        looks = [(float(x), float(y)) for x, y in draws.normal(0.0, eye, (marks, 2))]
        covered += sum(e.low <= 0.0 <= e.high for e in estimates_of(looks).values())  # type: ignore[operator]
    assert 0.93 <= covered / 1200 <= 0.97
