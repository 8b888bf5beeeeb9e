"""What a Replicape connects: outputs of its PWM chip, driven by the micro-controller of the host."""

import pytest

from zcal_tui.sim.wiring import McuWire, Pin, WiringError, read_wiring

_AXIS = """
[stepper_{axis}]
step_pin: gpio0_{number}
dir_pin: gpio1_{number}
enable_pin: replicape:stepper_{axis}_enable
microsteps: 16
rotation_distance: 8
endstop_pin: ^gpio2_{number}
position_endstop: 0
position_max: 200
"""
_BOARD = """
[mcu]
serial: /dev/rpmsg_pru30
[mcu host]
serial: /tmp/klipper_host_mcu
[printer]
kinematics: cartesian
max_velocity: 300
max_accel: 3000
[replicape]
revision: B3
host_mcu: host
stepper_x_microstep_mode: spread16
stepper_x_current: 0.5
stepper_y_microstep_mode: spread16
stepper_y_current: 0.5
stepper_z_microstep_mode: stealth16
stepper_z_current: 0.5
stepper_e_microstep_mode: 16
stepper_e_current: 0.5
"""
_TOOL = """
[extruder]
step_pin: gpio1_28
dir_pin: gpio1_15
enable_pin: replicape:stepper_e_enable
microsteps: 16
rotation_distance: 33.500
nozzle_diameter: 0.400
filament_diameter: 1.750
heater_pin: replicape:power_e
sensor_type: EPCOS 100K B57560G104F
sensor_pin: host:analog4
control: watermark
min_temp: 0
max_temp: 250
[fan]
pin: replicape:power_fan0
"""
_AXES = "".join(_AXIS.format(axis=axis, number=number) for number, axis in enumerate("xyz", start=22))
REPLICAPE = _BOARD + _AXES + _TOOL
"""After Klipper's config/generic-replicape.cfg."""


def test_its_outputs_are_channels_of_the_chip_on_the_host() -> None:
    wiring = read_wiring(REPLICAPE)
    enabled = [stepper.enable_pin for stepper in wiring.steppers]
    assert enabled == [Pin(f"host:pca9685_{channel}") for channel in (11, 12, 13, 14)]
    assert [heater.heater_pin for heater in wiring.heaters] == [Pin("host:pca9685_5")]
    assert wiring.fans[0].pin == Pin("host:pca9685_7")


def test_the_host_drives_the_chip_and_the_main_one_enables_it() -> None:
    wiring = read_wiring(REPLICAPE)
    (host,) = wiring.others
    assert isinstance(host, McuWire) and host.name == "host"
    assert host.groups == {"pca9685", "spi"}
    assert host.spi_buses == ("spidev1.1", "spidev2.1")
    assert wiring.groups == frozenset() and "gpio0_20" in wiring.pins


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            "power_fan0",
            "power_fan4",
            r"\[fan\] pin: \[replicape\] has no output power_fan4\. It has these: power_h",
        ),
        ("power_fan0", "servo0", r"\[fan\] pin: .*among the devices of this machine"),
        (
            "stepper_z_microstep_mode: stealth16\n",
            "",
            r"\[stepper_z\] enable_pin: .* no output stepper_z_enable",
        ),
        ("replicape:stepper_x", "!replicape:stepper_x", r"\[stepper_x\] enable_pin: .* cannot be inverted"),
        ("host_mcu: host", "host_mcu: other", r"host_mcu: There is no section \[mcu other\]"),
        ("host_mcu: host", "", r"\[replicape\] host_mcu: Klipper needs"),
        ("revision: B3", "revision: A4", r"revision: Klipper knows revision B3 only"),
        ("spread16", "spread8", r"stepper_x_microstep_mode: 'spread8' is none of"),
        ("stepper_x_current: 0.5", "stepper_x_current: 4", r"stepper_x_current: .* at most 3\.84 A"),
        ("stepper_x_current: 0.5", "", r"stepper_x_current: Klipper needs this option"),
        ("[replicape]", "[fan]\npin: replicape:power_fan0\n[replicape]", r"\[fan\] pin: .* must be above"),
    ],
)
def test_what_klippy_would_not_start_with_is_refused(old: str, new: str, reason: str) -> None:
    with pytest.raises(WiringError, match=reason):
        read_wiring(REPLICAPE.replace(old, new))


def test_an_output_belongs_to_one_section() -> None:
    with pytest.raises(WiringError, match=r"replicape:power_fan0 with \[fan\] pin"):
        read_wiring(REPLICAPE + "[heater_fan hotend]\npin: replicape:power_fan0\n")
