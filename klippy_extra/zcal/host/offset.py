# The G-code offset, as set by SET_GCODE_OFFSET
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from klippy.gcode import GCodeDispatch
    from klippy.klippy import Printer


class HostGcodeOffset:
    """Reads and sets the G-code offset, in mm; `connect` first."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._gcode: GCodeDispatch = printer.lookup_object("gcode")

    def connect(self) -> None:
        """Check for what is used later. Raises whatever an unexpected object raises."""
        self.get()
        getattr(self._gcode_move(), "cmd_SET_GCODE_OFFSET")

    def get(self) -> tuple[float, float, float]:
        """The present offset in X, Y and Z."""
        status = self._gcode_move().get_status(self._printer.get_reactor().monotonic())
        x, y, z = status["homing_origin"][:3]
        return float(x), float(y), float(z)

    def set(self, offset: tuple[float, float, float]) -> None:
        """Set it with SET_GCODE_OFFSET, without a move; needs the gcode mutex held."""
        self._gcode.run_script_from_command(
            "SET_GCODE_OFFSET X={:.6f} Y={:.6f} Z={:.6f} MOVE=0".format(*offset)
        )

    def apply_z(self, z: float) -> None:
        """Set Z without rounding and without a move, bypassing a macro named SET_GCODE_OFFSET."""
        gcode_move = self._gcode_move()
        for parameters in ({"Z": "0.0"}, {"Z_ADJUST": repr(z)}):
            command = self._gcode.create_gcode_command("SET_GCODE_OFFSET", "SET_GCODE_OFFSET", parameters)
            gcode_move.cmd_SET_GCODE_OFFSET(command)

    def saved_z(self) -> list[float]:
        """The Z offsets that RESTORE_GCODE_STATE would restore."""
        states = getattr(self._gcode_move(), "saved_states", {})
        return [float(state["homing_position"][2]) for state in states.values()]

    def _gcode_move(self) -> Any:
        return self._printer.lookup_object("gcode_move")
