"""The points of a bed mesh, and where it is zero, as each generation of Klipper has it configured."""

from typing import Any

import pytest

from zcal_tui.printer.mesh_reference import mesh_points, mesh_reference

AREA = {"mesh_min": [25.0, 30.0], "mesh_max": [225.0, 225.0], "probe_count": [5, 5]}


@pytest.mark.parametrize(
    ("mesh", "place"),
    [
        ({**AREA, "zero_reference_position": [125.0, 125.0]}, (125.0, 125.0)),
        # Where both are given, klippy takes the place
        (
            {**AREA, "zero_reference_position": [125.0, 125.0], "relative_reference_index": 0},
            (125.0, 125.0),
        ),
        ({**AREA, "relative_reference_index": 0}, (25.0, 30.0)),
        # As klippy itself says of this mesh: "bed_mesh: relative_reference_index 12 is (125.00, 127.50)"
        ({**AREA, "relative_reference_index": 12}, (125.0, 127.5)),
        # The second row is probed back
        ({**AREA, "relative_reference_index": 5}, (225.0, 78.75)),
        ({**AREA, "relative_reference_index": 24}, (225.0, 225.0)),
        ({**AREA, "probe_count": "5, 3", "relative_reference_index": 7}, (125.0, 127.5)),
        ({**AREA, "probe_count": [3], "relative_reference_index": 4}, (125.0, 127.5)),
        ({**AREA, "probe_count": None, "relative_reference_index": 4}, (125.0, 127.5)),
        # 200 / 6 is cut off to 33.33
        ({**AREA, "probe_count": "7", "relative_reference_index": 6}, (25.0 + 6 * 33.33, 30.0)),
        ({**AREA, "relative_reference_index": 25}, None),
        ({"mesh_radius": 80, "relative_reference_index": 4}, None),
        (AREA, None),
    ],
)
def test_the_point_at_which_the_mesh_is_zero(mesh: dict[str, Any], place: tuple[float, float] | None) -> None:
    found = mesh_reference({"bed_mesh": mesh})
    assert found == (None if place is None else pytest.approx(place))


def test_without_a_mesh_there_is_none() -> None:
    assert mesh_reference({}) is None


@pytest.mark.parametrize(
    ("mesh", "count"),
    [
        (AREA, 25),
        ({**AREA, "probe_count": "5, 3"}, 15),
        ({}, 9),
        # As klippy lists them in klippy.log for a round bed
        ({"mesh_radius": 80.0}, 13),
        ({"mesh_radius": 80.0, "round_probe_count": 3}, 5),
        ({"mesh_radius": 80.0, "round_probe_count": 7}, 29),
    ],
)
def test_the_points_of_a_mesh_are_counted(mesh: dict[str, Any], count: int) -> None:
    assert mesh_points({"bed_mesh": mesh}) == count
