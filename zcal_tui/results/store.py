"""Where runs are kept on disk, so that nothing that was measured is lost when this program dies.

One file a run, `<data>/printers/<printer>/<run id>.jsonl`, one JSON object a line, in the order of the events;
the last line of a run that ended is its record. Lines are synced to disk before the event is shown.
"""

import contextlib
import os
import re
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from zcal_tui.model.codec import SchemaError
from zcal_tui.model.record import WHOLE, Outcome, Problem, Record
from zcal_tui.results import changes
from zcal_tui.results.changes import Changed
from zcal_tui.results.journal import (
    Journal,
    StillRunning,
    ended_line,
    glance_at,
    has_ended,
    is_running,
    read_events,
    record_of,
    write_end,
)
from zcal_tui.results.variant import USUAL, stands, variant

__all__ = [
    "Journal",
    "Kept",
    "StillRunning",
    "Store",
    "new_run_id",
    "now_iso",
    "printer_folder_name",
    "read_run",
]


def printer_folder_name(printer: str) -> str:
    """A printer's name as a folder name: what a file system takes everywhere, never empty, never hidden."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", printer).strip("-.") or "printer"


def now_iso() -> str:
    """The present in UTC, ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_run_id(check: str) -> str:
    """An identity for a run that sorts by time and names its check."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    return f"{stamp}-{time.time_ns() % 1_000_000_000 // 1000:06d}-{check}"


@dataclass(frozen=True, slots=True)
class Kept:
    """A run on disk. `whole` is False where its record is missing: it runs still, or its program died."""

    path: Path
    record: Record
    """The one that is written, or what its lines add up to."""
    whole: bool


def read_run(path: Path) -> Kept:
    """A run from its file. One without its end has the outcome RUNNING where a program still works on it, else LOST.
    Raises OSError, SchemaError."""
    if (line := ended_line(path)) is not None:
        return Kept(path, record_of(line), whole=True)
    running = is_running(path)
    record = read_events(path).record
    whole = record.finished is not None
    if not whole and not running:
        record = replace(record, outcome=Outcome.LOST)
    return Kept(path, record, whole)


class Store:
    """The runs of every printer under one data folder. Several programs may use it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, printer: str, run_id: str) -> Journal:
        """A new file for a run. Raises OSError."""
        return Journal(self._of(printer) / f"{run_id}.jsonl")

    def printers(self) -> tuple[str, ...]:
        """The printers' folders that hold runs, the one used last first."""
        found = {}
        for folder in (self.folder / "printers").glob("*"):
            if newest := max(_run_files(folder), default=None):
                found[folder.name] = newest
        return tuple(sorted(found, key=lambda name: found[name], reverse=True))

    def files(self, printer: str) -> list[Path]:
        """The files of the printer's runs, newest first."""
        folder = self._of(printer)
        return [folder / name for name in sorted(_run_files(folder), reverse=True)]

    def runs(self, printer: str, broken: list[str] | None = None) -> Iterator[Kept]:
        """The printer's runs, newest first; files that are not runs of ours are passed over, and told in `broken`."""
        for path in self.files(printer):
            try:
                yield read_run(path)
            except (SchemaError, OSError) as error:
                if broken is not None:
                    broken.append(str(error) if str(path) in str(error) else f"{path}: {error}")

    def last(self, printer: str, checks: Collection[str]) -> dict[str, Record]:
        """The newest record of each of these checks, of those that were ever run: of its usual variant, else of another
        (results/variant.py). Reads no more than it has to."""
        newest: dict[str, StoredRun] = {}
        settled: set[str] = set()
        for path in self.files(printer):
            named = named_check(path)
            if named in settled or (named and named not in checks):
                continue
            entry = glance(path)
            if entry.record is None or entry.record.check not in checks:
                continue
            check, before = entry.record.check, newest.get(entry.record.check)
            if before is None or before.record is None or stands(before.record, entry.record) is entry.record:
                newest[check] = entry
            if variant(entry.record) == USUAL:
                settled.add(check)
            if len(settled) == len(checks):
                break
        found = {}
        for check, entry in newest.items():
            with contextlib.suppress(OSError, SchemaError):  # gone since
                found[check] = read_whole(entry.path)
        return found

    def interrupted(self, printer: str) -> tuple[Record, ...]:
        """Runs that were cut off and have neither been closed nor gone on with, newest first. One that runs in
        another program is none of them; what belongs to an interrupted `all` is told by that alone."""
        cut_off: list[Record] = []
        whole: list[str] = []
        gone_on_with: set[object] = set()
        for path in self.files(printer):
            try:
                if has_ended(path) or is_running(path):
                    continue
                record = read_run(path).record
            except (SchemaError, OSError):
                continue
            gone_on_with.add(record.context.get("continues"))
            if record.id not in gone_on_with:
                cut_off.append(record)
            if record.check == WHOLE:
                whole.append(record.started)
        return tuple(r for r in cut_off if r.check == WHOLE or not whole or r.started < min(whole))

    def close(self, record: Record, why: str = "The program was ended in the middle of this run.") -> None:
        """Write the end of an interrupted run, and of those that belong to it, so that it is not offered again.
        Raises OSError, StillRunning."""
        printer = str(record.printer.get("name") or "")
        problem = record.problem or Problem(why, remedy="What was measured is kept.")
        ended = replace(record, finished=now_iso(), problem=problem)
        write_end(self._of(printer) / f"{record.id}.jsonl", ended)
        if record.check == WHOLE:
            for part in self.interrupted(printer):
                if part.started >= record.started:
                    self.close(part, why)

    def changed(self, printer: str, change: Changed) -> None:
        """Keep what a person changed on the printer. Raises OSError."""
        changes.append(self._of(printer), change)

    def changes(self, printer: str) -> tuple[Changed, ...]:
        """What a person said to have changed on the printer, oldest first."""
        return changes.read(self._of(printer))

    def _of(self, printer: str) -> Path:
        return self.folder / "printers" / printer_folder_name(printer)


def _run_files(folder: Path) -> list[str]:
    """The names of the files of runs in a folder; none where there is no folder."""
    try:
        names = os.listdir(folder)  # noqa: PTH208  twenty thousand names, not twenty thousand Path objects
    except OSError:
        return []
    return [name for name in names if name.endswith(".jsonl") and name != changes.FILE]


NAMED = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)-\d+-(.+)")
"""A run's file name: `store.new_run_id`."""


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run's file at a glance. `record` is without its samples, of which there were `count`; None where the file
    cannot be read, for the reason `why_not`. `check` and `started` (ISO 8601 in UTC) are then what its name says."""

    path: Path
    record: Record | None
    count: int = 0
    why_not: str = ""

    @property
    def check(self) -> str:
        """The check's name; empty where nothing tells it."""
        if self.record is not None:
            return self.record.check
        return named_check(self.path)

    @property
    def started(self) -> str:
        """When it began; empty where nothing tells it."""
        if self.record is not None:
            return self.record.started
        named = NAMED.fullmatch(self.path.stem)
        return "{}-{}-{}T{}:{}:{}Z".format(*named.groups()[:6]) if named is not None else ""


def named_check(path: Path) -> str:
    """The check in a run's file name; empty where the file is not named as runs are."""
    named = NAMED.fullmatch(path.stem)
    return named[7] if named is not None else ""


def entries(
    store: Store, printer: str, *, progress: Callable[[int, int], None] = lambda done, total: None
) -> Iterator[StoredRun]:
    """Every run of the printer, newest first; last, files that are not named as runs are. Waits for the disk and
    reports how many of how many files are read."""
    paths = sorted(store.files(printer), key=lambda path: not named_check(path))
    for done, path in enumerate(paths, 1):
        yield glance(path)
        progress(done, len(paths))


def glance(path: Path) -> StoredRun:
    """A run's entry. Never raises: what is wrong with the file is in the entry."""
    try:
        line = ended_line(path)
        if line is None:
            record = read_run(path).record
            return StoredRun(path, replace(record, samples=()), len(record.samples))
        return StoredRun(path, *glance_at(line))
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        return StoredRun(path, None, why_not=_reason(error, path))


def read_whole(path: Path) -> Record:
    """A run with everything in it. Raises OSError, SchemaError."""
    return read_run(path).record


def _reason(error: Exception, path: Path) -> str:
    match error:
        case OSError():
            return error.strerror or str(error)
        case SchemaError():
            # The path stands beside it anyway
            return re.sub(rf"^{re.escape(str(path))}(:\d+)?: ", "", str(error))
        case _:
            return "its last line is not a record of this program"
