# Homing Z, and the motor positions at which the endstop triggered
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from klippy.gcode import GCodeDispatch
    from klippy.klippy import Printer

LOG = logging.getLogger(__name__)

VIRTUAL = "probe:z_virtual_endstop"


class HostHoming:
    """Homes Z with G28, including [safe_z_home] and macros that override it."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._triggers: dict[str, int] = {}
        printer.register_event_handler("homing:home_rails_end", self._homed)

    def by_probe(self) -> bool:
        """Whether the probe homes Z: then there is no endstop to compare with."""
        settings = self._printer.lookup_object("configfile").get_status(0.0)["settings"]
        return any(
            str(options.get("endstop_pin", "")).replace(" ", "") == VIRTUAL for options in settings.values()
        )

    def home_z(self) -> dict[str, int]:
        """Home Z; returns the step count at the trigger by stepper, empty if Klipper does not report it.

        Raises Klipper's command errors.
        """
        self._triggers = {}
        gcode: GCodeDispatch = self._printer.lookup_object("gcode")
        gcode.run_script_from_command("G28 Z")
        return self._triggers

    def _homed(self, homing: Any, rails: Any) -> None:
        # An exception in here would shut the printer down while it homes
        try:
            for rail in rails:
                for stepper in rail.get_steppers():
                    if stepper.is_active_axis("z"):
                        name = stepper.get_name()
                        self._triggers[name] = int(homing.get_trigger_position(name))
        except Exception:
            LOG.exception("zcal: recording the trigger positions of the steppers")
