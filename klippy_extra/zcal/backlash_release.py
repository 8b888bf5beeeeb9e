# Backlash plus switch differential travel, from where a probe's switch opens
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

from . import preconditions
from .backlash_estimate import ConfidenceInterval, average, interval
from .errors import CommandRefused
from .limits import LEAST_CLEARANCE, LEAST_LIFT_SPEED
from .sample_series import SampleSeries, SeriesSettings, sample_series

if TYPE_CHECKING:
    from .host import KlippyHost
    from .options import ZcalOptions
    from .runner import CommandRun

OVERTRAVEL = 0.2
"""Travel beyond the trigger, in mm, that closes the switch reliably."""
SEARCH = 3.0
"""Travel upwards, in mm, within which the switch must open."""
RETRACT = 1.0
"""Lift between two measurements, in mm."""


class ReleaseMethod:
    """One estimate: how far above its trigger height the switch opens on the way up."""

    def __init__(
        self, host: KlippyHost, options: ZcalOptions, run: CommandRun, iterations: int, speed: float
    ) -> None:
        """Raises CommandRefused if the release could be off the axis."""
        self._host = host
        self._run = run
        self._iterations = iterations
        self._speed = speed
        self._hysteresis = options.switch_hysteresis
        z_offset = host.probe.offsets()[2]
        self._overtravel = OVERTRAVEL if z_offset - OVERTRAVEL >= LEAST_CLEARANCE else 0.0
        preconditions.check_height(host, z_offset + SEARCH + RETRACT, "Waiting for the switch to open")

    def measure(self) -> tuple[ConfidenceInterval, Mapping[str, Any]]:
        """Measure at the present position. Raises RunCancelled, CommandRefused, Singular, command errors."""
        settings = SeriesSettings(self._speed, max(self._speed, LEAST_LIFT_SPEED), RETRACT, "automatic")
        differences = []
        with sample_series(self._host, self._run, settings) as series:
            for _ in range(self._iterations):
                differences.append(self._difference(series))
                series.retract()
        step = self._host.motion.z_step()
        travel = average(differences, 2.0 * step)
        # The switch is polled once a step, so each end is detected up to one step late.
        found = interval(travel, below=2.0 * step)
        details = {
            "systematic": 2.0 * step,
            "travel": travel.value,
            "switch_hysteresis": self._hysteresis,
            "overtravel": self._overtravel,
            "standard_error": travel.error,
            "degrees_of_freedom": travel.freedom,
        }
        return ConfidenceInterval(*(part - (self._hysteresis or 0.0) for part in found)), details

    def _difference(self, series: SampleSeries) -> float:
        motion = self._host.motion
        trigger = float(series.take()["trigger_z"])
        if self._overtravel:
            low = self._host.state.limits()[0][2]
            motion.move_to(self._speed, z=max(low, trigger - self._overtravel), direct=True)
            motion.wait()
        if self._host.probe.triggered() is False:
            raise CommandRefused(
                "The probe opened by itself after it had triggered.",
                "Its contact bounces, or it retracts when it triggers.",
                "The release method does not work with such a probe.",
            )
        (x, y, release), moved = motion.move_until(
            self._host.probe.endstop(), trigger + SEARCH, self._speed, triggered=False
        )
        if not moved:
            raise CommandRefused(
                "The probe opened before it was lifted.", "Its contact is loose.", "Check its wiring."
            )
        series.publish({"x": x, "y": y, "trigger_z": release, "direction": "up"})
        return release - trigger
