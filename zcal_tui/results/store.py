"""Where runs are kept on disk, so that nothing that was measured is lost when this program dies.

One file a run, `<data>/printers/<printer>/<run id>.jsonl`, one JSON object a line, in the order of the events;
the last line of a run that ended is its record. Lines are synced to disk before the event is shown.
"""

import json
import re
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from zcal_tui.model.codec import SchemaError, record_from_json
from zcal_tui.model.record import WHOLE, Outcome, Problem, Record
from zcal_tui.model.view import RunView
from zcal_tui.results import changes
from zcal_tui.results.changes import Changed
from zcal_tui.results.journal import (
    Journal,
    StillRunning,
    ended_line,
    has_ended,
    is_running,
    read_events,
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
    view: RunView
    whole: bool

    @property
    def record(self) -> Record:
        """Its record: the written one, or what its lines add up to."""
        return self.view.record


def read_run(path: Path) -> Kept:
    """A run from its file. One without its end has the outcome RUNNING where a program still works on it, else LOST.
    Raises OSError, SchemaError."""
    running = is_running(path)
    view = read_events(path)
    whole = not view.running
    if not whole and not running:
        view = replace(view, record=replace(view.record, outcome=Outcome.LOST))
    return Kept(path, view, whole)


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
            if newest := max((path.name for path in _run_files(folder)), default=None):
                found[folder.name] = newest
        return tuple(sorted(found, key=lambda name: found[name], reverse=True))

    def files(self, printer: str) -> list[Path]:
        """The files of the printer's runs, newest first."""
        return sorted(_run_files(self._of(printer)), reverse=True)

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
        (results/variant.py)."""
        newest: dict[str, Record] = {}
        for kept in self.runs(printer):
            record = kept.record
            if record.check in checks:
                before = newest.get(record.check)
                newest[record.check] = record if before is None else stands(before, record)
            if len(newest) == len(checks) and all(variant(found) == USUAL for found in newest.values()):
                break
        return newest

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


def _run_files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.glob("*.jsonl") if path.name != changes.FILE)


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
        named = NAMED.fullmatch(self.path.stem)
        return named[7] if named is not None else ""

    @property
    def started(self) -> str:
        """When it began; empty where nothing tells it."""
        if self.record is not None:
            return self.record.started
        named = NAMED.fullmatch(self.path.stem)
        return "{}-{}-{}T{}:{}:{}Z".format(*named.groups()[:6]) if named is not None else ""


def entries(store: Store, printer: str) -> Iterator[StoredRun]:
    """Every run of the printer, newest first; last, files that are not named as runs are. Waits for the disk."""
    return map(glance, sorted(store.files(printer), key=lambda path: NAMED.fullmatch(path.stem) is None))


def glance(path: Path) -> StoredRun:
    """A run's entry. Never raises: what is wrong with the file is in the entry."""
    try:
        line = ended_line(path)
        if line is None:
            record = read_run(path).record
            return StoredRun(path, replace(record, samples=()), len(record.samples))
        data = json.loads(line)
        count = len(data["samples"])
        # Most of a record is its samples, and a list shows none of them
        return StoredRun(path, record_from_json({**data, "samples": ()}), count)
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
