"""The proposed compensation takes out what was measured, by Klipper's own interpolation."""

import math
from collections.abc import Sequence
from typing import Any

import pytest

from zcal_tui.checks.bias.axis_twist import Twist, compensations, twist_advice
from zcal_tui.model.events import AdviceGiven
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.places import Place, place_at
from zcal_tui.printer.state import PrinterState

PROBE = ProbeConfig("probe", "probe", x_offset=-30.0, y_offset=20.0)
CORNERS = ((20.0, 30.0), (220.0, 30.0), (220.0, 210.0), (20.0, 210.0))
PLACES: tuple[Place, ...] = tuple(place_at(f"{x:g}, {y:g}", (x, y), PROBE) for x, y in CORNERS)
NEW: dict[str, Any] = {"calibrate_start_x": 20.0, "z_compensations": [], "zy_compensations": []}
OLD: dict[str, Any] = {"calibrate_start_x": 20.0, "calibrate_end_x": 200.0, "z_compensations": []}


def advice(section: dict[str, Any] | None, twist: Twist) -> list[AdviceGiven]:
    settings = {} if section is None else {"axis_twist_compensation": section}
    events = twist_advice(PrinterState(settings=settings), PLACES, twist)
    return [event for event in events if isinstance(event, AdviceGiven)]


def added(coordinate: float, values: Sequence[float], start: float, end: float) -> float:
    """What Klipper adds at this toolhead coordinate (klippy/extras/axis_twist_compensation.py)."""
    place = (coordinate - start) / ((end - start) / (len(values) - 1))
    index = max(0, min(len(values) - 2, math.floor(place)))
    return values[index] + (place - index) * (values[index + 1] - values[index])


@pytest.mark.parametrize("axis", ["x", "y"])
@pytest.mark.parametrize("size", [0.08, -0.05])
def test_a_probed_height_no_longer_depends_on_the_place(axis: Any, size: float) -> None:
    changes = {change.option: change.new for change in advice(NEW, Twist(axis, size))[0].changes}
    option = "z_compensations" if axis == "x" else "zy_compensations"
    assert list(changes) == [option, f"compensation_start_{axis}", f"compensation_end_{axis}"]
    values = [float(value) for value in changes[option].split(",")]
    start, end = float(changes[f"compensation_start_{axis}"]), float(changes[f"compensation_end_{axis}"])
    assert len(values) >= 3
    assert sum(values) == pytest.approx(0.0, abs=1e-9)
    number = 0 if axis == "x" else 1
    low, high = min(corner[number] for corner in CORNERS), max(corner[number] for corner in CORNERS)
    for place in PLACES:
        # The probe triggers higher where its z_offset there is larger; Klipper subtracts one z_offset everywhere
        bias = size * ((place.bed[number] - low) / (high - low) - 0.5)
        assert bias + added(place.toolhead[number], values, start, end) == pytest.approx(0.0, abs=1e-6)


def test_a_klipper_that_knows_x_only_gets_the_ends_that_it_reads() -> None:
    (first, *_) = advice(OLD, Twist("x", 0.06))
    assert [(change.option, change.old, change.new) for change in first.changes] == [
        ("z_compensations", None, "0.030000, 0.000000, -0.030000"),
        ("calibrate_start_x", "20.0", "50.000"),
        ("calibrate_end_x", "200.0", "250.000"),
    ]
    (only,) = advice(OLD, Twist("y", 0.06))
    assert "X only" in only.text
    assert not only.changes


@pytest.mark.parametrize(
    ("section", "words"),
    [(None, "add [axis_twist_compensation]"), ({**NEW, "z_compensations": [0.1, 0.0, -0.1]}, "Remove them")],
)
def test_nothing_is_proposed_before_it_can_be(section: dict[str, Any] | None, words: str) -> None:
    (only,) = advice(section, Twist("x", 0.06))
    assert words in only.text
    assert not only.changes


def test_no_advice_sends_a_docked_probe_into_klippers_own_command() -> None:
    texts = [event.text for section in (None, OLD, NEW) for event in advice(section, Twist("x", 0.06))]
    assert not any("AXIS_TWIST_COMPENSATION_CALIBRATE" in text for text in texts)
    assert any("stale" in text for text in texts)


def test_values_are_evenly_spaced_around_zero() -> None:
    assert compensations(0.1, 5) == pytest.approx((0.05, 0.025, 0.0, -0.025, -0.05))
