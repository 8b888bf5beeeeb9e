# The options of [z_calibration], completed from the probe and the Z rail
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
"""Names, defaults and checks are those of protoloft's plugin, so a section that works there works here. Non-finite
numbers are refused as well: in a move they would halt the printer.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple, Tuple

from ..zcal.host.endstop import HomedRail  # noqa: TID252 (the package above has another name on every Klipper)

if TYPE_CHECKING:
    from klippy.configfile import ConfigWrapper

Point = Tuple[float, float]

SLOWEST = 0.01
"""mm/s; a slower move would practically never end."""

LOW_SAFE_Z, SAFE_Z = 3.0, 20.0
"""mm; a safe_z_height below LOW_SAFE_Z is replaced by SAFE_Z."""


class ProbeConfiguration(NamedTuple):
    """The configuration of the probe, mm and mm/s."""

    samples: int
    samples_tolerance: float
    samples_tolerance_retries: int
    samples_result: str
    sample_retract_dist: float
    lift_speed: float
    offsets: tuple[float, float, float]


class CalibrationSettings(NamedTuple):
    """The settings of a calibration, complete."""

    samples: int
    samples_tolerance: float
    samples_tolerance_retries: int
    samples_result: str
    lift_speed: float
    speed: float
    safe_z_height: float
    clearance: float | None
    probing_speed: float
    second_speed: float
    retract_dist: float
    position_min: float
    first_fast: bool
    wiggle: Point | None


class ZCalibrationOptions:
    """The section as configured. Raises the configuration error if it is invalid."""

    def __init__(self, config: ConfigWrapper) -> None:
        """Read the section."""
        self._config = config
        self.name = config.get_name()
        self.switch_offset = self._number("switch_offset", above=0.0)
        self.max_deviation = self._number("max_deviation", above=0.0)
        config.deprecate("max_deviation")
        # The older option narrows the margins and never widens them, as in the plugin's version 1.1
        self.offset_margins = self._margins("offset_margins", "-1.0,1.0")
        self.speed = self._number("speed", 50.0, above=0.0)
        self.clearance = self._number("clearance", above=0.0)
        config.deprecate("clearance")
        self.safe_z_height = self._number("safe_z_height", above=0.0)
        self.samples = config.getint("samples", None, minval=1)
        self.samples_tolerance = self._number("samples_tolerance", above=0.0)
        self.samples_tolerance_retries = config.getint("samples_tolerance_retries", None, minval=0)
        results = {"none": None, "median": "median", "average": "average"}
        self.samples_result = config.getchoice("samples_result", results, "none")
        self.lift_speed = self._number("lift_speed", above=0.0)
        self.probing_speed = self._number("probing_speed", above=0.0)
        self.second_speed = self._number("probing_second_speed", above=0.0)
        self.retract_dist = self._number("probing_retract_dist", above=0.0)
        self.position_min = self._number("position_min")
        self.first_fast = config.getboolean("probing_first_fast", False)
        self.nozzle = self._point("nozzle_xy_position")
        self.switch = self._point("switch_xy_position")
        self.switch_offsets = self._point("switch_xy_offsets")
        self.bed = self._point("bed_xy_position")
        self.more_beds = self._points("more_bed_positions")
        self.wiggle = self._point("wiggle_xy_offsets")
        self.nozzle_recheck = config.getboolean("nozzle_recheck", False)
        self.endstop_pin = config.get("endstop_pin", None)

    def settings(self, probe: ProbeConfiguration, rail: HomedRail) -> CalibrationSettings:
        """Fill in missing options from the probe and the Z rail."""
        safe_z = self.safe_z_height if self.safe_z_height is not None else 2.0 * probe.offsets[2]
        return CalibrationSettings(
            samples=_given(self.samples, probe.samples),
            samples_tolerance=_given(self.samples_tolerance, probe.samples_tolerance),
            samples_tolerance_retries=_given(self.samples_tolerance_retries, probe.samples_tolerance_retries),
            samples_result=_given(self.samples_result, probe.samples_result),
            lift_speed=max(SLOWEST, _given(self.lift_speed, probe.lift_speed)),
            speed=max(SLOWEST, self.speed),
            safe_z_height=SAFE_Z if safe_z < LOW_SAFE_Z else safe_z,
            clearance=self.clearance,
            probing_speed=max(SLOWEST, _given(self.probing_speed, rail.homing_speed)),
            second_speed=max(SLOWEST, _given(self.second_speed, rail.second_homing_speed)),
            # Without a retract the second sample would start with the switch pressed
            retract_dist=_given(self.retract_dist, rail.homing_retract_dist) or probe.sample_retract_dist,
            position_min=_given(self.position_min, rail.position_min),
            first_fast=self.first_fast,
            wiggle=self.wiggle,
        )

    def _number(self, option: str, default: float | None = None, above: float | None = None) -> Any:
        value = self._config.getfloat(option, default, above=above)
        if value is not None and not math.isfinite(value):
            raise self._config.error(f"Option '{option}' in section '{self.name}' must be a number")
        return value

    def _point(self, option: str) -> Point | None:
        text = self._config.get(option, None)
        return None if text is None else self._parsed(option, text)

    def _points(self, option: str) -> list[Point]:
        text = self._config.get(option, "")
        return [self._parsed(option, line) for line in text.splitlines() if line.strip()]

    def _parsed(self, option: str, text: str) -> Point:
        try:
            return parse_point(text)
        except ValueError as error:
            raise self._unparsable(option) from error

    def _margins(self, option: str, default: str) -> Point:
        try:
            values = [float(value) for value in self._config.get(option, default).split(",")]
        except ValueError as error:
            raise self._unparsable(option) from error
        if not all(math.isfinite(value) for value in values):
            raise self._unparsable(option)
        if len(values) == 1:
            return -abs(values[0]), abs(values[0])
        return min(values[:2]), max(values[:2])

    def _unparsable(self, option: str) -> Exception:
        error: Exception = self._config.error(f"Unable to parse {option} in {self.name}")
        return error


def parse_point(text: str) -> Point:
    """Parse `x,y` in mm. Raises ValueError for anything else."""
    x_text, y_text = text.split(",")
    x, y = float(x_text), float(y_text)
    if not (math.isfinite(x) and math.isfinite(y)):
        raise ValueError("not finite")
    return x, y


def _given(value: Any, default: Any) -> Any:
    return default if value is None else value
