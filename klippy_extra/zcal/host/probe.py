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

BEACON = "beacon"
EDDY = "probe_eddy_current"
STOCK = (
    "probe",
    "bltouch",
    "smart_effector",
    "dockable_probe",
    "load_cell_probe",
    EDDY,
)
"""The sections of Klipper's and Kalico's own probes. Any other belongs to a plugin."""
PARAMETERS = (
    ("probe_speed", "speed", 5.0),
    ("lift_speed", "lift_speed", 5.0),
    ("samples", "sample_count", 1),
    ("sample_retract_dist", "sample_retract_dist", 2.0),
    ("samples_tolerance", "samples_tolerance", 0.1),
    ("samples_tolerance_retries", "samples_retries", 0),
    ("samples_result", "samples_result", "average"),
)
"""Klipper's names of a probe's parameters, the attributes of the older interface, and Klipper's defaults."""
LEAST_PLUGIN_RETRACT = 1.0
"""mm. Cartographer's own is 0.2, from where it measures without moving down: backlash would be in the scatter."""
NOZZLE_PROBE_REACH = 1.0
"""Below this z_offset, in mm, a probe without x_offset and y_offset is assumed to be the nozzle itself."""


class HostSample(NamedTuple):
    """One sample: the toolhead position at the trigger, and the height at which the nozzle would touch the bed there.

    `bed_z` includes z_offset and axis twist.
    """

    x: float
    y: float
    trigger_z: float
    bed_z: float


class HostProbe:
    """The printer's probe, of any kind; `connect` first."""

    def __init__(self, printer: Printer, motion: HostMotion) -> None:
        self._printer = printer
        self._motion = motion
        self._probe: Any = None
        self.section = ""
        """The name of its configuration section, such as `probe` or `bltouch`."""

    def connect(self) -> None:
        """Check for what is called later. Raises whatever an unexpected object raises."""
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
        """The capabilities that this kind of probe lacks (`release`, `scan`), each with the reason."""
        reasons: dict[str, str] = {}
        if self._is_of_plugin():
            reasons["scan"] = (
                f"The probe ([{self.section}]) belongs to a plugin. Measure backlash with the plugin's own command."
            )
        elif not self.scans():
            reasons["scan"] = (
                f"The probe ([{self.section}]) cannot measure distance, it only triggers. "
                "METHOD=release works with a switch."
            )
        release = self._why_no_release()
        if release:
            reasons["release"] = release
        return reasons

    def parameters(self) -> dict[str, Any]:
        """Klipper's probe parameters: probe_speed, lift_speed, samples, sample_retract_dist, samples_tolerance,
        samples_tolerance_retries, samples_result. A plugin's probe has only some; the others are Klipper's defaults.
        """
        if self._has_sessions():
            given = dict(self._probe.get_probe_params())
        else:
            given = {
                name: getattr(self._probe, attribute)
                for name, attribute, _ in PARAMETERS
                if not self._is_of_plugin() or hasattr(self._probe, attribute)
            }
        if not self._is_of_plugin():
            return given
        settings = {**{name: default for name, _, default in PARAMETERS}, **given}
        settings["sample_retract_dist"] = max(float(settings["sample_retract_dist"]), LEAST_PLUGIN_RETRACT)
        return settings

    def offsets(self) -> tuple[float, float, float]:
        """Its x_offset, y_offset and z_offset (0 if the sensor has none)."""
        x, y, z = self._probe.get_offsets()
        return float(x), float(y), float(z)

    def scans(self) -> bool:
        """Whether it can measure its distance to the bed without moving."""
        return self.section.startswith(EDDY) and self._has_sessions()

    def triggered(self) -> bool | None:
        """Whether its pin reads triggered now; None for a sensor without such a state."""
        query = getattr(getattr(self._probe, "cmd_helper", None), "query_endstop", None)
        if query is None:
            query = getattr(getattr(self._probe, "mcu_probe", None), "query_endstop", None)
        return None if query is None else bool(query(self._motion.print_time()))

    def prepares_itself(self) -> bool:
        """Whether it is attached or deployed when a session starts: before that its pin is meaningless."""
        section = self._printer.lookup_object("configfile").get_status(0.0)["settings"].get(self.section, {})
        return self.section != "probe" or bool(str(section.get("activate_gcode") or "").strip())

    def endstop(self) -> Any:
        """The MCU endstop object of its pin; a move with it deploys nothing."""
        return self._probe.mcu_probe.mcu_endstop

    def twist(self, x: float, y: float) -> float:
        """What [axis_twist_compensation] adds to a height probed at this toolhead position; 0 without it."""
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

    def twist_options(self, axis: str) -> tuple[str, str, str] | None:
        """The options of [axis_twist_compensation] that hold an axis' list and its two ends, on this Klipper; None
        where it does not compensate that axis. Versions that know X only use the ends of the calibration."""
        twist = self._printer.lookup_object("axis_twist_compensation", None)
        if twist is None or not hasattr(twist, "z_compensations"):
            return None
        if hasattr(twist, "zy_compensations"):
            name = "z_compensations" if axis == "x" else "zy_compensations"
            return name, f"compensation_start_{axis}", f"compensation_end_{axis}"
        return ("z_compensations", "calibrate_start_x", "calibrate_end_x") if axis == "x" else None

    @contextmanager
    def session(self, parameters: Mapping[str, str]) -> Iterator[ProbeSession]:
        """A session of samples with the probe kept deployed, if it can be; parameters are PROBE_SPEED and the like.

        Raises command errors. The session always ends.
        """
        gcode: GCodeDispatch = self._printer.lookup_object("gcode")
        # A rejected sample is a result here and must not be hidden by a retry
        own = {"BAD_PROBE_STRATEGY": "FAIL"}
        if self.section == BEACON:
            # Its default may be nozzle contact, at which Z is 0 and not the trigger height
            own["PROBE_METHOD"] = "proximity"
        command = gcode.create_gcode_command("ZCAL", "ZCAL", {**own, **parameters, "SAMPLES": "1"})
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
        """The present height of the toolhead."""
        return self._motion.position()[2]

    def sample_of(self, result: Any) -> HostSample:
        """The sample in a result of any Klipper version, whose frames differ."""
        if hasattr(result, "test_z"):
            return HostSample(
                float(result.test_x), float(result.test_y), float(result.test_z), float(result.bed_z)
            )
        x, y, z = (float(value) for value in result[:3])
        return HostSample(x, y, z - self.twist(x, y), z - self.offsets()[2])

    def _is_of_plugin(self) -> bool:
        return self.section.split()[0] not in STOCK

    def _has_sessions(self) -> bool:
        return hasattr(self._probe, "start_probe_session")

    def _result_type(self) -> Any:
        manual = self._printer.lookup_object("manual_probe", None)
        return None if manual is None else getattr(_module(manual), "ProbeResult", None)

    def _why_no_release(self) -> str | None:
        if self.section != "probe":
            return f"The probe ([{self.section}]) has no switch whose release could be measured."
        x, y, z = self.offsets()
        if x == y == 0.0 and z < NOZZLE_PROBE_REACH:
            return "The nozzle itself seems to be the probe (no x_offset or y_offset): METHOD=release does not work."
        if self.prepares_itself() and self._probe.mcu_probe.stow_on_each_sample:
            return (
                "The probe is stowed after every sample, before its release can be measured. "
                "Set deactivate_on_each_sample: False in [probe]."
            )
        for name in ("home_start", "home_wait", "get_steppers"):
            getattr(self.endstop(), name)
        return None


class ProbeSession:
    """Takes samples, one at a time."""

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
        """Descend until the probe triggers; the toolhead stays there. Raises Klipper's command errors."""
        if self._session is None:
            return self._owner.sample_of(self._probe.run_probe(self._command))
        self._session.run_probe(self._command)
        return self._owner.sample_of(self._session.pull_probed_results()[0])

    def distance(self) -> float:
        """The distance between sensor and bed, measured without moving in a session with METHOD=scan."""
        self._session.run_probe(self._command)
        # Before ProbeResult the height was reported like a trigger height, so only the bed height is reliable
        sample = self._owner.sample_of(self._session.pull_probed_results()[0])
        return self._owner.toolhead_z() - sample.bed_z

    def end(self) -> None:
        """End the session. An error is only logged, so as not to hide the reason for ending."""
        try:
            if self._session is None:
                self._probe.multi_probe_end()
            else:
                self._session.end_probe_session()
        except Exception:
            LOG.exception("zcal: ending the probe session")


def _module(thing: Any) -> Any:
    return sys.modules[type(thing).__module__]
