# The probe: its settings, its switch, single samples, distance measurements
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Iterator, Mapping, NamedTuple

if TYPE_CHECKING:
    from klippy.gcode import GCodeDispatch
    from klippy.klippy import Printer

    from .motion import HostMotion

LOG = logging.getLogger(__name__)

EDDY = "probe_eddy_current"
NOZZLE_PROBE_REACH = 1.0
"""Below this z_offset, in mm, a probe right at the nozzle is taken to be the nozzle itself."""


class HostSample(NamedTuple):
    """One touch: where the toolhead was at the trigger, and the height at which the nozzle would touch the bed there
    (z_offset and axis twist applied)."""

    x: float
    y: float
    trigger_z: float
    bed_z: float


class HostProbe:
    """The printer's probe, of whatever kind; `connect` first."""

    def __init__(self, printer: Printer, motion: HostMotion) -> None:
        self._printer = printer
        self._motion = motion
        self._probe: Any = None
        self.section = ""
        """The configuration section it stands in, such as `probe` or `bltouch`."""

    def connect(self) -> None:
        """Look for what is called later. Raises whatever a foreign object raises."""
        self._probe = self._printer.lookup_object("probe")
        self.section = str(self._probe.get_status(0.0)["name"])
        if self._has_sessions():
            self._probe.get_probe_params()
        else:
            for name in ("multi_probe_begin", "multi_probe_end", "run_probe"):
                getattr(self._probe, name)
        self.parameters()
        self.offsets()
        self.twist(0.0, 0.0)

    def unsupported(self) -> dict[str, str]:
        """What this kind of probe cannot do, by capability (`release`, `scan`), each with the reason."""
        reasons: dict[str, str] = {}
        if not self.scans():
            reasons["scan"] = (
                f"The probe ([{self.section}]) only tells when it triggers: it cannot measure the distance standing "
                "still. METHOD=release works with a switch."
            )
        release = self._why_no_release()
        if release:
            reasons["release"] = release
        return reasons

    def parameters(self) -> dict[str, Any]:
        """Klipper's own: probe_speed, lift_speed, samples, sample_retract_dist, samples_tolerance,
        samples_tolerance_retries, samples_result."""
        if self._has_sessions():
            return dict(self._probe.get_probe_params())
        names = (
            ("probe_speed", "speed"),
            ("lift_speed", "lift_speed"),
            ("samples", "sample_count"),
            ("sample_retract_dist", "sample_retract_dist"),
            ("samples_tolerance", "samples_tolerance"),
            ("samples_tolerance_retries", "samples_retries"),
            ("samples_result", "samples_result"),
        )
        return {name: getattr(self._probe, attribute) for name, attribute in names}

    def offsets(self) -> tuple[float, float, float]:
        """Its x_offset, y_offset and z_offset (0 where the sensor has none)."""
        x, y, z = self._probe.get_offsets()
        return float(x), float(y), float(z)

    def scans(self) -> bool:
        """Whether it also measures the distance standing still."""
        return self.section.startswith(EDDY) and self._has_sessions()

    def triggered(self) -> bool | None:
        """What its pin reads now; None for a sensor that has no such state."""
        query = getattr(getattr(self._probe, "cmd_helper", None), "query_endstop", None)
        if query is None:
            query = getattr(getattr(self._probe, "mcu_probe", None), "query_endstop", None)
        return None if query is None else bool(query(self._motion.print_time()))

    def prepares_itself(self) -> bool:
        """Whether it is fetched or deployed when a session begins: before that its pin says nothing."""
        section = self._printer.lookup_object("configfile").get_status(0.0)["settings"].get(self.section, {})
        return self.section != "probe" or bool(str(section.get("activate_gcode") or "").strip())

    def endstop(self) -> Any:
        """The endstop object of its pin, as the micro-controller has it: nothing is deployed for a move with it."""
        return self._probe.mcu_probe.mcu_endstop

    def twist(self, x: float, y: float) -> float:
        """What [axis_twist_compensation] adds to a height probed with the toolhead here; 0 without it."""
        twist = self._printer.lookup_object("axis_twist_compensation", None)
        if twist is None:
            return 0.0
        if hasattr(twist, "get_z_compensation_value"):
            return float(twist.get_z_compensation_value([x, y, 0.0]))
        result = self._result_type()
        if result is None:
            place = [x, y, 0.0]
            self._printer.send_event("probe:update_results", place)
            return float(place[2])
        x_offset, y_offset, _ = self.offsets()
        results = [result(x + x_offset, y + y_offset, 0.0, x, y, 0.0)]
        self._printer.send_event("probe:update_results", results)
        return float(results[0].bed_z)

    @contextmanager
    def session(self, parameters: Mapping[str, str]) -> Iterator[ProbeSession]:
        """Touches with the probe staying deployed, if it is one that can; parameters are PROBE_SPEED and the like.

        Raises command errors; ends whatever happens.
        """
        gcode: GCodeDispatch = self._printer.lookup_object("gcode")
        # A rejected touch is a result here: nobody may hide it by touching again.
        command = gcode.create_gcode_command(
            "ZCAL", "ZCAL", {"BAD_PROBE_STRATEGY": "FAIL", **parameters, "SAMPLES": "1"}
        )
        drops = getattr(self._probe, "drop_first_result", False)
        if drops:
            self._probe.drop_first_result = False
        try:
            session = ProbeSession(self, self._probe, command, self._has_sessions())
            try:
                yield session
            finally:
                session.end()
        finally:
            if drops:
                self._probe.drop_first_result = drops

    def toolhead_z(self) -> float:
        """The height at which the toolhead stands."""
        return self._motion.position()[2]

    def sample_of(self, result: Any) -> HostSample:
        """A result of this klippy's, whichever frame it is in."""
        if hasattr(result, "test_z"):
            return HostSample(
                float(result.test_x), float(result.test_y), float(result.test_z), float(result.bed_z)
            )
        x, y, z = (float(value) for value in result[:3])
        return HostSample(x, y, z - self.twist(x, y), z - self.offsets()[2])

    def _has_sessions(self) -> bool:
        return hasattr(self._probe, "start_probe_session")

    def _result_type(self) -> Any:
        manual = self._printer.lookup_object("manual_probe", None)
        return None if manual is None else getattr(_module(manual), "ProbeResult", None)

    def _why_no_release(self) -> str | None:
        if self.section != "probe":
            return f"The probe ([{self.section}]) has no switch whose release could be timed."
        x, y, z = self.offsets()
        if x == y == 0.0 and z < NOZZLE_PROBE_REACH:
            return "The nozzle itself seems to be the probe (no x_offset, no y_offset): its release says nothing."
        if self.prepares_itself() and self._probe.mcu_probe.stow_on_each_sample:
            return (
                "The probe is stowed after every touch, before its release could be seen: "
                "set deactivate_on_each_sample: False in [probe]."
            )
        for name in ("home_start", "home_wait", "get_steppers"):
            getattr(self.endstop(), name)
        return None


class ProbeSession:
    """Touches, one at a time."""

    def __init__(self, owner: HostProbe, probe: Any, command: Any, sessions: bool) -> None:
        self._owner = owner
        self._command = command
        self._probe = probe
        self._session: Any = None
        if sessions:
            self._session = probe.start_probe_session(command)
        else:
            probe.multi_probe_begin()

    def sample(self) -> HostSample:
        """Descend until it triggers; the toolhead stays there. Raises klippy's command errors."""
        if self._session is None:
            return self._owner.sample_of(self._probe.run_probe(self._command))
        self._session.run_probe(self._command)
        return self._owner.sample_of(self._session.pull_probed_results()[0])

    def distance(self) -> float:
        """What a session with METHOD=scan measures between sensor and bed, standing still."""
        self._session.run_probe(self._command)
        # Before ProbeResult the height came as if it were a trigger's, so only the bed's height can be relied on.
        sample = self._owner.sample_of(self._session.pull_probed_results()[0])
        return self._owner.toolhead_z() - sample.bed_z

    def end(self) -> None:
        """Put the probe away. A fault on the way out is logged: the reason for ending is the one to be told."""
        try:
            if self._session is None:
                self._probe.multi_probe_end()
            else:
                self._session.end_probe_session()
        except Exception:
            LOG.exception("zcal: ending the probe session")


def _module(thing: Any) -> Any:
    return sys.modules[type(thing).__module__]
