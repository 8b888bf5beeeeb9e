# The active bed mesh, its height at a point, and its zero reference
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from klippy.klippy import Printer


class HostBedMesh:
    """[bed_mesh], where there is one; `connect` first."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer

    def connect(self) -> None:
        """Check for what is called later. Raises whatever an unexpected object raises."""
        owner = self._owner()
        if owner is not None:
            for name in ("get_mesh", "set_mesh"):
                getattr(owner, name)

    def active(self) -> Any:
        """The active mesh, as Klipper's object; None if there is none."""
        owner = self._owner()
        return None if owner is None else owner.get_mesh()

    def load(self, mesh: Any) -> None:
        """Activate a mesh that `active` has returned."""
        self._owner().set_mesh(mesh)

    def height(self, x: float, y: float) -> float:
        """The height of the active mesh at a point, in mm; 0 without a mesh."""
        mesh = self.active()
        return 0.0 if mesh is None else float(mesh.calc_z(x, y))

    def reference(self) -> tuple[float, float] | None:
        """The point at which a mesh is zero: zero_reference_position, or that of the older relative_reference_index.

        None if neither is configured.
        """
        calibrate = getattr(self._owner(), "bmc", None)
        for owner in (getattr(calibrate, "probe_mgr", None), calibrate):
            place = getattr(owner, "zero_ref_pos", None)
            if place is not None:
                return float(place[0]), float(place[1])
        index = getattr(calibrate, "relative_reference_index", None)
        points = getattr(calibrate, "points", ())
        if index is not None and index < len(points):
            return float(points[index][0]), float(points[index][1])
        return None

    def _owner(self) -> Any:
        return self._printer.lookup_object("bed_mesh", None)
