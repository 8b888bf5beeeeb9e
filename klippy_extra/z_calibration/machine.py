# The Z endstop, the probe, the moves and the G-code offset of a calibration
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
"""Built on `zcal.host`, which alone knows Klipper's objects. A missing capability becomes the error message of the
commands; it never keeps the printer from starting.
"""

from __future__ import annotations

import contextlib
from typing import Any, Iterator, Sequence

from ..zcal.host import KlippyHost  # noqa: TID252 (the package above has another name on every Klipper)
from ..zcal.host.endstop import HomedRail  # noqa: TID252
from .options import Point, ProbeConfiguration

NEEDED = ("endstop", "state", "motion", "probe", "offset")
"""The capabilities of the host that a calibration needs."""


class CalibrationMachine:
    """The printer as a calibration uses it. Heights in mm, speeds in mm/s."""

    def __init__(self, host: KlippyHost, name: str) -> None:
        """`name` is that of the section, for messages."""
        self._host = host
        self._name = name
        self._session: Any = None
        self.missing: str | None = "Klipper is not ready"

    def connect(self) -> None:
        """Check for what a calibration needs; `missing` describes what is not there. Never raises."""
        self._host.connect()
        self.missing = self._find()

    def _find(self) -> str | None:
        host = self._host
        if "endstop" not in host.missing:
            if not host.endstop.found():
                return f"No z-endstop found for {self._name}"
            if host.endstop.virtual():
                return f"A virtual endstop for z is not supported for {self._name}"
        if not host.has_probe():
            return f"A probe is needed for {self._name}"
        return next((host.missing[name] for name in NEEDED if name in host.missing), None)

    @property
    def rail(self) -> HomedRail | None:
        """The Z rail's settings; None until Z has been homed."""
        return self._host.endstop.rail

    def note_rails(self, rails: Sequence[Any]) -> bool:
        """Take the Z rail's settings from rails that were homed; returns whether Z was among them."""
        return self._host.endstop.note(rails)

    def probe_settings(self) -> ProbeConfiguration:
        """The probe's configuration."""
        parameters = self._host.probe.parameters()
        return ProbeConfiguration(
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
        """The position of the toolhead: X, Y, Z."""
        return self._host.motion.position()

    def move(
        self, speed: float, *, x: float | None = None, y: float | None = None, z: float | None = None
    ) -> None:
        """Move in a straight line; None leaves an axis unchanged."""
        self._host.motion.move_to(speed, x=x, y=y, z=z)

    def wait(self) -> None:
        """Wait until all moves have finished."""
        self._host.motion.wait()

    def homed(self) -> bool:
        """Whether all axes are homed."""
        return set("xyz") <= set(self._host.state.homed_axes())

    def reaches(self, point: Point) -> bool:
        """Whether a point is within the limits of the axes."""
        low, high = self._host.state.limits()
        return all(low[axis] <= point[axis] <= high[axis] for axis in (0, 1))

    def step(self) -> float:
        """The largest step distance of the Z motors."""
        return self._host.motion.z_step()

    # Sampling

    def descend_to_endstop(self, position_min: float, speed: float) -> tuple[float, float, float]:
        """Descend until the Z endstop triggers; returns the toolhead position there."""
        return self._down_to(self._host.endstop.pin(), position_min, speed)

    @contextlib.contextmanager
    def probing(self, speed: float) -> Iterator[None]:
        """A probe session, during which a probe that can stays deployed."""
        speed = min(speed, self._host.motion.fastest_z())
        with self._host.probe.session({"PROBE_SPEED": repr(speed)}) as session:
            self._session = session
            try:
                yield
            finally:
                self._session = None

    def descend_to_bed(self, position_min: float, speed: float) -> tuple[float, float, float]:
        """Descend until the probe triggers; returns the toolhead position there.

        A probe that deploys by itself probes like PROBE, at the session's speed and down to its own minimum.
        """
        if self._host.probe.prepares_itself():
            sample = self._session.sample()
            return sample.x, sample.y, sample.trigger_z
        return self._down_to(self._host.probe.endstop(), position_min, speed)

    def probe_triggered(self) -> bool:
        """Whether the probe's pin reads triggered; False if the probe has no pin to read."""
        return bool(self._host.probe.triggered())

    def _down_to(self, switch: Any, position_min: float, speed: float) -> tuple[float, float, float]:
        place, moved = self._host.motion.move_until(switch, position_min, speed)
        if not moved:
            raise self._host.error("Probe triggered prior to movement")
        return place

    # Bed

    def twist(self, x: float, y: float) -> float:
        """What [axis_twist_compensation] adds to a height probed at this toolhead position."""
        return self._host.probe.twist(x, y)

    def mesh_reference(self) -> Point | None:
        """The point at which the bed mesh is zero."""
        return self._host.mesh.reference()

    def mesh_height(self, point: Point) -> float:
        """The height of the active bed mesh at a point; 0 without a mesh."""
        return self._host.mesh.height(*point)

    def safe_home(self) -> Point | None:
        """The point where [safe_z_home] homes Z."""
        return self._host.state.safe_home()

    # G-code offset

    def gcode_offset(self) -> float:
        """The present Z offset."""
        return self._host.offset.get()[2]

    def saved_offsets(self) -> list[float]:
        """The Z offsets that RESTORE_GCODE_STATE would restore."""
        return self._host.offset.saved_z()

    def apply_offset(self, offset: float) -> None:
        """Set the Z offset without a move, bypassing a macro named SET_GCODE_OFFSET."""
        self._host.offset.apply_z(offset)
