# Klipper's manual probe (TESTZ, ACCEPT, ABORT), with its outcome reported
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import logging
import math
import sys
from typing import TYPE_CHECKING, Any, Callable, Optional, cast

if TYPE_CHECKING:
    from klippy.gcode import GCodeCommand, GCodeDispatch
    from klippy.klippy import Printer

LOG = logging.getLogger(__name__)

ACCEPTED, ABORTED, FAILED = "accepted", "aborted", "failed"

COMMANDS = ("ACCEPT", "NEXT", "ABORT", "TESTZ")
"""The commands that Klipper registers while a manual probe is open."""

EndCallback = Callable[[str, Optional[float]], None]


class HostManualProbe:
    """The manual probe; `connect` first."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._helper: Any = None
        self._ours: Any = None

    def connect(self) -> None:
        """Check for what is used later. Raises whatever an unexpected object raises."""
        manual = self._printer.lookup_object("manual_probe")
        manual.get_status(0.0)["is_active"]
        getattr(manual, "reset_status")
        self._helper = _reporting(sys.modules[type(manual).__module__].ManualProbeHelper)

    def active(self) -> bool:
        """Whether a manual probe is open, ours or another."""
        return bool(self._printer.lookup_object("manual_probe").get_status(0.0)["is_active"])

    def ours(self) -> bool:
        """Whether the manual probe that we started is open."""
        return self._ours is not None

    def start(self, speed: float, on_end: EndCallback) -> None:
        """Start a manual probe; `on_end(accepted | aborted | failed, height)` is called once when it ends.

        The height is the kinematic Z, None unless accepted. Raises a command error if a manual probe is open, or if the
        printer has a macro with the name of one of its commands.
        """
        gcode: GCodeDispatch = self._printer.lookup_object("gcode")
        self._require_names(gcode)
        command = gcode.create_gcode_command("ZCAL", "ZCAL", {"SPEED": f"{speed:.6f}"})

        def ended(outcome: str, height: float | None) -> None:
            self._ours = None
            on_end(outcome, height)

        try:
            self._ours = self._helper(self._printer, command, ended)
        except Exception:
            # Left half open, it would respond to ACCEPT and shut Klipper down
            for name in COMMANDS:
                _unregister(gcode, name)
            self._printer.lookup_object("manual_probe").reset_status()
            raise

    def opener(self) -> dict[str, Any] | None:
        """What opened the manual probe that is open, None if none is: the module and the function that get its result,
        its point and their number where it is one of several, and the trigger height that PROBE_CALIBRATE has probed.
        """
        if not self.active():
            return None
        found: dict[str, Any] = {"module": "", "function": "", "point": None, "points": None, "trigger": None}
        try:
            found.update(_opener(_end_callback(self._printer.lookup_object("gcode"))))
        except Exception:
            # Another Klipper may store its commands and points otherwise; the opener is then unknown
            LOG.info("zcal: what opened the manual probe is unknown", exc_info=True)
        return found

    def _require_names(self, gcode: GCodeDispatch) -> None:
        """Raise a command error if one of the names is taken, by an open manual probe or by a macro."""
        if self.active():
            raise self._printer.command_error(
                "A manual probe is already open. End it first with ACCEPT or ABORT."
            )
        taken = [name for name in COMMANDS if not self._free(gcode, name)]
        if taken:
            raise self._printer.command_error(
                f"The paper test cannot start: a macro of this printer is named {' and '.join(taken)}, "
                "which Klipper's manual probe needs. Rename that macro."
            )

    def _free(self, gcode: GCodeDispatch, name: str) -> bool:
        # By trying to register it: not every version lists its commands
        try:
            gcode.register_command(name, lambda command: None)
        except self._printer.config_error:
            return False
        _unregister(gcode, name)
        return True

    def abort(self) -> None:
        """Abort our manual probe, if open."""
        if self._ours is not None:
            self._ours.end(ABORTED)


def _end_callback(gcode: Any) -> Any:
    """The function to which the open manual probe gives its result; None if it is not found."""
    handler = gcode.ready_gcode_handlers.get("ACCEPT")
    # Klipper wraps every handler in a function that reads the parameters
    cells = [cell.cell_contents for cell in getattr(handler, "__closure__", None) or ()]
    for candidate in (handler, *cells):
        helper = getattr(candidate, "__self__", None)
        callback = getattr(helper, "finalize_callback", None)
        if callback is not None:
            return callback
    return None


def _opener(callback: Any) -> dict[str, Any]:
    """What is known about the function that gets a manual probe's result."""
    found: dict[str, Any] = {}
    owner: Any = getattr(callback, "__self__", None)
    if hasattr(owner, "probe_points") and hasattr(owner, "finalize_callback"):
        # One of several points: the helper that visits them gives all results to the calibration
        results = getattr(owner, "manual_results", getattr(owner, "results", ()))
        found.update(point=len(results) + 1, points=len(owner.probe_points))
        callback = owner.finalize_callback
    while hasattr(callback, "func"):
        callback = callback.func
    found.update(
        module=str(getattr(callback, "__module__", "")),
        function=str(getattr(callback, "__qualname__", getattr(callback, "__name__", ""))),
    )
    trigger = getattr(owner, "probe_calibrate_z", None)
    info = getattr(owner, "probe_calibrate_info", None)
    if info is not None:
        position, offsets = info
        trigger = position.bed_z + offsets[2]
    if isinstance(trigger, float) and "probe_calibrate" in found["function"]:
        found["trigger"] = trigger
    return found


def _unregister(gcode: GCodeDispatch, name: str) -> None:
    # None unregisters a command; klippy-stubs only knows handlers
    cast("Callable[[str, None], object]", gcode.register_command)(name, None)


def _reporting(helper: Any) -> Any:
    """Klipper's helper class, extended to report how it ended: its callback cannot distinguish abort and failure."""

    def start(self: Any, printer: Printer, command: GCodeCommand, on_end: EndCallback) -> None:
        self.zcal_outcome = FAILED
        self.zcal_on_end = on_end
        helper.__init__(self, printer, command, self.zcal_ended)

    def ended(self: Any, result: Any) -> None:
        if result is None:
            self.zcal_on_end(self.zcal_outcome, None)
        else:
            self.zcal_on_end(ACCEPTED, float(result.bed_z if hasattr(result, "bed_z") else result[2]))

    def end(self: Any, outcome: str) -> None:
        self.zcal_outcome = outcome
        self.finalize(False)

    def abort(self: Any, command: GCodeCommand) -> None:
        self.zcal_outcome = ABORTED
        helper.cmd_ABORT(self, command)

    def test(self: Any, command: GCodeCommand) -> None:
        try:
            finite = math.isfinite(float(command.get("Z")))
        except ValueError:
            finite = True  # +, ++, -, --, and what Klipper itself refuses
        if not finite:
            raise command.error(f"TESTZ: Z={command.get('Z')} is not a distance.")
        helper.cmd_TESTZ(self, command)

    methods: dict[str, Any] = {
        "__init__": start,
        "zcal_ended": ended,
        "end": end,
        "cmd_ABORT": abort,
        "cmd_TESTZ": test,
    }
    for name in ("finalize", "cmd_ACCEPT", "cmd_ABORT", "cmd_TESTZ"):
        getattr(helper, name)
    return type("ReportingManualProbe", (helper,), methods)
