import math
from collections.abc import Mapping
from typing import Any

import pytest

from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.drives import ZDrive, grid_places, place_near, z_drives
from zcal_tui.printer.state import PrinterState, ProbeState

BEHIND = ProbeConfig("probe", "probe", x_offset=0.0, y_offset=25.0)
MESH = {"mesh_min": [30, 35], "mesh_max": [270, 270]}


def rectangle(**settings: Mapping[str, Any]) -> PrinterState:
    return PrinterState(
        settings={"bed_mesh": MESH, **settings},
        axis_minimum=(0.0, 0.0, -3.0),
        axis_maximum=(300.0, 300.0, 260.0),
        probe=ProbeState("probe"),
    )


def delta(**settings: Mapping[str, Any]) -> PrinterState:
    return PrinterState(
        settings={
            "printer": {"kinematics": "delta", "delta_radius": 123.5},
            "stepper_a": {},
            "stepper_b": {},
            "stepper_c": {"angle": 80.0},
            "bed_mesh": {"mesh_radius": 80.0},
            **settings,
        },
        axis_minimum=(-110.0, -110.0, -3.0),
        axis_maximum=(110.0, 110.0, 280.0),
    )


@pytest.mark.parametrize("section", ["z_tilt", "z_tilt_ng"])
@pytest.mark.parametrize(
    "places", [[[-50, 18], [125, 298], [300, 18]], "\n-50, 18\n125, 298\n300, 18"], ids=["parsed", "text"]
)
def test_z_tilt_names_the_steppers_in_order(section: str, places: object) -> None:
    assert z_drives(rectangle(**{section: {"z_positions": places}})) == (
        ZDrive("stepper_z", (-50.0, 18.0)),
        ZDrive("stepper_z1", (125.0, 298.0)),
        ZDrive("stepper_z2", (300.0, 18.0)),
    )


def test_a_gantrys_corners_go_clockwise_from_the_front_left() -> None:
    found = z_drives(rectangle(quad_gantry_level={"gantry_corners": [[-60, -10], [360, 370]]}))
    assert [drive.position for drive in found] == [(-60, -10), (-60, 370), (360, 370), (360, -10)]
    assert [drive.name for drive in found] == ["stepper_z", "stepper_z1", "stepper_z2", "stepper_z3"]


def test_a_deltas_towers_stand_at_their_angles() -> None:
    found = {drive.name: drive.position for drive in z_drives(delta())}
    assert list(found) == ["stepper_a", "stepper_b", "stepper_c"]
    for name, angle in (("stepper_a", 210.0), ("stepper_b", 330.0), ("stepper_c", 80.0)):
        turned = math.radians(angle)
        assert found[name] == pytest.approx((123.5 * math.cos(turned), 123.5 * math.sin(turned)))


def test_screws_count_where_the_drives_are_not_known() -> None:
    screws = {"screw1": [20, 20], "screw1_name": "front left", "screw2": [200, 200]}
    assert z_drives(rectangle(bed_screws=screws)) == (
        ZDrive("front left", (20.0, 20.0)),
        ZDrive("screw2", (200.0, 200.0)),
    )
    # Those of screws_tilt_adjust are where the nozzle is when the probe is over the screw
    assert z_drives(rectangle(screws_tilt_adjust=screws, probe={"x_offset": 5.0, "y_offset": -10.0})) == (
        ZDrive("front left", (25.0, 10.0)),
        ZDrive("screw2", (205.0, 190.0)),
    )


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"z_tilt": {"z_positions": "nonsense"}},
        {"z_tilt": {"z_positions": [[1, 2]]}},
        {"quad_gantry_level": {"gantry_corners": [[1, 2]]}},
        {"bed_screws": {"screw1": "a,b"}},
    ],
)
def test_what_shows_no_drives_gives_none(settings: Mapping[str, Any]) -> None:
    assert z_drives(rectangle(**settings)) == ()


def test_the_place_nearest_to_a_drive_stays_where_probing_is_safe() -> None:
    place = place_near(rectangle(), BEHIND, ZDrive("stepper_z2", (360.0, 150.0)))
    assert place is not None
    assert (place.name, place.bed, place.toolhead) == ("stepper_z2", (270.0, 150.0), (270.0, 125.0))


def test_on_a_delta_it_is_the_place_near_the_tower() -> None:
    state = delta()
    for drive in z_drives(state):
        place = place_near(state, BEHIND, drive)
        assert place is not None
        assert math.hypot(*place.bed) <= 80.0 + 1e-3
        assert math.dist(place.bed, drive.position) < 60.0


def test_before_the_printer_has_told_its_limits_there_is_no_place() -> None:
    assert place_near(PrinterState(), BEHIND, ZDrive("stepper_z", (0.0, 0.0))) is None
    assert grid_places(PrinterState(), BEHIND, 3) == ()


def test_a_grid_walks_to_and_fro_over_the_mesh() -> None:
    found = grid_places(rectangle(), BEHIND, 3)
    assert [place.bed for place in found[:4]] == [(30.0, 35.0), (150.0, 35.0), (270.0, 35.0), (270.0, 152.5)]
    assert len(found) == 9


def test_a_grid_on_a_round_bed_stays_on_it() -> None:
    found = grid_places(delta(), BEHIND, 5)
    assert found
    assert all(math.hypot(*place.bed) <= 80.01 for place in found)
