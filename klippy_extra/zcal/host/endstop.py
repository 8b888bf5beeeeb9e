# The Z endstop and the configuration of its rail
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Sequence

if TYPE_CHECKING:
    from klippy.klippy import Printer

NAMES = ("stepper_z", "z", "carriage z")
"""What klippy calls it: today, before May 2025 and on Kalico, with generic_cartesian."""


class HomedRail(NamedTuple):
    """What the Z rail is configured to, mm and mm/s."""

    position_endstop: float
    position_min: float
    homing_speed: float
    second_homing_speed: float
    homing_retract_dist: float


class HostZEndstop:
    """The Z endstop; `connect` first."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._pin: Any = None
        self.rail: HomedRail | None = None
        """Known once Z was homed."""

    def connect(self) -> None:
        """Look for it. Raises whatever a foreign object raises; a printer without one is no fault."""
        queries = self._printer.lookup_object("query_endstops", None)
        for pin, name in () if queries is None else queries.endstops:
            if name in NAMES:
                self._pin = pin

    def found(self) -> bool:
        """Whether there is one: a delta's towers have theirs by other names."""
        return self._pin is not None

    def virtual(self) -> bool:
        """Whether it is no switch of its own, but the probe."""
        return hasattr(self._pin, "get_position_endstop")

    def pin(self) -> Any:
        """Its endstop object, as the micro-controller has it, for a move that ends there."""
        return self._pin

    def note(self, rails: Sequence[Any]) -> bool:
        """Take `rail` from rails that klippy has homed; whether Z was among them."""
        for rail in rails:
            if any(pin is self._pin for pin, _ in rail.get_endstops()):
                self.rail = HomedRail(
                    rail.position_endstop,
                    rail.position_min,
                    rail.homing_speed,
                    rail.second_homing_speed,
                    rail.homing_retract_dist,
                )
                return True
        return False
