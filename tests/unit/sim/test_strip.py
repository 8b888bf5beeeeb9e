"""What is left out of a configuration, and what never is."""

from pathlib import Path

import pytest

from tests.unit.sim.machine_rig import CARTESIAN, HEATERS, PROBE
from zcal_tui.klipper_config.configuration import parse_text, read_configuration
from zcal_tui.sim.host.config_copy import Places, copy_config
from zcal_tui.sim.strip import describe, strip
from zcal_tui.sim.wiring import connect

Z = (
    CARTESIAN
    + HEATERS
    + PROBE
    + "[mcu]\nserial: x\n[safe_z_home]\nhome_xy_position: 1, 1\n[z_tilt]\n[bed_mesh]\n"
    "[homing_override]\naxes: z\ngcode:\n  _LIGHT\n  G28 Z\n[tmc2209 stepper_z]\n"
    "[gcode_macro _LIGHT]\ngcode:\n  SET_SERVO SERVO=arm ANGLE=1\n  SET_LED_EFFECT EFFECT=x\n"
)


def left_out(text: str) -> set[str]:
    return {one.section for one in strip(parse_text(text)).left_out}


def test_what_z_depends_on_stays() -> None:
    assert left_out(Z) == set()


def test_what_z_does_not_depend_on_goes_and_is_listed() -> None:
    text = Z + "[neopixel bar]\npin: PA1\n[filament_switch_sensor f]\n[display]\n[led_effect x]\n"
    result = strip(parse_text(text, "p.cfg"))
    assert [one.section for one in result.left_out] == [
        "neopixel bar",
        "filament_switch_sensor f",
        "display",
        "led_effect x",
    ]
    assert "neopixel bar" not in result.configuration.sections
    line = next(describe(result.left_out))
    assert line.startswith("p.cfg:") and line.endswith("[neopixel bar]: left out. Z does not depend on it.")


def test_what_a_macro_of_the_homing_uses_stays() -> None:
    assert left_out(Z + "[servo arm]\npin: PA1\n[servo other]\npin: PA2\n") == {"servo other"}


def test_macros_are_followed_through_macros_and_delayed_gcode() -> None:
    text = (
        CARTESIAN
        + "[probe]\nactivate_gcode: Deploy\n[gcode_macro deploy]\ngcode:\n  UPDATE_DELAYED_GCODE ID=later\n"
        "[delayed_gcode later]\ngcode:\n  SET_PIN PIN=Magnet VALUE=1\n[output_pin magnet]\n[output_pin lamp]\n"
    )
    assert left_out(text) == {"output_pin lamp"}


CALLED = (
    "[gcode_macro PRINT_START]\ngcode:\n  LEVEL\n"
    "[gcode_macro LEVEL]\ngcode:\n  _prepare\n  Z_TILT_ADJUST\n"
    "[gcode_macro _PREPARE]\ngcode:\n  {% set speed = printer['gcode_macro _Speeds'].fast %}\n"
    "[gcode_macro _Speeds]\nvariable_fast: 1\ngcode:\n"
    "[gcode_macro SET_BABYSTEP]\ngcode:\n  SET_GCODE_OFFSET Z=0.1\n"
    "[idle_timeout]\ngcode:\n  BEDTIME\n[gcode_macro BEDTIME]\ngcode:\n  M84\n"
    "[delayed_gcode boot]\ninitial_duration: 1\ngcode:\n  HELLO\n[gcode_macro HELLO]\ngcode:\n  M117 Hi\n"
)
UNRELATED = (
    "[gcode_macro PLAY_TUNE]\ngcode:\n  _BEEP\n[gcode_macro _BEEP]\ngcode:\n  M300\n"
    "[gcode_button b]\npin: PA1\npress_gcode:\n  EJECT\n[gcode_macro EJECT]\ngcode:\n  M117 out\n"
)


def test_macros_that_something_left_calls_stay() -> None:
    kept = strip(parse_text(Z + CALLED + UNRELATED)).configuration.sections
    assert set(parse_text(CALLED).sections) <= set(kept)


def test_macros_that_nothing_left_calls_go_and_are_listed() -> None:
    result = strip(parse_text(Z + CALLED + UNRELATED))
    found = {one.section: one.reason for one in result.left_out}
    assert set(found) == {
        "gcode_macro PLAY_TUNE",
        "gcode_macro _BEEP",
        "gcode_button b",
        "gcode_macro EJECT",
    }
    assert found["gcode_macro EJECT"] == "Nothing that is left calls it, and it has nothing to do with Z."
    assert found["gcode_button b"] == "Z does not depend on it."


def test_a_macro_that_renames_a_missing_command_goes() -> None:
    text = (
        Z + "[gcode_macro SET_LED]\nrename_existing: _SET_LED\ngcode:\n"
        "[gcode_macro FOREIGN]\nrename_existing: OLD\ngcode:\n"
        "[gcode_macro BED_MESH_CALIBRATE]\nrename_existing: _BMC\ngcode:\n"
        "[gcode_macro M117]\nrename_existing: M117.1\ngcode:\n"
        "[gcode_macro G28]\nrename_existing: G28.1\ngcode:\n"
    )
    assert left_out(text) == {"gcode_macro SET_LED", "gcode_macro FOREIGN", "gcode_macro M117"}
    assert "gcode_macro M117" not in left_out(text + "[display_status]\n")


def test_a_macro_with_parameters_in_its_name_goes() -> None:
    assert left_out(Z + "[gcode_macro START BED]\ngcode:\n") == {"gcode_macro START BED"}


def test_what_belongs_to_a_display_stays_or_goes_with_it() -> None:
    items = "[display_data a b]\nposition: 0, 0\n[display_glyph arm]\ndata: 1\n[menu arm]\ntype: list\n"
    display = "[display]\nlcd_type: st7920\n"
    gone = {"display_data a b", "display_glyph arm", "menu arm", "display"}
    assert left_out(Z + items + display) == gone
    shown = Z.replace("SET_SERVO SERVO=arm", "SHOW DISPLAY=1 ARM=1")
    assert left_out(shown + items + display) == set()
    assert left_out(Z + "[sdcard_loop]\n") == {"sdcard_loop"}


def test_a_macro_without_gcode_goes() -> None:
    assert left_out(Z + "[gcode_macro VALUES]\nvariable_a: 1\n") == {"gcode_macro VALUES"}


def test_homing_does_not_end_out_of_range() -> None:
    text = Z.replace("home_xy_position: 1, 1", "home_xy_position: 1, 1\nmove_to_previous: True")
    result = strip(parse_text(text))
    assert [(one.section, one.option) for one in result.left_out] == [("safe_z_home", "move_to_previous")]
    inside = text.replace("position_endstop: 0\n", "position_endstop: 0\nposition_min: -1\n")
    inside = inside.replace(
        "position_endstop: 200\nposition_max: 200", "position_endstop: 200\nposition_max: 201"
    )
    assert left_out(inside) == set()


def test_values_that_calibrating_saves_are_assumed_where_they_are_missing(tmp_path: Path) -> None:
    text = (
        (CARTESIAN + HEATERS + PROBE + "[mcu]\nserial: x\n")
        .replace("z_offset: 2.0\n", "")
        .replace("position_endstop: 0.5\n", "")
        .replace("[heater_bed]\n", "[heater_bed]\ncontrol: watermark\n")
    )
    main = tmp_path / "printer.cfg"
    main.write_text(text)
    result = strip(read_configuration(str(main)))
    found = {(one.section, one.option): one.value for one in result.assumed}
    assert found == {
        ("stepper_z", "position_endstop"): "0.5",
        ("extruder", "control"): "pid",
        ("extruder", "pid_kp"): "22",
        ("extruder", "pid_ki"): "1",
        ("extruder", "pid_kd"): "110",
        ("probe", "z_offset"): "2",
    }
    assert connect(result.configuration).drives[0].position_endstop == 0.5
    assert f"{main}:40: [probe] z_offset: not set. 2 is assumed." in list(describe((), result.assumed))
    copy_config(
        read_configuration(str(main)),
        tmp_path / "copy" / "printer.cfg",
        Places({}, tmp_path, tmp_path / "files"),
        added=[(one.section, one.option, one.value) for one in result.assumed],
    )
    copied = read_configuration(str(tmp_path / "copy" / "printer.cfg")).sections
    assert all(copied[section].get(option) == value for (section, option), value in found.items())


def test_a_controller_goes_when_nothing_is_on_it() -> None:
    host = "[mcu rpi]\nserial: x\n[board_pins rpi]\nmcu: rpi\naliases: A=B\n"
    assert left_out(Z + host + "[adxl345]\ncs_pin: rpi:None\n") == {"mcu rpi", "board_pins rpi", "adxl345"}
    assert left_out(Z + host + "[heater_fan f]\npin: rpi:PA1\n") == set()


def test_a_port_expander_stays_where_something_is_on_it() -> None:
    text = Z + "[sx1509 duex]\ni2c_address: 62\n"
    assert left_out(text) == {"sx1509 duex"}
    assert left_out(text + "[output_pin lamp]\npin: sx1509_duex:PIN_1\n") == {
        "sx1509 duex",
        "output_pin lamp",
    }
    assert left_out(text + "[heater_fan f]\npin: sx1509_duex:PIN_1\n") == set()


def test_a_driver_goes_with_its_motor() -> None:
    text = Z + "[stepper_mmu]\nstep_pin: A\n[tmc2209 stepper_mmu]\nuart_pin: B\n"
    assert left_out(text) == {"stepper_mmu", "tmc2209 stepper_mmu"}


def test_named_plugins_stay() -> None:
    assert "led_effect x" not in {
        one.section for one in strip(parse_text(Z + "[led_effect x]\n"), ["led_effect"]).left_out
    }


def test_includes_of_files_that_are_not_there_go(tmp_path: Path) -> None:
    (tmp_path / "there.cfg").write_text("[fan]\n")
    (tmp_path / "dangling.cfg").symlink_to(tmp_path / "nowhere")
    (tmp_path / "binary.cfg").write_bytes(b"\0")
    main = tmp_path / "printer.cfg"
    main.write_text(
        "[include mainsail.cfg]\n[include there.cfg]\n[include dangling.cfg]\n[include binary.cfg]\n"
    )
    result = strip(read_configuration(str(main)))
    assert [one.section for one in result.left_out] == [
        "include mainsail.cfg",
        f"include {tmp_path / 'dangling.cfg'}",
    ]
    (fault,) = result.configuration.faults
    assert "not a text file" in fault.text
    main.write_text(main.read_text().replace("[include binary.cfg]\n", ""))
    copy_config(
        strip(read_configuration(str(main))).configuration,
        tmp_path / "copy" / "printer.cfg",
        Places({}, tmp_path, tmp_path / "files"),
    )
    copied = read_configuration(str(tmp_path / "copy" / "printer.cfg"))
    assert not copied.faults and list(copied.sections) == ["fan"]


def test_a_printer_cfg_that_is_not_there_stays_a_fault(tmp_path: Path) -> None:
    assert strip(read_configuration(str(tmp_path / "printer.cfg"))).configuration.faults


def test_a_step_distance_of_klipper_of_2021_becomes_a_rotation_distance() -> None:
    old = CARTESIAN.replace("rotation_distance: 3.2\nmicrosteps: 16\n", "step_distance: .0025\n")
    result = strip(parse_text(old))
    assert [(one.option, one.value) for one in result.assumed] == [
        ("microsteps", "16"),
        ("rotation_distance", "8"),
    ]
    assert connect(result.configuration).drives[0].step_distance == pytest.approx(0.0025)
