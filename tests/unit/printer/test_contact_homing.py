"""Printers whose scanner finds Z 0 by nozzle contact, and what their plan leaves out."""

import pytest

from zcal_tui.model.check_info import CHECK_INFO
from zcal_tui.printer.capabilities import capabilities_of
from zcal_tui.printer.contact_homing import ContactAtStart, contact_at_start, homes_by_contact
from zcal_tui.printer.state import PrinterState


@pytest.mark.parametrize(
    ("settings", "contact"),
    [
        ({"beacon": {"home_method": "contact"}}, True),
        ({"beacon": {"home_method": "proximity"}}, False),
        ({"gcode_macro print_start": {"gcode": "G28\nCARTOGRAPHER_TOUCH_HOME"}}, True),
        ({"gcode_macro print_start": {"gcode": "G28\n# CARTOGRAPHER_TOUCH_HOME"}}, False),
        ({"gcode_macro my_test": {"gcode": "CARTOGRAPHER_TOUCH_HOME"}}, False),
        ({"homing_override": {"gcode": "G28 Z METHOD=CONTACT CALIBRATE=0"}}, True),
        ({"gcode_macro print_start": {"gcode": "G28 Z METHOD=PROXIMITY"}}, False),
        ({"gcode_macro print_start": {"gcode": "G28\nPROBE METHOD=tap\nSET_TAP"}}, True),
        ({"gcode_macro print_start": {"gcode": "G28\nPROBE METHOD=scan"}}, False),
        (
            {
                "gcode_macro print_start": {"gcode": "G28\nZERO"},
                "gcode_macro zero": {"gcode": "ZERO\nCARTOGRAPHER_TOUCH_HOME"},
            },
            True,
        ),
        ({}, False),
    ],
)
def test_contact_is_read_from_the_configuration(settings: dict[str, dict[str, str]], contact: bool) -> None:
    assert homes_by_contact(PrinterState(settings=settings)) is contact


def test_the_plan_says_which_check_does_not_apply_and_why() -> None:
    settings: dict[str, dict[str, object]] = {
        "cartographer": {"x_offset": 0.0},
        "extruder": {},
        "gcode_macro print_start": {"gcode": "G28\nCARTOGRAPHER_TOUCH_HOME"},
    }
    capabilities = capabilities_of(PrinterState(settings=settings))
    reason = CHECK_INFO["temperature"].unfit(capabilities)
    assert reason is not None
    assert "nozzle contact" in reason


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        (
            {"gcode_macro start_print": {"gcode": "G28\n PROBE METHOD=tap  ; nozzle\n"}},
            ContactAtStart("START_PRINT", "PROBE METHOD=tap"),
        ),
        (
            {
                "beacon": {"home_method": "contact"},
                "gcode_macro print_start": {"gcode": "G28 METHOD=CONTACT"},
            },
            None,
        ),
        ({"gcode_macro print_start": {"gcode": "G28"}}, None),
    ],
)
def test_what_finds_it_at_a_prints_start_alone(
    settings: dict[str, dict[str, str]], found: ContactAtStart | None
) -> None:
    assert contact_at_start(PrinterState(settings=settings)) == found
