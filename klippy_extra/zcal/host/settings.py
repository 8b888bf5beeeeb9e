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
"""The toolhead limits: names in its status and parameters of SET_VELOCITY_LIMIT. No Klipper has them all."""


class HostSettings:
    """Reads and changes settings; `connect` first. Those set by gcode need the gcode mutex held."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._gcode: GCodeDispatch = printer.lookup_object("gcode")

    def connect(self) -> None:
        """Check for what is used later. Raises whatever an unexpected object raises."""
        for heater in self._heaters().values():
            _attributes(heater, "target_temp", "set_temp", "get_temp")
        self.speed_factor()
        self.velocity_limits()
        _attributes(self._printer.lookup_object("idle_timeout"), "idle_timeout")
        _attributes(self._printer.lookup_object("configfile"), "set")

    def heaters(self) -> list[str]:
        """The names of the heaters, such as `heater_bed`."""
        return list(self._heaters())

    def heater_target(self, name: str) -> float:
        """The target of a heater. Raises KeyError for an unknown heater."""
        return float(self._heaters()[name].target_temp)

    def set_heater_target(self, name: str, target: float) -> None:
        """Set a target, without the gcode mutex. Raises command errors for a target out of range."""
        self._heaters()[name].set_temp(target)

    def heater_temperature(self, name: str) -> float:
        """The temperature of a heater. Raises KeyError for an unknown heater."""
        eventtime = self._printer.get_reactor().monotonic()
        return float(self._heaters()[name].get_temp(eventtime)[0])

    def speed_factor(self) -> float:
        """The speed factor of M220, 1 for 100 %."""
        status = self._printer.lookup_object("gcode_move").get_status(self._printer.get_reactor().monotonic())
        return float(status["speed_factor"])

    def set_speed_factor(self, factor: float) -> None:
        """Set the speed factor."""
        self._gcode.run_script_from_command(f"M220 S{100.0 * factor:.6f}")

    def velocity_limits(self) -> dict[str, float]:
        """The toolhead limits, by their names in its status."""
        status = self._printer.lookup_object("toolhead").get_status(self._printer.get_reactor().monotonic())
        return {name: float(status[name]) for name, _ in LIMITS if name in status}

    def set_velocity_limits(self, limits: Mapping[str, float]) -> None:
        """Set some of the toolhead limits."""
        given = [f"{parameter}={limits[name]:.6f}" for name, parameter in LIMITS if name in limits]
        if given:
            self._gcode.run_script_from_command("SET_VELOCITY_LIMIT " + " ".join(given))

    def idle_timeout(self) -> float:
        """The idle timeout in seconds."""
        return float(self._printer.lookup_object("idle_timeout").idle_timeout)

    def set_idle_timeout(self, seconds: float) -> None:
        """Set the idle timeout; it also applies to the running timer."""
        if seconds <= 0.0:  # disabled, which Kalico allows in its configuration only
            self._printer.lookup_object("idle_timeout").idle_timeout = seconds
            return
        self._gcode.run_script_from_command(f"SET_IDLE_TIMEOUT TIMEOUT={seconds:.6f}")

    def stage(self, section: str, option: str, value: str) -> None:
        """Stage a value for SAVE_CONFIG."""
        self._printer.lookup_object("configfile").set(section, option, value)

    def _heaters(self) -> dict[str, Heater]:
        heaters: Any | None = self._printer.lookup_object("heaters", None)
        known: dict[str, Heater] = {} if heaters is None else heaters.heaters
        return known


def _attributes(thing: Any, *names: str) -> None:
    for name in names:
        getattr(thing, name)
