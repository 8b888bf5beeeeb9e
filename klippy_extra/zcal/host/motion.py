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
    """The toolhead. Positions are kinematic: without bed mesh and G-code offset."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._homing_move: Any = None
        self.backlash = 0.0
        """The Z backlash, mm: an upward move overshoots by this much and comes back down."""

    def connect(self) -> None:
        """Check for what is called later. Raises whatever an unexpected object raises."""
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
        """The position of the toolhead after all queued moves."""
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
        """Move the toolhead; an upward move takes up the backlash, unless `direct`.

        Raises command errors: out of range, not homed.
        """
        if z is not None and self.backlash > 0.0 and z > self.position()[2] and not direct:
            self._move([x, y, self._overshot(z)], speed)
            self._move([None, None, z], speed)
        else:
            self._move([x, y, z], speed)

    def wait(self) -> None:
        """Wait until all moves have finished."""
        self._toolhead().wait_moves()

    def wait_until_left(self, seconds: float) -> None:
        """Wait until the queued moves end in at most this many seconds.

        What is queued then follows without a stop: after `wait` the next move starts BUFFER_TIME_START later.
        """
        end = self.print_time()
        reactor = self._printer.get_reactor()
        now = reactor.monotonic()
        left = end - float(self._toolhead().get_status(now)["estimated_print_time"]) - seconds
        if left > 0.0:
            reactor.pause(now + left)

    def print_time(self) -> float:
        """The print time at which all queued moves will have finished."""
        return self._toolhead().get_last_move_time()

    def move_until(
        self, endstop: Any, z: float, speed: float, *, triggered: bool = True
    ) -> tuple[tuple[float, float, float], bool]:
        """Move in Z until a switch closes (`triggered`) or opens.

        Returns the position of the toolhead at that moment, and whether it moved at all. The switch is an MCU endstop
        object. Raises command errors, among them Klipper's "No trigger".
        """
        x, y, _ = self.position()
        # Klipper polls the switch once per step at the requested speed, even if the axis is limited to less
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
        """The maximum speed of Z."""
        own = getattr(self._toolhead().get_kinematics(), "max_z_velocity", None)
        return float(own or self._status()["max_velocity"])

    def z_step(self) -> float:
        """The largest step distance of the steppers that move Z."""
        return max((stepper.get_step_dist() for stepper in self.z_steppers()), default=0.0)

    def step_zeros(self) -> dict[str, float]:
        """The zero of each Z stepper's step count, in steps.

        It is constant as long as Klipper's position and the steps it has sent agree.
        """
        return {
            stepper.get_name(): stepper.mcu_to_commanded_position(0) / stepper.get_step_dist()
            for stepper in self.z_steppers()
        }

    def skew(self, before: dict[str, float]) -> dict[str, float]:
        """The shift of each stepper's zero since `before`, in steps."""
        now = self.step_zeros()
        return {name: round(before[name] - zero, 3) + 0.0 for name, zero in now.items() if name in before}

    def _overshot(self, z: float) -> float:
        return max(z, min(z + self.backlash, float(self._status()["axis_maximum"][2])))

    def _move(self, coordinates: Sequence[float | None], speed: float) -> None:
        # Non-finite values pass the range check of some kinematics
        if not all(value is None or math.isfinite(value) for value in (*coordinates, speed)) or speed <= 0.0:
            raise self._printer.command_error("The requested move has no finite target or speed.")
        self._toolhead().manual_move(list(coordinates), speed)

    def _status(self) -> Mapping[str, Any]:
        return self._toolhead().get_status(self._printer.get_reactor().monotonic())

    def _toolhead(self) -> ToolHead:
        toolhead: ToolHead = self._printer.lookup_object("toolhead")
        return toolhead


def _callables(thing: Any, *names: str) -> None:
    for name in names:
        if not callable(getattr(thing, name)):
            raise TypeError(f"{type(thing).__name__}.{name} is not callable")
