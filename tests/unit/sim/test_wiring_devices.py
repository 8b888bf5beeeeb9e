"""Which devices a printer.cfg connects, and which commands the micro-controller needs for them."""

import pytest

from tests.unit.sim.machine_rig import CARTESIAN, PROBE, Rig, truth_of
from zcal_tui.klipper_config.configuration import parse_text
from zcal_tui.sim.wiring import Pin, StallWire, Wiring, WiringError, connect, read_wiring


def wiring_of(text: str) -> Wiring:
    return read_wiring(CARTESIAN + text)


@pytest.mark.parametrize(
    ("text", "groups"),
    [
        ("", set()),
        ("[neopixel a]\npin: PA1\n", {"neopixel"}),
        ("[dotstar a]\ndata_pin: PA1\nclock_pin: PA2\n", {"spi"}),
        ("[filament_switch_sensor f]\nswitch_pin: PA1\n", {"buttons"}),
        ("[gcode_button b]\npin: PA1\n", {"buttons"}),
        ("[fan]\npin: PA1\ntachometer_pin: ^PA2\n", {"counter"}),
        ("[tmc2209 stepper_x]\nuart_pin: PA1\nrun_current: 1\n", {"tmcuart"}),
        ("[tmc5160 stepper_x]\ncs_pin: PA1\nrun_current: 1\n", {"spi"}),
        ("[display]\nlcd_type: st7920\nencoder_pins: ^PA1, ^PA2\n", {"st7920", "buttons"}),
        ("[display]\nlcd_type: uc1701\ncs_pin: PA1\n", {"spi"}),
        ("[display]\nlcd_type: ssd1306\ni2c_bus: i2c1\n", {"i2c", "silent_i2c"}),
        ("[display]\nlcd_type: sh1106\ncs_pin: PA1\n", {"spi"}),
        ("[mcp4018 a]\nscl_pin: PA1\nsda_pin: PA2\nwiper: 0.5\n", {"i2c", "silent_i2c"}),
        ("[temperature_sensor t]\nsensor_type: MAX31855\nsensor_pin: PA1\n", {"spi", "thermocouple"}),
        ("[temperature_sensor t]\nsensor_type: BME280\ni2c_bus: i2c1\n", {"i2c"}),
        ("[adxl345]\ncs_pin: PA1\n", {"adxl345", "spi"}),
        ("[lis2dw]\ncs_pin: PA1\n", {"lis2dw", "spi"}),
        ("[lis3dh]\ni2c_bus: i2c1\n", {"lis2dw", "i2c"}),
        ("[mpu9250]\ni2c_bus: i2c1\n", {"mpu9250", "i2c"}),
        ("[adxl345 a]\ncs_pin: PA1\n[resonance_tester]\naccel_chip: adxl345 a\n", {"adxl345", "spi"}),
        ("[probe_eddy_current e]\nsensor_type: ldc1612\ni2c_bus: i2c1\n", {"i2c", "eddy"}),
    ],
)
def test_the_commands_that_a_section_needs(text: str, groups: set[str]) -> None:
    assert wiring_of(text).groups == groups


def test_the_coil_of_eddy_ng_is_read_by_commands_of_its_own() -> None:
    text = CARTESIAN + "[probe_eddy_ng e]\nsensor_type: btt_eddy\ni2c_bus: i2c1\n"
    with pytest.raises(WiringError, match="Name the plugin's file with --extra"):
        read_wiring(text)
    wiring = connect(parse_text(text), ("probe_eddy_ng",))
    assert wiring.groups == {"i2c", "eddy_ng"}
    assert wiring.eddy is not None and wiring.eddy.i2c_bus == "i2c1"


def test_chips_and_buses() -> None:
    wiring = wiring_of(
        "[tmc2130 stepper_x]\ncs_pin: PA1\nspi_bus: spi2\n[tmc2660 stepper_y]\ncs_pin: PA2\n"
        "[dotstar d]\ndata_pin: PA3\nclock_pin: PA4\n"
    )
    assert wiring.spi_chips == {"PA1": "tmc", "PA2": "tmc2660"}
    assert wiring.spi_buses == ("spi2",)


def test_an_unknown_display_is_refused() -> None:
    with pytest.raises(WiringError, match=r"lcd_type: crystal is no display that Klipper knows"):
        wiring_of("[display]\nlcd_type: crystal\n")


def test_filament_is_in_its_sensor_and_nobody_presses_a_button() -> None:
    text = "[filament_switch_sensor f]\nswitch_pin: ^!FIL\n[gcode_button b]\npin: ^!BUT\n"
    wiring = wiring_of(text)
    assert wiring.closed == (Pin("FIL", invert=True, pullup=1),)
    rig = Rig(CARTESIAN + PROBE + text)
    assert not rig.level("FIL") and rig.level("BUT")


SENSORLESS = CARTESIAN.replace("^X_STOP", "tmc2209_stepper_x:virtual_endstop")


def test_a_driver_reports_the_end_of_its_axis() -> None:
    text = SENSORLESS + "[tmc2209 stepper_x]\nuart_pin: U\ndiag_pin: ^!DIAG\n"
    pin = Pin("DIAG", invert=True, pullup=1)
    assert read_wiring(text).stalls == {"stepper_x": StallWire(pin, "U/0", register=0x40)}
    rig = Rig(text)
    assert rig.level("DIAG")  # low at the end
    rig.move(x=0.0)
    assert not rig.level("DIAG")


UART = SENSORLESS + "[tmc2209 stepper_x]\nuart_pin: U\nuart_address: 2\ndiag_pin: ^DIAG\n"
SPI = SENSORLESS.replace("tmc2209", "tmc5160") + "[tmc5160 stepper_x]\ncs_pin: CS\ndiag0_pin: ^DIAG\n"
CHAIN = SPI + "chain_length: 3\nchain_position: 1\n"


def sgt(value: int) -> int:
    return (value & 0x7F) << 16


@pytest.mark.parametrize(
    ("text", "driver", "register", "deaf", "right", "eager"),
    [
        (UART, "U/2", 0x40, 59, 60, 121),
        (SPI, "CS/0", 0x6D, sgt(6), sgt(-3), sgt(-5)),
        (CHAIN, "CS/2", 0x6D, sgt(6), sgt(5), sgt(-64)),
    ],
    ids=["uart", "spi", "chain"],
)
def test_the_end_is_found_only_with_the_right_threshold(
    text: str, driver: str, register: int, deaf: int, right: int, eager: int
) -> None:
    lowest, highest = (60, 120) if register == 0x40 else (-4, 5)
    rig = Rig(text, truth_of(sensorless={"x_lowest": lowest, "x_highest": highest}))
    for value, before, at_end in ((deaf, False, False), (right, False, True), (eager, True, True)):
        rig.machine.driver_written("other/0", register, right)
        rig.machine.driver_written(driver, register, value)
        rig.machine.driver_written(driver, 0x10, 0xFFFF_FFFF)
        rig.move(x=100.0)
        assert rig.level("DIAG") is before
        rig.move(x=-0.01)
        assert rig.level("DIAG") is at_end
    rig.machine.set_truth(truth_of(sensorless={"x_highest": lowest, "x_lowest": lowest}))
    rig.machine.driver_written(driver, register, right)
    rig.machine.set_truth(truth_of())
    rig.move(x=100.0)
    assert not rig.level("DIAG"), "any threshold will do"


@pytest.mark.parametrize("kinematics", ["cartesian", "corexy", "hybrid_corexy", "hybrid_corexz"])
def test_a_carriage_stops_at_the_end_that_it_homes_against(kinematics: str) -> None:
    both = SENSORLESS.replace("^!Y_STOP", "tmc2209_stepper_y:virtual_endstop")
    text = both.replace("cartesian", kinematics)
    for axis in "xy":
        text += f"[tmc2209 stepper_{axis}]\nuart_pin: U{axis}\ndiag_pin: ^DIAG{axis}\n"
    rig = Rig(text)
    start = rig.machine.motion.pose
    for steps in (
        {"X_STEP": -30_000},
        {"X_STEP": -30_000, "Y_STEP": 30_000},
        {"X_STEP": 9_000, "Y_STEP": -9_000},
    ):
        rig.t += 0.1
        rig.machine.advance(rig.t, steps)
        pose = rig.machine.motion.pose
        assert pose.x > -1e-6 and pose.y < 200.0 + 1e-6
    assert (pose.x, pose.y) != (start.x, start.y)


def test_homing_without_a_switch_needs_the_pin() -> None:
    with pytest.raises(WiringError, match=r"\[tmc2209 stepper_x\] diag_pin: Homing without a switch needs"):
        read_wiring(SENSORLESS + "[tmc2209 stepper_x]\nuart_pin: U\n")
    with pytest.raises(WiringError, match=r"endstop_pin: There is no section for tmc2209_stepper_x"):
        read_wiring(SENSORLESS)


def test_an_endstop_at_the_top_of_z() -> None:
    top = CARTESIAN.replace("position_endstop: 0.5", "position_endstop: 190")
    rig = Rig(top)
    assert not rig.level("Z_STOP")
    rig.move(z=189.0)
    assert not rig.level("Z_STOP")
    rig.move(z=190.5)
    assert rig.level("Z_STOP")


def test_a_further_z_drive_may_have_an_endstop_of_its_own() -> None:
    second = "[stepper_z1]\nstep_pin: S1\ndir_pin: D1\nendstop_pin: ^Z1_STOP\nrotation_distance: 3.2\nmicrosteps: 16\n"
    rig = Rig(CARTESIAN + second)
    assert not rig.level("Z1_STOP")
    rig.steps["S1"] = -15_000
    rig.move()
    assert rig.level("Z1_STOP") and not rig.level("Z_STOP")


def test_chips_on_i2c_are_found_by_their_addresses() -> None:
    wiring = wiring_of(
        "[mcu head]\nserial: x\n[temperature_sensor a]\nsensor_type: LM75\ni2c_address: 73\n"
        "[temperature_sensor b]\nsensor_type: SHT3X\ni2c_mcu: head\n[mpu9250]\n"
    )
    assert wiring.i2c_chips == {73: "LM75", 0x68: "mpu9250"}
    assert wiring.others[0].i2c_chips == {0x44: "SHT3X"}
    with pytest.raises(
        WiringError, match=r"\[icm20948\] i2c_address: There is a mpu9250 at this address already"
    ):
        wiring_of("[mpu9250]\n[icm20948]\n")


def test_a_resonance_tester_needs_its_accelerometer() -> None:
    with pytest.raises(
        WiringError, match=r"\[resonance_tester\] accel_chip: There is no section \[adxl345\]"
    ):
        wiring_of("[resonance_tester]\naccel_chip: adxl345\n")
