"""The record of a run and its parts; docs/json.md describes them.

`model/codec.py` writes and reads them. A new field also changes results/record.schema.json, which is made by
`python -m zcal_tui.results.schema`.
"""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from zcal_tui.model.lazy_dataclass import dataclass

SCHEMA_VERSION = 1
"""Version of the record's JSON shape. Readers refuse a higher one."""


NEEDS_PERSON = "needs_person"
"""`Problem.key` of a run that needs a person and has none."""
DID_NOT_START = "did_not_start"
"""`Problem.key` of a save after which Klipper did not start."""
USAGE = "usage"
"""`Problem.key` of an error on the command line."""
WHOLE = "all"
"""The full calibration's name as a check. Its runs consist of other runs."""

UNDO = "undo"
"""The run that puts back the values of the last save, as it is named in records."""
SAVE = "save"
"""The run in which a full calibration saves a group of values, as it is named in records."""
MANUAL_PROBE = "manual-probe"
"""The run that takes over a manual probe which something else opened, as it is named in records."""
MEASURE_NOTHING = frozenset({SAVE, UNDO})
"""The runs that only write values."""
READY_CHECK = "ready"
"""The check that runs before the others, and again when a restart has undone homing and levelling."""


NOTHING: Mapping[str, Any] = MappingProxyType({})


def _nothing() -> Mapping[str, Any]:
    return NOTHING


def unknown_keys() -> Any:
    """A field for keys that a newer version wrote and this one does not know. They are preserved when rewritten."""
    return field(default_factory=_nothing, repr=False, hash=False)


class Level(StrEnum):
    """The level of a verdict."""

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
    """The check could not start in the printer's state; nothing was measured."""
    ERROR = "error"
    """The printer reported an error during the run."""
    LOST = "lost"
    """The connection or klippy was lost during the run, or the program was killed."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One measurement. Lengths in mm; `t` in seconds of the printer's own clock."""

    n: int
    t: float
    x: float
    y: float
    trigger_z: float
    """Toolhead Z before any offset: at the probe's trigger, or at contact in a paper test."""
    bed_z: float | None = None
    """The height with z_offset and axis twist compensation applied, if the printer reports it."""
    recorded: bool = True
    """False for a sample that the printer's configuration discards."""
    kind: str = "touch"
    """What was measured: touch, paper, mark, jog, release, scan, nozzle, switch, bed, backlash, offset."""
    place: str = ""
    """The place, phase or setting of the sample; empty if all have the same."""
    round: int = 1
    """The repetition it belongs to."""
    bed: float | None = None
    """The bed's temperature in °C, if known."""
    hotend: float | None = None
    """The nozzle's temperature in °C, if known."""
    values: Mapping[str, float] = field(default_factory=dict)
    """Other values that this kind of sample has, by name, in mm."""
    unknown: Mapping[str, Any] = unknown_keys()


@dataclass(frozen=True, slots=True)
class Estimate:
    """A value with its interval, which is one-sided if `low` or `high` is None."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    unit: str = "mm"
    confidence: float = 0.95
    components: Mapping[str, float] = field(default_factory=dict)
    """The interval's parts as standard uncertainties, by name, in the same unit: random, step, sampling, feel, …"""
    unknown: Mapping[str, Any] = unknown_keys()


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer of a check. Every reason names its threshold and the threshold's source."""

    level: Level
    summary: str
    reasons: tuple[str, ...] = ()
    unknown: Mapping[str, Any] = unknown_keys()


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a run failed. `raw` is the printer's own message."""

    what: str
    cause: str = ""
    remedy: str = ""
    raw: str = ""
    key: str = ""
    """A key for programs: NEEDS_PERSON, DID_NOT_START, USAGE or empty."""
    unknown: Mapping[str, Any] = unknown_keys()


@dataclass(frozen=True, slots=True)
class Change:
    """A config value that a check proposes.

    `state` is proposed (a line to edit), declined, staged (may be pending in Klipper: staged by Klipper itself, or
    SAVE_CONFIG was not confirmed) or saved (read back). `saves` is whether SAVE_CONFIG can write it; `effect` describes
    what it does to the nozzle.
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
    """A config value on one line: a table is shown as its number of lines."""
    rows = value.strip().split("\n")
    return rows[0] if len(rows) == 1 else f"{len(rows)} lines"


@dataclass(frozen=True, slots=True)
class RecordPart:
    """A run that is part of a full calibration (`all`)."""

    id: str
    check: str
    outcome: Outcome
    level: Level | None = None
    summary: str = ""
    unknown: Mapping[str, Any] = unknown_keys()


@dataclass(frozen=True, slots=True)
class Record:
    """Everything that is stored of a run. Times are ISO 8601 in UTC."""

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
    """The runs of an `all`, in order."""
    schema: int = SCHEMA_VERSION

    unknown: Mapping[str, Any] = unknown_keys()
