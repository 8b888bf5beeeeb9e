"""What a printer.cfg connects, and what of it cannot be simulated."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.sim.machine_rig import BLTOUCH, CARTESIAN, CARTOGRAPHER, HEATERS, PROBE
from zcal_tui.klipper_config.configuration import parse_text
from zcal_tui.sim.wiring import Pin, Thermistor, WiringError, connect, load_wiring, read_wiring


def test_pins_keep_their_modifiers_apart() -> None:
    wiring = read_wiring(CARTESIAN + PROBE)
    y = wiring.axis("y")[0]
    assert y.dir_pin == Pin("Y_DIR", invert=True)
    assert y.endstop_pin == Pin("Y_STOP", invert=True, pullup=1)
    assert y.homes_to_max and not wiring.axis("x")[0].homes_to_max
    assert wiring.probe is not None
    assert (wiring.probe.pin, wiring.probe.x_offset, wiring.probe.z_offset) == (
        Pin("PROBE", pullup=1),
        10.0,
        2.0,
    )
    assert wiring.pins[:3] == ("X_STEP", "X_DIR", "X_STOP")


def test_comments_equals_signs_and_case() -> None:
    text = CARTESIAN.replace("kinematics: cartesian", "KINEMATICS = cartesian ; the usual")
    text = text.replace("microsteps: 16", "microsteps: 16 # sixteen")
    assert read_wiring(text) == read_wiring(CARTESIAN)


@pytest.mark.parametrize(
    ("lines", "distance"),
    [
        ("rotation_distance: 8\nmicrosteps: 16", 0.0025),
        ("rotation_distance: 40\nmicrosteps: 32\ngear_ratio: 80:16", 0.00125),
        ("rotation_distance: 40\nmicrosteps: 16\nfull_steps_per_rotation: 400", 0.00625),
        ("rotation_distance: 22\nmicrosteps: 16\ngear_ratio: 50:10, 2:1", 0.0006875),
    ],
)
def test_step_distance(lines: str, distance: float) -> None:
    text = CARTESIAN.replace("rotation_distance: 3.2\nmicrosteps: 16", lines)
    assert read_wiring(text).drives[0].step_distance == pytest.approx(distance)


def test_saved_values_replace_those_above() -> None:
    saved = (
        "\n#*# <---------------------- SAVE_CONFIG ---------------------->\n"
        "#*# DO NOT EDIT THIS BLOCK OR BELOW. The contents are auto-generated.\n#*#\n"
        "#*# [probe]\n#*# z_offset = 2.345\n#*#\n#*# [bed_mesh default]\n#*# version = 1\n"
        "#*# points =\n#*# \t0.1, 0.2\n#*# \t0.3, 0.4\n"
    )
    probe = read_wiring(CARTESIAN + PROBE.replace("z_offset: 2.0\n", "") + saved).probe
    assert probe is not None
    assert probe.z_offset == 2.345
    assert probe.x_offset == 10.0


def test_included_files_are_read_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "printer.cfg").write_text("[include parts/*.cfg]\n" + CARTESIAN)
    (tmp_path / "parts" / "probe.cfg").write_text("[include more.cfg]\n" + PROBE)
    (tmp_path / "parts" / "more.txt").write_text("not read")
    (tmp_path / "parts" / "more.cfg").write_text("[fan]\npin: FAN\n")
    wiring = load_wiring(tmp_path / "printer.cfg")
    assert wiring.probe is not None
    assert wiring.fans[0].pin.name == "FAN"


def test_faults_of_the_files_are_reasons(tmp_path: Path) -> None:
    (tmp_path / "printer.cfg").write_text("[include nothing.cfg]\n[include a.cfg]\n" + CARTESIAN)
    (tmp_path / "a.cfg").write_text("[tmc9999 x]\n[include a.cfg]\n")
    with pytest.raises(WiringError) as raised:
        load_wiring(tmp_path / "printer.cfg")
    assert [(refusal.place.line, Path(refusal.place.file).name) for refusal in raised.value.refusals] == [
        (1, "printer.cfg"),
        (1, "a.cfg"),
        (2, "a.cfg"),
    ]
    with pytest.raises(WiringError, match="cannot be read: No such file"):
        load_wiring(tmp_path / "missing.cfg")


def test_board_aliases_are_resolved() -> None:
    aliases = "[board_pins]\naliases:\n    PROBE=PE8, OTHER=<GND>,\n    FAN=PE9\n"
    wiring = read_wiring(CARTESIAN + PROBE + aliases)
    assert wiring.probe is not None
    assert wiring.probe.pin.name == "PE8"
    assert "PE8" in wiring.pins and "PROBE" not in wiring.pins


def test_sensors_of_any_section_that_the_host_cannot_read_itself() -> None:
    sensors = (
        "[temperature_sensor pi]\nsensor_type: temperature_host\n"
        "[z_thermal_adjust]\nsensor_type: Generic 3950\nsensor_pin: FRAME\n"
    )
    wires = read_wiring(CARTESIAN + HEATERS + sensors).heaters
    assert [(wire.section, wire.sensor_pin) for wire in wires] == [
        ("extruder", "HOT_ADC"),
        ("heater_bed", "BED_ADC"),
        ("z_thermal_adjust", "FRAME"),
    ]
    assert wires[2].heater_pin is None


def test_a_probe_as_the_endstop_needs_a_probe() -> None:
    with pytest.raises(WiringError, match=r"\[stepper_z\] endstop_pin: There is no section for a probe"):
        read_wiring(CARTESIAN.replace("^Z_STOP", "probe:z_virtual_endstop"))


def test_a_virtual_endstop_is_no_pin() -> None:
    wiring = read_wiring(CARTESIAN.replace("^Z_STOP", "probe:z_virtual_endstop") + PROBE)
    assert wiring.drives[0].endstop_pin is None
    assert wiring.drives[0].virtual_endstop == "probe:z_virtual_endstop"
    assert not any("virtual" in pin for pin in wiring.pins)


def test_several_drives_and_their_places() -> None:
    second = "[stepper_z1]\nstep_pin: S1\ndir_pin: D1\nrotation_distance: 3.2\nmicrosteps: 16\n"
    places = "[z_tilt]\nz_positions:\n    -10, 50\n    210, 50\n"
    wiring = read_wiring(CARTESIAN + second + places)
    assert [stepper.section for stepper in wiring.drives] == ["stepper_z", "stepper_z1"]
    assert wiring.drive_places == ((-10.0, 50.0), (210.0, 50.0))
    corners = "[quad_gantry_level]\ngantry_corners:\n    -60,-10\n    360,370\n"
    assert read_wiring(CARTESIAN + corners).drive_places == ((-60, -10), (-60, 370), (360, 370), (360, -10))


def test_a_bltouch_has_a_control_pin_and_an_eddy_sensor_a_bus() -> None:
    wiring = read_wiring(
        CARTESIAN + BLTOUCH + "[probe_eddy_current c]\nsensor_type: ldc1612\ni2c_bus: i2c3\n"
    )
    assert wiring.probe is not None
    assert wiring.probe.control_pin == Pin("CONTROL")
    assert wiring.eddy is not None
    assert wiring.i2c_buses == ("i2c3",)


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("[led_effect x]\n", r":28: \[led_effect x\]: Klipper has no module of this name"),
        ("[probe]\npin: a b\nz_offset: 1\n", r":29: \[probe\] pin: 'a b' is not a pin"),
        ("[probe]\npin: PA1\n", r":28: \[probe\] z_offset: Klipper needs this option"),
        ("[probe]\npin: PA1\nz_offset: high\n", r":30: \[probe\] z_offset: 'high' is not a number"),
        (
            "[tmc2209 stepper_q]\nuart_pin: A\n",
            r":28: \[tmc2209 stepper_q\]: There is no section \[stepper_q\]",
        ),
        ("[stepper_mmu]\nstep_pin: A\n", r":28: \[stepper_mmu\]: Klipper has no module of this name"),
        ("[fan]\npin: toolboard:PA1\n", r"pin: There is no section for toolboard"),
        ("[fan]\npin: multi_pin:both\n", r"There is no section \[multi_pin both\]"),
        (
            "[fan]\npin: multi_pin:both\n[multi_pin both]\npins: A, B\n",
            r":29: \[fan\] pin: \[multi_pin both\] must be above this section",
        ),
        ("[z_tilt]\nz_positions: here\n", r"z_positions: 'here' is not a point"),
        (
            "[extruder]\nheater_pin: A\nsensor_pin: B\nsensor_type: oven glove\n",
            r":31: \[extruder\] sensor_type: oven glove is no sensor that can be simulated. These can: ATC",
        ),
    ],
)
def test_what_cannot_be_simulated_is_named_with_its_line(extra: str, said: str) -> None:
    with pytest.raises(WiringError, match=said):
        read_wiring(CARTESIAN + extra)


def test_a_beacon_is_a_micro_controller_of_its_own() -> None:
    text = (
        SCANNED.replace("[stepper_z]", "[stepper_z]\nhoming_retract_dist: 0") + "[beacon]\nserial: /dev/x\n"
    )
    wiring = connect(parse_text(text), plugins=["beacon"])
    [own] = wiring.others
    assert (own.name, own.section, sorted(own.groups)) == ("beacon", "beacon", ["beacon"])
    assert wiring.scanners == ("beacon:beacon",)
    assert "beacon" not in wiring.groups


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "kinematics: cartesian",
            "kinematics: polar",
            r":3: \[printer\] kinematics: polar cannot be simulated. Only these can: cartesian, corexy",
        ),
        ("[printer]", "[printers]", r"no section \[printer\]"),
        ("[stepper_y]", "[stepper_q]", r"no section \[stepper_y\]"),
        ("microsteps: 16", "microsteps: 0", "makes no steps"),
        ("microsteps: 16", "microsteps: 16\ngear_ratio: 5", "'5' is not a ratio. Write it like 80:16"),
        ("[printer]", "[printer", "in no section"),
    ],
)
def test_what_is_no_printer_is_refused(old: str, new: str, said: str) -> None:
    with pytest.raises(WiringError, match=said):
        read_wiring(CARTESIAN.replace(old, new))


def test_a_macro_cannot_rename_what_is_not_there() -> None:
    macro = "[gcode_macro pause]\nrename_existing: BASE\ngcode:\n"
    with pytest.raises(
        WiringError, match=r"\[gcode_macro pause\] rename_existing: No section provides PAUSE"
    ):
        read_wiring(CARTESIAN + macro)
    read_wiring(CARTESIAN + "[pause_resume]\n" + macro)
    fan_speed = "[gcode_macro M106]\nrename_existing: M106.1\ngcode:\n"
    with pytest.raises(WiringError, match="No section provides M106"):
        read_wiring(CARTESIAN + fan_speed)
    read_wiring(CARTESIAN + "[fan]\npin: FAN\n" + fan_speed)
    read_wiring(CARTESIAN + "[gcode_macro M84]\nrename_existing: M84.1\ngcode:\n")


@pytest.mark.parametrize("section", ["[menu __main x]\ntype: list\n", "[display_template t]\ntext: x\n"])
def test_what_belongs_to_a_display_needs_one(section: str) -> None:
    with pytest.raises(WiringError, match=r"only where there is a section \[display\]"):
        read_wiring(CARTESIAN + section)
    read_wiring(CARTESIAN + section + "[display]\nlcd_type: uc1701\ncs_pin: A\na0_pin: B\n")


def test_a_macro_needs_gcode() -> None:
    with pytest.raises(WiringError, match=r"\[gcode_macro a\] gcode: Klipper needs this option"):
        read_wiring(CARTESIAN + "[gcode_macro a]\nvariable_x: 1\n")
    with pytest.raises(WiringError, match="The name of a macro is one word"):
        read_wiring(CARTESIAN + "[gcode_macro a b]\ngcode:\n")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "position_endstop: 0.5",
            "position_endstop: -0.5",
            r"\[stepper_z\] position_endstop: The endstop is at -0.5",
        ),
        (
            "position_endstop: 0\n",
            "position_endstop: 100\n",
            r"\[stepper_x\] homing_positive_dir: .* neither end",
        ),
        ("position_endstop: 0\n", "position_endstop: 0\nhoming_positive_dir: True\n", "the other end"),
        (
            "position_max: 200",
            "position_max: 0",
            r"\[stepper_x\] position_max: It must be above position_min",
        ),
        (
            "endstop_pin: ^Z_STOP",
            "endstop_pin: probe:z_virtual_endstop\nposition_min: 3",
            r"\[probe\] z_offset: The endstop of stepper_z: The endstop is at 2",
        ),
    ],
)
def test_an_endstop_has_to_be_at_an_end_of_its_axis(old: str, new: str, said: str) -> None:
    with pytest.raises(WiringError, match=said):
        read_wiring(CARTESIAN.replace(old, new, 1) + PROBE)


def test_g28_must_not_end_where_the_axis_does() -> None:
    text = CARTESIAN + PROBE + "[safe_z_home]\nhome_xy_position: 1, 1\nmove_to_previous: {}\n"
    with pytest.raises(WiringError, match=r"\[safe_z_home\] move_to_previous: G28 goes back"):
        read_wiring(text.format("True"))
    read_wiring(text.format("False"))


@pytest.mark.parametrize(
    ("section", "said"),
    [
        ("[heater_fan f]\nserial: /dev/ttyS0\n", r"\[heater_fan f\] serial: It opens a port"),
        ("[plugin]\ncanbus_uuid: 12\n", r"\[plugin\] canbus_uuid: It opens a port"),
        ("[plugin]\nlog: ~/plugin.log\n", r"\[plugin\] log: It is a path"),
        ("[idle_timeout]\nhistory: ../x\n", r"\[idle_timeout\] history: It is a path"),
    ],
)
def test_ways_out_of_the_simulation_are_refused(section: str, said: str) -> None:
    with pytest.raises(WiringError, match=said):
        connect(parse_text(CARTESIAN + section), plugins=["plugin"])


SCANNED = re.sub(r"(\[stepper_z\][^\[]*endstop_pin:)[^\n]*", r"\1 probe:z_virtual_endstop", CARTESIAN)
"""A printer that homes Z with its probe."""


def test_a_plugin_may_bring_the_probe() -> None:
    section = "[beacon]\nx_offset: 0\n"
    with pytest.raises(WiringError, match=r"\[beacon\]: It belongs to a plugin\..*--extra") as raised:
        read_wiring(SCANNED + section)
    assert "There is no section for a probe" in str(raised.value)
    connect(parse_text(SCANNED + section), plugins=["beacon"])


@pytest.mark.parametrize(
    ("mcu", "scanners", "main", "other"),
    [
        ("mcu", ("cartographer",), ["cartographer"], []),
        ("scanner", ("scanner:cartographer",), [], ["cartographer"]),
    ],
)
def test_a_cartographer_is_on_the_micro_controller_that_it_names(
    mcu: str, scanners: tuple[str, ...], main: list[str], other: list[str]
) -> None:
    wiring = read_wiring(
        SCANNED.replace("[stepper_z]", "[stepper_z]\nhoming_retract_dist: 0")
        + "[mcu scanner]\nserial: x\n"
        + CARTOGRAPHER.replace("mcu: mcu", f"mcu: {mcu}")
        + "[cartographer scan]\nsamples: 20\n"
    )
    assert wiring.scanners == scanners
    assert [sorted(wiring.groups), sorted(wiring.others[0].groups)] == [main, other]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "x_offset: 0",
            "x_offset: 0\nbaud: 9600",
            r"\[cartographer\] baud: The Cartographer plugin does not know",
        ),
        ("x_offset: 0\n", "", r"\[cartographer\] x_offset: The Cartographer plugin needs this option"),
        ("mesh_min: 10, 10\n", "", r"\[bed_mesh\] mesh_min: The Cartographer plugin needs"),
        (
            "[bed_mesh]",
            "[cartographer touch]\nspeed: 2\n[bed_mesh]",
            r"\[cartographer touch\] speed: .* know",
        ),
        ("[bed_mesh]", "[cartographer beam]\n[bed_mesh]", r"\[cartographer beam\]: .* no such section"),
        ("mcu: mcu", "mcu: mcu\nUNSAFE_max_touch_temperature: 1", r"unsafe_max_touch_temperature: .* know"),
    ],
)
def test_options_of_a_cartographer_are_those_of_its_plugin(old: str, new: str, said: str) -> None:
    runs = SCANNED.replace("[stepper_z]", "[stepper_z]\nhoming_retract_dist: 0")
    read_wiring(runs + CARTOGRAPHER)
    with pytest.raises(WiringError, match=said):
        read_wiring(runs + CARTOGRAPHER.replace(old, new))
    with pytest.raises(WiringError, match=r"\[stepper_z\] homing_retract_dist: .* needs 0"):
        read_wiring(SCANNED + CARTOGRAPHER)
    connect(parse_text(runs + CARTOGRAPHER.replace(old, new)), plugins=["cartographer"])  # the user's own


def test_paths_that_the_copy_replaces_are_not_refused() -> None:
    read_wiring(
        CARTESIAN + "[virtual_sdcard]\npath: ~/gcodes\n[save_variables]\nfilename: /home/me/v.cfg\n"
        "[temperature_sensor h]\nsensor_type: temperature_host\nsensor_path: /sys/x\n"
        "[gcode_shell_command s]\ncommand: /bin/true\n[gcode_macro M]\nvariable_x: /tmp/y\ngcode:\n  /x\n"
    )


def test_all_reasons_come_at_once() -> None:
    text = (
        CARTESIAN.replace("microsteps: 16", "microsteps: many")
        + "[probe]\npin: a b\n[palette2]\nserial: /dev/x\n"
    )
    with pytest.raises(WiringError) as raised:
        read_wiring(text)
    found = [(refusal.section, refusal.option) for refusal in raised.value.refusals]
    assert found == [
        ("stepper_x", "microsteps"),
        ("stepper_y", "microsteps"),
        ("stepper_z", "microsteps"),
        ("probe", "z_offset"),
        ("probe", "pin"),
        ("palette2", ""),
    ]


def test_a_group_of_pins_is_every_pin_of_it() -> None:
    wiring = read_wiring(CARTESIAN + "[multi_pin both]\npins: PA1, !PA2\n[fan]\npin: !multi_pin:both\n")
    assert wiring.fans[0].pin == Pin("PA1", invert=True)
    assert {"PA1", "PA2"} <= set(wiring.pins)


@pytest.mark.parametrize(
    ("sensor", "celsius", "fraction"),
    [
        ("sensor_type: PT1000", 100.0, 1385.055 / (4700 + 1385.055)),
        ("sensor_type: AD595", 200.0, 2.015 / 5.0),
        ("sensor_type: AD8495\nadc_voltage: 3.3\nvoltage_offset: 0.1", 25.0, 0.025 / 3.3),
        ("sensor_type: PT100 INA826", 0.0, 10.0 * 5.0 * 100.0 / 4500.0 / 5.0),
        ("sensor_type: mine", 50.0, 0.3),
    ],
)
def test_sensors_with_an_amplifier_or_of_platinum(sensor: str, celsius: float, fraction: float) -> None:
    mine = "[adc_temperature mine]\ntemperature1: 0\nvoltage1: 1\ntemperature2: 100\nvoltage2: 2\n"
    section = f"[temperature_sensor s]\nsensor_pin: PA3\n{sensor}\n"
    (wire,) = read_wiring(CARTESIAN + section + mine).heaters
    assert wire.curve is not None
    assert wire.curve.fraction(celsius) == pytest.approx(fraction)


def test_scaled_analog_pins_and_their_references() -> None:
    scaled = "[adc_scaled ref]\nvref_pin: VREF\nvssa_pin: VSSA\n"
    wiring = read_wiring(
        CARTESIAN + scaled + "[temperature_sensor t]\nsensor_type: PT1000\nsensor_pin: ref:PA1\n"
    )
    assert wiring.heaters[0].sensor_pin == "PA1"
    assert wiring.references == {"VREF": 1.0, "VSSA": 0.0}


def test_a_motor_whose_enable_pin_is_on_an_expander_is_always_on() -> None:
    text = "[sx1509 more]\ni2c_address: 62\n" + CARTESIAN.replace(
        "step_pin: X_STEP", "step_pin: X_STEP\nenable_pin: !sx1509_more:PIN_1"
    )
    assert read_wiring(text).axis("x")[0].enable_pin is None


def test_each_micro_controller_has_its_pins_and_commands() -> None:
    wiring = read_wiring(
        CARTESIAN
        + "[mcu head]\nserial: x\n[board_pins]\nmcu: head, mcu\naliases: FAN=PA1\n[fan]\npin: !head:FAN\n"
        + "[neopixel a]\npin: head:PA2\n[temperature_sensor t]\nsensor_type: temperature_mcu\nsensor_mcu: head\n"
        + "[display]\nlcd_type: ssd1306\ni2c_mcu: head\ni2c_bus: i2c7\nclick_pin: PB1\n"
    )
    (head,) = wiring.others
    assert (head.name, head.section) == ("head", "mcu head")
    assert head.pins == ("PA1", "PA2", "ADC_TEMPERATURE")
    assert {"neopixel", "silent_i2c"} <= head.groups and head.i2c_buses == ("i2c7",)
    assert wiring.fans[0].pin == Pin("head:PA1", invert=True)
    assert "PA1" not in wiring.pins and "neopixel" not in wiring.groups


def test_the_micro_controllers_own_sensor() -> None:
    (wire,) = read_wiring(CARTESIAN + "[temperature_sensor m]\nsensor_type: temperature_mcu\n").heaters
    assert wire.sensor_pin == "ADC_TEMPERATURE"
    assert wire.curve is not None
    assert wire.curve.fraction(27.0) == pytest.approx(0.706 / 3.3)


@given(st.text(alphabet="[]#:=*;abstepr_ \n\t0^!", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_wiring(CARTESIAN + text)
    except WiringError as error:
        assert str(error)


THERMISTORS = {
    "EPCOS 100K B57560G104F": [(25.0, 100000.0), (150.0, 1641.9), (250.0, 226.15)],
    "ATC Semitec 104NT-4-R025H42G": [(25.0, 100000.0), (160.0, 1074.0), (300.0, 82.78)],
    "Generic 3950": [(25.0, 100000.0), (150.0, 1770.0), (250.0, 230.0)],
}


@pytest.mark.parametrize("name", THERMISTORS)
def test_a_thermistor_goes_through_its_points(name: str) -> None:
    text = CARTESIAN + HEATERS.replace("ATC Semitec 104NT-4-R025H42G", name)
    thermistor = read_wiring(text).heaters[0].curve
    assert thermistor is not None
    for celsius, ohm in THERMISTORS[name]:
        assert thermistor.fraction(celsius) == pytest.approx(ohm / (ohm + 4700.0), rel=1e-6)


@given(
    st.floats(0.0, 300.0),
    st.sampled_from(sorted(THERMISTORS)),
    st.sampled_from([1000.0, 4700.0]),
    st.floats(0, 50),
)
def test_reading_a_thermistor_back_gives_its_temperature(
    celsius: float, name: str, pullup: float, inline: float
) -> None:
    for thermistor in (
        Thermistor.through(tuple(THERMISTORS[name]), pullup, inline),
        Thermistor.with_beta(25.0, 100000.0, 3974.0, pullup, inline),
    ):
        assert thermistor.temperature(thermistor.fraction(celsius)) == pytest.approx(celsius, abs=0.01)


def test_a_thermistor_of_the_configuration() -> None:
    custom = "[thermistor mine]\ntemperature1: 25\nresistance1: 10000\nbeta: 3950\n"
    text = CARTESIAN + HEATERS.replace("Generic 3950", "mine\npullup_resistor: 10000") + custom
    bed = read_wiring(text).heaters[1]
    assert bed.curve is not None
    assert bed.curve.fraction(25.0) == pytest.approx(0.5)
