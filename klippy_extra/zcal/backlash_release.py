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
from .sample_series import SampleSeries, SeriesSettings, sample_series

if TYPE_CHECKING:
    from .host import KlippyHost
    from .options import ZcalOptions
    from .runner import CommandRun

OVERTRAVEL = 0.2
"""How far it is pressed beyond the trigger, in mm, so that the switch is safely closed."""
MARGIN = 0.5
"""What must remain between nozzle and bed then, in mm."""
SEARCH = 3.0
"""How far up, in mm, the release is waited for."""
RETRACT = 1.0


class ReleaseMethod:
    """One estimate: by how much the switch opens higher on the way up than it closed on the way down."""

    def __init__(
        self, host: KlippyHost, options: ZcalOptions, run: CommandRun, iterations: int, speed: float
    ) -> None:
        """Raises CommandRefused where the release could be out of the axis."""
        self._host = host
        self._run = run
        self._iterations = iterations
        self._speed = speed
        self._hysteresis = options.switch_hysteresis
        z_offset = host.probe.offsets()[2]
        self._overtravel = OVERTRAVEL if z_offset - OVERTRAVEL >= MARGIN else 0.0
        preconditions.check_height(host, z_offset + SEARCH + RETRACT, "Waiting for the release")

    def measure(self) -> tuple[ConfidenceInterval, Mapping[str, Any]]:
        """Where the toolhead stands. Raises CommandCancelled, CommandRefused, Singular, command errors."""
        settings = SeriesSettings(self._speed, max(self._speed, 5.0), RETRACT, "automatic")
        differences = []
        with sample_series(self._host, self._run, settings) as series:
            for _ in range(self._iterations):
                differences.append(self._difference(series))
                series.retract()
        step = self._host.motion.z_step()
        travel = average(differences, 2.0 * step)
        # The switch is looked at once a step, so that both ends are seen late, by up to one step each.
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
                "The probe opened by itself after its trigger.",
                "It bounces, or it is one that retracts when it triggers.",
                "A release says nothing with such a probe.",
            )
        (x, y, release), moved = motion.move_until(
            self._host.probe.endstop(), trigger + SEARCH, self._speed, triggered=False
        )
        if not moved:
            raise CommandRefused(
                "The probe opened before it was lifted.", "Its contact is loose.", "Look at its wiring."
            )
        series.publish({"x": x, "y": y, "trigger_z": release, "direction": "up"})
        return release - trigger
