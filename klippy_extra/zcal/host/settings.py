# Printer settings that can be changed and restored, or staged for SAVE_CONFIG
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

if TYPE_CHECKING:
    from klippy.extras.heaters import Heater
    from klippy.gcode import GCodeDispatch
    from klippy.klippy import Printer

LIMITS = (
    ("max_velocity", "VELOCITY"),
    ("max_accel", "ACCEL"),
    ("square_corner_velocity", "SQUARE_CORNER_VELOCITY"),
    ("minimum_cruise_ratio", "MINIMUM_CRUISE_RATIO"),
    ("max_accel_to_decel", "ACCEL_TO_DECEL"),
)
"""The toolhead's limits by their names in its status, with SET_VELOCITY_LIMIT's words; no Klipper has them all."""


class HostSettings:
    """Reads and writes; `connect` first. What is written by gcode wants the gcode mutex held."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._gcode: GCodeDispatch = printer.lookup_object("gcode")

    def connect(self) -> None:
        """Look for what is used later. Raises whatever a foreign object raises."""
        for heater in self._heaters().values():
            _attributes(heater, "target_temp", "set_temp", "get_temp")
        self.speed_factor()
        self.velocity_limits()
        _attributes(self._printer.lookup_object("idle_timeout"), "idle_timeout")
        _attributes(self._printer.lookup_object("configfile"), "set")

    def heaters(self) -> list[str]:
        """Their names, such as `heater_bed`."""
        return list(self._heaters())

    def heater_target(self, name: str) -> float:
        """Raises KeyError for an unknown one."""
        return float(self._heaters()[name].target_temp)

    def set_heater_target(self, name: str, target: float) -> None:
        """At once: needs no mutex. Raises command errors for a target out of range."""
        self._heaters()[name].set_temp(target)

    def heater_temperature(self, name: str) -> float:
        """What it is now. Raises KeyError for an unknown one."""
        eventtime = self._printer.get_reactor().monotonic()
        return float(self._heaters()[name].get_temp(eventtime)[0])

    def speed_factor(self) -> float:
        """M220's, 1 for 100 %."""
        status = self._printer.lookup_object("gcode_move").get_status(self._printer.get_reactor().monotonic())
        return float(status["speed_factor"])

    def set_speed_factor(self, factor: float) -> None:
        """Set it."""
        self._gcode.run_script_from_command(f"M220 S{100.0 * factor:.6f}")

    def velocity_limits(self) -> dict[str, float]:
        """The toolhead's limits, by their names in its status."""
        status = self._printer.lookup_object("toolhead").get_status(self._printer.get_reactor().monotonic())
        return {name: float(status[name]) for name, _ in LIMITS if name in status}

    def set_velocity_limits(self, limits: Mapping[str, float]) -> None:
        """Set some of them."""
        words = [f"{word}={limits[name]:.6f}" for name, word in LIMITS if name in limits]
        if words:
            self._gcode.run_script_from_command("SET_VELOCITY_LIMIT " + " ".join(words))

    def idle_timeout(self) -> float:
        """In seconds."""
        return float(self._printer.lookup_object("idle_timeout").idle_timeout)

    def set_idle_timeout(self, seconds: float) -> None:
        """Set it; the running timer takes it up."""
        if seconds <= 0.0:  # never, as Kalico can be configured; its command takes no such value
            self._printer.lookup_object("idle_timeout").idle_timeout = seconds
            return
        self._gcode.run_script_from_command(f"SET_IDLE_TIMEOUT TIMEOUT={seconds:.6f}")

    def stage(self, section: str, option: str, value: str) -> None:
        """Have SAVE_CONFIG write this."""
        self._printer.lookup_object("configfile").set(section, option, value)

    def _heaters(self) -> dict[str, Heater]:
        heaters: Any | None = self._printer.lookup_object("heaters", None)
        known: dict[str, Heater] = {} if heaters is None else heaters.heaters
        return known


def _attributes(thing: Any, *names: str) -> None:
    for name in names:
        getattr(thing, name)
