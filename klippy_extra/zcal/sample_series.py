# A series of samples, each published as soon as it is taken
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Iterator, Mapping, NamedTuple

from . import preconditions

if TYPE_CHECKING:
    from .host import KlippyHost
    from .host.probe import ProbeSession
    from .parameters import CommandParameters
    from .runner import CommandRun


_LEAST_RISE = 0.1  # mm
_AHEAD = 0.4
"""s before the end of a lift at which the next sample is queued: more than Klipper's BUFFER_TIME_START (0.25), so that
the descent follows without a stop."""


class SeriesSettings(NamedTuple):
    """The settings of a series, mm and mm/s."""

    probe_speed: float
    lift_speed: float
    retract: float
    method: str


def series_settings(host: KlippyHost, parameters: CommandParameters) -> SeriesSettings:
    """Read PROBE_SPEED, LIFT_SPEED and SAMPLE_RETRACT_DIST as Klipper does, and METHOD if the probe has several.

    Raises CommandRefused.
    """
    host.require("probe")
    stock = host.probe.parameters()
    methods = ("automatic", "tap") if host.probe.scans() else ("automatic",)
    return SeriesSettings(
        parameters.number("PROBE_SPEED", float(stock["probe_speed"]), 0.1, 100.0),
        parameters.number("LIFT_SPEED", float(stock["lift_speed"]), 0.1, 200.0),
        parameters.number("SAMPLE_RETRACT_DIST", float(stock["sample_retract_dist"]), 0.0, 100.0, above=0.0),
        parameters.choice("METHOD", "automatic", methods),
    )


class SampleSeries:
    """Samples at the present position; made by `sample_series`."""

    def __init__(
        self, host: KlippyHost, run: CommandRun, settings: SeriesSettings, session: ProbeSession
    ) -> None:
        self._host = host
        self._run = run
        self._settings = settings
        self._session = session
        self._taken = 0
        self.lowest: float | None = None
        """The lowest toolhead Z at a trigger so far."""

    def take(self, **fields: Any) -> dict[str, Any]:
        """Take one sample and publish it with these extra fields; the toolhead stays at the trigger.

        Raises RunCancelled before it starts, and Klipper's command errors.
        """
        self._run.check()
        motion = self._host.motion
        before = motion.step_zeros()
        sample = self._session.sample()
        self.lowest = sample.trigger_z if self.lowest is None else min(self.lowest, sample.trigger_z)
        return self.publish(
            {
                "x": sample.x,
                "y": sample.y,
                "trigger_z": sample.trigger_z,
                "bed_z": sample.bed_z,
                "direction": "down",
                "skew": motion.skew(before),
                **fields,
            }
        )

    def publish(self, measured: Mapping[str, Any]) -> dict[str, Any]:
        """Number a sample, add time and temperatures, and publish it."""
        self._taken += 1
        bed, hotend = self._host.state.temperatures()
        sample = {
            "n": self._taken,
            "t": self._host.motion.print_time(),
            **measured,
            "bed": bed,
            "hotend": hotend,
        }
        self._run.sample(sample)
        return sample

    def retract(self) -> None:
        """Lift straight up for the next sample, and return shortly before the toolhead is up.

        Raises RunCancelled; a cancel during the end of the lift takes effect after the next sample.
        """
        motion = self._host.motion
        motion.move_to(self._settings.lift_speed, z=motion.position()[2] + self._settings.retract)
        motion.wait_until_left(_AHEAD)
        self._run.check()


@contextmanager
def sample_series(host: KlippyHost, run: CommandRun, settings: SeriesSettings) -> Iterator[SampleSeries]:
    """Check the preconditions and start a series.

    Afterwards the toolhead is no lower than before, and at least a retract above the lowest trigger. Raises
    CommandRefused before anything moves.
    """
    preconditions.check_free(host)
    preconditions.check_probe(host)
    start = host.motion.position()
    # The trigger height is known about as well as z_offset.
    preconditions.check_height(host, host.probe.offsets()[2] + settings.retract, "SAMPLE_RETRACT_DIST")
    parameters = {
        "PROBE_SPEED": f"{settings.probe_speed:.6f}",
        "LIFT_SPEED": f"{settings.lift_speed:.6f}",
        "SAMPLE_RETRACT_DIST": f"{settings.retract:.6f}",
    }
    if settings.method != "automatic":
        parameters["METHOD"] = settings.method
    series = None
    try:
        with host.probe.session(parameters) as session:
            series = SampleSeries(host, run, settings, session)
            try:
                yield series
            finally:
                # Before the session ends: stowing the probe may move the toolhead
                lift(host, settings.lift_speed, max(start[2], _above(series, settings)))
    finally:
        if not host.printer.is_shutdown() and "z" in host.state.homed_axes():
            host.motion.wait()


def lift(host: KlippyHost, speed: float, height: float) -> None:
    """Lift to a height, or as far as the axis allows; never move down. Does nothing after a shutdown.

    If Klipper refuses the height, as near the top of a delta, half the distance is tried, and so on.
    """
    if host.printer.is_shutdown() or "z" not in host.state.homed_axes():
        return
    low = host.motion.position()[2]
    rise = min(height, host.state.limits()[1][2]) - low
    while rise > 0.0:
        try:
            host.motion.move_to(speed, z=low + rise)
            break
        except host.error:
            rise /= 2.0
            if rise < _LEAST_RISE or host.printer.is_shutdown():
                raise
    host.motion.wait()


def _above(series: SampleSeries, settings: SeriesSettings) -> float:
    return float("-inf") if series.lowest is None else series.lowest + settings.retract
