# Command parameters, with defaults from the section and from other sections
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import math
from typing import Any, Iterable

from .machine import CalibrationMachine
from .options import Point, ZCalibrationOptions, parse_point

NEGATIVE = (
    "switch_offset is how far the switch closes below its body, so it cannot be negative: the larger it is, the closer"
    " the nozzle comes to the bed. If the nozzle is too close with the smallest one, the endstop does not touch the"
    " switch where it should: check that its pin meets the body and not the actuator."
)


class CalibrationParameters:
    """The parameters of one command. Every method raises a command error for what cannot be."""

    def __init__(self, gcmd: Any, options: ZCalibrationOptions, machine: CalibrationMachine) -> None:
        """`gcmd` is the command."""
        self._gcmd = gcmd
        self._options = options
        self._machine = machine

    def tag(self) -> str:
        """The name by which the client can have this command stopped and no other; "" where it gave none."""
        return str(self._gcmd.get("TAG", "")).strip()

    def nozzle(self) -> Point:
        """Where the nozzle meets the Z endstop."""
        site = self._site("NOZZLE_POSITION") or self._options.nozzle or self._machine.safe_home()
        if site is None:
            raise self._no_site("nozzle", "nozzle_xy_position for %s, the [safe_z_home],", "NOZZLE_POSITION")
        return site

    def switch(self, nozzle: Point) -> Point:
        """Where the toolhead is when the body of the probe's switch meets the Z endstop."""
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
        """The place on the bed to probe."""
        site = self._site("BED_POSITION") or self._options.bed or self._machine.mesh_reference()
        if site is None:
            raise self._no_site(
                "bed", "bed_xy_position for %s, the mesh's zero_reference_position,", "BED_POSITION"
            )
        return site

    def switch_offset(self) -> float:
        """How far the switch closes below its body, mm."""
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
        """Refuse places that the axes do not reach, before anything moves."""
        for x, y in [*sites, *([(sites[0][0] + wiggle[0], sites[0][1] + wiggle[1])] if wiggle else [])]:
            if not self._machine.reaches((x, y)):
                raise self._error(
                    f"{x:.3f},{y:.3f} is out of the axes' reach. Check nozzle_xy_position, switch_xy_position,"
                    " switch_xy_offsets (added to the nozzle's position), wiggle_xy_offsets."
                )

    def check_beds(self, beds: Iterable[Point]) -> None:
        """The same for places that the probe is to reach."""
        dx, dy, _ = self._machine.probe_settings().offsets
        for x, y in beds:
            if not self._machine.reaches((x - dx, y - dy)):
                raise self._error(
                    f"the probe does not reach {x:.3f},{y:.3f}: the nozzle would have to go to {x - dx:.3f},"
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
