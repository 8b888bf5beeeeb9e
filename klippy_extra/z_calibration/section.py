# The [z_calibration] section: options, commands, status, and what it monitors
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import functools
import logging
import time
from typing import TYPE_CHECKING, Any, Callable, Mapping

from ..zcal import cancel, endpoints  # noqa: TID252 (the package above has another name on every Klipper)
from ..zcal.host import KlippyHost  # noqa: TID252
from ..zcal.limits import MAX_SAMPLES  # noqa: TID252
from .applied_offset import AppliedOffset
from .attachment import AttachmentCheck
from .calibration import CalibrationResult, CalibrationScripts, CalibrationTargets, OffsetCalibration, report
from .diagnosis import explain
from .heights import SampledHeight, mean, median, micrometres, population_sigma
from .history import CalibrationHistory
from .machine import CalibrationMachine
from .options import SLOWEST, ZCalibrationOptions
from .parameters import NEGATIVE, CalibrationParameters
from .sampling import HeightSampler
from .stopping import StopRequest

if TYPE_CHECKING:
    from klippy.configfile import ConfigWrapper
    from klippy.gcode import GCodeCommand

LOG = logging.getLogger(__name__)

WATCH_PERIOD = 1.0
"""Seconds between two checks of the G-code offset."""

AFTER_START = 5.0
"""Seconds after Klipper is ready until clients are connected."""

SHORTEST_RETRACT = 0.01
"""mm"""

CANCEL = "z_calibration/cancel"
"""The endpoint that stops a command if there is no [zcal] section."""

Handler = Callable[["ZCalibration", "GCodeCommand"], None]


def command(handler: Handler) -> Handler:
    """Let only command errors leave a command: any other exception would shut the printer down."""

    @functools.wraps(handler)
    def guarded(self: ZCalibration, gcmd: GCodeCommand) -> None:
        try:
            handler(self, gcmd)
        except self.printer.command_error:
            raise
        except Exception as error:
            LOG.exception("z_calibration: %s", gcmd.get_command())
            raise gcmd.error(
                f"{gcmd.get_command()}: internal error: {type(error).__name__}: {error}."
                " klippy.log has the details; please report them."
            ) from error

    return guarded


def _optional_template(macros: Any, config: ConfigWrapper, option: str) -> Any:
    """A script of the section; None where it is not configured."""
    return macros.load_template(config, option) if config.get(option, None) is not None else None


def run_template(template: Any, params: Mapping[str, Any]) -> None:
    """Run a script with these parameters, as a macro gets them. Raises the script's command errors."""
    texts = {name: str(value) for name, value in params.items()}
    context = template.create_template_context()
    context["params"] = texts
    context["rawparams"] = " ".join(f"{name}={text}" for name, text in texts.items())
    template.run_gcode_from_command(context)


class ZCalibration:
    """Automatic Z offset from three heights: nozzle on endstop, switch body on endstop, probe on bed."""

    def __init__(self, config: ConfigWrapper) -> None:
        """Read the section and register the commands. Raises the configuration error for invalid options."""
        self.printer = config.get_printer()
        self._options = ZCalibrationOptions(config)
        macros = self.printer.load_object(config, "gcode_macro")
        self._start = macros.load_template(config, "start_gcode", "")
        self._before_switch = macros.load_template(config, "before_switch_gcode", "")
        self._end = macros.load_template(config, "end_gcode", "")
        self._apply_gcode = _optional_template(macros, config, "offset_gcode")
        self._error_gcode = _optional_template(macros, config, "error_gcode")
        self._has_start = bool(config.get("start_gcode", "").strip())
        self._attaches_late = bool(config.get("before_switch_gcode", "").strip())
        self._moves_the_probe = bool(config.get("end_gcode", "").strip()) and (
            self._attaches_late or self._has_start
        )
        self._host = KlippyHost(self.printer)
        if self._options.endstop_pin is not None:
            self._host.endstop.set_up(self._options.endstop_pin)
        self._machine = CalibrationMachine(self._host, self._options.name)
        self._history = CalibrationHistory(self.printer.get_start_args()["config_file"])
        self._applied = AppliedOffset()
        self._stop = StopRequest()
        self._result: CalibrationResult | None = None
        self._first_check = True
        self._succeeded = self._calibrated = False
        self._last_offset = 0.0
        self._was_applied = self._history.applied
        self._status: dict[str, Any] = {}
        # At load, not at ready: a macro with rename_existing needs them
        register = self._host.gcode.register_command
        register("CALIBRATE_Z", self._calibrate_z, desc="Calibrate the Z offset of the nozzle to the bed")
        register(
            "PROBE_Z_ACCURACY", self._probe_z_accuracy, desc="Measure the repeatability of the Z endstop"
        )
        register(
            "CALCULATE_SWITCH_OFFSET",
            self._calculate_switch_offset,
            desc="Calculate switch_offset from the present nozzle height",
        )
        self.printer.register_event_handler("klippy:ready", self._handle_ready)
        self.printer.register_event_handler("homing:home_rails_end", self._handle_homed)
        self.printer.register_event_handler(cancel.EVENT, self._stop.ask)
        endpoints.register(self._host.webhooks, CANCEL, self._cancel)
        self._update_status()

    # Status

    def get_status(self, eventtime: float) -> dict[str, Any]:
        """The status object; a new one on every change."""
        return self._status

    def _update_status(self) -> None:
        self._status = {
            "last_query": self._succeeded,
            "last_z_offset": self._last_offset,
            "unavailable": self._machine.missing,
            "result": None if self._result is None else self._result.status(),
            "applied": self._applied.value,
            "lost": self._applied.lost,
            "attached_check_works": self._history.check_works,
        }

    def _cancel(self, request: endpoints.EndpointRequest) -> Mapping[str, Any]:
        """Stop the running command after its current move.

        With a `tag`, stop only the command of that TAG, or one without TAG that started at event time `since` or later.
        """
        reason, tag, since = cancel.reason(CANCEL), request.tag(), request.number("since", cancel.EVER)
        if tag is None:
            stopped = self._stop.ask(reason, since)
        else:
            stopped = self._stop.ask_tagged(tag, reason, since)
        return cancel.answer([] if stopped is None else [stopped])

    # Events: no exception may leave them, it would shut the printer down

    def _handle_ready(self) -> None:
        self._machine.connect()
        self._update_status()
        self._host.reactor.register_timer(self._watch, self._host.now() + AFTER_START)

    def _handle_homed(self, homing_state: Any, rails: list[Any]) -> None:
        try:
            if self._machine.note_rails(rails):
                self._warn(self._applied.homed())
        except Exception:
            LOG.exception("z_calibration: after homing")

    def _watch(self, eventtime: float) -> float:
        try:
            if self._first_check:
                self._first_check = False
                self._report_at_start()
            self._warn(self._applied.compare(self._machine.gcode_offset()))
        except Exception:
            LOG.exception("z_calibration: watch")
            return self._host.reactor.NEVER
        return eventtime + WATCH_PERIOD

    def _report_at_start(self) -> None:
        """Print what the user should know after a start."""
        if self._machine.missing is not None:
            self._host.respond(f"{self._options.name}: {self._machine.missing}")
        last = self._history.last
        if self._was_applied and last is not None and not self._calibrated:
            self._warn(self._applied.restarted(last["offset"]))

    def _warn(self, warning: str | None) -> None:
        if warning is None:
            return
        self._history.note_applied(False)
        self._update_status()
        self._host.respond(f"{self._options.name}: {warning}")

    # Commands

    @command
    def _calibrate_z(self, gcmd: GCodeCommand) -> None:
        """Measure and apply. Parameters: NOZZLE_POSITION, SWITCH_POSITION, BED_POSITION, SWITCH_OFFSET,
        NOZZLE_RECHECK, TAG."""
        try:
            self._measure_and_apply(gcmd)
        except Exception as error:
            self._after_error(error)
            raise

    def _after_error(self, error: Exception) -> None:
        """Run error_gcode with params.ERROR, after end_gcode. Its own error is only logged."""
        if self._error_gcode is None or self.printer.is_shutdown():
            return
        try:
            # In a macro's line a line break would begin a command, and a double quote would end the text
            text = " ".join(str(error).split()).replace('"', "'")
            run_template(self._error_gcode, {"ERROR": text})
        except Exception:
            LOG.exception("z_calibration: error_gcode")

    def _measure_and_apply(self, gcmd: GCodeCommand) -> None:
        self._succeeded = False
        self._update_status()
        sampler = self._sampler(gcmd)
        parameters = CalibrationParameters(gcmd, self._options, self._machine)
        nozzle = parameters.nozzle()
        targets = CalibrationTargets(
            nozzle,
            parameters.switch(nozzle),
            [parameters.bed(), *self._options.more_beds],
            parameters.switch_offset(),
            parameters.flag("NOZZLE_RECHECK", self._options.nozzle_recheck),
        )
        parameters.check_reach(targets.nozzle, targets.switch, wiggle=sampler.settings.wiggle)
        parameters.check_beds(targets.beds)
        if not self._has_start:  # else start_gcode may home
            self._require_homed(gcmd)
        LOG.info("%s: %s %s", gcmd.get_command(), targets, sampler.settings)
        attachment = AttachmentCheck(self._moves_the_probe, self._history.check_works)
        scripts = CalibrationScripts(
            self._start.run_gcode_from_command,
            self._before_switch.run_gcode_from_command,
            self._end.run_gcode_from_command,
            self._attaches_late,
        )
        calibration = OffsetCalibration(self._machine, sampler, scripts, attachment)
        try:
            tag = parameters.tag()
            with self._stop.stoppable(gcmd.get_command(), self._host.now(), "No offset was applied.", tag):
                self._require_allowed(sampler, tag)
                calibration.measure(targets, functools.partial(self._conclude, sampler, tag))
        finally:
            self._history.note_check_works(attachment.works)
            self._update_status()
        if attachment.warning():
            sampler.report(attachment.warning())

    def _require_allowed(self, sampler: HeightSampler, tag: str) -> None:
        """Check that a queued command may still start, before anything moves. Raises a command error."""
        refusal = cancel.refusal(self.printer) if tag else None
        if refusal is not None:
            raise sampler.error(f"{refusal}. Nothing moved.")
        sampler.wait()

    def _conclude(self, sampler: HeightSampler, tag: str, result: CalibrationResult) -> None:
        """Print the result, and apply the offset if it is within the margins."""
        sampler.wait()
        self._stop.too_late()
        self._result = result
        position_endstop = self._machine.rail.position_endstop if self._machine.rail else 0.0
        run = {
            "time": time.time(),
            "offset": result.offset,
            "position_endstop": position_endstop,
            **result.values(),
        }
        for line in report(result, position_endstop):
            sampler.report(line)
        problem = self._outside(result.offset)
        if problem:
            last = self._history.last
            if last is not None:
                when = time.strftime("%Y-%m-%d %H:%M", time.localtime(last["time"]))
                problem += ". " + explain(last, run, when)
            raise sampler.error(problem)
        before, saved = self._machine.gcode_offset(), self._machine.saved_offsets()
        if self._apply_gcode is None:
            self._machine.apply_offset(result.offset)
            self._applied.apply(result.offset, before, saved)
        else:
            # Only that script knows where the offset goes, such as a tool's own
            run_template(self._apply_gcode, {"Z": f"{result.offset:.6f}"})
        if tag:
            self.printer.send_event(cancel.APPLIED, self._host.offset.get())
        self._succeeded = self._calibrated = True
        self._last_offset = result.offset
        self._history.add(run)

    def _outside(self, offset: float) -> str:
        limit, (low, high) = self._options.max_deviation, self._options.offset_margins
        if limit is not None and abs(offset) > limit:
            return f"offset is greater than allowed: offset={offset:.3f} > max_deviation={limit:.3f}"
        if not low <= offset <= high:
            return f"offset {offset:.3f} is outside the configured range of min={low:.3f} and max={high:.3f}"
        return ""

    @command
    def _probe_z_accuracy(self, gcmd: GCodeCommand) -> None:
        """Sample the endstop repeatedly. Parameters: NOZZLE_POSITION, PROBE_SPEED, LIFT_SPEED, SAMPLES,
        SAMPLE_RETRACT_DIST, TAG."""
        sampler, machine = self._sampler(gcmd), self._machine
        settings = sampler.settings
        parameters = CalibrationParameters(gcmd, self._options, machine)
        speed = parameters.number("PROBE_SPEED", settings.second_speed, SLOWEST)
        lift_speed = parameters.number("LIFT_SPEED", settings.lift_speed, SLOWEST)
        count = gcmd.get_int("SAMPLES", settings.samples, minval=1, maxval=MAX_SAMPLES)
        retract = parameters.number("SAMPLE_RETRACT_DIST", settings.retract_dist, SHORTEST_RETRACT)
        nozzle = parameters.nozzle()
        parameters.check_reach(nozzle)
        self._require_homed(gcmd)
        try:
            tag = parameters.tag()
            with self._stop.stoppable(gcmd.get_command(), self._host.now(), tag=tag):
                self._require_allowed(sampler, tag)
                sampler.lift(lift_speed)
                machine.move(settings.speed, x=nozzle[0], y=nozzle[1])
                x, y, z = machine.position
                gcmd.respond_info(
                    f"{gcmd.get_command()} at X:{x:.3f} Y:{y:.3f} Z:{z:.3f}"
                    f" (samples={count} retract={retract:.3f} speed={speed:.1f} lift_speed={lift_speed:.1f})\n"
                )
                heights = [
                    sampler.sample(machine.descend_to_endstop, speed, retract, lift_speed)
                    for _ in range(count)
                ]
        except Exception:
            sampler.clean_up()
            raise
        sampler.report(
            f"probe z accuracy results: maximum {max(heights):.6f}, minimum {min(heights):.6f},"
            f" range {max(heights) - min(heights):.6f}, average {mean(heights):.6f}, median {median(heights):.6f},"
            f" standard deviation {population_sigma(heights):.6f}"
        )
        height = SampledHeight(heights, "average", machine.step())
        if height.sigma is not None and height.half_width is not None:
            sampler.report(
                f"sample standard deviation {micrometres(height.sigma)};"
                f" average ± {micrometres(height.half_width)} (95%)"
            )

    @command
    def _calculate_switch_offset(self, gcmd: GCodeCommand) -> None:
        """Print the switch_offset for which the present nozzle height is correct. Parameter: SWITCH_OFFSET."""
        name = gcmd.get_command()
        if not self._calibrated:
            raise gcmd.error(f"{name}: must run CALIBRATE_Z first")
        switch_offset = CalibrationParameters(gcmd, self._options, self._machine).switch_offset()
        z = self._machine.position[2]
        wanted = switch_offset - (z - self._last_offset)
        if wanted > 0.0:
            gcmd.respond_info(
                f"{name}: switch_offset={switch_offset:.3f} - (current_z={z:.3f} - z_offset={self._last_offset:.3f})"
                f" --> new switch_offset={wanted:.3f}"
            )
            self._warn_of_mesh(gcmd, wanted)
            return
        gcmd.respond_info(
            f"{name}: the resulting switch offset is negative! Either the nozzle is still too far away or"
            " something else is wrong..."
        )
        gcmd.respond_info(
            f"{name}: it would be {wanted:.3f}. Lower the nozzle until it drags on the paper and repeat. If it already"
            f" drags: {NEGATIVE}"
        )

    def _warn_of_mesh(self, gcmd: GCodeCommand, wanted: float) -> None:
        """Warn that the nozzle's height includes the bed mesh, which does not belong to the switch."""
        x, y, _ = self._machine.position
        mesh = self._machine.mesh_height((x, y))
        if abs(mesh) >= 0.001:
            gcmd.respond_info(
                f"{gcmd.get_command()}: the bed mesh adds {micrometres(mesh, sign=True)} to the height here."
                f" Without it: new switch_offset={wanted + mesh:.3f}. Repeat where the mesh is zero, if possible."
            )

    def _sampler(self, gcmd: GCodeCommand) -> HeightSampler:
        """The sampler for this command. Raises a command error where a calibration is impossible."""
        if self._machine.missing is not None:
            raise gcmd.error(f"{gcmd.get_command()}: {self._machine.missing}")
        if self._machine.rail is None:
            raise gcmd.error(f"{gcmd.get_command()}: must home axes first")
        settings = self._options.settings(self._machine.probe_settings(), self._machine.rail)
        return HeightSampler(self._machine, settings, self._stop, gcmd)

    def _require_homed(self, gcmd: GCodeCommand) -> None:
        if not self._machine.homed():
            raise gcmd.error(f"{gcmd.get_command()}: must home axes first")
