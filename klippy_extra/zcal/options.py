# The options of [zcal], with their defaults, ranges and descriptions
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from klippy.configfile import ConfigWrapper


class ZcalOption(NamedTuple):
    """One option. A default of None means that it may be left out."""

    name: str
    default: Any
    unit: str
    lowest: float
    highest: float
    help: str


OPTIONS = (
    ZcalOption(
        "z_backlash",
        0.0,
        "mm",
        0.0,
        2.0,
        "lost motion of the Z axis; zcal's own moves upwards go this far beyond their end and come down to it. "
        "ZCAL_ESTIMATE_BACKLASH CALIBRATE=1 finds and stages it",
    ),
    ZcalOption(
        "switch_hysteresis",
        None,
        "mm",
        0.0,
        2.0,
        "how much higher the probe's switch opens than it closes, if you know it: without it a backlash measured by "
        "the switch's release is an upper bound only",
    ),
    ZcalOption("backlash_iterations", 10, "", 2, 100, "pairs of measurements of ZCAL_ESTIMATE_BACKLASH"),
    ZcalOption(
        "backlash_delta",
        0.5,
        "mm",
        0.1,
        2.0,
        "how far above and below the height of measurement the approaches of the scan method begin",
    ),
    ZcalOption("scan_height", 2.0, "mm", 0.5, 10.0, "height at which the scan method measures"),
    ZcalOption("speed", 50.0, "mm/s", 1.0, 1000.0, "speed of zcal's own moves in X and Y"),
    ZcalOption(
        "safe_height",
        10.0,
        "mm",
        1.0,
        100.0,
        "height to which zcal lifts before it moves sideways, and after a paper test that was broken off",
    ),
    ZcalOption(
        "max_samples",
        50,
        "",
        2,
        1000,
        "how many touches a series makes at most when it looks for a precision",
    ),
)


class ZcalOptions(NamedTuple):
    """The options' values."""

    z_backlash: float
    switch_hysteresis: float | None
    backlash_iterations: int
    backlash_delta: float
    scan_height: float
    speed: float
    safe_height: float
    max_samples: int


def read_options(config: ConfigWrapper) -> ZcalOptions:
    """Read the section. Raises klippy's configuration error for what is out of range."""
    return ZcalOptions(**{option.name: _read(config, option) for option in OPTIONS})


def _read(config: ConfigWrapper, option: ZcalOption) -> Any:
    if isinstance(option.default, int):
        return config.getint(
            option.name, option.default, minval=int(option.lowest), maxval=int(option.highest)
        )
    value = config.getfloat(option.name, option.default, minval=option.lowest, maxval=option.highest)
    # klippy's range check lets nan pass
    if value is not None and not math.isfinite(value):
        raise config.error(f"Option '{option.name}' in section '{config.get_name()}' must be a number")
    return value
