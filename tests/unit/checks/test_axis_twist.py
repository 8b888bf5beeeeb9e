"""The proposed compensation takes out what was measured, by Klipper's own interpolation."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.fakes import records
from zcal_tui.checks.bias.axis_twist import Twist, twist_advice
from zcal_tui.checks.bias.parameters import BiasParameters
from zcal_tui.checks.bias.short_run import ends_of, short_run
from zcal_tui.checks.parameters import build
from zcal_tui.checks.probing import compensated_heights
from zcal_tui.model.events import AdviceGiven
from zcal_tui.model.record import Change, Estimate, Sample
from zcal_tui.printer.axis_twist import Compensation, parse_list
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.places import Place, place_at
from zcal_tui.printer.state import PrinterState

PROBE = ProbeConfig("probe", "probe", x_offset=-30.0, y_offset=20.0)
CORNERS = ((20.0, 30.0), (220.0, 30.0), (220.0, 210.0), (20.0, 210.0))
PLACES: tuple[Place, ...] = tuple(place_at(f"{x:g}, {y:g}", (x, y), PROBE) for x, y in CORNERS)
NEW: dict[str, Any] = {"calibrate_start_x": 20.0, "z_compensations": [], "zy_compensations": []}
OLD: dict[str, Any] = {"calibrate_start_x": 20.0, "calibrate_end_x": 200.0, "z_compensations": []}


def state_with(section: dict[str, Any] | None, **more: Any) -> PrinterState:
    settings = {} if section is None else {"axis_twist_compensation": section}
    return PrinterState(settings=settings, **more)


def advice(section: dict[str, Any] | None, twist: Twist) -> list[AdviceGiven]:
    events = twist_advice(state_with(section), PLACES, twist)
    return [event for event in events if isinstance(event, AdviceGiven)]


def proposed(section: dict[str, Any], twist: Twist) -> Compensation:
    """The compensation that Klipper runs with once the changes are saved."""
    found = {change.option: change.new for change in advice(section, twist)[0].changes}
    word = "compensation" if "zy_compensations" in section else "calibrate"
    ends = [
        found.get(f"{word}_{end}_{twist.axis}", section.get(f"{word}_{end}_{twist.axis}"))
        for end in ("start", "end")
    ]
    option = "z_compensations" if twist.axis == "x" else "zy_compensations"
    return Compensation(parse_list(found[option]), float(str(ends[0])), float(str(ends[1])))


def bias_at(place: Place, twist: Twist) -> float:
    """By how much the probe triggers higher there than in the middle."""
    number = 0 if twist.axis == "x" else 1
    low, high = min(corner[number] for corner in CORNERS), max(corner[number] for corner in CORNERS)
    return twist.size * ((place.bed[number] - low) / (high - low) - 0.5)


def left_over(twist: Twist, compensation: Compensation, before: Compensation | None = None) -> float:
    """The spread over the places once the compensation is in effect; `before` was while it was measured."""
    number = 0 if twist.axis == "x" else 1
    heights = []
    for place in PLACES:
        at = place.toolhead[number]
        heights.append(bias_at(place, twist) - (before.at(at) if before else 0.0) + compensation.at(at))
    return max(heights) - min(heights)


@pytest.mark.parametrize("axis", ["x", "y"])
@pytest.mark.parametrize("size", [0.08, -0.05])
def test_a_probed_height_no_longer_depends_on_the_place(axis: Any, size: float) -> None:
    twist = Twist(axis, size)
    changes = {change.option: change for change in advice(NEW, twist)[0].changes}
    option = "z_compensations" if axis == "x" else "zy_compensations"
    assert list(changes) == [option, f"compensation_start_{axis}", f"compensation_end_{axis}"]
    assert all(change.saves for change in changes.values())
    new = proposed(NEW, twist)
    assert len(new.values) >= 3
    assert sum(new.values) == pytest.approx(0.0, abs=1e-6)
    assert left_over(twist, new) == pytest.approx(0.0, abs=2e-6)
    wrong = Compensation(tuple(-value for value in new.values), new.start, new.end)
    assert left_over(twist, wrong) == pytest.approx(2 * abs(size), abs=1e-5)


@pytest.mark.parametrize("axis", ["x", "y"])
@pytest.mark.parametrize("values", [[0.03, -0.03], [0.02, 0.01, -0.01, -0.02], [0.02, -0.03, 0.01]])
def test_what_klipper_runs_with_is_kept_and_the_rest_is_added(axis: Any, values: list[float]) -> None:
    option = "z_compensations" if axis == "x" else "zy_compensations"
    section = {
        **NEW,
        option: values,
        f"compensation_start_{axis}": 40.0,
        f"compensation_end_{axis}": 200.0,
    }
    twist = Twist(axis, 0.06)
    before = Compensation(tuple(values), 40.0, 200.0)
    (first, *_) = advice(section, twist)
    assert "in addition" in first.text
    assert [change.option for change in first.changes] == [option]
    new = proposed(section, twist)
    assert len(new.values) >= max(3, len(values))
    assert sum(new.values) == pytest.approx(0.0, abs=1e-5)
    # What was measured already had the old list in it: only the rest is new
    assert left_over(twist, new, before) == pytest.approx(0.0, abs=1e-5)


def test_a_klipper_that_knows_x_only_keeps_the_ends_of_its_own_calibration() -> None:
    twist = Twist("x", 0.06)
    (first, *_) = advice(OLD, twist)
    assert [change.option for change in first.changes] == ["z_compensations"]
    assert left_over(twist, proposed(OLD, twist)) == pytest.approx(0.0, abs=2e-6)
    (only,) = advice(OLD, Twist("y", 0.06))
    assert "X only" in only.text
    assert not only.changes
    (only,) = advice({**OLD, "calibrate_end_x": 20.0}, twist)
    assert "are the same" in only.text
    assert not only.changes


def test_nothing_is_proposed_without_the_section() -> None:
    (only,) = advice(None, Twist("x", 0.06))
    assert "add [axis_twist_compensation]" in only.text
    assert not only.changes


def test_a_build_that_ignores_the_section_is_named() -> None:
    state = state_with(NEW, app="Klipper", software_version="v0.13.0-500-gabc")
    (only,) = list(twist_advice(state, PLACES, Twist("x", 0.06)))
    assert isinstance(only, AdviceGiven)
    assert "Update Klipper" in only.text
    assert not only.changes


def test_no_advice_sends_a_docked_probe_into_klippers_own_command() -> None:
    texts = [event.text for section in (None, OLD, NEW) for event in advice(section, Twist("x", 0.06))]
    assert not any("AXIS_TWIST_COMPENSATION_CALIBRATE" in text for text in texts)
    assert any("stale" in text for text in texts)
    assert any("bias --rounds 2 --places" in text for text in texts)


@pytest.mark.parametrize(("axis", "places"), [("x", "20,120;220,120"), ("y", "120,30;120,210")])
def test_the_short_run_is_at_the_ends_of_the_axis(axis: Any, places: str) -> None:
    assert ends_of(list(CORNERS), axis) == places


@pytest.mark.parametrize(("state", "offered"), [("saved", True), ("declined", False), ("proposed", False)])
def test_a_short_run_is_offered_once_a_compensation_is_saved(state: str, offered: bool) -> None:
    record = replace(
        records.bias(),
        parameters={"points": 4, "places": "", "rounds": 5, "touches": 3, "attach": "GRAB"},
        changes=(Change("axis_twist_compensation", "z_compensations", None, "0.1, 0, -0.1", state),),
        estimates={f"z_offset@{x:g},{y:g}": Estimate("z", 1.5, 1.4, 1.6) for x, y in CORNERS},
    )
    found = short_run(record)
    assert (found is not None) is offered
    if found is not None:
        again = build(BiasParameters, {name: value for name, value in found.items() if value is not None})
        assert (again.places, again.rounds, again.touches, again.attach) == ("20,120;220,120", 2, 3, "GRAB")
        assert again.points is None


def test_heights_are_taken_with_the_compensation_that_is_in_effect() -> None:
    def sample(trigger: float, bed: float | None) -> Sample:
        return Sample(1, 0.0, 0.0, 0.0, trigger, bed_z=bed)

    heights: Sequence[float] = compensated_heights([sample(1.50, 0.03), sample(1.53, None)], 1.5)
    assert heights == pytest.approx((1.53, 1.53))
    left_out = Sample(1, 0.0, 0.0, 0.0, 1.5, recorded=False)
    assert compensated_heights([left_out], 1.5) == ()
