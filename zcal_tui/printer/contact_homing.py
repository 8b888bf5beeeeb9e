"""Whether a scanner finds Z 0 by nozzle contact, at homing or at the start of a print."""

import re

from zcal_tui.printer.macros import START_NAMES, macro_commands
from zcal_tui.printer.scanner_plugins import sensor_names, touches_by_mode
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import text

CONTACT_COMMANDS = ("CARTOGRAPHER_TOUCH_HOME", "BEACON_AUTO_CALIBRATE", "PROBE_EDDY_NG_TAP", "PETAP")
"""The plugins' commands that set Z 0 by nozzle contact; PETAP is eddy-ng's other name for its tap."""
_BY_CONTACT = re.compile(r"\bMETHOD\s*=\s*CONTACT\b", re.IGNORECASE)
"""Beacon's G28."""


def homes_by_contact(state: PrinterState) -> bool:
    """Whether Z 0 comes from the nozzle's contact: by Beacon's home_method, by a homing macro, or by the macro that
    starts a print. Macros that these call are not followed."""
    settings = state.settings
    commands = {*CONTACT_COMMANDS}
    if touches_by_mode(state):
        commands |= {f"{name}_TOUCH" for name in sensor_names(state)}
    if text(settings.get("beacon", {}).get("home_method")) == "contact":
        return True
    for section, options in settings.items():
        kind, _, name = section.partition(" ")
        if section != "homing_override" and (kind != "gcode_macro" or name not in ("g28", *START_NAMES)):
            continue
        for command in macro_commands(text(options.get("gcode")) or ""):
            if command.word in commands or (
                command.word == "G28" and _BY_CONTACT.search(command.line) is not None
            ):
                return True
    return False
