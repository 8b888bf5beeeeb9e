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
"""Its name: in current Klipper; before May 2025 and on Kalico; with generic_cartesian."""


class HomedRail(NamedTuple):
    """The configuration of the Z rail, mm and mm/s."""

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
        self._own: Any = None
        self.rail: HomedRail | None = None
        """Known once Z has been homed."""

    def set_up(self, description: str) -> None:
        """Use a pin of its own, where the probe is the Z endstop; call while the configuration is read. Raises the
        configuration's errors for a pin that cannot be used."""
        self._own = self._printer.lookup_object("pins").setup_pin("endstop", description)
        self._printer.register_event_handler("klippy:mcu_identify", self._add_steppers)

    def _add_steppers(self) -> None:
        for stepper in self._printer.lookup_object("toolhead").get_kinematics().get_steppers():
            if stepper.is_active_axis("z"):
                self._own.add_stepper(stepper)

    def connect(self) -> None:
        """Look for the endstop, which a printer may lack. Raises whatever an unexpected object raises."""
        queries = self._printer.lookup_object("query_endstops", None)
        for pin, name in () if queries is None else queries.endstops:
            if name in NAMES:
                self._pin = pin

    def found(self) -> bool:
        """Whether there is one: those of a delta's towers have other names."""
        return self._own is not None or self._pin is not None

    def virtual(self) -> bool:
        """Whether the probe is used as the endstop."""
        return self._own is None and hasattr(self._pin, "get_position_endstop")

    def pin(self) -> Any:
        """Its MCU endstop object, for a move that ends there."""
        return self._pin if self._own is None else self._own

    def note(self, rails: Sequence[Any]) -> bool:
        """Take `rail` from rails that were homed; returns whether Z was among them."""
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
