# The [zcal] section: builds the parts and registers them with Klipper
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Mapping

from . import axis_twist, backlash, cancel, endpoints, paper_test, probing, staging
from .endpoints import EndpointRequest
from .errors import CommandRefused
from .host import KlippyHost
from .lease import LeaseEndpoint
from .options import read_options
from .runner import Action, CommandRunner
from .status import ZcalStatus

if TYPE_CHECKING:
    from klippy.configfile import ConfigWrapper

LOG = logging.getLogger(__name__)

_CANCEL = "zcal/cancel"
_LONGEST_LINE = 200


class Zcal:
    """Klipper's object for the section."""

    def __init__(self, config: ConfigWrapper) -> None:
        """Raises Klipper's configuration error for an invalid option, and for nothing else."""
        self._printer = config.get_printer()
        self._host = KlippyHost(self._printer)
        self._status = ZcalStatus()
        self._runner = CommandRunner(self._host, self._status)
        options = read_options(config)
        self._host.motion.backlash = options.z_backlash
        self._paper = paper_test.PaperTestCommand(self._host, self._runner, options)
        self._lease = LeaseEndpoint(self._host, self._status, self._runner, self._paper)
        stages = staging.StageCommand(self._host)
        self._backlash = backlash.BacklashCommand(self._host, options, stages)
        probes = probing.ProbeCommands(self._host, options)
        commands: tuple[tuple[str, Action, str], ...] = (
            ("ZCAL_PROBE", probes.probe, probing.PROBE_HELP),
            ("ZCAL_PROBE_ACCURACY", probes.accuracy, probing.ACCURACY_HELP),
            ("ZCAL_PAPER_TEST", self._paper.command, paper_test.HELP),
            ("ZCAL_STAGE", stages.command, staging.HELP),
            ("ZCAL_STAGE_AXIS_TWIST", axis_twist.StageAxisTwistCommand(self._host).command, axis_twist.HELP),
            ("ZCAL_ESTIMATE_BACKLASH", self._backlash.command, backlash.HELP),
        )
        for name, action, help_text in commands:
            self._host.gcode.register_command(name, self._runner.command(action), desc=help_text)
        endpoints.register(self._host.webhooks, _CANCEL, self._cancel)
        endpoints.register(self._host.webhooks, "zcal/samples", self._samples)
        endpoints.register(self._host.webhooks, "zcal/lease", self._lease.request)
        endpoints.register(self._host.webhooks, "zcal/say", self._say)
        endpoints.register(self._host.webhooks, "zcal/manual_probe", self._manual_probe)
        self._printer.register_event_handler("klippy:ready", self._ready)
        self._printer.register_event_handler("klippy:shutdown", self._lease.discard)

    def get_status(self, _eventtime: float) -> dict[str, Any]:
        """The status object: see ZcalStatus."""
        return self._status.fields

    def _ready(self) -> None:
        self._host.connect()
        self._status.change(unavailable=self._host.missing)
        command = self._runner.command(self._backlash.command)
        try:
            self._host.gcode.register_command("ESTIMATE_BACKLASH", command, desc=backlash.HELP)
        except self._printer.config_error:
            LOG.info("zcal: ESTIMATE_BACKLASH is taken by another module; use ZCAL_ESTIMATE_BACKLASH")

    def _say(self, request: EndpointRequest) -> Mapping[str, Any]:
        """Print a line on the console. M118 does the same, but waits for the running command to end."""
        words = " ".join(request.text("text").split())
        self._host.respond("".join(char if char.isprintable() else "?" for char in words)[:_LONGEST_LINE])
        return {}

    def _manual_probe(self, _request: EndpointRequest) -> Mapping[str, Any]:
        """What opened the manual probe that is open, ours or another one; `open` is null while none is."""
        return {"open": self._host.manual.opener()}

    def _cancel(self, request: EndpointRequest) -> Mapping[str, Any]:
        """Stop the running command, ours or another section's, after its current move, or abort the open paper test.

        With a `tag`, stop only the command of that tag, even before it has started.
        """
        reason = cancel.reason(_CANCEL)
        tag = request.tag()
        run = self._runner.current if tag is None else self._runner.cancel_tagged(tag, reason)
        stopped = [] if run is None else [run.command]
        if run is not None and run.stays_open:
            self._paper.abort_soon(reason)
        elif run is not None:
            run.cancel(reason)
        if tag is None:
            stopped += cancel.cancel_others(self._printer, reason)
        return cancel.answer(stopped)

    def _samples(self, request: EndpointRequest) -> Mapping[str, Any]:
        """A run, by its number or `tag` (the last one if both are left out), with its samples after number `since`.

        `run` is null while no run has that tag.
        """
        tag, since = request.tag(), request.whole("since", 0)
        run = request.whole("run", self._status.fields["run"]) if tag is None else self._status.tagged(tag)
        if run is None:
            return {"run": None, "tag": tag, "state": None, "samples": []}
        report = self._status.report(run, since)
        if report is None:
            raise CommandRefused(
                f"The samples of run {run} are no longer kept.", f"Kept runs: {self._status.runs()}."
            )
        return report
