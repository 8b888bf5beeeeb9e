import math
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.places import corner_places, place_at, reachable
from zcal_tui.printer.state import PrinterState

BEHIND = ProbeConfig("probe", "probe", x_offset=0.0, y_offset=25.0)
MESH = {"bed_mesh": {"mesh_min": [30, 35], "mesh_max": [270, 270]}}
DELTA = {"printer": {"kinematics": "delta"}, "bed_mesh": {"mesh_radius": 80.0, "mesh_origin": [0, 0]}}


def rectangle(settings: Mapping[str, Any] | None = None) -> PrinterState:
    return PrinterState(
        settings=settings or {}, axis_minimum=(0.0, 0.0, -3.0), axis_maximum=(300.0, 300.0, 260.0)
    )


def delta(settings: Mapping[str, Any]) -> PrinterState:
    return PrinterState(
        settings=settings, axis_minimum=(-110.0, -110.0, -3.0), axis_maximum=(110.0, 110.0, 280.0)
    )


def test_the_meshs_corners_and_its_centre() -> None:
    found = corner_places(rectangle(MESH), BEHIND)
    assert {place.name: place.bed for place in found} == {
        "front left": (30.0, 35.0),
        "front right": (270.0, 35.0),
        "back right": (270.0, 270.0),
        "back left": (30.0, 270.0),
        "centre": (150.0, 152.5),
    }
    assert found[0].toolhead == (30.0, 10.0)


def test_corners_out_of_reach_of_the_probe_or_the_nozzle_move_inwards() -> None:
    far = ProbeConfig("probe", "probe", x_offset=-40.0, y_offset=50.0)
    found = {place.name: place.bed for place in corner_places(rectangle(MESH), far)}
    assert found["front left"] == (30.0, 50.0)
    assert found["back right"] == (260.0, 270.0)


def test_without_a_mesh_the_places_keep_off_the_edges_of_the_reach() -> None:
    found = {place.name: place.bed for place in corner_places(rectangle(), None)}
    assert found["front left"] == (30.0, 30.0)
    assert found["back right"] == (270.0, 270.0)


def test_fewer_places_are_the_most_telling_ones() -> None:
    assert [place.name for place in corner_places(rectangle(MESH), BEHIND, 2)] == ["front left", "back right"]
    assert len(corner_places(rectangle(MESH), BEHIND, 9)) == 9


def test_a_delta_is_measured_near_its_towers() -> None:
    found = corner_places(delta(DELTA), None)
    assert [place.name for place in found] == ["near A", "near B", "near C", "centre"]
    at = {place.name: place.bed for place in found}
    assert at["near A"] == pytest.approx((80 * math.cos(math.radians(210)), -40.0), abs=1e-3)
    assert at["near B"] == pytest.approx((80 * math.cos(math.radians(330)), -40.0), abs=1e-3)
    assert at["near C"] == pytest.approx((0.0, 80.0), abs=1e-3)
    assert at["centre"] == (0.0, 0.0)


def test_a_place_that_a_deltas_arms_do_not_let_the_probe_reach_moves_inwards() -> None:
    wide = {**DELTA, "bed_mesh": {"mesh_radius": 108.0}}
    at = {place.name: place for place in corner_places(delta(wide), BEHIND)}
    assert at["near C"].bed == pytest.approx((0.0, 108.0))
    # The toolhead stands 25 mm in front of the probe, and its own circle ends at 110 mm
    assert math.hypot(*at["near A"].toolhead) == pytest.approx(110.0, abs=0.01)


def test_a_deltas_turned_towers_are_followed() -> None:
    turned = {**DELTA, "stepper_a": {"angle": 180.0}}
    assert corner_places(delta(turned), None)[0].bed == pytest.approx((-80.0, 0.0), abs=1e-3)


def test_more_places_of_a_delta_lie_opposite_its_towers() -> None:
    found = {place.name: place.bed for place in corner_places(delta(DELTA), None, 7)}
    assert len(found) == 7
    assert found["opposite C"] == pytest.approx((0.0, -80.0), abs=1e-3)


def test_nothing_is_chosen_where_nozzle_and_probe_share_no_area_or_the_limits_are_unknown() -> None:
    assert corner_places(rectangle(MESH), ProbeConfig("probe", "probe", x_offset=400.0)) == ()
    assert corner_places(PrinterState(settings=MESH), BEHIND) == ()


def test_a_place_is_out_of_reach_where_only_the_probe_or_only_the_nozzle_gets_there() -> None:
    state = rectangle()
    assert not reachable(state, place_at("", (150.0, 10.0), BEHIND))
    assert not reachable(state, place_at("", (150.0, 320.0), BEHIND))
    assert reachable(state, place_at("", (150.0, 300.0), BEHIND))


@given(
    st.floats(-50, 50),  # mm: as far from the nozzle as a probe is on a toolhead
    st.floats(-50, 50),
    st.sampled_from(
        [rectangle(MESH), rectangle(), delta(DELTA), delta({"printer": {"kinematics": "polar"}})]
    ),
    st.integers(2, 9),
)
def test_every_place_is_reached_by_nozzle_and_probe(
    x: float, y: float, state: PrinterState, count: int
) -> None:
    probe = ProbeConfig("probe", "probe", x_offset=x, y_offset=y)
    found = corner_places(state, probe, count)
    assert len({place.name for place in found}) == len(found) >= 2
    assert all(reachable(state, place) for place in found)
