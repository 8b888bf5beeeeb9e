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
    """Homes Z by klippy's own command, whatever [safe_z_home] or a macro make of it."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._triggers: dict[str, int] = {}
        printer.register_event_handler("homing:home_rails_end", self._homed)

    def by_probe(self) -> bool:
        """Whether Z is homed by the probe: then there is no endstop to compare with."""
        settings = self._printer.lookup_object("configfile").get_status(0.0)["settings"]
        return any(
            str(options.get("endstop_pin", "")).replace(" ", "") == VIRTUAL for options in settings.values()
        )

    def home_z(self) -> dict[str, int]:
        """Home Z; by stepper, its step count at the trigger, empty where klippy does not tell.

        Raises klippy's command errors.
        """
        self._triggers = {}
        gcode: GCodeDispatch = self._printer.lookup_object("gcode")
        gcode.run_script_from_command("G28 Z")
        return self._triggers

    def _homed(self, homing: Any, rails: Any) -> None:
        # A fault in here would shut the printer down while it homes.
        try:
            for rail in rails:
                for stepper in rail.get_steppers():
                    if stepper.is_active_axis("z"):
                        name = stepper.get_name()
                        self._triggers[name] = int(homing.get_trigger_position(name))
        except Exception:
            LOG.exception("zcal: noting where the steppers were homed")
