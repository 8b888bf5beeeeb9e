"""Errors in the text of klippy's log. Pure."""

import re
from collections.abc import Iterator

LATELY = 86400.0
"""Seconds before now in which a klippy has to have started for its errors to count; the last start always does."""
LONGEST = 160
_START = re.compile(r"^Start printer at .*\((\d+\.\d+) \d+\.\d+\)$", re.MULTILINE)
_ERRORS = (
    re.compile(r"^Transition to shutdown state: (.+)$"),
    re.compile(r"^(?:configparser|configfile)\.\w*[Ee]rror: (.+)$"),
    re.compile(r"^(Internal error on command.*)$"),
    re.compile(r"^(Lost communication with MCU .*)$"),
    re.compile(r"^(mcu '[^']+': Unable to connect.*)$"),
    re.compile(r"^(Unhandled exception .*)$"),
)
"""Source: klippy/klippy.py, klippy/gcode.py, klippy/mcu.py, klippy/clocksync.py."""


def recent_errors(tail: str, now: float) -> tuple[tuple[str, int], ...]:
    """What the end of the log tells of errors lately, each with how often, the newest last."""
    starts = list(_START.finditer(tail))
    begin = 0
    if starts:
        lately = next((start for start in starts if now - float(start[1]) < LATELY), starts[-1])
        # What comes before the first start that is seen belongs to one of an unknown time
        begin = lately.start()
    counted: dict[str, int] = {}
    for text in _errors(tail[begin:]):
        counted[text] = counted.pop(text, 0) + 1  # moved to the end, as the newest
    return tuple(counted.items())


def _errors(text: str) -> Iterator[str]:
    for line in text.splitlines():
        if found := next((match for pattern in _ERRORS if (match := pattern.match(line))), None):
            yield found[1].strip()[:LONGEST]
