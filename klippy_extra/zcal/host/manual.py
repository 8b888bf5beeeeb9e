# Klipper's manual probe (TESTZ, ACCEPT, ABORT), with its outcome reported
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any, Callable, Optional, cast

if TYPE_CHECKING:
    from klippy.gcode import GCodeCommand, GCodeDispatch
    from klippy.klippy import Printer

ACCEPTED, ABORTED, FAILED = "accepted", "aborted", "failed"

COMMANDS = ("ACCEPT", "NEXT", "ABORT", "TESTZ")
"""What klippy's manual probe answers to while it is open."""

EndCallback = Callable[[str, Optional[float]], None]


class HostManualProbe:
    """The manual probe; `connect` first."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._helper: Any = None
        self._ours: Any = None

    def connect(self) -> None:
        """Look for what is used later. Raises whatever a foreign object raises."""
        manual = self._printer.lookup_object("manual_probe")
        manual.get_status(0.0)["is_active"]
        getattr(manual, "reset_status")
        self._helper = _reporting(sys.modules[type(manual).__module__].ManualProbeHelper)

    def active(self) -> bool:
        """Whether a manual probe is open, ours or somebody else's."""
        return bool(self._printer.lookup_object("manual_probe").get_status(0.0)["is_active"])

    def ours(self) -> bool:
        """Whether the one we started is open."""
        return self._ours is not None

    def start(self, speed: float, on_end: EndCallback) -> None:
        """Start it; `on_end(accepted | aborted | failed, height)` is called once when it ends.

        The height is the kinematic Z, None unless accepted. Raises a command error if one is open already, or where
        the printer has a macro by the name of one of its commands.
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
            # Half opened it would answer to ACCEPT, and shut klippy down
            for name in COMMANDS:
                _unregister(gcode, name)
            self._printer.lookup_object("manual_probe").reset_status()
            raise

    def _require_names(self, gcode: GCodeDispatch) -> None:
        """Raises a command error where one of the names is taken: by a paper test that is open, or for good."""
        if self.active():
            raise self._printer.command_error(
                "A manual probe is open already: end it first (ACCEPT or ABORT)."
            )
        taken = [name for name in COMMANDS if not self._free(gcode, name)]
        if taken:
            raise self._printer.command_error(
                f"A paper test cannot be opened: this printer has a command or macro {' and '.join(taken)} of its own, "
                "a name that Klipper's paper test needs. Rename that macro."
            )

    def _free(self, gcode: GCodeDispatch, name: str) -> bool:
        # As klippy itself tries it: not every version tells its commands
        try:
            gcode.register_command(name, lambda command: None)
        except self._printer.config_error:
            return False
        _unregister(gcode, name)
        return True

    def abort(self) -> None:
        """End ours, if it is open."""
        if self._ours is not None:
            self._ours.end(ABORTED)


def _unregister(gcode: GCodeDispatch, name: str) -> None:
    # None is how klippy unregisters a command; klippy-stubs only knows handlers.
    cast("Callable[[str, None], object]", gcode.register_command)(name, None)


def _reporting(helper: Any) -> Any:
    """Klippy's helper, telling how it ended: its own callback says the same for an abort and a failure."""

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
            finite = True  # +, ++, -, --, and what klippy itself refuses
        if not finite:
            raise command.error(f"TESTZ Z={command.get('Z')} is no distance.")
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
