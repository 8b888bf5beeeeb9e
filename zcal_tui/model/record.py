"""What a run of a check leaves behind, and the pieces it is made of; docs/json.md describes them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

SCHEMA_VERSION = 1
"""Version of the record's JSON shape. Readers refuse a higher one."""


NEEDS_PERSON = "needs_person"
"""`Problem.key` of a run that asked for somebody who is not there."""
USAGE = "usage"
"""`Problem.key` where the command line asked for what cannot be."""
WHOLE = "all"
"""The whole calibration's name as a check, whose runs consist of other runs."""

LOOK_FIRST = "ready"
"""The check that looks at the printer before the others, and again when a restart has undone homing and levelling."""


NOTHING: Mapping[str, Any] = MappingProxyType({})


def _nothing() -> Mapping[str, Any]:
    return NOTHING


def unknown_keys() -> Any:
    """A field for keys that a newer version wrote and this one does not know: kept when a record is written again."""
    return field(default_factory=_nothing, repr=False, hash=False)


class Level(StrEnum):
    """The weight of a verdict."""

    PASS = "pass"
    WARN = "warn"
    FAIL = "fail"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    """How a run ended."""

    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    """The printer was not in a state in which the check may start; nothing was measured."""
    ERROR = "error"
    """The printer refused or failed on the way."""
    LOST = "lost"
    """The connection or klippy went away on the way, or the program was killed."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement. Lengths in mm; `t` in seconds of the printer's own clock."""

    n: int
    t: float
    x: float
    y: float
    trigger_z: float
    """Toolhead Z of the measurement before any offset: at the trigger of a touch, at contact in a paper test."""
    bed_z: float | None = None
    """The same height with z_offset and twist compensation applied, where the printer reports it."""
    recorded: bool = True
    """False for a touch the printer was asked to make but told to leave out of its result."""
    kind: str = "touch"
    """What was measured: touch, paper, mark, jog, release, scan, nozzle, switch, bed, backlash, offset."""
    place: str = ""
    """Where or under what circumstances, in a word or two: a corner, a phase, a variant; empty where there is one."""
    round: int = 1
    """Which repetition it belongs to."""
    bed: float | None = None
    """The bed's temperature in °C, where it is known."""
    hotend: float | None = None
    """The nozzle's temperature in °C, where it is known."""
    values: Mapping[str, float] = field(default_factory=dict)
    """What else the kind measures, by name, in mm."""
    unknown: Mapping[str, Any] = unknown_keys()


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its interval. One-sided where `low` or `high` is None; nothing known where both are."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    unit: str = "mm"
    confidence: float = 0.95
    components: Mapping[str, float] = field(default_factory=dict)
    """What the interval is made of, by name, in the same unit: random, step, sampling, feel, …"""
    unknown: Mapping[str, Any] = unknown_keys()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer. Every reason names its threshold and where the threshold comes from."""

    level: Level
    summary: str
    reasons: tuple[str, ...] = ()
    unknown: Mapping[str, Any] = unknown_keys()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a run did not end well. `raw` is the printer's own text."""

    what: str
    cause: str = ""
    remedy: str = ""
    raw: str = ""
    key: str = ""
    """What a program may go by, where it has to: NEEDS_PERSON, USAGE."""
    unknown: Mapping[str, Any] = unknown_keys()


@dataclass(frozen=True, slots=True)
class Change:
    """One config value a check proposes.

    `state` is proposed (lines to edit), declined, staged (pending in Klipper: by a command of its own, or SAVE_CONFIG
    was not seen to end), or saved (read back). `saves` says that SAVE_CONFIG can write it; `effect` what it does to the
    nozzle, in words.
    """

    section: str
    option: str
    old: str | None
    new: str
    state: str = "proposed"
    saves: bool = False
    effect: str = ""

    unknown: Mapping[str, Any] = unknown_keys()

    @property
    def shown(self) -> str:
        """The new value on one line."""
        return one_line(self.new)

    @property
    def was(self) -> str | None:
        """The old value on one line."""
        return None if self.old is None else one_line(self.old)


def one_line(value: str) -> str:
    """A config value as it is shown: one of several lines by their number, since nobody reads a table in passing."""
    rows = value.strip().split("\n")
    return rows[0] if len(rows) == 1 else f"{len(rows)} lines"


@dataclass(frozen=True, slots=True)
class RecordPart:
    """A run that belongs to a longer one (`all`)."""

    id: str
    check: str
    outcome: Outcome
    level: Level | None = None
    summary: str = ""
    unknown: Mapping[str, Any] = unknown_keys()


@dataclass(frozen=True, slots=True)
class Record:
    """Everything a run leaves. Times are ISO 8601 in UTC."""

    id: str
    check: str
    printer: Mapping[str, Any]
    started: str
    finished: str | None = None
    outcome: Outcome = Outcome.RUNNING
    context: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)
    samples: tuple[Sample, ...] = ()
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    verdict: Verdict | None = None
    advice: tuple[str, ...] = ()
    problem: Problem | None = None
    changes: tuple[Change, ...] = ()
    parts: tuple[RecordPart, ...] = ()
    """The runs of an `all`, in their order."""
    schema: int = SCHEMA_VERSION

    unknown: Mapping[str, Any] = unknown_keys()
