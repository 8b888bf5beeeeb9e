"""The verdict on an error of Z 0: an equivalence test against the accuracy of Z.

Pass where the whole interval is within the limit, warn where all of it is outside, unknown between.
"""

from __future__ import annotations

import math

from zcal_tui.model import limits
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.verdicts.rule import Level

MOST_TESTS = 5
"""Paper tests up to which one more is offered while they do not decide. Each more is another chance of a wrong
verdict; docs/statistics.md has how often that happens."""


def z_zero_level(error: Interval) -> Level:
    """The level for an error of Z 0 (mm) with its interval."""
    limit = limits.Z_ACCURACY.value
    low = -math.inf if error.low is None else error.low
    high = math.inf if error.high is None else error.high
    if -limit <= low and high <= limit:
        return "pass"
    return "warn" if low > limit or high < -limit else "unknown"
