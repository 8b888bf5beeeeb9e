# Backlash from a sensor that measures its distance to the bed
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Mapping

from . import preconditions
from .backlash_estimate import (
    ConfidenceInterval,
    Singular,
    UncertainValue,
    balanced,
    effect,
    interval,
    scaled,
)
from .errors import CommandRefused
from .limits import LEAST_CLEARANCE
from .sample_series import lift

if TYPE_CHECKING:
    from .host import KlippyHost
    from .host.probe import ProbeSession
    from .options import ZcalOptions
    from .runner import CommandRun

RESOLUTION = 1e-6
"""Klipper rounds the distance to this, in mm."""
SLOPE_PAIRS = 3
TRAVEL_SPEED = 10.0
"""Least speed of the move to above the first measurement, in mm/s."""
SAMPLE_TIME = 0.2


class ScanMethod:
    """One estimate. With lost motion the toolhead is higher after an approach from above than from below."""

    def __init__(
        self,
        host: KlippyHost,
        options: ZcalOptions,
        run: CommandRun,
        iterations: int,
        delta: float,
        speed: float,
    ) -> None:
        """Raises CommandRefused if the approaches would come too close to the bed or leave the axis."""
        self._host = host
        self._run = run
        self._height = options.scan_height
        self._iterations = iterations
        self._delta = delta
        self._speed = speed
        self._n = 0
        if self._height - delta < LEAST_CLEARANCE:
            raise CommandRefused(
                f"DELTA={delta:g} below scan_height ({self._height:g}) is under {LEAST_CLEARANCE:g} mm from the bed.",
                remedy="Use a smaller DELTA or a larger scan_height.",
            )
        preconditions.check_height(host, self._height + 2 * delta, "DELTA")
        preconditions.check_height(host, self._height - delta, "DELTA")

    def measure(self) -> tuple[ConfidenceInterval, Mapping[str, Any]]:
        """Measure at the present position. Raises RunCancelled, Singular, command errors."""
        parameters = {"METHOD": "scan", "SAMPLE_TIME": f"{SAMPLE_TIME:g}"}
        with self._host.probe.session(parameters) as session:
            try:
                top = self._height + 2.0 * self._delta
                self._host.motion.move_to(max(self._speed, TRAVEL_SPEED), z=top, direct=True)
                return self._estimate(session)
            finally:
                lift(self._host, self._speed, self._height + self._delta)

    def _estimate(self, session: ProbeSession) -> tuple[ConfidenceInterval, Mapping[str, Any]]:
        slope = self._slope(session)
        order = balanced(self._iterations)
        readings = [self._reading(session, direction, self._height) for direction in order]
        raw = effect([direction / 2.0 for direction in order], readings, RESOLUTION)
        backlash = scaled(raw, slope)
        # An approach takes up the lost motion only if it is longer than that.
        if interval(backlash).high > 0.8 * self._delta:
            raise Singular(f"it may be as large as DELTA ({self._delta:g} mm): use a larger DELTA")
        # Under load a motor is up to half a step off, in a direction that depends on the approach.
        systematic = self._host.motion.z_step() / 2.0
        details = {
            "systematic": systematic,
            "slope": slope.value,
            "slope_error": slope.error,
            "standard_error": backlash.error,
            "degrees_of_freedom": backlash.freedom,
        }
        return interval(backlash, within=systematic), details

    def _slope(self, session: ProbeSession) -> UncertainValue:
        """The sensor's response to a known difference in height, always approached from above."""
        heights = [self._height + self._delta * side / 2.0 for side in balanced(SLOPE_PAIRS)]
        return effect(heights, [self._reading(session, 1, height) for height in heights], RESOLUTION)

    def _reading(self, session: ProbeSession, direction: int, height: float) -> float:
        """The distance at a height, approached from above (+1) or from below (−1)."""
        self._run.check()
        motion = self._host.motion
        motion.move_to(self._speed, z=height + direction * self._delta, direct=True)
        motion.move_to(self._speed, z=height, direct=True)
        motion.wait()
        self._run.check()
        distance = session.distance()
        self._n += 1
        x, y, _ = motion.position()
        bed, hotend = self._host.state.temperatures()
        self._run.sample(
            {
                "n": self._n,
                "t": motion.print_time(),
                "x": x,
                "y": y,
                "z": height,
                "distance": distance,
                "direction": "down" if direction > 0 else "up",
                "bed": bed,
                "hotend": hotend,
            }
        )
        return distance
