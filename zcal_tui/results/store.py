"""Where runs are kept on disk, so that nothing that was measured is lost when this program dies.

One file a run, `<data>/printers/<printer>/<run id>.jsonl`, one JSON object a line, in the order of the events;
the last line of a run that ended is its record. Lines are synced to disk before the event is shown.
"""

import contextlib
import json
import os
import re
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

from zcal_tui.model.codec import SchemaError, event_from_json, event_to_json
from zcal_tui.model.events import Event, Progress, RunStarted
from zcal_tui.model.record import Outcome, Record
from zcal_tui.model.view import RunView, begin, fold


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


class Journal:
    """The file of one running run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        # "x": two runs never share a file, whatever their clocks say
        self._file: IO[str] | None = path.open("x", encoding="utf-8")

    def write(self, event: Event) -> None:
        """Append an event and sync it. Raises OSError (disk full, card gone read-only)."""
        if self._file is None or isinstance(event, Progress):
            return
        # ASCII, so that no character can be mistaken for the end of a line and none cannot be written
        self._file.write(json.dumps(event_to_json(event), allow_nan=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file; the run is as its last line says. On a full disk what was not written stays unwritten."""
        if self._file is not None:
            file, self._file = self._file, None
            with contextlib.suppress(OSError):
                file.close()


@dataclass(frozen=True, slots=True)
class Kept:
    """A run on disk. `whole` is False where the program died before it could write the record."""

    path: Path
    view: RunView
    whole: bool


def read_run(path: Path) -> Kept:
    """A run from its file; a last line cut off by a power failure is left out. Raises OSError, SchemaError."""
    view: RunView | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        try:
            event = event_from_json(json.loads(line))
        except json.JSONDecodeError:
            continue
        if isinstance(event, RunStarted):
            view = begin(event)
        elif view is None:
            raise SchemaError(f"{path}:{number}: the run does not begin with its start")
        else:
            view = fold(view, event)
    if view is None:
        raise SchemaError(f"{path}: there is no run in it")
    whole = not view.running
    if not whole:
        view = replace(view, record=replace(view.record, outcome=Outcome.LOST))
    return Kept(path, view, whole)


class Store:
    """The runs of every printer under one data folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def begin(self, printer: str, run_id: str) -> Journal:
        """A new file for a run. Raises OSError."""
        return Journal(self.folder / "printers" / printer_folder_name(printer) / f"{run_id}.jsonl")

    def runs(self, printer: str) -> Iterator[Kept]:
        """The printer's runs, newest first; files that are not runs of ours are passed over."""
        folder = self.folder / "printers" / printer_folder_name(printer)
        for path in sorted(folder.glob("*.jsonl"), reverse=True):
            try:
                yield read_run(path)
            except (SchemaError, OSError):
                continue

    def last(self, printer: str, checks: Collection[str]) -> dict[str, Record]:
        """The newest record of each of these checks, of those that were ever run."""
        newest: dict[str, Record] = {}
        for kept in self.runs(printer):
            record = kept.view.record
            if record.check in checks:
                newest.setdefault(record.check, record)
            if len(newest) == len(checks):
                break
        return newest
