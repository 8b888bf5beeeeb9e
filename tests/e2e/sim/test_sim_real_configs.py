"""A printer.cfg of a real printer runs, and nothing of this machine is touched: traps notice what would be."""

import os
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.simulated import PrinterSim, Starter, eventually, wait_for_state

PRINTER = """
[printer]
kinematics: cartesian
max_velocity: 300
max_accel: 3000

[stepper_x]
step_pin: z:PA1
dir_pin: z:PA2
enable_pin: !z:PA3
rotation_distance: 40
microsteps: 16
endstop_pin: tmc2209_stepper_x:virtual_endstop
position_endstop: 0
position_max: 200
homing_retract_dist: 0

[tmc2209 stepper_x]
uart_pin: PA4
diag_pin: ^PA5
run_current: 0.8
driver_sgthrs: 80

[stepper_y]
step_pin: PB1
dir_pin: PB2
enable_pin: !PB3
rotation_distance: 40
microsteps: 16
endstop_pin: ^PB5
position_endstop: 0
position_max: 200

[tmc5160 stepper_y]
cs_pin: PB4
spi_bus: spi1
run_current: 0.8

[stepper_z]
step_pin: PC1
dir_pin: PC2
enable_pin: !PC3
rotation_distance: 8
microsteps: 16
endstop_pin: probe:z_virtual_endstop
position_min: -3
position_max: 200

[mcu head]
canbus_uuid: 11aa22bb33cc
canbus_interface: can0

[probe]
pin: ^head:PROBE
z_offset: 1.5

[safe_z_home]
home_xy_position: 100, 100
z_hop: 10

[extruder]
step_pin: head:PD1
dir_pin: head:PD2
enable_pin: !head:PD3
rotation_distance: 22
microsteps: 16
nozzle_diameter: 0.4
filament_diameter: 1.75
heater_pin: head:PD4
sensor_type: MAX31865
sensor_pin: head:PD5
spi_bus: spi1
min_temp: 0
max_temp: 300
control: pid
pid_kp: 22
pid_ki: 1
pid_kd: 110

[heater_bed]
heater_pin: PD6
sensor_type: PT1000
sensor_pin: PD7
min_temp: 0
max_temp: 120
control: watermark

[multi_pin fans]
pins: PE1, PE2
[fan]
pin: multi_pin:fans
[heater_fan hotend]
pin: PE3
tachometer_pin: ^PE4
[neopixel light]
pin: PE5
chain_count: 3
initial_RED: 0.5
[display]
lcd_type: st7920
cs_pin: EXP1_1
sclk_pin: PE7
sid_pin: PE8
encoder_pins: ^PE9, ^PE10
click_pin: ^!PE11
[board_pins]
aliases: EXP1_1=PE6, EXP1_2=<GND>
[board_pins head]
mcu: head
aliases: PROBE=PC5
[filament_switch_sensor filament]
switch_pin: ^PE12
[static_digital_output on]
pins: PE13
[mcp4018 current]
scl_pin: PE14
sda_pin: PE15
wiper: 0.5
scale: 1
[temperature_sensor chip]
sensor_type: temperature_mcu
min_temp: 0
max_temp: 100
[temperature_sensor head]
sensor_type: temperature_mcu
sensor_mcu: head
min_temp: 0
max_temp: 100
[temperature_sensor host]
sensor_type: temperature_host
sensor_path: {trap}
[adxl345]
cs_pin: PF1
spi_bus: spi1
[mpu9250 bed]
i2c_bus: i2c1
[resonance_tester]
accel_chip: adxl345
probe_points: 100, 100, 20
[temperature_sensor air]
sensor_type: BME280
min_temp: 10
[temperature_sensor box]
sensor_type: HTU21D
i2c_bus: i2c2
min_temp: 10
[temperature_sensor board]
sensor_type: LM75
i2c_mcu: head
min_temp: 10
[temperature_sensor chamber]
sensor_type: AHT10
i2c_bus: i2c2
min_temp: 10
[pause_resume]
[respond]
[exclude_object]
[gcode_arcs]
[display_status]
[skew_correction]
[input_shaper]
[save_variables]
filename: {variables}
[virtual_sdcard]
path: {gcodes}
[gcode_shell_command boom]
command: touch {ran}
[include {outside}]
""".replace("z:PA", "mcu:PA")

SHELL_EXTRA = """
import subprocess

class Shell:
    def __init__(self, config):
        self.command = config.get("command")
        name = config.get_name().split()[1]
        gcode = config.get_printer().lookup_object("gcode")
        gcode.register_mux_command("RUN_SHELL_COMMAND", "CMD", name, self.run)
    def run(self, gcmd):
        subprocess.check_call(self.command, shell=True)

def load_config_prefix(config):
    return Shell(config)
"""


class Trap:
    """A device that notices when somebody opens it for reading."""

    def __init__(self, path: Path) -> None:
        os.mkfifo(path)
        self.path = path
        self.sprung = threading.Event()
        threading.Thread(target=self._wait, daemon=True).start()

    def _wait(self) -> None:
        with self.path.open("w"):  # returns once there is a reader
            self.sprung.set()


class Tree:
    """A printer's configuration with traps all over it."""

    def __init__(self, folder: Path) -> None:
        self.serial, self.host = Trap(folder / "serial"), Trap(folder / "host")
        self.ran = folder / "ran"
        self.variables = folder / "variables.cfg"
        self.variables.write_text("[Variables]\nkept = 1\n")
        self.gcodes = folder / "gcodes"
        self.gcodes.mkdir()
        (self.gcodes / "part.gcode").write_text("G28\n")
        self.shell = folder / "gcode_shell_command.py"
        self.shell.write_text(SHELL_EXTRA)
        outside = folder / "outside" / "mcu.cfg"
        outside.parent.mkdir()
        outside.write_text(f"[mcu]\nserial: {self.serial.path}\nrestart_method: arduino\n")
        self.config = folder / "config" / "printer.cfg"
        self.config.parent.mkdir()
        self.config.write_text(
            PRINTER.format(
                trap=self.host.path,
                variables=self.variables,
                gcodes=self.gcodes,
                ran=self.ran,
                outside=outside,
            )
        )
        self._folder = folder
        self._before = self._state()

    def assert_untouched(self) -> None:
        """Nothing was opened, run, made or changed."""
        assert not self.serial.sprung.is_set() and not self.host.sprung.is_set()
        assert not self.ran.exists()
        assert self._state() == self._before

    def _state(self) -> dict[str, tuple[int, int]]:
        return {
            str(path): (path.stat().st_mtime_ns, path.stat().st_size)
            for path in sorted(self._folder.rglob("*"))
            if "__pycache__" not in path.parts
        }


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Tree:
    return Tree(tmp_path_factory.mktemp("tree"))


@pytest.fixture(scope="module")
def printer(tree: Tree, module_printer_sim: Starter) -> Iterator[PrinterSim]:
    """The printer, with a plugin that would run shell commands."""
    printer = module_printer_sim(str(tree.config), speed=20, options=("--extra", str(tree.shell)))
    assert printer.ready["state"] == "ready", printer.ready["message"]
    yield printer
    printer.stop()


def test_it_homes_by_driver_switch_and_probe(printer: PrinterSim, tree: Tree) -> None:
    klippy = printer.connect()
    klippy.gcode("G28")
    assert klippy.status("toolhead")["homed_axes"] == "xyz"
    assert printer.report()["events"] == []
    klippy.close()
    tree.assert_untouched()


def test_it_probes_with_the_motors_on_one_controller_and_the_probe_on_another(printer: PrinterSim) -> None:
    klippy = printer.connect()
    klippy.gcode("G28\nG1 X100 Y100 Z5 F6000")
    lines = klippy.gcode("PROBE_ACCURACY SAMPLES=5")
    average = next(float(found[1]) for line in lines if (found := re.search(r"average ([-0-9.]+)", line)))
    assert average == pytest.approx(1.5, abs=0.02)
    klippy.close()


def test_a_firmware_restart_restarts_both_controllers(printer: PrinterSim, tree: Tree) -> None:
    klippy = printer.connect()
    klippy.send("FIRMWARE_RESTART")
    klippy.drain()
    klippy.close()
    client = wait_for_state(printer, "ready")
    client.gcode("G28")
    assert client.status("toolhead")["homed_axes"] == "xyz"
    client.close()
    tree.assert_untouched()


def test_its_sensors_read_the_room(printer: PrinterSim) -> None:
    klippy = printer.connect()
    for name in ("extruder", "heater_bed", "temperature_sensor chip", "temperature_sensor head"):
        assert klippy.status(name)["temperature"] == pytest.approx(23.0, abs=1.0), name
    for name in ("air", "box", "board", "chamber"):

        def reads_the_room(name: str = name) -> bool:
            return abs(float(klippy.status(f"temperature_sensor {name}")["temperature"]) - 23.0) < 0.6

        eventually(reads_the_room)
    assert klippy.status("temperature_sensor host")["temperature"] == pytest.approx(45.0)
    assert klippy.status("filament_switch_sensor filament")["filament_detected"]
    klippy.close()


@pytest.mark.parametrize("chip", ["adxl345", "bed"])
def test_its_accelerometers_feel_gravity(printer: PrinterSim, chip: str) -> None:
    klippy = printer.connect()
    (line,) = klippy.gcode(f"ACCELEROMETER_QUERY CHIP={chip}")
    x, y, z = (float(value) for value in line.partition("z): ")[2].split(","))
    assert max(abs(x), abs(y)) < 600.0
    assert z == pytest.approx(9806.65, abs=900.0)
    klippy.close()


def test_a_shell_command_is_a_message(printer: PrinterSim, tree: Tree) -> None:
    klippy = printer.connect()
    assert any("boom was not run" in line for line in klippy.gcode("RUN_SHELL_COMMAND CMD=boom"))
    klippy.close()
    eventually(lambda: "boom was not run" in printer.log)
    tree.assert_untouched()


def test_variables_are_read_and_saved_in_the_run_folder(printer: PrinterSim, tree: Tree) -> None:
    klippy = printer.connect()
    klippy.gcode("SAVE_VARIABLE VARIABLE=new VALUE=2")
    assert klippy.status("save_variables")["variables"] == {"kept": 1, "new": 2}
    klippy.close()
    tree.assert_untouched()


def test_saving_the_configuration_changes_the_copy_only(printer: PrinterSim, tree: Tree) -> None:
    klippy = printer.connect()
    klippy.gcode("SET_LED LED=light RED=1")
    klippy.gcode("Z_OFFSET_APPLY_PROBE")
    klippy.gcode("SET_GCODE_OFFSET Z=0.1")
    klippy.gcode("Z_OFFSET_APPLY_PROBE")
    klippy.send("SAVE_CONFIG")
    klippy.drain()
    klippy.close()
    client = wait_for_state(printer, "ready")
    assert client.status("configfile")["settings"]["probe"]["z_offset"] == pytest.approx(1.4)
    client.close()
    tree.assert_untouched()
