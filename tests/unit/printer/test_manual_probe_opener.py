"""What opened a manual probe: by the module's answer, by Moonraker's stored commands, or unknown."""

from typing import Any

import pytest

from zcal_tui.printer.manual_probe_opener import opener_of_module, opener_of_store

START = "// Starting manual Z probe. Use TESTZ to adjust position.\n// Finish with ACCEPT or ABORT command."
STAGED = "// probe: z_offset: 1.234\n// The SAVE_CONFIG command will update the printer config file"


def stored(*lines: str) -> list[dict[str, Any]]:
    """Commands as they are, responses with their mark."""
    return [{"type": "response" if line.startswith("//") else "command", "message": line} for line in lines]


@pytest.mark.parametrize(
    ("module", "function", "name"),
    [
        ("extras.probe", "PrinterProbe.probe_calibrate_finalize", "PROBE_CALIBRATE"),
        ("klippy.extras.probe", "ProbeCommandHelper.probe_calibrate_finalize", "PROBE_CALIBRATE"),
        ("extras.manual_probe", "ManualProbe.z_endstop_finalize", "Z_ENDSTOP_CALIBRATE"),
        ("extras.manual_probe", "ManualProbe.manual_probe_finalize", "MANUAL_PROBE"),
        ("extras.bed_mesh", "BedMeshCalibrate.probe_finalize", "BED_MESH_CALIBRATE"),
        ("extras.bed_tilt", "BedTiltCalibrate.probe_finalize", "BED_TILT_CALIBRATE"),
        ("extras.delta_calibrate", "DeltaCalibrate.probe_finalize", "DELTA_CALIBRATE"),
        (
            "extras.axis_twist_compensation",
            "Calibrater._manual_probe_callback_factory.<locals>.callback",
            "AXIS_TWIST_COMPENSATION_CALIBRATE",
        ),
        (
            "cartographer.adapters.klipper_like.toolhead",
            "KlipperLikeToolhead.manual_probe.<locals>.callback",
            "CARTOGRAPHER_SCAN_CALIBRATE",
        ),
        ("extras.zcal.host.manual", "_reporting.<locals>.ended", "ZCAL_PAPER_TEST"),
        ("extras.someones_plugin", "finalize", "an unknown command"),
        ("", "", "an unknown command"),
    ],
)
def test_the_module_names_who_gets_the_result(module: str, function: str, name: str) -> None:
    found = opener_of_module(
        {"module": module, "function": function, "point": 2, "points": 7, "trigger": None}
    )
    assert found.name == name
    assert (found.point, found.points, found.trigger) == (2, 7, None)
    assert "SAVE_CONFIG" in found.accept or "stages nothing" in found.accept


def test_moonraker_remembers_the_command() -> None:
    found = opener_of_store(
        stored("G28", "PROBE_CALIBRATE", "// probe at 1.000,2.000 is z=1.512", START, "TESTZ Z=-1"), 1.5
    )
    assert found.name == "PROBE_CALIBRATE"
    assert found.trigger == 1.512
    newer = stored("probe_calibrate", "// probe: at 1.000,2.000 bed will contact at z=0.012", START)
    assert opener_of_store(newer, 1.5).trigger == pytest.approx(1.512)
    assert opener_of_store(newer, None).trigger is None


def test_the_first_point_names_the_calibration_of_all() -> None:
    later = stored("BED_MESH_CALIBRATE METHOD=manual", START, "TESTZ Z=-1", "ACCEPT", START, "ACCEPT", START)
    assert opener_of_store(later, None).name == "BED_MESH_CALIBRATE"


@pytest.mark.parametrize(
    "lines",
    [
        ("PROBE_CALIBRATE", START, "ABORT", "MY_MACRO", START),
        ("PROBE_CALIBRATE", START, "ACCEPT", STAGED),
        ("PROBE_CALIBRATE", START, "ACCEPT", STAGED, "MY_MACRO", START),
        ("PROBE_CALIBRATE", START, "ACCEPT", STAGED, "ACCEPT", START),
        (START,),
        (),
    ],
)
def test_what_is_not_certain_is_unknown(lines: tuple[str, ...]) -> None:
    assert opener_of_store(stored(*lines), None).command is None


def test_odd_entries_are_skipped() -> None:
    assert opener_of_store([None, {"type": 3}, {"message": ["x"]}, "x"], None).command is None
