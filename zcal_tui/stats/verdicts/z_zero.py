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


EARLY = 1.3
"""Times the interval that has to be within the limit, or outside, while fewer tests than MOST_TESTS are done. By
simulation: at 20 % beyond the limit at most 1 % are then wrong, though there are several looks."""


def early_reason(tests: int) -> tuple[str, ...]:
    """Why an interval that is within the limit may not decide yet."""
    if tests >= MOST_TESTS:
        return ()
    return (
        f"With fewer than {MOST_TESTS} tests, {EARLY:g} times the uncertainty has to be within the limit.",
    )


def z_zero_level(error: Interval, tests: int) -> Level:
    """The level for an error of Z 0 (mm) with its interval after so many paper tests."""
    limit = limits.Z_ACCURACY.value
    wider = EARLY if tests < MOST_TESTS else 1.0
    low = -math.inf if error.low is None else error.value - wider * (error.value - error.low)
    high = math.inf if error.high is None else error.value + wider * (error.high - error.value)
    if -limit <= low and high <= limit:
        return "pass"
    return "warn" if low > limit or high < -limit else "unknown"
