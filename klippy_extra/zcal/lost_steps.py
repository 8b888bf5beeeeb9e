# Whether the Z motors lost steps during a measurement
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
"""Homing before and after is the only way to find out: the printer has no sensor on its motors."""

from __future__ import annotations

import math
from statistics import mean, variance
from typing import TYPE_CHECKING, Any, Mapping, Sequence

from . import preconditions
from .errors import CommandRefused
from .quantiles import two_sided_t
from .sample_series import lift

if TYPE_CHECKING:
    from .host import KlippyHost
    from .options import ZcalOptions
    from .runner import CommandRun


class LostStepsCheck:
    """Homes several times before and after, and compares the motor positions at the endstop."""

    def __init__(self, host: KlippyHost, options: ZcalOptions, run: CommandRun, times: int) -> None:
        """Raises CommandRefused before anything moves."""
        self._host = host
        self._options = options
        self._run = run
        self._times = times
        self._before: list[Mapping[str, int]] = []
        if not times:
            return
        preconditions.check_free(host)
        if host.homing.by_probe():
            raise CommandRefused(
                "HOMES compares with the Z endstop, but on this printer the probe homes Z.",
                remedy="Leave HOMES out: probe drift and lost steps cannot be distinguished.",
            )

    def before(self) -> None:
        """Home before the measurement. Raises RunCancelled, CommandRefused, command errors."""
        self._before = self._home()

    def after(self) -> dict[str, Any] | None:
        """Home after the measurement and compare; None if no homing was requested.

        Returns by stepper, in steps: `steps` lost, `half_width` of its 95% interval, and `endstop_sigma`, the
        endstop's own scatter.
        """
        if not self._times:
            return None
        after = self._home()
        return {
            name: compare([seen[name] for seen in self._before], [seen[name] for seen in after])
            for name in after[0]
        }

    def _home(self) -> list[Mapping[str, int]]:
        x, y, z = self._host.motion.position()
        speed = self._options.speed
        seen: list[Mapping[str, int]] = []
        for _ in range(self._times):
            self._run.check()
            seen.append(self._host.homing.home_z())
            lift(self._host, speed, self._options.safe_height)
            if not seen[-1]:
                raise CommandRefused(
                    "This Klipper does not report where Z was homed.", remedy="Leave HOMES out."
                )
        if self._times:
            lift(self._host, speed, z)
            self._host.motion.move_to(speed, x=x, y=y)
            self._host.motion.move_to(speed, z=z)
            self._host.motion.wait()
        return seen


def compare(before: Sequence[int], after: Sequence[int]) -> dict[str, float]:
    """The shift between two groups of at least two step counts: the difference of the means, with pooled scatter.

    Counts are integers, so the scatter counts as no less than what rounding causes.
    """
    freedom = len(before) + len(after) - 2
    pooled = ((len(before) - 1) * variance(before) + (len(after) - 1) * variance(after)) / freedom
    pooled = max(pooled, 1.0 / 12.0)
    half = two_sided_t(freedom) * math.sqrt(pooled * (1.0 / len(before) + 1.0 / len(after)))
    return {"steps": mean(after) - mean(before), "half_width": half, "endstop_sigma": math.sqrt(pooled)}
