"""What CALIBRATE_Z found, from the companion's status or from the console of the other plugins."""

import math
from typing import Any

import pytest

from tests.present import present
from zcal_tui.model.check_info.auto_z import INFO as AUTO_Z
from zcal_tui.printer.capabilities import capabilities_of
from zcal_tui.printer.console import parse
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.z_calibration import (
    ConsoleCalibration,
    applied_offset,
    from_status,
    section,
)

VORON: dict[str, dict[str, Any]] = {
    "printer": {"kinematics": "corexy"},
    "stepper_z": {"endstop_pin": "^PG10", "position_endstop": 0.5},
    "probe": {"z_offset": 6.4, "samples": 3, "samples_result": "median", "x_offset": 0.0, "y_offset": 19.75},
    "z_calibration": {
        "nozzle_xy_position": "206, 256",
        "switch_xy_offsets": "0, -23.75",
        "switch_offset": 0.5,
        "offset_margins": "-1.0, 1.0",
        "samples_result": "none",
        "start_gcode": "ATTACH_PROBE",
    },
    "bed_mesh": {"zero_reference_position": [125.0, 125.0]},
}


def test_the_section_is_completed_from_others() -> None:
    found = section(PrinterState(settings=VORON))
    assert found is not None
    assert found.bed == (125.0, 125.0)
    assert found.nozzle == (206.0, 256.0)
    assert found.switch == (206.0, 232.25)
    assert found.samples == 3
    assert found.median
    assert found.moves_the_probe
    assert not found.applies_by_script
    by_script = section(
        PrinterState(settings={"z_calibration": {"offset_gcode": "SET_TOOL_OFFSET Z={params.Z}"}})
    )
    assert by_script is not None
    assert by_script.applies_by_script
    assert section(PrinterState()) is None


@pytest.mark.parametrize(
    ("options", "margins", "names"),
    [
        ({}, (-1.0, 1.0), "offset_margins"),
        ({"offset_margins": "0.4"}, (-0.4, 0.4), "offset_margins"),
        ({"offset_margins": "0.3, -0.2"}, (-0.2, 0.3), "offset_margins"),
        ({"offset_margins": "-1.0,1.0", "max_deviation": 0.5}, (-0.5, 0.5), "max_deviation"),
        ({"offset_margins": "-1.0,1.0", "max_deviation": 2.0}, (-1.0, 1.0), "offset_margins"),
        (
            {"offset_margins": "-0.2,1.0", "max_deviation": 0.5},
            (-0.2, 0.5),
            "offset_margins and max_deviation",
        ),
        ({"max_deviation": 2.0}, (-2.0, 2.0), "max_deviation"),
    ],
)
def test_the_margins_in_all_their_forms(
    options: dict[str, Any], margins: tuple[float, float], names: str
) -> None:
    found = section(PrinterState(settings={"z_calibration": options}))
    assert found is not None
    assert (found.margins, found.margins_option) == (margins, names)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stepper_z": {"endstop_pin": "probe:z_virtual_endstop"}}, "the probe is the Z endstop"),
        ({"probe": None}, "No probe is configured"),
        ({"z_calibration": None}, "No [z_calibration]"),
        ({"stepper_z": None}, "No Z endstop"),
        ({"printer": {"kinematics": "delta"}, "stepper_a": {}, "stepper_z": None}, "A delta's endstops"),
    ],
)
def test_what_a_printer_lacks_is_named(changes: dict[str, Any], words: str) -> None:
    settings = {name: options for name, options in {**VORON, **changes}.items() if options is not None}
    reason = AUTO_Z.unfit(capabilities_of(PrinterState(settings=settings)))
    assert reason is not None
    assert words in reason
    assert AUTO_Z.unfit(capabilities_of(PrinterState(settings=VORON))) is None


def test_the_zcals_status() -> None:
    height = {"value": 6.4525, "sigma": 0.001, "interval": [6.45, 6.455], "samples": [6.452, 6.4525, 6.454]}
    found = from_status(
        {
            "result": {
                "offset": -0.0925,
                "half_width": 0.006,
                "switch_offset": 0.5,
                "nozzle": {"value": 0.5, "sigma": None, "interval": None, "samples": [0.5]},
                "switch": height,
                "bed": {**height, "value": 6.36, "twist": 0.01},
            }
        }
    )
    assert found is not None
    assert found.offset == -0.0925
    assert found.nozzle.sigma is None
    assert found.nozzle.standard_error is None
    assert found.switch.sigma == pytest.approx(0.00104, abs=1e-5)
    share = math.pi / (2 * 3 + math.pi - 2)
    assert found.switch.standard_error == pytest.approx(present(found.switch.sigma) * math.sqrt(share))
    assert found.twist == 0.01
    assert from_status({"last_query": True, "last_z_offset": -0.1}) is None
    assert from_status({"result": None}) is None


def hear(*lines: str) -> ConsoleCalibration:
    console = ConsoleCalibration(3, median=True)
    for line in lines:
        console.hear(parse(f"// {line}"))
    return console


def test_the_original_plugins_console() -> None:
    touches = [
        *(f"CALIBRATE_Z: probe at 206.000,256.000 is z={z:.6f}" for z in (0.501, 0.500, 0.4988)),
        *(f"CALIBRATE_Z: probe at 206.000,232.250 is z={z:.6f}" for z in (6.460, 6.400)),
        "CALIBRATE_Z: probe samples exceed tolerance. Retrying...",
        *(f"CALIBRATE_Z: probe at 206.000,232.250 is z={z:.6f}" for z in (6.4525, 6.4512, 6.4513)),
        *(f"CALIBRATE_Z: probe at 125.000,105.250 is z={z:.6f}" for z in (6.3625, 6.3575, 6.3587)),
        "CALIBRATE_Z: bed_probe=6.359 - (switch=6.451 - nozzle=0.500 + switch_offset=0.500) --> new_offset=-0.092600",
    ]
    found = hear(*touches).result()
    assert found is not None
    assert found.offset == -0.0926
    assert found.nozzle.value == 0.5
    assert found.switch.samples == (6.4525, 6.4512, 6.4513)
    assert found.switch.value == 6.4513
    assert found.bed.value == 6.3587
    assert found.switch_offset == 0.5


def test_kalicos_console_and_a_first_touch_that_does_not_count() -> None:
    found = hear(
        "probe at 206.000,256.000 is z=0.520000",
        "probe at 206.000,256.000 is z=0.500000",
        "probe at 206.000,256.000 is z=0.501000",
        "probe at 206.000,256.000 is z=0.500500",
        "probe at 206.000,232.250 is z=6.451000",
        "probe at 125.000,105.250 is z=6.359000",
        "Z-CALIBRATION: probe=6.359 - (switch=6.451 - nozzle=0.501 + switch_offset=0.500) --> new offset=-0.091500",
    ).result()
    assert found is not None
    assert found.nozzle.samples == (0.5, 0.501, 0.5005)
    assert found.offset == -0.0915


def test_the_oldest_wording_tells_the_heights_without_touches() -> None:
    found = hear(
        "Z-CALIBRATION: ENDSTOP=-0.300 NOZZLE=-0.267 SWITCH=2.370 PROBE=3.093 --> OFFSET=-0.010000"
    ).result()
    assert found is not None
    assert (found.nozzle.value, found.switch.value, found.bed.value) == (-0.267, 2.37, 3.093)
    assert found.nozzle.samples == ()
    assert found.switch_offset is None


def test_nothing_is_told_before_the_formula() -> None:
    assert hear("CALIBRATE_Z: probe at 1.000,2.000 is z=0.500000").result() is None


@pytest.mark.parametrize(
    ("status", "live", "offset"),
    [
        ({"applied": -0.1}, -0.1, -0.1),
        ({"applied": -0.1}, -0.05, None),
        ({"applied": None}, -0.1, None),
        ({"last_query": True, "last_z_offset": -0.1}, -0.1, -0.1),
        ({"last_query": False, "last_z_offset": -0.1}, -0.1, None),
        ({"last_query": True, "last_z_offset": 0.0}, 0.0, None),
        ({}, 0.0, None),
    ],
)
def test_whether_its_offset_is_in_force(status: dict[str, Any], live: float, offset: float | None) -> None:
    state = PrinterState(z_calibration=status, homing_origin=(0.0, 0.0, live))
    assert applied_offset(state) == offset
