"""The true values of a simulated printer in the terms of the checks: mm, mm/°C, toolhead heights.

All of it follows from the truth file and the machine's own model (zcal_tui/sim/machine); nothing is measured.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from campaigns.random_truths import Document
from zcal_tui.klipper_config.configuration import read_configuration
from zcal_tui.sim.machine.kinematics import DeltaGeometry, Gantry, Pose
from zcal_tui.sim.machine.machine import SimulatedMachine
from zcal_tui.sim.profile import load_profile
from zcal_tui.sim.truth import build_truth
from zcal_tui.sim.wiring import load_wiring

Xy = tuple[float, float]
NUDGE = 0.01
"""mm. A carriage is moved by this to find how far it moves the nozzle."""


@dataclass(frozen=True, slots=True)
class Warmth:
    """Temperatures (°C) of bed and nozzle at a time (s)."""

    t: float
    bed: float
    nozzle: float


class MachineTruth:
    """The truth about one printer. `toolhead` positions are the nozzle's, as the printer counts."""

    def __init__(self, profile: str, document: Document) -> None:
        """Raises TruthError where the truth does not fit the profile."""
        printer_cfg = load_profile(profile).printer_cfg
        self.truth = build_truth(document)
        self.wiring = load_wiring(printer_cfg)
        self._machine = SimulatedMachine(self.wiring, self.truth)
        self._sections = read_configuration(str(printer_cfg)).sections

    @cached_property
    def step(self) -> float:
        """The Z step distance."""
        return self.wiring.drives[0].step_distance

    def probed(self, toolhead: Xy) -> Xy:
        """The point of the bed that is probed from a toolhead position."""
        geometry = self._machine.geometry
        return toolhead[0] + geometry.probe_x, toolhead[1] + geometry.probe_y

    def toolhead_for(self, bed: Xy) -> Xy:
        """The toolhead position with the probe over a point of the bed."""
        geometry = self._machine.geometry
        return bed[0] - geometry.probe_x, bed[1] - geometry.probe_y

    @property
    def homes_with_probe(self) -> bool:
        """Whether Z is homed with the probe."""
        return self.wiring.drives[0].virtual_endstop is not None

    @property
    def probe_offset(self) -> Xy:
        """The probe's true x_offset and y_offset."""
        return self._machine.geometry.probe_x, self._machine.geometry.probe_y

    def location_bias(self, bed: Xy) -> float:
        """How much higher the probe triggers over this point of the bed than over its middle."""
        return self._machine.geometry.location_bias(*bed)

    @property
    def location_spread(self) -> float:
        """The difference of z_offset between the corners of the bed mesh, or near the towers of a delta."""
        mesh = self._sections["bed_mesh"]
        radius = float(mesh.get("mesh_radius") or 0.0)
        if radius:
            angles = [math.radians(stepper.angle) for stepper in self.wiring.drives]
            places = [(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles]
        else:
            (left, front), (right, back) = (
                [float(number) for number in (mesh.get(name) or "").split(",")]
                for name in ("mesh_min", "mesh_max")
            )
            places = [(x, y) for x in (left, right) for y in (front, back)]
        offsets = [self.paper_offset(place) for place in places]
        return max(offsets) - min(offsets)

    def paper_offset(self, bed: Xy) -> float:
        """The z_offset that a paper test by an unbiased person gives over this point, cold and clean.

        The trigger is reported when its signal arrives, so the probe's travel until then counts. Where the probe homes
        Z, homing is seen half a step late as well: the z_offset that puts Z 0 at contact is that much smaller. On a
        delta the towers' endstops are off, so Z differs between the probe's point and the nozzle's.
        """
        late = self.truth.probe.trigger_delay * self._probe_speed
        late += 0.5 * self.step if self.homes_with_probe else 0.0
        tilt = self._rise(self.toolhead_for(bed)) - self._rise(bed)
        geometry = self._machine.geometry
        return geometry.probe_z + self.location_bias(bed) - late - tilt - self.truth.person.paper

    def lost_motion(self, toolhead: Xy) -> float:
        """How far the motors turn upwards before all drives follow: at the probe's point of the gantry, or at a delta's
        nozzle."""
        sections = [stepper.section for stepper in self.wiring.drives]
        backlashes = [
            self.truth.drive[name].backlash if name in self.truth.drive else 0.0 for name in sections
        ]
        if self._delta is not None:
            return math.fsum(w * b for w, b in zip(self._shares(toolhead), backlashes, strict=True))
        gantry = Gantry(self._drive_places if len(sections) > 1 else [(0.0, 0.0)])
        pose = Pose(*toolhead, gantry.surface(backlashes), gantry.origin)
        return pose.height(*self.probed(toolhead))

    def per_degree_bed(self, toolhead: Xy) -> float:
        """How much higher the trigger settles per degree of the bed: the bed and its bowl rise, the chamber warms up
        and the frame lifts the toolhead, the probe follows."""
        bed, frame = self.truth.bed, self.truth.frame
        rise = bed.growth + bed.bowl_growth * self._squares_from_middle(toolhead)
        return rise - frame.growth * frame.chamber_gain + self.truth.probe.thermal_bed

    @property
    def per_degree_nozzle(self) -> float:
        """How much higher the trigger settles per degree of the nozzle."""
        return self.truth.probe.thermal_nozzle

    def trigger_changes(self, temperatures: Sequence[Warmth], toolhead: Xy) -> list[float]:
        """How much higher than cold the probe triggers at each of these times, each part with its own lag.

        The printer is cold at the first of them; between them temperatures change steadily.
        """
        bed, frame, probe = self.truth.bed, self.truth.frame, self.truth.probe
        cold = self.truth.simulation.ambient
        shape = chamber = warm_bed = warm_nozzle = cold
        found = []
        before = temperatures[0]
        for now in temperatures:
            steps = max(1, math.ceil(now.t - before.t))
            dt = (now.t - before.t) / steps
            for number in range(steps):
                part = (number + 0.5) / steps
                heat = before.bed + part * (now.bed - before.bed)
                nozzle = before.nozzle + part * (now.nozzle - before.nozzle)
                shape = _follow(shape, heat, dt, bed.growth_lag)
                chamber = _follow(chamber, cold + frame.chamber_gain * (heat - cold), dt, frame.chamber_lag)
                warm_bed = _follow(warm_bed, heat, dt, probe.thermal_lag)
                warm_nozzle = _follow(warm_nozzle, nozzle, dt, probe.thermal_lag)
            before = now
            rise = bed.growth + bed.bowl_growth * self._squares_from_middle(toolhead)
            found.append(
                rise * (shape - cold)
                - frame.growth * (chamber - cold)
                + probe.thermal_bed * (warm_bed - cold)
                + probe.thermal_nozzle * (warm_nozzle - cold)
            )
        return found

    @property
    def _probe_speed(self) -> float:
        wire = self.wiring.probe
        return 0.0 if wire is None else float(self._sections[wire.section].get("speed") or 5.0)

    @cached_property
    def _drive_places(self) -> list[Xy]:
        places = []
        for number, stepper in enumerate(self.wiring.drives):
            drive = self.truth.drive.get(stepper.section)
            if drive is not None and drive.x is not None and drive.y is not None:
                places.append((drive.x, drive.y))
            else:
                places.append(self.wiring.drive_places[number])
        return places

    @cached_property
    def _delta(self) -> DeltaGeometry | None:
        if self.wiring.kinematics != "delta":
            return None
        radius = self.wiring.delta_radius
        angles = [math.radians(stepper.angle) for stepper in self.wiring.drives]
        towers = [(math.cos(angle) * radius, math.sin(angle) * radius) for angle in angles]
        return DeltaGeometry(towers, [stepper.arm_length for stepper in self.wiring.drives])

    def _rise(self, toolhead: Xy) -> float:
        """How much higher the nozzle is than the printer counts, because a delta's endstops are off."""
        if self._delta is None:
            return 0.0
        errors = [
            self.truth.drive[stepper.section].endstop_error if stepper.section in self.truth.drive else 0.0
            for stepper in self.wiring.drives
        ]
        carriages = self._delta.carriages(*toolhead, 0.0)
        return self._delta.nozzle([at + error for at, error in zip(carriages, errors, strict=True)])[2]

    def _shares(self, toolhead: Xy) -> list[float]:
        """How far a delta's nozzle rises per carriage move, for each tower."""
        assert self._delta is not None
        at = list(self._delta.carriages(*toolhead, 0.0))
        shares = []
        for number in range(len(at)):
            moved = [height + NUDGE * (number == tower) for tower, height in enumerate(at)]
            shares.append(self._delta.nozzle(moved)[2] / NUDGE)
        return shares

    def _squares_from_middle(self, toolhead: Xy) -> float:
        """The distance of the probe's point from the middle of the bed, squared, in units of 100 mm."""
        x, y = self.probed(toolhead)
        middle = self._machine.geometry.middle
        return ((x - middle[0]) / 100.0) ** 2 + ((y - middle[1]) / 100.0) ** 2


def _follow(value: float, target: float, dt: float, lag: float) -> float:
    return target if lag <= 0.0 else target + (value - target) * math.exp(-dt / lag)
