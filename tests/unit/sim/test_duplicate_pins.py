"""Two sections on one pin, as klippy judges them."""

import pytest

from tests.unit.sim.machine_rig import CARTESIAN
from zcal_tui.sim.wiring import WiringError, read_wiring

FAN = "[fan]\npin: PA1\n"
SECOND = "[fan_generic aux]\npin: !PA1\n"
BUTTON = "[gcode_button a]\npin: PA1\nanalog_range: 1, 2\npress_gcode:\n"
KEYS = "[display]\nlcd_type: uc1701\ncs_pin: PA2\na0_pin: PA3\nup_pin: PA1\nback_pin: PA1\n{}"
OVERRIDE = "[duplicate_pin_override]\npins: PB9, PA1\n"
MOTORS = "enable_pin: !EN\nendstop_pin: ^Z_STOP\nrotation_distance: 3\nmicrosteps: 16\n"
Z1 = "[stepper_z1]\nstep_pin: S1\ndir_pin: D1\n" + MOTORS


def reasons(text: str) -> list[str]:
    try:
        read_wiring(CARTESIAN + text)
    except WiringError as error:
        return [f"{one.section} {one.option}: {one.reason}" for one in error.refusals]
    return []


def test_a_pin_belongs_to_one_section() -> None:
    (reason,) = reasons(FAN + SECOND)
    assert reason.startswith("fan_generic aux pin: It shares the pin PA1 with [fan] pin,")


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        (OVERRIDE + FAN + SECOND, True),
        (FAN + OVERRIDE + SECOND, True),
        (FAN + SECOND + OVERRIDE, False),  # klippy has not read it by then
        (FAN + Z1.replace("S1", "PA1") + OVERRIDE, True),  # steppers are loaded last
        (OVERRIDE.replace("PA1", "PA2") + FAN + SECOND, False),
        (FAN + SECOND.replace("PA1", "head:PA1") + "[mcu head]\nserial: x\n", True),
        (FAN + "[heater_fan h]\npin: mcu:PA1\n", False),
        ("[board_pins]\naliases: ALIAS=PA1\n" + FAN + SECOND.replace("PA1", "ALIAS"), False),
        ("[board_pins]\naliases: ALIAS=PA1\n" + OVERRIDE + FAN + SECOND.replace("PA1", "ALIAS"), False),
        ("[board_pins]\naliases: A=PA1, B=A\n" + FAN.replace("PA1", "A") + SECOND.replace("PA1", "B"), False),
        ("[board_pins]\naliases: A=PA1\n" + FAN.replace("PA1", "A"), True),
        ("[board_pins]\naliases: A=PA1, PA2=<5V>\n" + FAN.replace("PA1", "PA2"), False),
        (FAN + "[gcode_button b]\npin: ^PA1\npress_gcode:\n", False),
        (BUTTON + BUTTON.replace("button a", "button b"), True),
        (FAN + "tachometer_pin: ^PA3\n[heater_fan h]\npin: PA2\ntachometer_pin: PA3\n", False),
        (FAN + "[display]\nlcd_type: uc1701\ncs_pin: PA2\na0_pin: PA3\nclick_pin: ^!PA1\n", False),
        (KEYS.format(""), False),
        (KEYS.format("analog_range_up_pin: 1, 2\nanalog_range_back_pin: 3, 4\n"), True),
        ("[tmc2209 stepper_x]\nuart_pin: PA4\ndiag_pin: Z_STOP\n", True),
        ("[multi_pin both]\npins: PA1, PA2\n[fan]\npin: multi_pin:both\n", True),
        ("[multi_pin both]\npins: PA1, PA2\n[fan]\npin: multi_pin:both\n" + SECOND, False),
        (FAN + "[multi_pin both]\npins: PA1, PA2\n", True),  # nothing uses the group
        (FAN + "[gcode_macro m]\nvariable_pin: 1\ngcode:\n  SET_PIN PIN=PA1\n", True),
        ("[probe]\npin: ^Z_STOP\nz_offset: 1\n", False),
    ],
)
def test_what_klippy_starts_with(text: str, runs: bool) -> None:
    assert (not reasons(text)) is runs


def test_steppers_of_a_rail_share_its_endstop_and_motors_an_enable_pin() -> None:
    assert (
        reasons(
            Z1 + "[manual_stepper m]\nstep_pin: S2\ndir_pin: D2\nenable_pin: !EN\n"
            "rotation_distance: 3\nmicrosteps: 16\n"
        )
        == []
    )
    (other,) = reasons(
        Z1.replace("!EN", "EN") + Z1.replace("z1", "z2").replace("S1", "S2").replace("D1", "D2")
    )
    assert (
        other
        == "stepper_z2 enable_pin: It shares the pin EN with [stepper_z1] enable_pin, but not its ! or ^."
    )
    (other,) = reasons(
        "[manual_stepper m]\nstep_pin: S2\ndir_pin: D2\nendstop_pin: Z_STOP\n"
        "rotation_distance: 3\nmicrosteps: 16\n"
    )
    assert "Z_STOP" in other
