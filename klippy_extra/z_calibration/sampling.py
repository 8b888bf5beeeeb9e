# Moving to a point and sampling there until the samples agree
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

from typing import TYPE_CHECKING, Callable, Tuple

from .diagnosis import tolerance_exceeded
from .heights import SampledHeight
from .machine import CalibrationMachine
from .options import CalibrationSettings, Point
from .stopping import StopRequest

if TYPE_CHECKING:
    from klippy.gcode import GCodeCommand

Descent = Callable[[float, float], Tuple[float, float, float]]
"""Descends to at most this height at this speed; returns the toolhead position at the trigger."""


class HeightSampler:
    """Takes the samples of one command."""

    def __init__(
        self,
        machine: CalibrationMachine,
        settings: CalibrationSettings,
        stop: StopRequest,
        gcmd: GCodeCommand,
    ) -> None:
        """`stop` carries a request to stop; `gcmd` is the command to report to."""
        self._machine = machine
        self._stop = stop
        self.settings = settings
        self._gcmd = gcmd
        self._command = gcmd.get_command()

    def report(self, message: str) -> None:
        """Print a message on the console, prefixed with the command."""
        self._gcmd.respond_info(f"{self._command}: {message}")

    def error(self, message: str) -> Exception:
        """A command error with this message."""
        error: Exception = self._gcmd.error(f"{self._command}: {message}")
        return error

    def wait(self) -> None:
        """Wait for the present moves. Raises a command error if a stop was requested."""
        self._machine.wait()
        if self._stop.message is not None:
            error: Exception = self._gcmd.error(self._stop.message)
            raise error

    def clean_up(self, *steps: Callable[[], None]) -> None:
        """After a failure: lift, then run these steps; errors on the way are printed and do not hide the failure."""
        for step in (self.lift, *steps):
            try:
                step()
            except self._gcmd.error as error:
                self.report(f"error while cleaning up: {error}")

    def lift(self, speed: float | None = None) -> None:
        """Lift to the safe height for moving sideways, if the toolhead is lower."""
        settings, z = self.settings, self._machine.position[2]
        speed = settings.lift_speed if speed is None else speed
        if settings.clearance is not None:
            if z < settings.clearance:
                self._machine.move(speed, z=z + settings.clearance)
        elif z < settings.safe_z_height:
            self._machine.move(speed, z=settings.safe_z_height)

    def move_to(self, site: Point, split: bool = False) -> None:
        """Lift, then move to a point; `split` moves along X first and then Y, to avoid docks."""
        self.wait()
        self.lift()
        if split:
            self._machine.move(self.settings.speed, x=site[0])
        self._machine.move(self.settings.speed, x=site[0], y=site[1])

    def series(self, site: str, descend: Descent, wiggle: bool = False) -> SampledHeight:
        """Take the configured number of samples here; start again if they differ too much. `site` is nozzle, switch or
        bed."""
        settings = self.settings
        if settings.first_fast:
            self._sample(descend, settings.probing_speed, wiggle)
        retries = 0
        samples: list[float] = []
        while len(samples) < settings.samples:
            samples.append(self._sample(descend, settings.second_speed, wiggle))
            if max(samples) - min(samples) > settings.samples_tolerance:
                if retries >= settings.samples_tolerance_retries:
                    raise self.error(tolerance_exceeded(site, samples, settings.samples_tolerance))
                self.report("probe samples exceed tolerance. Retrying...")
                retries += 1
                samples = []
        return SampledHeight(samples, settings.samples_result, self._machine.step())

    def sample(self, descend: Descent, speed: float, retract: float, lift_speed: float) -> float:
        """Take one sample, lift by `retract`, and print the height; returns it."""
        self.wait()
        x, y, z = descend(self.settings.position_min, speed)
        self._machine.move(lift_speed, z=z + retract)
        self.report(f"probe at {x:.3f},{y:.3f} is z={z:.6f}")
        return z

    def _sample(self, descend: Descent, speed: float, wiggle: bool) -> float:
        settings = self.settings
        height = self.sample(descend, speed, settings.retract_dist, settings.lift_speed)
        if wiggle and settings.wiggle is not None:
            x, y, _ = self._machine.position
            self._machine.move(settings.speed, x=x + settings.wiggle[0], y=y + settings.wiggle[1])
            self._machine.move(settings.speed, x=x, y=y)
        return height
