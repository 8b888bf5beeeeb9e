"""From step counts to the toolhead's pose: the motors of cartesian, CoreXY, CoreXZ, hybrid and delta machines.

Source: Klipper docs, Config_Reference, "Printer kinematics".
"""

import math
from collections.abc import Callable, Sequence

from zcal_tui.sim.machine.draws import draws_for
from zcal_tui.sim.machine.kinematics import DeltaGeometry, Gantry, Pose
from zcal_tui.sim.machine.motors import Drive, Motor
from zcal_tui.sim.ports import StepCounts
from zcal_tui.sim.truth import DriveTruth, Truth, TruthError
from zcal_tui.sim.wiring import Pin, Wiring, midpoint

_DEFAULT_DRIVE = DriveTruth()


class Motion:
    """All motors of the printer, and the pose they make."""

    def __init__(self, wiring: Wiring, truth: Truth, seed: int) -> None:
        self._wiring = wiring
        self._truth = truth
        self._slips = draws_for(seed, "drive slip")
        self._check_names(truth)
        self._gantry = self._make_gantry(truth)
        self._delta: DeltaGeometry | None = None
        self._motors: list[Motor] = []
        self._drives: list[Drive] = []
        if wiring.kinematics == "delta":
            self._delta = self._make_delta()
            self._place_delta(self._delta)
        else:
            self._place_cartesian()
        self._pose_of: Callable[[float, float, Sequence[float]], Pose] = (
            self._delta_pose if self._delta else self._gantry_pose
        )
        self._ends = tuple(
            (stepper.axis, stepper.position_endstop, stepper.homes_to_max)
            for stepper in wiring.steppers
            if stepper.section in wiring.stalls
            and stepper.axis in ("x", "y")
            # there the end of X would have to move the Z drives as well
            and wiring.kinematics != "corexz"
        )
        self.pose = self.pose_at({})

    def set_truth(self, truth: Truth) -> None:
        """Change the true values of the drives. Raises TruthError for drives that this printer does not have."""
        self._check_names(truth)
        self._gantry = self._make_gantry(truth)
        self._truth = truth
        for drive in self._drives:
            drive.motor.lost = self._lost_up(drive.motor.section)
            drive.backlash = self._drive_truth(drive.motor.section).backlash

    def pose_at(self, steps: StepCounts) -> Pose:
        """The pose at these step counts, if no motor has turned back since `advance`."""
        a, b = (motor.position_at(steps) for motor in self._motors) if self._motors else (0.0, 0.0)
        return self._pose_of(a, b, [drive.position_at(steps) for drive in self._drives])

    def advance(self, steps: StepCounts) -> Pose:
        """Take these step counts."""
        a, b = [motor.advance(steps) for motor in self._motors] if self._motors else (0.0, 0.0)
        heights = [drive.advance(steps) for drive in self._drives]
        self.pose = self._pose_of(a, b, heights)
        if self._ends and self._hold_at_ends():
            a, b = (motor.position_at(steps) for motor in self._motors)
            self.pose = self._pose_of(a, b, heights)
        return self.pose

    def _hold_at_ends(self) -> bool:
        """Stop the carriage at the ends of the axes that home against them; its motors lose steps. Whether they did."""
        lost = False
        for axis, end, at_max in self._ends:
            beyond = (self.pose.x if axis == "x" else self.pose.y) - end
            if beyond > 0.0 if at_max else beyond < 0.0:
                lost = True
                for motor, share in zip(self._motors, self._shares(axis), strict=True):
                    motor.slip(-beyond * share)
        return lost

    def _shares(self, axis: str) -> tuple[float, float]:
        """How far the two motors turn for a millimetre of an axis."""
        if axis == "x":
            return (1.0, 1.0 if self._wiring.kinematics == "corexy" else 0.0)
        return {"corexy": (1.0, -1.0), "hybrid_corexy": (-1.0, 1.0)}.get(self._wiring.kinematics, (0.0, 1.0))

    def set_output(self, pin: str, duty: float) -> None:
        """An output pin was set; it may be an enable pin."""
        self._slip([motor for motor in self._all_motors() if motor.set_output(pin, duty)])

    def release(self, is_lost: Callable[[Pin], bool]) -> None:
        """A micro-controller restarted: the motors with an enable pin for which `is_lost` lose their hold."""
        self._slip([motor for motor in self._all_motors() if motor.release(is_lost)])

    @property
    def held(self) -> bool:
        """Whether every motor that moves in Z holds."""
        return all(drive.motor.enabled for drive in self._drives)

    def tower_directions(self) -> tuple[tuple[float, float], ...]:
        """Unit vectors from the middle towards each tower of a delta; none on other machines."""
        if self._delta is None:
            return ()
        return tuple(
            (math.cos(math.radians(stepper.angle)), math.sin(math.radians(stepper.angle)))
            for stepper in self._wiring.drives
        )

    def _all_motors(self) -> list[Motor]:
        return self._motors + [drive.motor for drive in self._drives]

    def _slip(self, released: list[Motor]) -> None:
        for motor in released:
            distance = float(self._slips.standard_normal())
            motor.slip(distance * self._truth.drive.get(motor.section, _DEFAULT_DRIVE).slip)

    def _drive_truth(self, section: str) -> DriveTruth:
        return self._truth.drive.get(section, _DEFAULT_DRIVE)

    def _check_names(self, truth: Truth) -> None:
        known = [stepper.section for stepper in self._wiring.drives]
        for name in truth.drive:
            if name not in known:
                raise TruthError(
                    f"[drive.{name}]: this printer has no such Z drive. Its drives are: {', '.join(known)}."
                )

    def _make_gantry(self, truth: Truth) -> Gantry:
        drives = self._wiring.drives
        if self._wiring.kinematics == "delta" or len(drives) == 1:
            return Gantry([(0.0, 0.0)])
        configured = self._wiring.drive_places
        places: list[tuple[float, float]] = []
        for number, stepper in enumerate(drives):
            drive = truth.drive.get(stepper.section, _DEFAULT_DRIVE)
            if drive.x is not None and drive.y is not None:
                places.append((drive.x, drive.y))
            elif len(configured) == len(drives):
                places.append(configured[number])
            else:
                places.append(self._assumed_place(number, len(drives)))
        return Gantry(places)

    def _assumed_place(self, number: int, count: int) -> tuple[float, float]:
        """Where a drive is of which neither the truth nor printer.cfg says it: spread over the width of the bed."""
        x, y = self._wiring.axis("x")[0], self._wiring.axis("y")[0]
        return x.position_min + (x.position_max - x.position_min) * number / (count - 1), midpoint(y)

    def _place_cartesian(self) -> None:
        x_stepper, y_stepper = self._wiring.axis("x")[0], self._wiring.axis("y")[0]
        frame = self._truth.frame
        x = midpoint(x_stepper) if frame.start_x is None else frame.start_x
        y = midpoint(y_stepper) if frame.start_y is None else frame.start_y
        first, second = {
            "corexy": (x + y, x - y),
            "corexz": (x + frame.start_z, y),
            "hybrid_corexy": (x - y, y),
            "hybrid_corexz": (x - frame.start_z, y),
        }.get(self._wiring.kinematics, (x, y))
        self._motors = [Motor(x_stepper, first), Motor(y_stepper, second)]
        for stepper in self._wiring.drives:
            height = frame.start_z + self._drive_truth(stepper.section).start
            self._add_drive(stepper.section, x - height if self._wiring.kinematics == "corexz" else height)

    def _place_delta(self, delta: DeltaGeometry) -> None:
        frame = self._truth.frame
        x = 0.0 if frame.start_x is None else frame.start_x
        y = 0.0 if frame.start_y is None else frame.start_y
        carriages = delta.carriages(x, y, frame.start_z)
        for stepper, height in zip(self._wiring.drives, carriages, strict=True):
            self._add_drive(stepper.section, height)

    def _add_drive(self, section: str, position: float) -> None:
        stepper = next(stepper for stepper in self._wiring.drives if stepper.section == section)
        motor = Motor(stepper, position, self._lost_up(section))
        self._drives.append(Drive(motor, self._drive_truth(section).backlash, position))

    def _lost_up(self, section: str) -> float:
        """See Motor. Of a CoreXZ, a drive's position falls as the nozzle rises."""
        up = -1.0 if self._wiring.kinematics == "corexz" else 1.0
        return up * self._drive_truth(section).lost_up

    def _make_delta(self) -> DeltaGeometry:
        radius = self._wiring.delta_radius
        towers = [
            (math.cos(math.radians(stepper.angle)) * radius, math.sin(math.radians(stepper.angle)) * radius)
            for stepper in self._wiring.drives
        ]
        return DeltaGeometry(towers, [stepper.arm_length for stepper in self._wiring.drives])

    def _gantry_pose(self, a: float, b: float, heights: Sequence[float]) -> Pose:
        kinematics = self._wiring.kinematics
        if kinematics == "corexy":
            a, b = 0.5 * (a + b), 0.5 * (a - b)
        elif kinematics == "corexz":
            a = 0.5 * (a + sum(heights) / len(heights))
            heights = [a - height for height in heights]
        elif kinematics == "hybrid_corexy":
            a += b
        elif kinematics == "hybrid_corexz":
            a += sum(heights) / len(heights)
        return Pose(a, b, self._gantry.surface(heights), self._gantry.origin, tuple(heights))

    def _delta_pose(self, _a: float, _b: float, heights: Sequence[float]) -> Pose:
        assert self._delta is not None
        x, y, z = self._delta.nozzle(heights)
        return Pose(x, y, (z, 0.0, 0.0, 0.0), carriages=tuple(heights))
