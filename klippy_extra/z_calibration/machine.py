"""The printer as a calibration needs it: the Z endstop, the probe, moves, the gcode offset.

What differs between Klippers is in `zcal.host`. What is missing becomes a sentence that the commands answer with; it
never keeps the printer from starting.
"""

from __future__ import annotations

import contextlib
from typing import Any, Iterator, Sequence

from ..zcal.host import Host  # noqa: TID252 (the package above has another name on every Klipper)
from .options import Point, ProbeSettings, Rail

Z_ENDSTOPS = ("stepper_z", "z", "carriage z")
"""What klippy calls the Z endstop: today, before May 2025 and on Kalico, with generic_cartesian."""


class Machine:
    """Klippy's objects behind one interface. Heights in mm, speeds in mm/s."""

    def __init__(self, printer: Any, name: str) -> None:
        """`name` is the section's, for messages."""
        self._printer = printer
        self._name = name
        self._host = Host(printer)
        self._endstop: Any = None
        self._session: Any = None
        self.missing: str | None = "klippy is not ready"
        self.rail: Rail | None = None

    def connect(self, query_endstops: Any) -> None:
        """Find what a calibration needs, or say in `missing` what there is not. Never raises."""
        self._host.connect()
        self.missing = self._find(query_endstops)

    def _find(self, query_endstops: Any) -> str | None:
        for endstop, name in query_endstops.endstops:
            if name in Z_ENDSTOPS:
                self._endstop = endstop
        if self._endstop is None:
            return f"No z-endstop found for {self._name}"
        if hasattr(self._endstop, "get_position_endstop"):
            return f"A virtual endstop for z is not supported for {self._name}"
        if self._printer.lookup_object("probe", None) is None:
            return f"A probe is needed for {self._name}"
        if not hasattr(self._printer.lookup_object("gcode_move", None), "cmd_SET_GCODE_OFFSET"):
            return f"This Klipper's gcode_move is not as {self._name} knows it"
        return next(
            (self._host.missing[name] for name in ("state", "motion", "probe") if name in self._host.missing),
            None,
        )

    def note_rails(self, rails: Sequence[Any]) -> bool:
        """Take the Z rail's settings from rails that were homed; whether Z was among them."""
        for rail in rails:
            if any(endstop is self._endstop for endstop, _ in rail.get_endstops()):
                self.rail = Rail(
                    rail.position_endstop,
                    rail.position_min,
                    rail.homing_speed,
                    rail.second_homing_speed,
                    rail.homing_retract_dist,
                )
                return True
        return False

    def probe_settings(self) -> ProbeSettings:
        """How the probe is configured."""
        parameters = self._host.probe.parameters()
        return ProbeSettings(
            parameters["samples"],
            parameters["samples_tolerance"],
            parameters["samples_tolerance_retries"],
            parameters["samples_result"],
            parameters["sample_retract_dist"],
            parameters["lift_speed"],
            self._host.probe.offsets(),
        )

    # Moving

    @property
    def position(self) -> tuple[float, float, float]:
        """Where the toolhead is: X, Y, Z."""
        return self._host.motion.position()

    def move(
        self, speed: float, *, x: float | None = None, y: float | None = None, z: float | None = None
    ) -> None:
        """Move in a straight line; None leaves an axis where it is."""
        self._host.motion.move_to(speed, x=x, y=y, z=z)

    def homed(self) -> bool:
        """Whether all axes are homed."""
        return set("xyz") <= set(self._host.state.homed_axes())

    def reaches(self, point: Point) -> bool:
        """Whether a place lies within the axes' limits."""
        low, high = self._host.state.limits()
        return all(low[axis] <= point[axis] <= high[axis] for axis in (0, 1))

    def step(self) -> float:
        """The longest of the distances that one step of a Z motor makes."""
        return self._host.motion.z_step()

    # Touching

    def touch_endstop(self, position_min: float, speed: float) -> tuple[float, float, float]:
        """Go down until the Z endstop triggers; the toolhead's position there."""
        return self._down_to(self._endstop, position_min, speed)

    @contextlib.contextmanager
    def probing(self, speed: float) -> Iterator[None]:
        """The probe's session: it is deployed where it deploys for several touches at once."""
        with self._host.probe.session({"PROBE_SPEED": repr(self._bounded(speed))}) as session:
            self._session = session
            try:
                yield
            finally:
                self._session = None

    def touch_bed(self, position_min: float, speed: float) -> tuple[float, float, float]:
        """Go down until the probe triggers; the toolhead's position there.

        A probe that deploys by itself is asked to probe, which it does at the session's speed down to its own minimum.
        """
        if self._host.probe.prepares_itself():
            touch = self._session.touch()
            return touch.x, touch.y, touch.trigger_z
        return self._down_to(self._host.probe.endstop(), position_min, speed)

    def probe_triggered(self) -> bool:
        """What the probe's pin reads now; not triggered where a probe has no pin to read."""
        return bool(self._host.probe.triggered())

    def _down_to(self, endstop: Any, position_min: float, speed: float) -> tuple[float, float, float]:
        place, moved = self._host.motion.move_until(endstop, position_min, self._bounded(speed))
        if not moved:
            raise self._host.error("Probe triggered prior to movement")
        return place

    def _bounded(self, speed: float) -> float:
        """The endstop is sampled once a step of the speed asked for, however fast the axis may go."""
        toolhead = self._printer.lookup_object("toolhead")
        limit = getattr(toolhead.get_kinematics(), "max_z_velocity", None) or toolhead.max_velocity
        return min(speed, float(limit))

    # What lies over the bed

    def twist(self, x: float, y: float) -> float:
        """What [axis_twist_compensation] adds to a height probed with the toolhead here."""
        return self._host.probe.twist(x, y)

    def mesh_reference(self) -> Point | None:
        """The place at which the bed mesh is zero."""
        mesh = self._printer.lookup_object("bed_mesh", None)
        calibrate = getattr(mesh, "bmc", None)
        for owner in (getattr(calibrate, "probe_mgr", None), calibrate):
            place = getattr(owner, "zero_ref_pos", None)
            if place is not None:
                return float(place[0]), float(place[1])
        index = getattr(calibrate, "relative_reference_index", None)
        points = getattr(calibrate, "points", ())
        if index is not None and index < len(points):
            return float(points[index][0]), float(points[index][1])
        return None

    def mesh_height(self, point: Point) -> float:
        """Height of the active bed mesh at a place; 0 without one."""
        z_mesh = getattr(self._printer.lookup_object("bed_mesh", None), "z_mesh", None)
        return 0.0 if z_mesh is None else float(z_mesh.calc_z(point[0], point[1]))

    def safe_home(self) -> Point | None:
        """Where [safe_z_home] homes Z."""
        safe = self._printer.lookup_object("safe_z_home", None)
        return None if safe is None else (float(safe.home_x_pos), float(safe.home_y_pos))

    # The gcode offset

    def gcode_offset(self) -> float:
        """The Z offset that is in force."""
        return self._host.settings.gcode_offset()[2]

    def saved_offsets(self) -> list[float]:
        """The Z offsets that RESTORE_GCODE_STATE would bring back."""
        states = getattr(self._printer.lookup_object("gcode_move"), "saved_states", {})
        return [float(state["homing_position"][2]) for state in states.values()]

    def apply_offset(self, offset: float) -> None:
        """Put this Z offset in force, without a move; macros named SET_GCODE_OFFSET are not asked."""
        gcode, gcode_move = self._printer.lookup_object("gcode"), self._printer.lookup_object("gcode_move")
        for parameters in ({"Z": "0.0"}, {"Z_ADJUST": repr(offset)}):
            command = gcode.create_gcode_command("SET_GCODE_OFFSET", "SET_GCODE_OFFSET", parameters)
            gcode_move.cmd_SET_GCODE_OFFSET(command)
