"""The probe: fixed, dockable, or deploying a pin."""

import math

from zcal_tui.sim.machine.deploy import ROOM, PinDeployer
from zcal_tui.sim.machine.draws import draws_for
from zcal_tui.sim.machine.geometry import NO_BED, Geometry
from zcal_tui.sim.machine.kinematics import Pose
from zcal_tui.sim.machine.touch import TouchSwitch, TouchTraits
from zcal_tui.sim.truth import Truth, TruthError
from zcal_tui.sim.wiring import ProbeWire


class Probe:
    """The probe's switch, whether it is on the toolhead, and what its sensor pin reads."""

    def __init__(self, wire: ProbeWire, truth: Truth, geometry: Geometry, seed: int) -> None:
        self._wire = wire
        self._geometry = geometry
        self.switch = TouchSwitch(draws_for(seed, "probe"))
        self.deployer = PinDeployer()
        self._seats = draws_for(seed, "dock")
        self.seat = 0.0
        """How much lower than usual the attached probe is, mm."""
        self._highest = self._lowest = math.nan
        """Gaps where the last way down began, and where it is."""
        self._truth = truth.probe
        self._docked = not truth.probe.attached
        self._lost = False
        self.set_truth(truth)

    def set_truth(self, truth: Truth) -> None:
        """Change the true values. Raises TruthError if this printer's configuration has no such kind of probe."""
        probe = truth.probe
        deploys = self._wire.control_pin is not None
        kind = ("pin" if deploys else "fixed") if probe.kind == "auto" else probe.kind
        if (kind == "pin") != deploys:
            needed = "a [bltouch] section" if probe.kind == "pin" else "no [bltouch] section"
            raise TruthError(
                f"probe.kind is {probe.kind}, which needs {needed} in printer.cfg. Change one of them."
            )
        self.kind = kind
        self._truth = probe
        self._scatter = truth.dock.scatter
        self.switch.traits = TouchTraits(
            noise=probe.noise,
            hysteresis=probe.hysteresis,
            outlier_rate=probe.outlier_rate,
            outlier_size=probe.outlier_size,
            first_sample_shift=probe.first_sample_shift,
            drift_per_touch=probe.drift_per_touch,
            rest=probe.rest,
        )

    @property
    def on_toolhead(self) -> bool:
        """Whether the probe moves with the toolhead."""
        return self.kind != "dockable" or not (self._docked or self._lost)

    @property
    def has_body(self) -> bool:
        """Whether a switch body hangs below the toolhead that could press the Z endstop."""
        return self.kind != "pin" and self.on_toolhead

    @property
    def state(self) -> str:
        """The state in a word: fixed, attached, docked, lost, stowed, deployed, alarm."""
        if self.kind == "pin":
            return self.deployer.state
        if self.kind == "fixed":
            return "fixed"
        return "lost" if self._lost else "docked" if self._docked else "attached"

    def point(self, pose: Pose) -> tuple[float, float]:
        """The place below the probe."""
        return pose.x + self._geometry.probe_x, pose.y + self._geometry.probe_y

    def gap(self, pose: Pose) -> float:
        """Distance still to go until the mean trigger height."""
        x, y = self.point(pose)
        bed = self._geometry.bed_height(x, y)
        if bed == NO_BED:
            return math.inf
        return (
            pose.height(x, y) + self._geometry.rise() - bed - self._geometry.trigger_offset(x, y) - self.seat
        )

    def _reach(self, gap: float) -> float:
        """Distance still to go until it triggers, at the bed or in the air."""
        if self._truth.triggers_in_air is None or not gap < self._highest:
            return gap
        return min(gap, self._truth.triggers_in_air - (self._highest - gap))

    def _follow(self, gap: float) -> None:
        """Note where the way down began; a fault that is switched on acts from the next one."""
        if not math.isfinite(gap):
            self._highest = self._lowest = math.nan
        elif gap < self._lowest:
            self._lowest = gap
        elif gap > self._lowest or math.isnan(self._lowest):
            self._highest = self._lowest = gap

    def reading(self, pose: Pose, t: float) -> bool:
        """What Klipper sees on the sensor pin: True is triggered."""
        if self.kind == "pin":
            pushed = self.deployer.down and self.switch.reads(self._reach(self.gap(pose)), t)
            return self.deployer.reading(t, pushed)
        if not self.on_toolhead:
            return not self._truth.normally_open
        return self.switch.reads(self._reach(self.gap(pose)), t)

    def advance(self, gap: float, t: float) -> None:
        """Take a new gap."""
        self._follow(gap)
        if self.kind == "pin":
            if not self.deployer.down and gap > ROOM:
                self.deployer.lifted(t)
            touched = self.deployer.down and self.switch.settle(self._reach(gap), t)
            if touched and not self.deployer.touch_mode:
                self.deployer.touched(t)
                self.switch.let_go(t)
        elif self.on_toolhead:
            self.switch.settle(self._reach(gap), t)

    def set_output(self, pin: str, t: float, duty: float, pose: Pose) -> None:
        """An output pin was set; it may be the control pin."""
        control = self._wire.control_pin
        if control is None or pin != control.name:
            return
        blocked = self.switch.reads(self._reach(self.gap(pose)), t)
        command = self.deployer.output(1.0 - duty if control.invert else duty, blocked)
        if command is not None and not self.deployer.down:
            self.switch.let_go(t)

    def pressed_depth(self, gap: float) -> float:
        """How far the probe is pressed beyond its travel with this gap; negative while it is not."""
        if not self.on_toolhead or self.kind == "pin":
            return -math.inf
        return -gap - self._truth.travel

    def attach(self) -> None:
        """Put the probe on the toolhead."""
        self.seat = self._scatter * float(self._seats.standard_normal())
        self._docked = self._lost = False

    def dock(self, t: float) -> None:
        """Leave the probe in its dock."""
        self.switch.let_go(t)
        self._docked, self._lost = True, False

    def lose(self, t: float) -> None:
        """The probe falls off; only a person can put it back."""
        self.switch.let_go(t)
        self._docked, self._lost = False, True
