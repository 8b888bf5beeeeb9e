"""Errors in the text of klippy's log, with counts and dates."""

import re
from enum import IntEnum

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.errors.wordings import unwrapped

RECENT = 86400.0
"""Seconds before now in which klippy has to have started for its errors to count; the last start always does."""
LONGEST_ERROR = 160
"""Characters of an error that are shown."""


class LogSubject(IntEnum):
    """What an error in the log is about, in the order in which it has to be dealt with."""

    HALT = 0
    """Klipper halted, or did not start."""
    LINK = 1
    """A link to a board: CAN, USB, serial."""
    HOMING = 2
    """Homing and probing moves, levelling, the probe, motor drivers, macros of a dock."""
    SAVING = 3
    """SAVE_CONFIG."""


@dataclass(frozen=True)
class LogError:
    """An error in klippy's log. `first` and `last` are seconds since 1970 to the second; None where unknown."""

    text: str
    subject: LogSubject = LogSubject.HALT
    count: int = 1
    first: float | None = None
    last: float | None = None


_START = re.compile(r"^Start printer at .*\((?P<wall>\d+\.\d+) (?P<clock>\d+\.\d+)\)$")
_STATS = re.compile(r"^Stats (?P<clock>\d+\.\d+):")
_SUBJECTS: tuple[tuple[LogSubject, re.Pattern[str]], ...] = (
    (
        LogSubject.HALT,
        re.compile(
            r"^Transition to shutdown state: (?P<text>.+)$"
            r"|^(?:klippy\.)?(?:configparser|configfile)\.\w*[Ee]rror: (?P<config>.+)$"
            r"|^(?P<internal>Internal error (?:on command|during).*)$"
            r"|^(?P<lost>Lost communication with MCU .*)$"
            r"|^(?P<unhandled>Unhandled exception .*)$"
        ),
    ),
    (
        LogSubject.LINK,
        re.compile(
            r"^(?P<can>Got error -?\d+ in [\w ]+: .*)$"
            r"|^(?P<serial>(?:mcu '[^']+': )?(?:Unable to (?:connect|open (?:serial|CAN) port)|Serial connection closed"
            r"|Timeout on connect|Wait for identify|Unable to find).*)$"
            r"|^(?P<timeout>(?:Error during homing .+: )?(?:Communication timeout during homing|Timeout on wait for "
            r"|Unable to obtain '\w+' response).*|Timeout with MCU .*)$"
        ),
    ),
    (
        LogSubject.HOMING,
        re.compile(
            r"^(?P<move>Error during homing .+|No trigger on .+ after full movement|Probe triggered prior to movement"
            r"|Failed to home .+: Timeout during homing"
            r"|Endstop .+ (?:still triggered after retract|incorrect phase.*)|Early homing trigger.*)$"
            r"|^(?P<probe>(?:\w+: )?[Pp]robe samples exceed (?:samples_)?tolerance|BLTouch failed to .+"
            r"|Failed to verify BLTouch.*|Probe (?:attach|detach) failed!?|(?:\w+: )?[Pp]robe switch not closed.*"
            r"|Unable to obtain probe_eddy_current.*|probe_eddy_current sensor .+"
            r"|Toolhead moved during probe .*|Load [Cc]ell .*[Ee]rror.*|.*[Nn]o active tool.*)$"
            r"|^(?P<level>Retries aborting: .+|Too many retries|Aborting \w+:? required adjustment .+)$"
            r"|^(?P<driver>Unable to (?:read|write) tmc .+)$"
            r"|^(?P<macro>Error evaluating '.+)$"
        ),
    ),
    (
        LogSubject.SAVING,
        re.compile(
            r"^(?P<saving>Existing config autosave is corrupted.*|Unable to (?:read|parse) existing config on"
            r" SAVE_CONFIG|Unable to write config file during SAVE_CONFIG"
            r"|SAVE_CONFIG section .+ conflicts with included value)$"
        ),
    ),
)
"""Source: klippy/klippy.py, gcode.py, mcu.py, clocksync.py, serialhdl.py, chelper/serialqueue.c, extras/homing.py,
probe.py, bltouch.py, z_tilt.py, quad_gantry_level.py, tmc_uart.py and configfile.py."""


def recent_errors(log: str, now: float) -> tuple[LogError, ...]:
    """The recent errors in the end of klippy's log: what halted Klipper first, then links, then homing and probing;
    within each the newest first."""
    lines = log.splitlines()
    starts = [(number, found) for number, line in enumerate(lines) if (found := _START.match(line))]
    counted = [start for start in starts if now - float(start[1]["wall"]) < RECENT] or starts[-1:]
    # What comes before the first start that is seen belongs to one of an unknown time
    errors: dict[str, LogError] = {}
    offset = when = None
    for line in lines[counted[0][0] if counted else 0 :]:
        if (start := _START.match(line)) is not None:
            when = float(start["wall"])
            offset = when - float(start["clock"])
        elif (stats := _STATS.match(line)) is not None:
            when = None if offset is None else offset + float(stats["clock"])
        elif (error := _error(line, when)) is not None:
            before = errors.pop(error.text, None)
            first, count = (before.first, before.count + 1) if before else (error.first, 1)
            errors[error.text] = LogError(error.text, error.subject, count, first, when)
    newest_first = reversed(errors.values())
    return tuple(sorted(newest_first, key=lambda error: error.subject))


def _error(line: str, when: float | None) -> LogError | None:
    line = unwrapped(line)
    for subject, pattern in _SUBJECTS:
        if (found := pattern.match(line)) is not None:
            text = found[found.lastindex or 0].strip()[:LONGEST_ERROR]
            return LogError(text, subject, 1, when, when)
    return None
