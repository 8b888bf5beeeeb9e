"""Errors in the text of klippy's log."""

import re

RECENT = 86400.0
"""Seconds before now in which klippy has to have started for its errors to count; the last start always does."""
LONGEST_ERROR = 160
"""Characters of an error that are shown."""
_START = re.compile(r"^Start printer at .*\((\d+\.\d+) \d+\.\d+\)$", re.MULTILINE)
_ERRORS = re.compile(
    r"^Transition to shutdown state: (.+)$"
    r"|^(?:configparser|configfile)\.\w*[Ee]rror: (.+)$"
    r"|^(Internal error on command.*)$"
    r"|^(Lost communication with MCU .*)$"
    r"|^(mcu '[^']+': Unable to connect.*)$"
    r"|^(Unhandled exception .*)$",
    re.MULTILINE,
)
"""Source: klippy/klippy.py, klippy/gcode.py, klippy/mcu.py, klippy/clocksync.py."""


def recent_errors(log: str, now: float) -> tuple[tuple[str, int], ...]:
    """The recent errors in the end of klippy's log, each with how often it occurred, the newest last."""
    starts = list(_START.finditer(log))
    counted = [start for start in starts if now - float(start[1]) < RECENT] or starts[-1:]
    # What comes before the first start that is seen belongs to one of an unknown time
    begin = counted[0].start() if counted else 0
    errors: dict[str, int] = {}
    for found in _ERRORS.finditer(log, begin):
        error = found[found.lastindex or 0].strip()[:LONGEST_ERROR]
        errors[error] = errors.pop(error, 0) + 1  # moved to the end, as the newest
    return tuple(errors.items())
