"""Klipper's errors explained: what happened, the likely cause, what to do. The raw message is always kept."""

import functools
import re
from collections.abc import Mapping

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.errors.boards import BOARDS, DRIVERS
from zcal_tui.printer.errors.entry import ErrorEntry
from zcal_tui.printer.errors.homing import HOMING
from zcal_tui.printer.errors.levelling import MESH, TILT, TWIST
from zcal_tui.printer.errors.machine import MACHINE_ERRORS
from zcal_tui.printer.errors.macros import MACRO_ERROR, MACROS, entry_for, named_macro, without_python
from zcal_tui.printer.errors.measuring import MEASURING_ERRORS
from zcal_tui.printer.errors.sensors import EDDY, LOAD_CELL, SCANNER
from zcal_tui.printer.errors.startup import STARTUP
from zcal_tui.printer.errors.toolchanger import TOOLCHANGER
from zcal_tui.printer.errors.wordings import as_today, unwrapped

ENTRIES: tuple[ErrorEntry, ...] = (
    *MACROS,
    *HOMING,
    *STARTUP,
    *MEASURING_ERRORS,
    *EDDY,
    *LOAD_CELL,
    *SCANNER,
    *MESH,
    *TILT,
    *TWIST,
    *TOOLCHANGER,
    *DRIVERS,
    *BOARDS,
    *MACHINE_ERRORS,
)
"""The first one that matches explains an error; what a board or a command in general reports comes last."""
_STOPPED = ErrorEntry(
    pattern="",
    what="The homing or probing move on {name} stopped: {inner}.",
    cause="The message names what Klipper refused during the move.",
    remedy="Fix that, then home again.",
)
_WRAPPED = re.compile(r"^Error during homing (?P<name>[^:]+): (?P<inner>.+)$", re.DOTALL)
"""klippy/extras/homing.py puts this before the error of an endstop."""


@dataclass(frozen=True)
class Explanation:
    """An error explained. `cause` and `remedy` are empty for an unknown error; `raw` is the printer's own text, all
    lines."""

    what: str
    cause: str
    remedy: str
    raw: str

    @property
    def known(self) -> bool:
        """Whether the error is in the tables."""
        return bool(self.cause)


def explain(raw: str) -> Explanation:
    """Explain an error reply, a console error or a shutdown's state message. Never raises.

    The first line counts before the ones that follow it: Klipper appends general advice.
    """
    text = unwrapped(raw)
    if (macro := MACRO_ERROR.search(text)) is not None:
        return _macro(macro, raw)
    first = next((unwrapped(line) for line in text.splitlines() if line.strip()), "")
    for part in dict.fromkeys((as_today(first), as_today(text))):
        if (found := _known(part, raw)) is not None:
            return found
    if (wrapped := _WRAPPED.search(first)) is not None:
        return _filled(_STOPPED, {**wrapped.groupdict(), "inner": wrapped["inner"].rstrip(".!")}, raw)
    return Explanation(first or "The printer reported an error without a message.", "", "", raw)


def _known(text: str, raw: str) -> Explanation | None:
    for pattern, entry in _compiled():
        if found := pattern.search(text):
            names = {name: (value or "").strip() for name, value in found.groupdict().items()}
            if "axis" in names:
                names["axis"] = names["axis"].upper()
            return _filled(entry, names, raw)
    return None


def _macro(found: re.Match[str], raw: str) -> Explanation:
    """What stopped a macro: its own message, a name that this Klipper does not have, or a mistake in it."""
    macro = named_macro(found["section"])
    kind, text = without_python(found["inner"])
    text = unwrapped(text)
    entry, names = entry_for(kind, text)
    if found["stage"].lower() != "evaluating":
        entry, names = entry_for("SyntaxError", text)
    names = {"macro": macro, "text": " ".join(text.split()).rstrip(".!"), **names}
    return _filled(entry, names, raw)


def _filled(entry: ErrorEntry, names: Mapping[str, str], raw: str) -> Explanation:
    return Explanation(_fill(entry.what, names), _fill(entry.cause, names), _fill(entry.remedy, names), raw)


def _fill(template: str, names: Mapping[str, str]) -> str:
    """A sentence with its placeholders filled; a name that holds a placeholder is left as it is."""
    return _PLACEHOLDER.sub(lambda found: names.get(found[1], found[0]), template)


_PLACEHOLDER = re.compile(r"\{(\w+)\}")


@functools.cache
def _compiled() -> tuple[tuple[re.Pattern[str], ErrorEntry], ...]:
    """Compiled with the first error: most runs have none, and it is a tenth of the time until the plan is shown."""
    return tuple((re.compile(entry.pattern, re.IGNORECASE), entry) for entry in ENTRIES)
