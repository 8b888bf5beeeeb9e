"""Errors of macros: which macro stopped, and with what text."""

import re

from zcal_tui.printer.errors.entry import ErrorEntry

MACRO_ERROR = re.compile(
    r"Error (?P<stage>evaluating|loading template) '(?P<section>[^':]+):(?P<option>[^']*)'"
    r"(?:\s*\(?line:? \d+\)?)?:?\s*(?P<inner>.*)",
    re.IGNORECASE | re.DOTALL,
)
"""Source: klippy/extras/gcode_macro.py."""
_PYTHON = re.compile(
    r"^(?:[A-Za-z_][\w.]*\.)?(?P<kind>[A-Z]\w*(?:Error|Exception|Exit|Warning)):\s*(?P<text>.*)", re.DOTALL
)
"""A line as Python prints an exception."""
_ABSENT = re.compile(r"has no attribute '(?P<one>[^']+)'|^'(?P<other>[^']+)' is undefined")

OWN = ErrorEntry(
    pattern="",
    what="{macro} stopped with its own message: “{text}”.",
    cause="It checks something before it goes on, and that was not as it expects.",
    remedy="Fix what the message names. If it is not clear, read the macro's text in printer.cfg.",
)
ABSENT = ErrorEntry(
    pattern="",
    what="{macro} uses “{name}”, which this printer does not have.",
    cause=(
        "The macro was written for another version of Klipper or another configuration. Klipper renames and removes "
        "options: max_accel_to_decel became minimum_cruise_ratio."
    ),
    remedy="Update these macros to their newest version, or correct that name in the macro.",
)
BROKEN = ErrorEntry(
    pattern="",
    what="{macro} has an error: {text}.",
    cause="Klipper could not compute the macro's text. A value has another type than the macro expects, or is missing.",
    remedy="Correct the macro in printer.cfg, or update it, then RESTART.",
)

MACROS: tuple[ErrorEntry, ...] = (
    ErrorEntry(
        pattern=r"Macro (?P<macro>\S+) called recursively",
        what="The macro {macro} calls itself.",
        cause="It took the name of a command, and calls that name instead of the one in rename_existing.",
        remedy="Let {macro} call the name in its rename_existing.",
    ),
    ErrorEntry(
        pattern=r"Unknown gcode_macro variable '(?P<name>[^']+)'",
        what="SET_GCODE_VARIABLE names a variable that the macro does not have: {name}.",
        cause="The macro has no line variable_{name}. Its macros may be of different versions.",
        remedy="Add variable_{name} to the macro, or update its macros together.",
    ),
    ErrorEntry(
        pattern=r"Unable to parse '(?P<value>[^']*)' as a literal",
        what="A macro's variable cannot be read: {value}.",
        cause="Its value must be a Python literal: a number, or a text in quotes.",
        remedy="Correct the value where it is set: variable_… in printer.cfg, or SET_GCODE_VARIABLE.",
    ),
    ErrorEntry(
        pattern=r"Error (loading template|compiling expression) '(?P<name>[^']*)'",
        what="Klipper cannot read the template {name}.",
        cause="It has a syntax error, often an unclosed brace or a missing endif.",
        remedy="Correct it in printer.cfg, then RESTART.",
    ),
    ErrorEntry(
        pattern=r"Error evaluating '(?P<name>[^']*)'",
        what="Klipper cannot compute the template {name}.",
        cause="A value in it is missing or has another type than expected.",
        remedy="Correct it in printer.cfg, then RESTART.",
    ),
    ErrorEntry(
        pattern=(
            r"G-Code macro rename of different types"
            r"|Existing command '(?P<name>[^']*)' not found in gcode_macro rename"
        ),
        what="Klipper does not start: a macro cannot take over a command.",
        cause="The command of rename_existing does not exist, or the new name is not of the same kind (G1, or words).",
        remedy="Correct rename_existing of that macro, then RESTART.",
    ),
)


def named_macro(section: str) -> str:
    """A script's name for people, from the section that holds it."""
    kind, _, name = section.partition(" ")
    if kind.lower() == "gcode_macro":
        return f"The macro {name}"
    return f"The G-code of [{section}]"


def without_python(text: str) -> tuple[str, str]:
    """The exception's kind and its text, without Python's prefix; the kind is empty where there is none."""
    found = _PYTHON.match(text.strip())
    return (found["kind"], found["text"].strip()) if found else ("", text.strip())


def entry_for(kind: str, text: str) -> tuple[ErrorEntry, dict[str, str]]:
    """The entry for what stopped a macro, and the names for its placeholders."""
    if kind in ("CommandError", "GCodeCommandError", "") or kind.lower() == "error":
        return OWN, {}
    if absent := _ABSENT.search(text):
        return ABSENT, {"name": absent["one"] or absent["other"]}
    return BROKEN, {}
