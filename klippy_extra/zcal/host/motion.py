# Toolhead moves, moves that end at a switch, and the steppers' step counts
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, Mapping, Sequence

if TYPE_CHECKING:
    from klippy.klippy import Printer
    from klippy.stepper import MCU_stepper
    from klippy.toolhead import ToolHead


class HostMotion:
    """The toolhead. Positions are those of the configuration's frame: no mesh, no gcode offset."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._homing_move: Any = None
        self.backlash = 0.0
        """Z backlash to take up: a move upwards goes this far beyond its end and comes down to it."""

    def connect(self) -> None:
        """Look for what is called later. Raises whatever a foreign object raises."""
        homing = self._printer.lookup_object("homing")
        self._homing_move = sys.modules[type(homing).__module__].HomingMove
        _callables(self._homing_move, "homing_move", "check_no_movement")
        toolhead = self._toolhead()
        _callables(
            toolhead,
            "get_position",
            "manual_move",
            "wait_moves",
            "get_last_move_time",
            "get_kinematics",
        )
        for stepper in self.z_steppers():
            _callables(stepper, "mcu_to_commanded_position", "get_step_dist", "get_name")

    def position(self) -> tuple[float, float, float]:
        """Where the toolhead will be when all moves are done."""
        x, y, z = self._toolhead().get_position()[:3]
        return x, y, z

    def move_to(
        self,
        speed: float,
        *,
        x: float | None = None,
        y: float | None = None,
        z: float | None = None,
        direct: bool = False,
    ) -> None:
        """Move; a Z that is reached from below is overshot by the backlash and approached from above, unless `direct`.

        Raises command errors: out of range, not homed.
        """
        if z is not None and self.backlash > 0.0 and z > self.position()[2] and not direct:
            self._move([x, y, self._overshot(z)], speed)
            self._move([None, None, z], speed)
        else:
            self._move([x, y, z], speed)

    def wait(self) -> None:
        """Return when all moves have been made."""
        self._toolhead().wait_moves()

    def print_time(self) -> float:
        """The print time at which all moves will have been made."""
        return self._toolhead().get_last_move_time()

    def move_until(
        self, endstop: Any, z: float, speed: float, *, triggered: bool = True
    ) -> tuple[tuple[float, float, float], bool]:
        """Move straight to Z until a switch closes (`triggered`) or opens; returns where the toolhead was at that
        moment, and whether it moved at all.

        The switch is MCU's own endstop object. Raises command errors, among them klippy's own "No trigger".
        """
        x, y, _ = self.position()
        # Klippy samples the switch once a step of the speed it is told, however fast the axis may go.
        speed = min(speed, self.fastest_z())
        move = self._homing_move(self._printer, [(endstop, "probe")])
        target = list(self._toolhead().get_position())
        target[2] = z
        place = move.homing_move(target, speed, probe_pos=True, triggered=triggered)
        return (x, y, float(place[2])), move.check_no_movement() is None

    def z_steppers(self) -> list[MCU_stepper]:
        """The steppers that move Z; on a delta, the towers."""
        steppers: list[MCU_stepper] = self._toolhead().get_kinematics().get_steppers()
        return [stepper for stepper in steppers if stepper.is_active_axis("z")]

    def fastest_z(self) -> float:
        """The speed that Z cannot exceed."""
        own = getattr(self._toolhead().get_kinematics(), "max_z_velocity", None)
        return float(own or self._status()["max_velocity"])

    def z_step(self) -> float:
        """The coarsest step distance of the steppers that move Z."""
        return max((stepper.get_step_dist() for stepper in self.z_steppers()), default=0.0)

    def accounting(self) -> dict[str, float]:
        """Where each Z stepper's step count has its zero, in steps: it stays the same as long as klippy's position and
        the steps it has sent agree."""
        return {
            stepper.get_name(): stepper.mcu_to_commanded_position(0) / stepper.get_step_dist()
            for stepper in self.z_steppers()
        }

    def skew(self, before: dict[str, float]) -> dict[str, float]:
        """By how many steps each stepper's accounting has shifted since `accounting` was taken."""
        now = self.accounting()
        return {name: round(before[name] - zero, 3) + 0.0 for name, zero in now.items() if name in before}

    def _overshot(self, z: float) -> float:
        return max(z, min(z + self.backlash, float(self._status()["axis_maximum"][2])))

    def _move(self, coordinates: Sequence[float | None], speed: float) -> None:
        # What is not finite passes klippy's own range check on some kinematics.
        if not all(value is None or math.isfinite(value) for value in (*coordinates, speed)) or speed <= 0.0:
            raise self._printer.command_error("A move to no finite place was asked for.")
        self._toolhead().manual_move(list(coordinates), speed)

    def _status(self) -> Mapping[str, Any]:
        return self._toolhead().get_status(self._printer.get_reactor().monotonic())

    def _toolhead(self) -> ToolHead:
        toolhead: ToolHead = self._printer.lookup_object("toolhead")
        return toolhead


def _callables(thing: Any, *names: str) -> None:
    for name in names:
        if not callable(getattr(thing, name)):
            raise TypeError(f"{type(thing).__name__}.{name} cannot be called")
