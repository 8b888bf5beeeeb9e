"""The runs on disk. Nothing that was measured is lost if this program dies.

Each run is a file, `<data>/printers/<printer>/<run id>.jsonl`, with one JSON object a line, in the order of the events.
The last line of a run that has ended is its record. A line is synced to disk before its event is shown.
"""

import contextlib
import os
import re
import time
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from zcal_tui.model.codec import SchemaError, record_from_json
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import WHOLE, Outcome, Problem, Record
from zcal_tui.results import changes, unrestored
from zcal_tui.results.changes import Changed
from zcal_tui.results.journal import (
    Journal,
    StillRunning,
    amend,
    ended_line,
    has_ended,
    is_running,
    listed,
    read_events,
    record_of,
    write_end,
)
from zcal_tui.results.run_index import NewIndex, RunIndex, stamps, worth_writing
from zcal_tui.results.unrestored import Unrestored
from zcal_tui.results.variant import USUAL, has_result, last_result, variant

__all__ = [
    "Journal",
    "RunFile",
    "StillRunning",
    "Store",
    "new_run_id",
    "now_iso",
    "printer_folder_name",
    "read_run",
]


LONGEST_NAME = 120
"""Characters of a printer's folder; file systems allow 143 at least."""


def printer_folder_name(printer: str) -> str:
    """A printer's name as a folder name: valid on every file system, never empty, never hidden."""
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", printer).strip("-.") or "printer"
    if len(name) <= LONGEST_NAME:
        return name
    # Two long names that begin alike stay two folders
    return f"{name[: LONGEST_NAME - 9]}-{zlib.crc32(name.encode()):08x}"


def now_iso() -> str:
    """The present in UTC, ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def new_run_id(check: str) -> str:
    """An id for a run that sorts by time and names its check."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    return f"{stamp}-{time.time_ns() % 1_000_000_000 // 1000:06d}-{check}"


@dataclass(frozen=True, slots=True)
class RunFile:
    """A run read from disk. `complete` is False if its record is missing: it is running, or its program died."""

    path: Path
    record: Record
    """The written one, or the one folded from the run's lines."""
    complete: bool


def read_run(path: Path) -> RunFile:
    """Read a run. One without its end has the outcome RUNNING if a program is still writing it, else LOST.

    Raises OSError, SchemaError.
    """
    if (line := ended_line(path)) is not None:
        return RunFile(path, record_of(line), complete=True)
    running = is_running(path)
    record = read_events(path).record
    complete = record.finished is not None
    if not complete and not running:
        record = replace(record, outcome=Outcome.LOST)
    return RunFile(path, record, complete)


class Store:
    """The runs of every printer under one data folder. Several programs may use it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, printer: str, run_id: str) -> Journal:
        """Create the file of a new run. Raises OSError."""
        return Journal(self.folder_of(printer) / f"{run_id}.jsonl")

    def printers(self) -> tuple[str, ...]:
        """The printers' folders that contain runs, the last used one first."""
        found = {}
        for folder in (self.folder / "printers").glob("*"):
            if newest := max(_run_files(folder), default=None):
                found[folder.name] = newest
        return tuple(sorted(found, key=lambda name: found[name], reverse=True))

    def files(self, printer: str) -> list[Path]:
        """The files of the printer's runs, newest first."""
        folder = self.folder_of(printer)
        return [folder / name for name in sorted(_run_files(folder), reverse=True)]

    def folder_of(self, printer: str) -> Path:
        """The folder of the printer's runs."""
        return self.folder / "printers" / printer_folder_name(printer)

    def runs(self, printer: str, broken: list[str] | None = None) -> Iterator[RunFile]:
        """The printer's runs, newest first. Files that cannot be read are skipped and listed in `broken`."""
        for path in self.files(printer):
            try:
                yield read_run(path)
            except (SchemaError, OSError) as error:
                if broken is not None:
                    broken.append(str(error) if str(path) in str(error) else f"{path}: {error}")

    def last(self, printer: str, checks: Collection[str]) -> dict[str, Record]:
        """The newest record of each of these checks that has runs: of its usual variant, else of another.

        Reads no more files than needed (results/variant.py: variants).
        """
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
            if (
                before is None
                or before.record is None
                or last_result(before.record, entry.record) is entry.record
            ):
                newest[check] = entry
            if variant(entry.record) == USUAL and has_result(entry.record):
                settled.add(check)
            if len(settled) == len(checks):
                break
        found = {}
        for check, entry in newest.items():
            with contextlib.suppress(OSError, SchemaError):  # deleted meanwhile
                found[check] = read_whole(entry.path)
        return found

    def interrupted(self, printer: str) -> tuple[Record, ...]:
        """Interrupted runs that were neither closed nor resumed, newest first.

        A run that is active in another program is not one of them. The parts of an interrupted `all` are not listed
        besides it.
        """
        unfinished: list[Record] = []
        calibrations: list[str] = []
        resumed: set[object] = set()
        for path in self._not_known_to_have_ended(printer):
            try:
                if has_ended(path) or is_running(path):
                    continue
                record = read_run(path).record
            except (SchemaError, OSError):
                continue
            resumed.add(record.context.get("continues"))
            if record.id not in resumed:
                unfinished.append(record)
            if record.check == WHOLE:
                calibrations.append(record.started)
        first = min(calibrations, default=None)
        return tuple(r for r in unfinished if r.check == WHOLE or first is None or r.started < first)

    def _not_known_to_have_ended(self, printer: str) -> list[Path]:
        """The files of the runs that are not in the index, newest first."""
        folder = self.folder_of(printer)
        found = stamps(folder)
        with RunIndex(folder) as index:
            names = [name for name in _runs_among(found) if not index.holds(name, found[name])]
        return [folder / name for name in sorted(names, reverse=True)]

    def close(self, record: Record, why: str = "The program ended during this run.") -> None:
        """Write the end of an interrupted run and of its parts, so that it is not offered again.

        Raises OSError, StillRunning.
        """
        printer = str(record.printer.get("name") or "")
        problem = record.problem or Problem(why, remedy="All samples are stored.")
        ended = replace(record, finished=now_iso(), problem=problem)
        write_end(self.folder_of(printer) / f"{record.id}.jsonl", ended)
        if record.check == WHOLE:
            for part in self.interrupted(printer):
                if part.started >= record.started:
                    self.close(part, why)

    def amend(self, printer: str, record: Record) -> None:
        """Store the newer record of a run that has ended, as once its values are saved. Raises OSError."""
        amend(self.folder_of(printer) / f"{record.id}.jsonl", record)

    def changed(self, printer: str, change: Changed) -> None:
        """Store a hardware change that a person reported. Raises OSError."""
        changes.append(self.folder_of(printer), change)

    def changes(self, printer: str) -> tuple[Changed, ...]:
        """The hardware changes that a person reported, oldest first."""
        return changes.read(self.folder_of(printer))

    def unrestored(self, printer: str) -> Unrestored | None:
        """What a run has changed on the printer and not restored, as far as the [zcal] module does not do it."""
        return unrestored.read(self.folder_of(printer))

    def note_unrestored(self, printer: str, left: Unrestored | None) -> None:
        """Store what a run is about to change, or None once it is restored. Raises OSError."""
        if left is None:
            unrestored.remove(self.folder_of(printer))
        else:
            unrestored.write(self.folder_of(printer), left)


def _run_files(folder: Path) -> list[str]:
    """The names of the files of runs in a folder; none if there is no folder."""
    try:
        names = os.listdir(folder)  # noqa: PTH208  twenty thousand names, not twenty thousand Path objects
    except OSError:
        return []
    return _runs_among(names)


def _runs_among(names: Iterable[str]) -> list[str]:
    return [name for name in names if name.endswith(".jsonl") and name != changes.FILE]


NAMED = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)-\d+-(.+)")
"""A run's file name: `store.new_run_id`."""


@dataclass(frozen=True, slots=True)
class StoredRun:
    """A run's file for a list. `record` has no samples; `count` is how many there are. It is None if the file cannot be
    read; `why_not` is the reason, and `check` and `started` (ISO 8601 in UTC) then come from the file's name."""

    path: Path
    record: Record | None
    count: int = 0
    why_not: str = ""

    @property
    def check(self) -> str:
        """The check's name; empty if unknown."""
        if self.record is not None:
            return self.record.check
        return named_check(self.path)

    @property
    def started(self) -> str:
        """When it began; empty if unknown."""
        if self.record is not None:
            return self.record.started
        named = NAMED.fullmatch(self.path.stem)
        return "{}-{}-{}T{}:{}:{}Z".format(*named.groups()[:6]) if named is not None else ""


def named_check(path: Path) -> str:
    """The check in a run's file name; empty if the file is not named like a run."""
    named = NAMED.fullmatch(path.stem)
    return named[7] if named is not None else ""


def entries(
    store: Store, printer: str, *, progress: Callable[[int, int], None] = lambda done, total: None
) -> Iterator[StoredRun]:
    """Every run of the printer, newest first; files that are not named like runs come last.

    Blocks on the disk. Reports how many of how many files are read to `progress`. Runs are taken from the index
    (results/run_index.py) where it has them; it is written again if it has too few.
    """
    folder = store.folder_of(printer)
    found = stamps(folder)
    names = sorted(_runs_among(found), reverse=True)
    paths = sorted((folder / name for name in names), key=lambda path: not named_check(path))
    with RunIndex(folder) as index, contextlib.ExitStack() as writing:
        missing = sum(not index.holds(name, found[name]) for name in names)
        new = writing.enter_context(NewIndex(folder, index)) if worth_writing(missing, len(names)) else None
        for done, path in enumerate(paths, 1):
            name, stamp = path.name, found[path.name]
            if (known := index.find(name, stamp)) is not None:
                yield StoredRun(path, *known)
                if new is not None:
                    new.keep(name, stamp)
            elif new is not None:
                yield glance(path, partial(new.add, name, stamp))
            else:
                yield glance(path)
            progress(done, len(paths))
        if new is not None:
            new.finish(len(paths))


def glance(
    path: Path, ended: Callable[[Mapping[str, Any], int], None] = lambda data, count: None
) -> StoredRun:
    """A run's entry in a list. Never raises: why a file cannot be read is in the entry. `ended` is called with the
    record of a run that has ended as JSON, without its samples, and their number."""
    try:
        line = ended_line(path)
        if line is None:
            record = read_run(path).record
            return StoredRun(path, replace(record, samples=()), len(record.samples))
        data, count = listed(line)
        entry = StoredRun(path, record_from_json(data), count)
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        return StoredRun(path, None, why_not=_reason(error, path))
    ended(data, count)
    return entry


def read_whole(path: Path) -> Record:
    """The full record of a run, samples included. Raises OSError, SchemaError."""
    return read_run(path).record


def _reason(error: Exception, path: Path) -> str:
    match error:
        case OSError():
            return error.strerror or str(error)
        case SchemaError():
            # The path is shown beside it
            return re.sub(rf"^{re.escape(str(path))}(:\d+)?: ", "", str(error))
        case _:
            return "the last line is not a record of zcal-tui"
