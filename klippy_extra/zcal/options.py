# The options of [zcal], with their defaults, ranges and descriptions
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from .limits import MAX_SAMPLES

if TYPE_CHECKING:
    from klippy.configfile import ConfigWrapper


class ZcalOption(NamedTuple):
    """One option. A default of None means that there is no value unless one is given."""

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
        "lost motion of the Z axis. Upward moves of [zcal] overshoot by this much and come back down. "
        "ZCAL_ESTIMATE_BACKLASH CALIBRATE=1 measures and stages it",
    ),
    ZcalOption(
        "switch_hysteresis",
        None,
        "mm",
        0.0,
        2.0,
        "how far above its trigger height the probe's switch opens, if known. Without it the release method gives an "
        "upper bound only",
    ),
    ZcalOption("backlash_iterations", 10, "", 2, 100, "measurement pairs of ZCAL_ESTIMATE_BACKLASH"),
    ZcalOption(
        "backlash_delta",
        0.5,
        "mm",
        0.1,
        2.0,
        "how far above and below the measuring height the approaches of the scan method start",
    ),
    ZcalOption("scan_height", 2.0, "mm", 0.5, 10.0, "measuring height of the scan method"),
    ZcalOption("speed", 50.0, "mm/s", 1.0, 1000.0, "X and Y speed of the moves of [zcal]"),
    ZcalOption(
        "safe_height",
        10.0,
        "mm",
        1.0,
        100.0,
        "height to which [zcal] lifts before it moves sideways, and after an aborted paper test",
    ),
    ZcalOption(
        "max_samples",
        50,
        "",
        2,
        MAX_SAMPLES,
        "most samples of a series with PRECISION",
    ),
)


def option_of(name: str) -> ZcalOption:
    """The option of this name. Raises StopIteration for an unknown name."""
    return next(option for option in OPTIONS if option.name == name)


class ZcalOptions(NamedTuple):
    """The values of the options."""

    z_backlash: float
    switch_hysteresis: float | None
    backlash_iterations: int
    backlash_delta: float
    scan_height: float
    speed: float
    safe_height: float
    max_samples: int


def read_options(config: ConfigWrapper) -> ZcalOptions:
    """Read the section. Raises Klipper's configuration error for a value out of range."""
    return ZcalOptions(**{option.name: _read(config, option) for option in OPTIONS})


def _read(config: ConfigWrapper, option: ZcalOption) -> Any:
    if isinstance(option.default, int):
        return config.getint(
            option.name, option.default, minval=int(option.lowest), maxval=int(option.highest)
        )
    value = config.getfloat(option.name, option.default, minval=option.lowest, maxval=option.highest)
    # Klipper's range check accepts nan
    if value is not None and not math.isfinite(value):
        raise config.error(f"Option '{option.name}' in section '{config.get_name()}' must be a number")
    return value
