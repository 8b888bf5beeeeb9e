"""What `ready` finds in the options of sections that probe many points."""

from typing import Any

import pytest

from tests.unit.checks.test_ready import SETTINGS, findings, state
from zcal_tui.model.record import Level
from zcal_tui.printer.state import PrinterState

LIMITS = {"axis_minimum": (-5.0, 0.0, -3.0), "axis_maximum": (245.0, 235.0, 250.0)}


def printer(
    mesh: dict[str, Any], offsets: tuple[float, float] = (-40.0, -10.0), **limits: Any
) -> PrinterState:
    probe = {"z_offset": 1.5, "x_offset": offsets[0], "y_offset": offsets[1]}
    zero = {"zero_reference_position": (100.0, 100.0)}
    return state(settings={**SETTINGS, "probe": probe, "bed_mesh": {**zero, **mesh}}, **{**LIMITS, **limits})


@pytest.mark.parametrize(
    ("mesh", "offsets", "edits"),
    [
        ({"mesh_min": [20.0, 20.0], "mesh_max": [225.0, 215.0]}, (-40.0, -10.0), {"mesh_max": "205, 215"}),
        (
            {"mesh_min": (5.0, 10.0), "mesh_max": (215.0, 230.0)},
            (28.0, 4.5),
            {"mesh_min": "23, 10"},
        ),
        (
            {"mesh_min": "0, 0", "mesh_max": "235, 235"},
            (0.0, 25.0),
            {"mesh_min": "0, 25"},
        ),
        (
            {"mesh_min": (-60.0, 20.0), "mesh_max": (100.0, 234.0)},
            (-40.0, -10.0),
            {"mesh_min": "-45, 20", "mesh_max": "100, 225"},
        ),
    ],
)
def test_a_mesh_that_the_probe_cannot_reach_is_found_before_it_runs(
    mesh: dict[str, Any], offsets: tuple[float, float], edits: dict[str, str]
) -> None:
    found = findings(printer(mesh, offsets))["mesh-reach"]
    assert found.level is Level.WARN
    assert {change.option: change.new for change in found.changes} == edits
    assert all(f"{option} to {new}" in found.fix for option, new in edits.items())
    assert "Move out of range" in found.reason
    again = {**mesh, **{option: [float(part) for part in new.split(",")] for option, new in edits.items()}}
    assert "mesh-reach" not in findings(printer(again, offsets))


@pytest.mark.parametrize(
    ("radius", "offsets", "reached"),
    [
        (80.0, (0.0, 18.0), True),
        (95.0, (0.0, 18.0), False),
        (84.0, (12.0, 12.0), False),
        (82.0, (-12.0, 12.0), True),
    ],
)
def test_a_round_mesh(radius: float, offsets: tuple[float, float], reached: bool) -> None:
    delta = printer(
        {"mesh_radius": radius},
        offsets,
        axis_minimum=(-100.0, -100.0, -3.0),
        axis_maximum=(100.0, 100.0, 250.0),
    )
    settings = {**delta.settings, "printer": {"kinematics": "delta"}}
    seen = findings(
        state(settings=settings, axis_minimum=delta.axis_minimum, axis_maximum=delta.axis_maximum)
    )
    assert ("mesh-reach" in seen) is not reached


@pytest.mark.parametrize("section", ["bed_mesh", "z_tilt", "quad_gantry_level", "screws_tilt_adjust"])
@pytest.mark.parametrize(
    ("height", "z_offset", "low"), [(5.0, 6.4, True), (5.0, 4.9, False), (2.0, 2.35, True)]
)
def test_moves_below_the_trigger_height_are_found(
    section: str, height: float, z_offset: float, low: bool
) -> None:
    settings = {
        **SETTINGS,
        "probe": {"z_offset": z_offset, "y_offset": 25.0},
        section: {"horizontal_move_z": height, "zero_reference_position": (1.0, 1.0)},
    }
    found = findings(state(settings=settings)).get("low-moves")
    assert (found is not None) is low
    if found is not None:
        (change,) = found.changes
        assert (change.section, float(change.new) > z_offset + 1.0) == (section, True)
        assert f"[{section}] ({height:g} mm)" in found.what


def test_several_sections_are_one_finding() -> None:
    low = {"horizontal_move_z": 5.0}
    settings = {**SETTINGS, "probe": {"z_offset": 7.4}, "z_tilt": low, "quad_gantry_level": low}
    found = findings(state(settings=settings))["low-moves"]
    assert [change.section for change in found.changes] == ["z_tilt", "quad_gantry_level"]
    assert found.fix == "Set horizontal_move_z to 9 or more there."
