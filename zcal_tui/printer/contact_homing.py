"""Whether a scanner finds Z 0 by nozzle contact, at homing or at the start of a print."""

import re
from collections.abc import Iterator

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.config_view import Settings
from zcal_tui.printer.macros import DEEPEST, MacroCommand, macro_commands, start_macros
from zcal_tui.printer.scanner_plugins import sensor_names, touches_by_mode
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import text

CONTACT_COMMANDS = ("CARTOGRAPHER_TOUCH_HOME", "BEACON_AUTO_CALIBRATE", "PROBE_EDDY_NG_TAP", "PETAP")
"""The plugins' commands that set Z 0 by nozzle contact; PETAP is eddy-ng's other name for its tap."""
_BY_CONTACT = {
    "G28": re.compile(r"\bMETHOD\s*=\s*CONTACT\b", re.IGNORECASE),
    "PROBE": re.compile(r"\bMETHOD\s*=\s*TAP\b", re.IGNORECASE),
}
"""Beacon's G28, and Klipper's tap, whose result a macro makes Z 0 (Klipper docs, Eddy_Probe, "tap" probing method)."""


@dataclass(frozen=True, slots=True)
class ContactAtStart:
    """The macro that finds Z 0 by nozzle contact at the start of each print, and its command."""

    macro: str
    command: str


def homes_by_contact(state: PrinterState) -> bool:
    """Whether Z 0 comes from the nozzle's contact: by Beacon's home_method, by a homing macro, or by the macro that
    starts a print."""
    return contact_at_homing(state) is not None or contact_at_start(state) is not None


def contact_at_start(state: PrinterState) -> ContactAtStart | None:
    """What finds Z 0 by nozzle contact at the start of each print; None where nothing does, or homing does already."""
    if contact_at_homing(state) is not None:
        return None
    for name in start_macros(state.settings):
        if (command := _contact_in(state, f"gcode_macro {name}")) is not None:
            return ContactAtStart(name.upper(), command.line)
    return None


def contact_at_homing(state: PrinterState) -> str | None:
    """The command by which each homing finds Z 0 by nozzle contact; None where it does not."""
    if text(state.settings.get("beacon", {}).get("home_method")) == "contact":
        return "G28"
    found = (_contact_in(state, section) for section in ("homing_override", "gcode_macro g28"))
    return next((command.line for command in found if command is not None), None)


def _contact_in(state: PrinterState, section: str) -> MacroCommand | None:
    """The first command of a section's G-code, or of the macros that it calls, that finds Z 0 by contact."""
    words = {*CONTACT_COMMANDS}
    if touches_by_mode(state):
        words |= {f"{name}_TOUCH" for name in sensor_names(state)}
    for command in _commands(state.settings, section, frozenset(), DEEPEST):
        pattern = _BY_CONTACT.get(command.word)
        if command.word in words or (pattern is not None and pattern.search(command.line) is not None):
            return command
    return None


def _commands(settings: Settings, section: str, seen: frozenset[str], depth: int) -> Iterator[MacroCommand]:
    """The commands of a section, each followed by those of the macro that it calls."""
    if section in seen or depth == 0:
        return
    for command in macro_commands(text(settings.get(section, {}).get("gcode")) or ""):
        yield command
        yield from _commands(settings, f"gcode_macro {command.word.lower()}", seen | {section}, depth - 1)
