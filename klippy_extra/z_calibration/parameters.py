# Command parameters, with defaults from the section and from other sections
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Iterable

from .machine import CalibrationMachine
from .options import Point, ZCalibrationOptions, parse_point

if TYPE_CHECKING:
    from klippy.gcode import GCodeCommand

NEGATIVE = (
    "switch_offset is how far below its body the switch closes, so it cannot be negative. A larger value brings the"
    " nozzle closer to the bed. If the smallest value is too close, the endstop touches the wrong part of the switch:"
    " check that its pin touches the body and not the actuator."
)


class CalibrationParameters:
    """The parameters of one command. Every method raises a command error for an invalid value."""

    def __init__(self, gcmd: GCodeCommand, options: ZCalibrationOptions, machine: CalibrationMachine) -> None:
        """`gcmd` is the command."""
        self._gcmd = gcmd
        self._options = options
        self._machine = machine

    def tag(self) -> str:
        """The name by which a client can stop this command and no other; empty if not given."""
        return str(self._gcmd.get("TAG", "")).strip()

    def nozzle(self) -> Point:
        """The toolhead position at which the nozzle is above the Z endstop."""
        site = self._site("NOZZLE_POSITION") or self._options.nozzle or self._machine.safe_home()
        if site is None:
            raise self._no_site("nozzle", "nozzle_xy_position for %s, the [safe_z_home],", "NOZZLE_POSITION")
        return site

    def switch(self, nozzle: Point) -> Point:
        """The toolhead position at which the body of the probe's switch is above the Z endstop."""
        site = self._site("SWITCH_POSITION") or self._options.switch
        if site is None and self._options.switch_offsets is not None:
            dx, dy = self._options.switch_offsets
            site = (nozzle[0] + dx, nozzle[1] + dy)
        if site is None:
            raise self._no_site(
                "switch", "switch_xy_position or the switch_xy_offsets for %s", "SWITCH_POSITION"
            )
        return site

    def bed(self) -> Point:
        """The point on the bed to probe."""
        site = self._site("BED_POSITION") or self._options.bed or self._machine.mesh_reference()
        if site is None:
            raise self._no_site(
                "bed", "bed_xy_position for %s, the mesh's zero_reference_position,", "BED_POSITION"
            )
        return site

    def switch_offset(self) -> float:
        """How far below its body the switch closes, mm."""
        if self._gcmd.get("SWITCH_OFFSET", ""):
            value = self.number("SWITCH_OFFSET", 0.0)
            if value <= 0.0:
                raise self._error("SWITCH_OFFSET must be above 0. " + NEGATIVE)
            return value
        if self._options.switch_offset is None:
            raise self._error(
                f"cannot find a switch offset! Either configure the switch_offset for {self._options.name}, or use the"
                " SWITCH_OFFSET parameter."
            )
        return float(self._options.switch_offset)

    def number(self, name: str, default: float, least: float | None = None) -> float:
        """A finite number."""
        value = self._gcmd.get_float(name, default, minval=least)
        if not math.isfinite(value):
            raise self._error(f"unable to parse {name}")
        return float(value)

    def flag(self, name: str, default: bool) -> bool:
        """0 or 1."""
        return bool(self._gcmd.get_int(name, int(default), minval=0, maxval=1))

    def check_reach(self, *sites: Point, wiggle: Point | None = None) -> None:
        """Refuse points outside the axes, before anything moves."""
        for x, y in [*sites, *([(sites[0][0] + wiggle[0], sites[0][1] + wiggle[1])] if wiggle else [])]:
            if not self._machine.reaches((x, y)):
                raise self._error(
                    f"{x:.3f},{y:.3f} is outside the axes: out of reach. Check nozzle_xy_position, switch_xy_position,"
                    " switch_xy_offsets (added to the nozzle's position), wiggle_xy_offsets."
                )

    def check_beds(self, beds: Iterable[Point]) -> None:
        """The same for points that the probe must reach."""
        dx, dy, _ = self._machine.probe_settings().offsets
        for x, y in beds:
            if not self._machine.reaches((x - dx, y - dy)):
                raise self._error(
                    f"the probe cannot reach {x:.3f},{y:.3f}: the nozzle would have to be at {x - dx:.3f},"
                    f"{y - dy:.3f}. Check bed_xy_position and the probe's offsets."
                )

    def _site(self, name: str) -> Point | None:
        text = self._gcmd.get(name, "")
        if not text:
            return None
        try:
            return parse_point(text)
        except ValueError as error:
            raise self._error(f"unable to parse {name}") from error

    def _no_site(self, what: str, options: str, parameter: str) -> Exception:
        return self._error(
            f"cannot find a {what} position! Either configure the {options % (self._options.name,)} or use the"
            f" {parameter} parameter."
        )

    def _error(self, message: str) -> Exception:
        error: Exception = self._gcmd.error(f"{self._gcmd.get_command()}: {message}")
        return error
