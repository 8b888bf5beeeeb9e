"""Macros of the configuration, read as text: conditions are not followed, called macros are. Pure."""

import re
from collections.abc import Iterator

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.config_view import Settings, z_rail
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number, text

_START_NAMES = ("print_start", "start_print", "start_gcode", "start", "g9111")
"""The usual names of the macro that starts a print; G9111 is Anycubic's."""
_START_WORDS = frozenset({"start", "begin"}), frozenset({"print", "printing", "gcode", "job"})
"""Another name consists of a word of each, in either order, and perhaps a number."""
DEEPEST = 8
"""How many macros deep calls are followed."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_JINJA = re.compile(r"{%.*?%}|{#.*?#}", re.DOTALL)
_SHIFTS_Z = re.compile(r"\bZ(?:_ADJUST)?\s*=\s*(?P<value>\S+)", re.IGNORECASE)
_NOTHING = re.compile(r"[-+]?0*\.?0*$")
_TIMER = re.compile(r"\bID\s*=\s*(\w+)", re.IGNORECASE)


@dataclass(frozen=True)
class MacroCommand:
    """One G-code command of a macro: its word in capitals, and the whole line."""

    word: str
    line: str

    def names(self, parameter: str) -> bool:
        """Whether it has this parameter, in the form NAME=…"""
        return re.search(rf"\b{parameter}\s*=", self.line, re.IGNORECASE) is not None


@dataclass(frozen=True)
class OffsetMacro:
    """A place in the configuration that sets the Z offset by itself, and the line that does."""

    section: str
    when: str
    """When it runs, as the end of a sentence."""
    line: str

    def __str__(self) -> str:
        return f"[{self.section}] {self.when}: {self.line}"


def macro_commands(gcode: str) -> Iterator[MacroCommand]:
    """The commands of a macro's text, without its templates' tags and comments."""
    for raw in _JINJA.sub("", gcode).splitlines():
        line = raw.split(";", 1)[0].split("#", 1)[0].strip()
        if (found := _WORD.match(line)) is not None:
            yield MacroCommand(found[0].upper(), line)


_SAYS_ONLY = frozenset({"RESPOND", "M117", "M118", "SET_DISPLAY_TEXT", "M400"})
"""Commands that only show a text or wait."""
_SAID = re.compile(r"\{\s*action_respond_info\(")


def does_nothing(settings: Settings, name: str, depth: int = DEEPEST) -> bool:
    """Whether a macro is a placeholder: it has no command, or none but those that show a text, in called macros too.
    Slicers and other firmware expect commands such as M401, which some configurations define empty."""
    gcode = text(settings.get(f"gcode_macro {name.lower()}", {}).get("gcode"))
    if gcode is None or depth == 0:
        return False
    lines = [line.strip() for line in _JINJA.sub("", gcode).splitlines()]
    if any(line.startswith("{") and _SAID.match(line) is None for line in lines):
        return False  # a template that makes a command
    return all(
        command.word in _SAYS_ONLY or does_nothing(settings, command.word, depth - 1)
        for command in macro_commands(gcode)
    )


def start_macros(settings: Settings) -> tuple[str, ...]:
    """The names of the macros that start a print, in lower case, the usual names first."""
    names = [section.split(maxsplit=1)[1] for section in settings if section.startswith("gcode_macro ")]
    usual = [name for name in _START_NAMES if name in names]
    return (*usual, *sorted(name for name in names if name not in usual and _starts_print(name)))


def _starts_print(name: str) -> bool:
    bare = name.strip("_").rstrip("0123456789").rstrip("_")
    if bare in _START_NAMES:
        return True
    first, second = _START_WORDS
    return any(
        bare in (f"{a}{joint}{b}", f"{b}{joint}{a}") for a in first for b in second for joint in ("_", "")
    )


def offset_macros(state: PrinterState) -> tuple[OffsetMacro, ...]:
    """What sets the Z offset again after a restart: at Klipper's start, at homing, or at the start of a print.

    A literal 0 does no harm. A macro over SET_GCODE_OFFSET that stores the offset is found where something restores it.
    """
    settings = state.settings
    starting = start_macros(settings)
    found: list[OffsetMacro] = []
    for section, options in settings.items():
        kind, _, name = section.partition(" ")
        gcode = text(options.get("gcode")) or ""
        if kind == "delayed_gcode" and (number(options.get("initial_duration")) or 0.0) > 0.0:
            when = "after each start of Klipper"
        elif section == "homing_override" or (kind == "gcode_macro" and name == "g28"):
            when = "at each homing"
        elif kind == "gcode_macro" and name in starting:
            when = "at the start of each print"
        else:
            continue
        line = _shifting_line(settings, gcode, {section}, _offset_commands(settings))
        if line is not None:
            found.append(OffsetMacro(section, when, line))
    return tuple(found)


def longest_start_delay(state: PrinterState) -> float:
    """Seconds after Klipper's start until the last [delayed_gcode] has run that sets the Z offset; 0 without one."""
    sections = [macro.section for macro in offset_macros(state) if macro.section.startswith("delayed_gcode ")]
    return max(
        (number(state.settings[name].get("initial_duration")) or 0.0 for name in sections), default=0.0
    )


def sets_height_of_zero(state: PrinterState, option: str) -> bool:
    """Whether the nozzle's height after homing follows an option's value, so that a live offset adds to it."""
    if option == "position_endstop":
        return True
    rail = z_rail(state)
    return option == "z_offset" and rail is not None and rail.homes_with_probe


def _offset_commands(settings: Settings) -> frozenset[str]:
    """SET_GCODE_OFFSET, and the name that it has after a macro took its own."""
    renamed = text(settings.get("gcode_macro set_gcode_offset", {}).get("rename_existing")) or ""
    return frozenset({"SET_GCODE_OFFSET", renamed.upper()} - {""})


def _shifting_line(
    settings: Settings, gcode: str, seen: set[str], commands: frozenset[str], depth: int = DEEPEST
) -> str | None:
    """The first line that sets a Z offset other than a literal 0, in called macros too."""
    for command in macro_commands(gcode):
        if command.word in commands:
            shift = _SHIFTS_Z.search(command.line)
            if shift is not None and not _NOTHING.fullmatch(shift["value"]):
                return command.line
            continue
        inner = f"gcode_macro {command.word.lower()}"
        if command.word == "UPDATE_DELAYED_GCODE" and (timer := _TIMER.search(command.line)) is not None:
            inner = f"delayed_gcode {timer[1].lower()}"
        if inner in seen or inner not in settings or depth == 0:
            continue
        body = text(settings[inner].get("gcode")) or ""
        line = _shifting_line(settings, body, seen | {inner}, commands, depth - 1)
        if line is not None:
            return line
    return None
