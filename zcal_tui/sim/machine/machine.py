"""The simulated printer: what a Klipper micro-controller's pins are wired to."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from zcal_tui.sim.machine.draws import draws_for
from zcal_tui.sim.machine.endstops import AxisEndstop, StallDetector, ZEndstop, tower_endstop
from zcal_tui.sim.machine.events import Collision, Event
from zcal_tui.sim.machine.geometry import NO_BED, Geometry
from zcal_tui.sim.machine.kinematics import Pose
from zcal_tui.sim.machine.motion import Motion
from zcal_tui.sim.machine.probe import Probe
from zcal_tui.sim.machine.thermal import Thermal
from zcal_tui.sim.ports import StepCounts
from zcal_tui.sim.truth import Truth, TruthError
from zcal_tui.sim.wiring import Pin, Thermistor, WiredStepper, Wiring

_SOFT_CONTACT = 0.03
"""How deep (mm) the nozzle may press into the bed before it counts as a crash: a paper test touches."""
_MOST_COUNTS = float(1 << 23)
"""Of a converter of 24 bits."""
_COIL_THERMISTOR = Thermistor.with_beta(25.0, 47_000.0, 4041.0, pullup=10_000.0)
"""Of a scanner: beside its coil. Source: cartographer3d-plugin 1.10, mcu/constants.py."""


class SimulatedMachine:
    """A printer made of a wiring (what printer.cfg connects) and a truth (the machine's true parameters).

    Implements `zcal_tui.sim.ports.Machine`. Raises TruthError where the truth does not fit the wiring.
    """

    def __init__(self, wiring: Wiring, truth: Truth, seed: int | None = None) -> None:
        """`seed` replaces the truth's own."""
        self._wiring = wiring
        self._truth = truth
        chosen = truth.simulation.seed if seed is None else seed
        self._from_dock = False
        """Whether the toolhead is on its way from the dock, where alone the probe can come off."""
        self.thermal = Thermal(wiring, truth, chosen)
        self.motion = Motion(wiring, truth, chosen)
        self.geometry = Geometry(wiring, truth, self.thermal, self.motion.tower_directions())
        self.probe = Probe(wiring.probe, truth, self.geometry, chosen) if wiring.probe else None
        self.z_endstop: ZEndstop | None = None
        self._eddy_draws = draws_for(chosen, "eddy")
        self._load_draws = draws_for(chosen, "load cell")
        self._stalls = {
            stepper.section: StallDetector(wiring.stalls[stepper.section], _cartesian(stepper), truth)
            for stepper in wiring.steppers
            if stepper.section in wiring.stalls
        }
        self._readers: Mapping[str, tuple[Pin, Callable[[Pose, float], bool]]] = self._connect(chosen)
        switch = wiring.nozzle_switch
        self._z_pins = {
            *(drive.endstop_pin.name for drive in wiring.drives if drive.endstop_pin),
            *((switch.pin.name,) if switch is not None else ()),
        }
        self._coils = {
            *wiring.i2c_buses,
            *(f"{mcu.name}:{bus}" for mcu in wiring.others for bus in mcu.i2c_buses),
            *wiring.scanners,
        }
        self._mark: tuple[float, float] | None = None
        self._time = 0.0
        self.events: list[Event] = []
        """What a person would have noticed, oldest first."""
        soft = truth.load_cell.travel if wiring.load_cells else _SOFT_CONTACT
        self._nozzle_crash = Collision("nozzle pressed into the bed", self.events, soft)
        self._probe_crash = Collision("probe pressed beyond its travel", self.events, 0.0)
        self._endstop_crash = Collision("Z endstop pressed beyond its travel", self.events, 0.0)

    @property
    def truth(self) -> Truth:
        """The true values, live changes included."""
        return self._truth

    @property
    def pins(self) -> Sequence[str]:
        """Every pin name that printer.cfg uses."""
        return self._wiring.pins

    @property
    def i2c_buses(self) -> Sequence[str]:
        """Every I2C bus name that printer.cfg uses."""
        return self._wiring.i2c_buses

    def advance(self, t: float, steps: StepCounts) -> None:
        """Move to time `t` (s) and these step counts; see the port."""
        self._time = t
        self.thermal.update(t)
        pose = self.motion.advance(steps)
        if self.probe is not None:
            if self.probe.kind == "dockable":
                self._visit_dock(pose, t)
            gap = self.probe.gap(pose)
            self.probe.advance(gap, t)
            self._probe_crash.update(self.probe.pressed_depth(gap), t, pose.x, pose.y)
        if self.z_endstop is not None:
            gap = self.z_endstop.gap(pose)
            self.z_endstop.advance(gap, t)
            self._endstop_crash.update(self.z_endstop.pressed_depth(gap), t, pose.x, pose.y)
        self._nozzle_crash.update(-self._nozzle_gap(pose), t, pose.x, pose.y)
        self._visit_brush(pose)

    def level(self, pin: str, t: float, steps: StepCounts) -> bool:
        """Electrical level of an input pin; a pin that nothing drives reads low."""
        reader = self._readers.get(pin)
        if reader is None:
            return False
        wired, reading = reader
        return wired.level(reading(self.motion.pose_at(steps), t))

    def delay(self, pin: str) -> float:
        """Seconds from the event to the level change of an input pin."""
        if self._wiring.probe is not None and pin == self._wiring.probe.pin.name:
            return self._truth.probe.trigger_delay
        if self.z_endstop is not None and pin in self._z_pins:
            return self._truth.z_endstop.delay
        return 0.0

    def analog(self, pin: str, t: float) -> float:
        """An analog pin's reading as a fraction of full scale."""
        return self.thermal.analog(pin, t)

    def spi_reading(self, pin: str, t: float) -> int:
        """What the temperature sensor behind a chip select pin answers."""
        return self.thermal.spi_reading(pin, t)

    def output(self, pin: str, t: float, duty: float) -> None:
        """An output pin was set to this electrical level or duty cycle."""
        self.motion.set_output(pin, duty)
        self.thermal.set_output(pin, t, duty)
        if self.probe is not None:
            self.probe.set_output(pin, t, duty, self.motion.pose)

    def driver_written(self, driver: str, register: int, value: int) -> None:
        """A register of a stepper driver was written; it may hold a threshold."""
        for stall in self._stalls.values():
            stall.written(driver, register, value)

    def eddy_frequency(self, sensor: str, t: float, steps: StepCounts) -> float:
        """Resonance frequency (Hz) of the eddy current sensor, with noise drawn for each reading."""
        if sensor not in self._coils:
            return 0.0
        eddy = self._truth.eddy
        pose = self.motion.pose_at(steps)
        x, y = pose.x + eddy.x_offset, pose.y + eddy.y_offset
        bed = self.geometry.bed_height(x, y)
        rise = 0.0
        if bed != NO_BED:
            distance = pose.height(x, y) + self.geometry.rise() - bed + eddy.height
            # A nozzle on the bed holds the coil up: the frame gives way, whatever the motors do.
            distance += max(0.0, -self._nozzle_gap(pose))
            rise = eddy.gain * math.exp(-max(distance, 0.0) / eddy.decay)
        warmth = eddy.drift * (self.thermal.probe_bed - self.thermal.cold)
        return eddy.far * (1.0 + rise) + warmth + eddy.noise * float(self._eddy_draws.standard_normal())

    def load_cell(self, pin: str, t: float, steps: StepCounts) -> int:
        """What the converter of a load cell with this data pin reads, with noise drawn for each reading."""
        truth = self._truth.load_cell
        pressed = max(0.0, -self._nozzle_gap(self.motion.pose_at(steps)))
        grams = truth.stiffness * pressed + truth.noise * float(self._load_draws.standard_normal())
        counts = truth.zero + truth.counts_per_gram * grams
        return round(min(max(counts, -_MOST_COUNTS), _MOST_COUNTS - 1))

    def coil_thermistor(self, t: float) -> float:
        """The reading of a scanner's own thermistor, a fraction of full scale."""
        self.thermal.update(t)
        return _COIL_THERMISTOR.fraction(self.thermal.probe_bed)

    def coil_base(self) -> tuple[float, float]:
        """The coil's frequency (Hz) far from any metal and the reading of its thermistor, both in the cold."""
        return self._truth.eddy.far, _COIL_THERMISTOR.fraction(self.thermal.cold)

    def reset(self, t: float, mcu: str) -> None:
        """A micro-controller restarted: its outputs are off, its motors lose their hold."""

        def is_on_it(pin: Pin) -> bool:
            return pin.mcu == mcu

        self.thermal.release(t, is_on_it)
        self.motion.release(is_on_it)
        control = self._wiring.probe.control_pin if self._wiring.probe else None
        if self.probe is not None and control is not None and is_on_it(control):
            self.probe.deployer.power_off()

    def set_truth(self, truth: Truth) -> None:
        """Change the true values while the printer runs. The seed and where things started have had their effect.

        Raises TruthError, and changes nothing, where the truth does not fit the printer.
        """
        self.motion.set_truth(truth)
        if self.probe is not None:
            try:
                self.probe.set_truth(truth)
            except TruthError:
                self.motion.set_truth(self._truth)
                raise
        if self.z_endstop is not None:
            self.z_endstop.set_truth(truth)
        for stall in self._stalls.values():
            stall.set_truth(truth)
        self.thermal.set_truth(truth)
        self.geometry.set_truth(truth)
        self._truth = truth

    def attach_probe(self) -> None:
        """A person puts a dockable probe on the toolhead."""
        self._dockable().attach()

    def detach_probe(self) -> None:
        """A dockable probe falls off the toolhead; the dock stays empty."""
        self._dockable().lose(self._time)

    def dock_probe(self) -> None:
        """A person puts a dockable probe into its dock."""
        self._dockable().dock(self._time)

    def wipe_nozzle(self) -> None:
        """A person wipes the nozzle clean."""
        self.thermal.wipe()

    def mark_probe_point(self) -> tuple[float, float]:
        """A person marks on the bed the place below the probe, or below the coil. Returns it."""
        pose = self.motion.pose
        self._mark = (pose.x, pose.y)
        if self.probe is not None:
            self._mark = self.probe.point(pose)
        elif self._wiring.eddy is not None or self._wiring.scanners:
            eddy = self._truth.eddy
            self._mark = (pose.x + eddy.x_offset, pose.y + eddy.y_offset)
        return self._mark

    def nozzle_to_mark(self) -> tuple[float, float] | None:
        """How far the mark is from the nozzle in X and Y, mm; None without a mark."""
        if self._mark is None:
            return None
        pose = self.motion.pose
        return self._mark[0] - pose.x, self._mark[1] - pose.y

    def nozzle_gap(self) -> float:
        """Distance from the nozzle's tip to the bed, mm; negative while it presses into it."""
        return self._nozzle_gap(self.motion.pose)

    def truth_report(self, t: float) -> dict[str, Any]:
        """The true state at this moment, ready for JSON; heights in mm, temperatures in °C.

        `effective_z_offset` is trigger height minus contact height at the bed point below the nozzle, and
        `paper_z_offset` what a paper test by an unbiased person gives there. A gap is null where there is nothing to
        touch.
        """
        self.thermal.update(t)
        pose = self.motion.pose
        report: dict[str, Any] = {
            "t": t,
            "toolhead": [pose.x, pose.y, pose.z],
            "motors_hold": self.motion.held,
            "gap": _finite(self.nozzle_gap()),
            "bed_height": _finite(self.geometry.bed_height(pose.x, pose.y)),
            "contact_z": _finite(self._contact_z(pose)),
            "ooze": self.thermal.ooze,
            "temperatures": self.thermal.readings(),
            "mark": self._mark,
            "nozzle_to_mark": self.nozzle_to_mark(),
            "events": [vars(event).copy() for event in self.events],
        }
        if self.probe is not None:
            offset = self.geometry.effective_z_offset(pose.x, pose.y)
            person = self._truth.person
            report["probe"] = {
                "state": self.probe.state,
                "triggered": self.probe.reading(pose, t),
                "touches": self.probe.switch.touches,
                "point": list(self.probe.point(pose)),
                "gap": _finite(self.probe.gap(pose)),
                "effective_z_offset": offset,
                "paper_z_offset": offset - person.paper,
                "location_bias": self.geometry.location_bias(pose.x, pose.y),
                "thermal_shift": self.geometry.probe_warmth(),
            }
        if self.z_endstop is not None:
            report["z_endstop"] = {
                "touches": self.z_endstop.switch.touches,
                "triggered": self.z_endstop.reading(pose, t),
                "gap": _finite(self.z_endstop.gap(pose)),
                "nozzle_triggers_at": self.geometry.endstop_height
                + self.geometry.tip()
                - self.geometry.rise(),
            }
        return report

    def _connect(self, seed: int) -> Mapping[str, tuple[Pin, Callable[[Pose, float], bool]]]:
        readers: dict[str, tuple[Pin, Callable[[Pose, float], bool]]] = {}
        for number, stepper in enumerate(self._wiring.drives):
            pin = self._end_pin(stepper)
            if pin is None:
                continue
            if self._wiring.kinematics == "delta":
                endstop = tower_endstop(self._wiring, number, stepper, self._truth)
                readers[pin.name] = (pin, _ignoring_time(endstop))
            elif self.z_endstop is None:
                self.z_endstop = ZEndstop(
                    self._truth, self.geometry, self.probe, seed, at_top=stepper.homes_to_max
                )
                readers[pin.name] = (pin, self.z_endstop.reading)
            elif pin.name not in readers:
                height = self.geometry.endstop_height
                readers[pin.name] = (pin, _ignoring_time(AxisEndstop(number, height, stepper.homes_to_max)))
        switch = self._wiring.nozzle_switch
        if switch is not None and self.z_endstop is None:
            self.z_endstop = ZEndstop(self._truth, self.geometry, self.probe, seed, place=switch.place)
            readers.setdefault(switch.pin.name, (switch.pin, self.z_endstop.reading))
        for stepper in (*self._wiring.axis("x"), *self._wiring.axis("y")):
            pin = self._end_pin(stepper)
            if pin is not None:
                end = AxisEndstop(stepper.axis, stepper.position_endstop, stepper.homes_to_max)
                readers[pin.name] = (pin, _ignoring_time(end))
        for stepper in self._wiring.steppers:
            stall = self._stalls.get(stepper.section)
            pin = self._end_pin(stepper)
            if stall is not None and pin is not None and stepper.endstop_pin is None and pin.name in readers:
                readers[pin.name] = (pin, _detected(stall, readers[pin.name][1]))
        for switches, pressed in ((self._wiring.closed, True), (self._wiring.open, False)):
            for pin in switches:
                readers.setdefault(pin.name, (pin, _always(pressed)))
        if self.probe is not None and self._wiring.probe is not None:
            readers[self._wiring.probe.pin.name] = (self._wiring.probe.pin, self.probe.reading)
        return readers

    def _end_pin(self, stepper: WiredStepper) -> Pin | None:
        """The pin that reports the end of a stepper's axis: of a switch, else of its driver."""
        stall = self._wiring.stalls.get(stepper.section)
        return stepper.endstop_pin or (stall.pin if stall else None)

    def _nozzle_gap(self, pose: Pose) -> float:
        bed = self.geometry.bed_height(pose.x, pose.y)
        return pose.z + self.geometry.rise() - self.geometry.tip() - bed

    def _contact_z(self, pose: Pose) -> float:
        return self.geometry.bed_height(pose.x, pose.y) + self.geometry.tip() - self.geometry.rise()

    def _visit_dock(self, pose: Pose, t: float) -> None:
        assert self.probe is not None
        dock = self._truth.dock
        state, away = self.probe.state, math.hypot(pose.x - dock.x, pose.y - dock.y)
        if away <= dock.radius:
            self._from_dock = True
        elif away > math.hypot(dock.detach_x - dock.x, dock.detach_y - dock.y) + dock.radius:
            self._from_dock = False
        if state == "docked" and away <= dock.radius:
            self.probe.attach()
        elif (
            state == "attached"
            and self._from_dock
            and math.hypot(pose.x - dock.detach_x, pose.y - dock.detach_y) <= dock.radius
        ):
            self.probe.dock(t)

    def _visit_brush(self, pose: Pose) -> None:
        nozzle = self._truth.nozzle
        if (
            nozzle.brush_x is not None
            and nozzle.brush_y is not None
            and math.hypot(pose.x - nozzle.brush_x, pose.y - nozzle.brush_y) <= nozzle.brush_radius
        ):
            self.thermal.wipe()

    def _dockable(self) -> Probe:
        if self.probe is None or self.probe.kind != "dockable":
            raise TruthError("this printer has no dockable probe, so none can be attached or detached.")
        return self.probe


def _ignoring_time(endstop: AxisEndstop) -> Callable[[Pose, float], bool]:
    return lambda pose, _t: endstop.reading(pose)


def _detected(stall: StallDetector, at_end: Callable[[Pose, float], bool]) -> Callable[[Pose, float], bool]:
    return lambda pose, t: stall.reading(at_end(pose, t))


def _cartesian(stepper: WiredStepper) -> str:
    """The axis of the truth that a stepper belongs to: a tower is Z."""
    return stepper.axis if stepper.axis in ("x", "y") else "z"


def _always(pressed: bool) -> Callable[[Pose, float], bool]:
    return lambda _pose, _t: pressed


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
