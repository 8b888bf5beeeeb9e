"""Endstops: switches at the end of an axis or tower, and the Z pin that the nozzle or the probe's body presses."""

import math
from dataclasses import dataclass

from zcal_tui.sim.machine.draws import draws_for
from zcal_tui.sim.machine.geometry import Geometry
from zcal_tui.sim.machine.kinematics import Pose
from zcal_tui.sim.machine.probe import Probe
from zcal_tui.sim.machine.touch import TouchSwitch, TouchTraits
from zcal_tui.sim.truth import Truth
from zcal_tui.sim.wiring import StallWire, WiredStepper, Wiring


@dataclass(frozen=True)
class AxisEndstop:
    """A switch at the end of X or Y (`axis`), of a delta's tower, or of a Z drive of several (by their number)."""

    axis: str | int
    position: float
    at_max: bool

    def reading(self, pose: Pose) -> bool:
        """Whether the switch is pressed."""
        if isinstance(self.axis, int):
            place = pose.carriages[self.axis]
        else:
            place = pose.x if self.axis == "x" else pose.y
        return place >= self.position if self.at_max else place <= self.position


class StallDetector:
    """A motor driver that reports the end of its axis, if its threshold lets it."""

    def __init__(self, wire: StallWire, axis: str, truth: Truth) -> None:
        """`axis` is x, y or z."""
        self._wire = wire
        self._axis = axis
        self._threshold: int | None = None
        self.set_truth(truth)

    def set_truth(self, truth: Truth) -> None:
        """Change the true values."""
        self._lowest: int | None = getattr(truth.sensorless, f"{self._axis}_lowest")
        self._highest: int | None = getattr(truth.sensorless, f"{self._axis}_highest")

    def written(self, driver: str, register: int, value: int) -> None:
        """A register of a driver was written; it may be this one's threshold."""
        if (driver, register) == (self._wire.driver, self._wire.register):
            self._threshold = self._wire.threshold(value)

    def reading(self, at_end: bool) -> bool:
        """What the driver reports, at the end of the axis or before it."""
        if not self._wire.register:
            return at_end
        # a driver that nobody has set up has the threshold 0
        threshold = self._threshold or 0
        below = self._lowest is not None and threshold < self._lowest
        above = self._highest is not None and threshold > self._highest
        deaf, eager = (above, below) if self._wire.signed else (below, above)
        return eager or (at_end and not deaf)


def tower_endstop(wiring: Wiring, number: int, stepper: WiredStepper, truth: Truth) -> AxisEndstop:
    """The endstop of a delta's tower: its carriage's height with the nozzle at `position_endstop`, plus the error."""
    top = stepper.position_endstop + math.sqrt(stepper.arm_length**2 - wiring.delta_radius**2)
    drive = truth.drive.get(stepper.section)
    return AxisEndstop(number, top + (drive.endstop_error if drive else 0.0), True)


class ZEndstop:
    """The Z endstop: pressed by what is lowest over its pin, or by the Z rail whatever the place."""

    def __init__(
        self,
        truth: Truth,
        geometry: Geometry,
        probe: Probe | None,
        seed: int,
        *,
        at_top: bool = False,
        place: tuple[float, float] | None = None,
    ) -> None:
        """`at_top`: a switch on the rail is at the upper end of Z. `place`: where its pin is if the truth says
        nothing; None where the rail presses it then."""
        self._geometry = geometry
        self._probe = probe
        self._at_top = at_top
        self._place = place
        self.switch = TouchSwitch(draws_for(seed, "z_endstop"))
        self.set_truth(truth)

    def set_truth(self, truth: Truth) -> None:
        """Change the true values."""
        self._truth = truth.z_endstop
        self._body = truth.probe
        self.switch.traits = TouchTraits(noise=truth.z_endstop.noise, hysteresis=truth.z_endstop.hysteresis)

    def gap(self, pose: Pose) -> float:
        """Distance still to go until the mean trigger height."""
        pin = self._truth
        place = self._place if pin.x is None or pin.y is None else (pin.x, pin.y)
        if place is None:
            above = pose.carriages[0] - self._geometry.endstop_height
            return -above if self._at_top else above
        rise = self._geometry.rise()
        height = self._geometry.endstop_height
        gap = math.inf
        if math.dist((pose.x, pose.y), place) <= pin.radius:
            gap = pose.z + rise - self._geometry.tip() - height
        body = self._body
        if self._probe is not None and self._probe.has_body:
            x = pose.x + self._geometry.probe_x + body.switch_x
            y = pose.y + self._geometry.probe_y + body.switch_y
            if math.dist((x, y), place) <= pin.radius:
                probe_z = self._geometry.probe_z + self._geometry.probe_warmth() + self._probe.seat
                below = probe_z - body.switch_offset
                gap = min(gap, pose.height(x, y) + rise - below - height)
        return gap

    def reading(self, pose: Pose, t: float) -> bool:
        """Whether the switch is pressed."""
        return self.switch.reads(self.gap(pose), t)

    def advance(self, gap: float, t: float) -> None:
        """Take a new gap."""
        self.switch.settle(gap, t)

    def pressed_depth(self, gap: float) -> float:
        """How far it is pressed beyond its travel with this gap; negative while it is not."""
        return -gap - self._truth.travel
