from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.present import present
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.geometry import (
    Area,
    area,
    measuring_site,
    probe_reaches,
    probed_point,
    toolhead_for,
    z_limits,
)
from zcal_tui.printer.state import PrinterState

PROBE = ProbeConfig("probe", "probe", x_offset=10.0, y_offset=-20.0)


def printer(
    settings: Mapping[str, Any] | None = None,
    low: tuple[float, float, float] = (0.0, 0.0, -2.0),
    high: tuple[float, float, float] = (200.0, 200.0, 180.0),
) -> PrinterState:
    return PrinterState(settings=settings or {}, axis_minimum=low, axis_maximum=high)


def delta(settings: Mapping[str, Any] | None = None) -> PrinterState:
    return printer(
        {"printer": {"kinematics": "delta"}, **(settings or {})}, (-100.0, -100.0, 0.0), (100.0, 100.0, 250.0)
    )


HOMES_BY_PROBE = {
    "safe_z_home": {"home_xy_position": [120, 120]},
    "stepper_z": {"endstop_pin": "probe:z_virtual_endstop"},
    "probe": {"x_offset": 10.0, "y_offset": -20.0},
}


def test_probe_and_toolhead_points_are_each_others_inverse() -> None:
    assert probed_point((100.0, 100.0), PROBE) == (110.0, 80.0)
    assert toolhead_for((110.0, 80.0), PROBE) == (100.0, 100.0)


def test_reach() -> None:
    state = printer()
    assert probe_reaches(state, (10.0, 0.0), PROBE)
    assert not probe_reaches(state, (9.0, 0.0), PROBE)
    assert not probe_reaches(state, (100.0, 181.0), PROBE)
    assert z_limits(state) == (-2.0, 180.0)


def test_a_deltas_bed_is_round() -> None:
    state = delta()
    assert present(area(state)).radius == 100.0
    assert present(area(state)).contains((70.0, 70.0))
    assert not present(area(state)).contains((80.0, 80.0))


def test_a_polar_printers_bed_is_round_and_a_deltesians_is_not() -> None:
    polar = printer({"printer": {"kinematics": "polar"}}, (-90.0, -90.0, 0.0), (90.0, 90.0, 100.0))
    assert present(area(polar)).radius == 90.0
    deltesian = printer({"printer": {"kinematics": "deltesian"}})
    assert present(area(deltesian)).radius is None


def test_nothing_is_known_before_the_limits() -> None:
    assert area(PrinterState()) is None
    assert measuring_site(PrinterState(), PROBE) is None
    assert not probe_reaches(PrinterState(), (0.0, 0.0), PROBE)
    assert z_limits(PrinterState()) is None


@pytest.mark.parametrize(
    ("settings", "bed", "source"),
    [
        ({}, (100.0, 100.0), "middle"),
        ({"bed_mesh": {"mesh_min": [30, 10], "mesh_max": [190, 170]}}, (110.0, 90.0), "mesh"),
        (HOMES_BY_PROBE, (130.0, 100.0), "homed"),
        ({**HOMES_BY_PROBE, "stepper_z": {"endstop_pin": "PA1"}}, (100.0, 100.0), "middle"),
        (
            {
                "bed_mesh": {"zero_reference_position": [50.0, 60.0], "mesh_min": [0, 0], "mesh_max": [9, 9]},
                "safe_z_home": {"home_xy_position": [120, 120]},
            },
            (50.0, 60.0),
            "zero_reference",
        ),
        ({"bed_mesh": {"mesh_min": "30, 10", "mesh_max": "190, 170"}}, (110.0, 90.0), "mesh"),
        (
            {"bed_mesh": {"mesh_min": [30, 10], "mesh_max": [190, 170], "relative_reference_index": 3}},
            (190.0, 90.0),
            "relative_reference_index",
        ),
    ],
)
def test_where_to_measure(settings: Mapping[str, Any], bed: tuple[float, float], source: str) -> None:
    site = present(measuring_site(printer(settings), PROBE))
    assert site.bed == bed
    assert site.toolhead == toolhead_for(bed, PROBE)
    assert source in site.source


def test_a_round_mesh_is_measured_in_its_centre() -> None:
    round_mesh = {"bed_mesh": {"mesh_radius": 80, "mesh_origin": [100, 110]}}
    assert present(measuring_site(printer(round_mesh), PROBE)).bed == (100.0, 110.0)
    assert present(measuring_site(delta({"bed_mesh": {"mesh_radius": 80}}), PROBE)).bed == (0.0, 0.0)


def test_the_nozzle_needs_no_offset() -> None:
    site = present(measuring_site(printer(HOMES_BY_PROBE), None))
    assert site.toolhead == site.bed == (130.0, 100.0)


def test_zero_is_a_coordinate_like_any_other() -> None:
    site = present(measuring_site(delta(), None))
    assert site.toolhead == (0.0, 0.0)
    assert "round bed" in site.source
    state = printer({"bed_mesh": {"zero_reference_position": [0.0, 0.0]}})
    assert present(measuring_site(state, None)).source.endswith("zero_reference_position")


def test_an_unreachable_choice_is_passed_over() -> None:
    state = printer(
        {"bed_mesh": {"zero_reference_position": [2.0, 2.0], "mesh_min": [40, 40], "mesh_max": [60, 60]}}
    )
    assert present(measuring_site(state, PROBE)).bed == (50.0, 50.0)


def test_where_the_middle_is_out_of_reach_the_nearest_place_is_taken() -> None:
    far = ProbeConfig("probe", "probe", x_offset=150.0)
    site = present(measuring_site(printer(), far))
    assert site.toolhead == (0.0, 100.0)
    assert site.bed == (150.0, 100.0)


limits = st.tuples(st.floats(-300, 0), st.floats(1, 400))
offsets = st.floats(-60, 60)


@given(limits, limits, offsets, offsets, st.booleans())
def test_the_site_is_always_reachable_and_consistent(
    x: tuple[float, float], y: tuple[float, float], x_offset: float, y_offset: float, round_bed: bool
) -> None:
    probe = ProbeConfig("probe", "probe", x_offset=x_offset, y_offset=y_offset)
    kind = {"printer": {"kinematics": "delta"}} if round_bed else {}
    high = (-x[0] + 1, -x[0] + 1, 10.0) if round_bed else (x[1], y[1], 10.0)
    low = (-high[0], -high[0], 0.0) if round_bed else (x[0], y[0], 0.0)
    state = printer(kind, low, high)
    site = present(measuring_site(state, probe))
    assert present(area(state)).contains(site.toolhead)
    assert site.bed == pytest.approx(probed_point(site.toolhead, probe))


@given(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), st.none() | st.floats(1, 200))
def test_the_nearest_allowed_place_is_allowed(place: tuple[float, float], radius: float | None) -> None:
    allowed = Area((-200.0, -200.0), (200.0, 200.0), radius)
    nearest = allowed.nearest(place)
    assert allowed.contains(nearest)
    if allowed.contains(place):
        assert nearest == pytest.approx(place)
