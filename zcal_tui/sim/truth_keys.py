"""Every key of a truth file: the true parameters of the simulated printer.

Lengths are mm, temperatures °C, times s, unless a key says otherwise. Heights are toolhead heights in the
printer's own frame: Z 0 is where the cold nozzle touches a bed of height 0.
"""

from dataclasses import dataclass
from typing import Any

from zcal_tui.sim.truth_schema import flag, number, whole, word

PROBE_KINDS = ("auto", "fixed", "dockable", "pin")


@dataclass(frozen=True)
class SimulationTruth:
    """The random seed and the room that the printer is in."""

    seed: int = whole(1, "random seed: the same one gives the same noise", low=0, high=2**32 - 1)
    ambient: float = number(23.0, "temperature of the room", "°C", -50.0, 100.0)
    clock_error: float = number(
        30.0,
        "σ of how far the clock of a further micro-controller is off its nominal frequency, at power-on",
        "ppm",
        0.0,
        1000.0,
    )
    clock_drift: float = number(
        2.0,
        "how far the clock of a further micro-controller drifts up and down while it runs",
        "ppm",
        0.0,
        100.0,
    )
    clock_drift_period: float = number(600.0, "time in which it drifts up and down once", "s", 60.0, 1e6)


@dataclass(frozen=True)
class BedTruth:
    """The surface that is printed on."""

    height: float = number(0.0, "height of the middle of the bed", "mm", -50.0, 50.0)
    tilt_x: float = number(0.0, "rise towards larger X", "mm per 100 mm", -10.0, 10.0)
    tilt_y: float = number(0.0, "rise towards larger Y", "mm per 100 mm", -10.0, 10.0)
    bowl: float = number(
        0.0,
        "how much higher the bed is 100 mm from its middle (grows with the distance squared)",
        "mm",
        -5.0,
        5.0,
    )
    growth: float = number(0.0, "rise of the whole surface per degree of the bed", "mm/°C", -0.1, 0.1)
    bowl_growth: float = number(0.0, "change of `bowl` per degree of the bed", "mm/°C", -0.1, 0.1)
    growth_lag: float = number(
        60.0, "time constant with which the bed's shape follows its heater", "s", 0.0, 1e5
    )
    x_min: float | None = number(None, "left edge; left out: the bed ends nowhere", "mm")
    x_max: float | None = number(None, "right edge", "mm")
    y_min: float | None = number(None, "front edge", "mm")
    y_max: float | None = number(None, "rear edge", "mm")
    center_x: float | None = number(None, "middle of the bed; left out: middle of the X axis", "mm")
    center_y: float | None = number(None, "middle of the bed; left out: middle of the Y axis", "mm")


@dataclass(frozen=True)
class NozzleTruth:
    """The tip of the nozzle."""

    growth: float = number(0.0005, "how much the nozzle grows downwards per degree", "mm/°C", 0.0, 0.1)
    growth_lag: float = number(
        20.0, "time constant with which its length follows its temperature", "s", 0.0, 1e5
    )
    ooze_rate: float = number(0.0, "how fast filament oozes out of the hot nozzle", "mm/min", 0.0, 10.0)
    ooze_from: float = number(170.0, "temperature above which it oozes", "°C", 0.0, 500.0)
    ooze_limit: float = number(0.5, "longest drop that hangs from the nozzle", "mm", 0.0, 10.0)
    brush_x: float | None = number(None, "a visit here wipes the nozzle clean; left out: no brush", "mm")
    brush_y: float | None = number(None, "the brush's Y", "mm")
    brush_radius: float = number(5.0, "how near a visit has to be", "mm", 0.1, 100.0)


@dataclass(frozen=True)
class FrameTruth:
    """The frame, its air, and where the toolhead is when the printer is switched on."""

    growth: float = number(
        0.0, "rise of the gantry over the bed per degree of the chamber", "mm/°C", -0.1, 0.1
    )
    chamber_gain: float = number(
        0.1, "rise of the chamber per degree the bed is over ambient", "°C/°C", 0.0, 1.0
    )
    chamber_lag: float = number(900.0, "time constant of the chamber", "s", 0.1, 1e6)
    start_x: float | None = number(None, "toolhead X at power-on; left out: middle of the axis", "mm")
    start_y: float | None = number(None, "toolhead Y at power-on; left out: middle of the axis", "mm")
    start_z: float = number(15.0, "toolhead Z at power-on", "mm", 0.0, 1000.0)


@dataclass(frozen=True)
class DriveTruth:
    """One Z drive, by the name of its stepper section; on a delta, one tower."""

    x: float | None = number(None, "where the drive carries the gantry or bed; left out: as configured", "mm")
    y: float | None = number(None, "where the drive carries the gantry or bed; left out: as configured", "mm")
    backlash: float = number(
        0.0,
        "lost motion: how far the motor turns before the drive follows; negative: how far it runs ahead going up",
        "mm",
        -5.0,
        5.0,
    )
    start: float = number(0.0, "height of this drive over the others at power-on", "mm", -20.0, 20.0)
    slip: float = number(0.0, "how far it may move when its motor is switched off (σ)", "mm", 0.0, 20.0)
    lost_up: float = number(
        0.0, "share of the way up that is lost: by steps, or by a coupler that slips", "", 0.0, 1.0
    )
    endstop_error: float = number(
        0.0, "delta: how much higher the tower's endstop is than configured", "mm", -20.0, 20.0
    )


@dataclass(frozen=True)
class ProbeTruth:
    """The probe. Its trigger height is measured from nozzle contact at the same point of the bed."""

    kind: str = word(
        "auto",
        "`fixed` to the toolhead, `dockable`, or deploying a `pin` on command; `auto`: `pin` if there is a [bltouch]",
        PROBE_KINDS,
    )
    x_offset: float | None = number(
        None, "probe X minus nozzle X; left out: as configured", "mm", -200.0, 200.0
    )
    y_offset: float | None = number(
        None, "probe Y minus nozzle Y; left out: as configured", "mm", -200.0, 200.0
    )
    z_offset: float | None = number(
        None,
        "toolhead Z at the trigger minus toolhead Z at (cold, clean) nozzle contact; left out: as configured",
        "mm",
        -20.0,
        50.0,
    )
    noise: float = number(0.002, "σ of the trigger height, a new draw for each touch", "mm", 0.0, 5.0)
    outlier_rate: float = number(0.0, "share of the touches that are outliers", "", 0.0, 1.0)
    outlier_size: float = number(0.05, "how far an outlier is off, up or down", "mm", 0.0, 5.0)
    first_sample_shift: float = number(0.0, "shift of the first touch after a rest", "mm", -5.0, 5.0)
    drift_per_touch: float = number(0.0, "shift added by every touch until the probe rests", "mm", -1.0, 1.0)
    rest: float = number(
        30.0, "a pause this long makes the next touch the first, and undoes the drift", "s", 0.0, 1e6
    )
    hysteresis: float = number(
        0.01, "differential travel: how much higher it releases than it triggers", "mm", 0.0, 5.0
    )
    trigger_delay: float = number(
        0.0, "from the mechanical trigger to the signal; at 5 mm/s 1 ms reads 5 µm lower", "s", 0.0, 1.0
    )
    bias_x: float = number(0.0, "location bias: change of z_offset with X", "mm per 100 mm", -5.0, 5.0)
    bias_y: float = number(0.0, "location bias: change of z_offset with Y", "mm per 100 mm", -5.0, 5.0)
    bias_xx: float = number(0.0, "location bias 100 mm from the middle in X, quadratic", "mm", -5.0, 5.0)
    bias_yy: float = number(0.0, "location bias 100 mm from the middle in Y, quadratic", "mm", -5.0, 5.0)
    bias_xy: float = number(0.0, "location bias at (100, 100) mm from the middle, twist", "mm", -5.0, 5.0)
    bias_a: float = number(0.0, "delta: location bias 100 mm towards tower A", "mm", -5.0, 5.0)
    bias_b: float = number(0.0, "delta: location bias 100 mm towards tower B", "mm", -5.0, 5.0)
    bias_c: float = number(0.0, "delta: location bias 100 mm towards tower C", "mm", -5.0, 5.0)
    thermal_bed: float = number(0.0, "change of the trigger height per degree of the bed", "mm/°C", -0.1, 0.1)
    thermal_nozzle: float = number(
        0.0, "change of the trigger height per degree of the nozzle", "mm/°C", -0.1, 0.1
    )
    thermal_lag: float = number(
        240.0, "time constant with which the probe follows the heaters", "s", 0.0, 1e5
    )
    triggers_in_air: float | None = number(
        None, "it triggers in the air once it came down so far; left out: not in the air", "mm", 0.001, 100.0
    )
    normally_open: bool = flag(False, "a switch wired normally open: taken off, it reads open")
    attached: bool = flag(False, "dockable: on the toolhead at power-on")
    switch_offset: float = number(
        0.5,
        "how far the underside of the switch body is above the point where the switch triggers",
        "mm",
        -5.0,
        20.0,
    )
    switch_x: float = number(0.0, "middle of the switch body from the probe point", "mm", -100.0, 100.0)
    switch_y: float = number(0.0, "middle of the switch body from the probe point", "mm", -100.0, 100.0)
    travel: float = number(4.0, "how far it can be pressed beyond the trigger", "mm", 0.0, 100.0)


@dataclass(frozen=True)
class DockTruth:
    """Where a dockable probe is picked up and left. Places are the nozzle's."""

    x: float = number(0.0, "a visit here picks the docked probe up", "mm")
    y: float = number(0.0, "a visit here picks the docked probe up", "mm")
    detach_x: float = number(0.0, "a visit here on the way from the dock leaves the probe in it", "mm")
    detach_y: float = number(0.0, "a visit here on the way from the dock leaves the probe in it", "mm")
    radius: float = number(1.0, "how near a visit has to be", "mm", 0.01, 100.0)
    scatter: float = number(
        0.0, "σ of how much lower the attached probe is, a new draw each time it is attached", "mm", 0.0, 1.0
    )


@dataclass(frozen=True)
class ZEndstopTruth:
    """The Z endstop: a pin that the nozzle or the probe's switch body presses, or a switch on the Z rail."""

    x: float | None = number(
        None,
        "the pin's X; left out: a switch on the Z rail that acts anywhere, or the place in [z_calibration] of a pin "
        "that only it uses",
        "mm",
    )
    y: float | None = number(None, "the pin's Y", "mm")
    radius: float = number(4.0, "how far from the pin's middle it can be pressed", "mm", 0.1, 100.0)
    height: float | None = number(
        None, "toolhead Z at which the cold nozzle triggers it; left out: as configured", "mm", -50.0, 1000.0
    )
    noise: float = number(0.001, "σ of that height, a new draw for each touch", "mm", 0.0, 5.0)
    hysteresis: float = number(0.02, "how much higher it releases than it triggers", "mm", 0.0, 5.0)
    delay: float = number(0.0, "from the mechanical trigger to the signal", "s", 0.0, 1.0)
    travel: float = number(3.0, "how far it can be pressed beyond the trigger", "mm", 0.0, 100.0)


_SENSORLESS = "lowest threshold of the driver with which {} homes without a switch; left out: any"
_SENSORLESS_END = "highest one; left out: any"


@dataclass(frozen=True)
class SensorlessTruth:
    """Homing without a switch: the thresholds, driver_SGTHRS or driver_SGT, with which a driver finds the end.

    Outside them a driver reports nothing at the end, or an end as soon as the motor turns. driver_SGTHRS is more
    sensitive the higher it is, driver_SGT the lower it is. The driver's register counts, so SET_TMC_FIELD changes it.
    A TMC2208 and a TMC2660 find the end with any threshold.
    """

    x_lowest: int | None = whole(None, _SENSORLESS.format("X"), low=-64, high=255)
    x_highest: int | None = whole(None, _SENSORLESS_END, low=-64, high=255)
    y_lowest: int | None = whole(None, _SENSORLESS.format("Y"), low=-64, high=255)
    y_highest: int | None = whole(None, _SENSORLESS_END, low=-64, high=255)
    z_lowest: int | None = whole(None, _SENSORLESS.format("Z"), low=-64, high=255)
    z_highest: int | None = whole(None, _SENSORLESS_END, low=-64, high=255)


@dataclass(frozen=True)
class EddyTruth:
    """An eddy current sensor: frequency = far × (1 + gain × exp(−distance / decay))."""

    x_offset: float = number(0.0, "coil X minus nozzle X", "mm", -200.0, 200.0)
    y_offset: float = number(0.0, "coil Y minus nozzle Y", "mm", -200.0, 200.0)
    height: float = number(1.0, "height of the coil over the nozzle's tip", "mm", 0.0, 20.0)
    far: float = number(3_000_000.0, "frequency far from any metal", "Hz", 100_000.0, 20_000_000.0)
    gain: float = number(0.12, "relative rise of the frequency at distance 0", "", 0.0, 1.0)
    decay: float = number(3.0, "distance over which the rise falls to 37 %", "mm", 0.1, 50.0)
    noise: float = number(8.0, "σ of one reading", "Hz", 0.0, 100_000.0)
    drift: float = number(
        0.0, "change of the frequency per degree of the probe", "Hz/°C", -10_000.0, 10_000.0
    )


@dataclass(frozen=True)
class LoadCellTruth:
    """A load cell that the nozzle presses when it touches the bed."""

    counts_per_gram: float = number(100.0, "change of the reading per gram", "counts/g", 0.1, 1e5)
    zero: float = number(12_000.0, "reading without a force", "counts", -8_000_000.0, 8_000_000.0)
    stiffness: float = number(1500.0, "force per millimetre that the nozzle is pressed", "g/mm", 1.0, 1e6)
    noise: float = number(1.0, "σ of one reading", "g", 0.0, 1000.0)
    travel: float = number(1.0, "how deep the nozzle may press before it counts as a crash", "mm", 0.0, 10.0)


@dataclass(frozen=True)
class HotendTruth:
    """The extruder's heater and its thermistor."""

    power: float = number(50.0, "heater power", "W", 0.0, 5000.0)
    capacity: float = number(14.0, "heat capacity", "J/°C", 0.1, 1e6)
    loss: float = number(0.13, "heat lost per degree over its surroundings", "W/°C", 0.001, 1e3)
    fan_loss: float = number(0.03, "more loss with the part cooling fan at full speed", "W/°C", 0.0, 1e3)
    sensor_lag: float = number(1.5, "time constant of its thermistor", "s", 0.0, 1e3)
    sensor_noise: float = number(0.03, "σ of one reading", "°C", 0.0, 20.0)


@dataclass(frozen=True)
class HeaterBedTruth:
    """The bed's heater and its thermistor."""

    power: float = number(500.0, "heater power", "W", 0.0, 5000.0)
    capacity: float = number(700.0, "heat capacity", "J/°C", 0.1, 1e6)
    loss: float = number(2.5, "heat lost per degree over its surroundings", "W/°C", 0.001, 1e3)
    fan_loss: float = number(0.0, "more loss with the part cooling fan at full speed", "W/°C", 0.0, 1e3)
    sensor_lag: float = number(4.0, "time constant of its thermistor", "s", 0.0, 1e3)
    sensor_noise: float = number(0.02, "σ of one reading", "°C", 0.0, 20.0)


@dataclass(frozen=True)
class PersonTruth:
    """The person at the printer: the feel for paper, the eye for a mark."""

    paper: float = number(0.1, "thickness of the paper", "mm", 0.0, 1.0)
    bias: float = number(0.0, "gap at which this person stops, over the paper's thickness", "mm", -1.0, 1.0)
    sigma: float = number(0.006, "σ of that gap from one paper test to the next", "mm", 0.0, 1.0)
    window: float = number(0.01, "half the range of gaps in which the paper just drags", "mm", 0.0005, 1.0)
    eye: float = number(
        0.15, "σ of the place, in X and in Y, at which this person sees a mark", "mm", 0.0, 10.0
    )


VERDICTS = (
    "any",
    "pass",
    "not fail",
    "warn",
    "warn or fail",
    "fail",
    "pass or unknown",
    "fail or unknown",
    "none",
)
"""What a check may say of a printer; `none` where it does not apply."""


def _verdict(check: str) -> Any:
    return word("any", f"what the check `{check}` should say", VERDICTS)


@dataclass(frozen=True)
class VerdictsTruth:
    """What measuring this printer should lead to. Nothing in the simulation depends on it: it is for comparing."""

    ready: str = _verdict("ready")
    probe_xy: str = _verdict("probe-xy")
    z_offset: str = _verdict("z-offset")
    accuracy: str = _verdict("accuracy")
    bias: str = _verdict("bias")
    temperature: str = _verdict("temperature")
    backlash: str = _verdict("backlash")
    auto_z: str = _verdict("auto-z")
    first_layer: str = _verdict("first-layer")
