"""A small printer whose toolhead the tests move by step counts, as a micro-controller would."""

from typing import Any

from zcal_tui.sim.machine import SimulatedMachine
from zcal_tui.sim.truth import Truth, build_truth
from zcal_tui.sim.wiring import read_wiring

CARTESIAN = """
[printer]
kinematics: cartesian
[stepper_x]
step_pin: X_STEP
dir_pin: X_DIR
rotation_distance: 32
microsteps: 16
endstop_pin: ^X_STOP
position_endstop: 0
position_max: 200
[stepper_y]
step_pin: Y_STEP
dir_pin: !Y_DIR
rotation_distance: 32
microsteps: 16
endstop_pin: ^!Y_STOP
position_endstop: 200
position_max: 200
[stepper_z]
step_pin: Z_STEP
dir_pin: Z_DIR
rotation_distance: 3.2
microsteps: 16
endstop_pin: ^Z_STOP
position_endstop: 0.5
position_max: 200
"""
COMPLETE = CARTESIAN.replace("[printer]\n", "[printer]\nmax_velocity: 300\nmax_accel: 3000\n")
"""The same with all that klippy needs to start."""
PROBE = """
[probe]
pin: ^PROBE
x_offset: 10
y_offset: -5
z_offset: 2.0
"""
BLTOUCH = """
[bltouch]
sensor_pin: ^PROBE
control_pin: CONTROL
x_offset: 0
y_offset: 0
z_offset: 2.0
"""
CARTOGRAPHER = """
[cartographer]
mcu: mcu
x_offset: 0
y_offset: 20
[bed_mesh]
mesh_min: 10, 10
mesh_max: 190, 190
probe_count: 5, 5
zero_reference_position: 100, 100
"""
HEATERS = """
[extruder]
heater_pin: HOT
sensor_type: ATC Semitec 104NT-4-R025H42G
sensor_pin: HOT_ADC
[heater_bed]
heater_pin: BED
sensor_type: Generic 3950
sensor_pin: BED_ADC
[fan]
pin: FAN
"""
EXACT = {"noise": 0.0, "hysteresis": 0.0}
"""A probe without noise."""


def truth_of(**tables: dict[str, Any]) -> Truth:
    """A truth with these tables; the probe is exact unless something else is said."""
    return build_truth({**tables, "probe": {**EXACT, **tables.get("probe", {})}})


class Rig:
    """The small cartesian printer: 0.01 mm a step in X and Y, 0.001 mm in Z."""

    def __init__(self, config: str = CARTESIAN + PROBE, truth: Truth | None = None, seed: int = 1) -> None:
        self.machine = SimulatedMachine(read_wiring(config), truth or truth_of(), seed)
        self.t = 0.0
        self.steps = {"X_STEP": 0, "Y_STEP": 0, "Z_STEP": 0}
        pose = self.machine.motion.pose
        self.start = (pose.x, pose.y, pose.z)
        self.place = list(self.start)

    def counts(self, z: float) -> dict[str, int]:
        """Step counts with the toolhead at this height and where it is in X and Y."""
        steps = dict(self.steps)
        steps["Z_STEP"] = round((z - self.start[2]) / 0.001)
        return steps

    def move(
        self, x: float | None = None, y: float | None = None, z: float | None = None, dt: float = 0.1
    ) -> None:
        """Move and arrive `dt` seconds later."""
        if x is not None:
            self.steps["X_STEP"] = round((x - self.start[0]) / 0.01)
        if y is not None:
            self.steps["Y_STEP"] = -round((y - self.start[1]) / 0.01)
        if z is not None:
            self.steps = self.counts(z)
        self.t += dt
        self.machine.advance(self.t, self.steps)

    def level(self, pin: str, z: float | None = None) -> bool:
        """The level of a pin, now or on the way at this height."""
        return self.machine.level(pin, self.t, self.steps if z is None else self.counts(z))

    def touch(self, pin: str = "PROBE", low: float = -5.0, lift: float = 2.0, dt: float = 0.5) -> float:
        """Come down until the pin reads high, and lift again. Returns the toolhead's height at the trigger."""
        top = self.machine.motion.pose.z
        assert not self.level(pin)
        assert self.level(pin, low)
        above, below = round(top * 1000), round(low * 1000)
        while above - below > 1:
            middle = (above + below) // 2
            above, below = (above, middle) if self.level(pin, middle / 1000) else (middle, below)
        self.move(z=below / 1000, dt=dt)
        height = self.machine.motion.pose.z
        self.move(z=below / 1000 + lift, dt=dt)
        return height
