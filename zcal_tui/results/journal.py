"""The file of one run: written line by line while it runs, under a lock that shows others that it is running."""

import contextlib
import fcntl
import json
import os
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from zcal_tui.model.codec import SchemaError, UnknownEvent, event_from_json, event_to_json, record_from_json
from zcal_tui.model.events import Event, Progress, RunEnded, RunStarted, SampleTaken
from zcal_tui.model.outside_json import read_json
from zcal_tui.model.record import Outcome, Record
from zcal_tui.model.validate import fault
from zcal_tui.model.view import RunView, begin, fold
from zcal_tui.results.private_files import make_folder, private, replacing

TAIL = 32768
"""Bytes read at a time from a file's end to find its last line."""
ENDING = 512
"""Bytes of a file's end in which the end of a record is usually recognised."""
SAMPLES_BEGIN, SAMPLES_END, A_SAMPLE = b', "samples": [', b'], "estimates": {', b'"trigger_z": '
"""What `json.dumps` writes around a record's samples and once in each of them; a quote inside a text is escaped."""
LOCK_TRIES, LOCK_PAUSE = 5, 0.02
"""How often, and how many seconds apart, to try a lock that a reader may hold for a moment."""


class StillRunning(Exception):
    """The run is active in another program, so it cannot be closed; the text is for people."""


class Journal:
    """The file of a running check."""

    def __init__(self, path: Path) -> None:
        self.path = path
        make_folder(path.parent)
        # "x": two runs never share a file, whatever their clocks say
        self._file: IO[bytes] | None = open(path, "xb", buffering=0, opener=private)  # noqa: SIM115
        self._stored = 0
        self._syncing = threading.Lock()
        self._pending: list[tuple[bytes, bool]] = []
        """Lines that are not on disk yet, and whether each is a sample."""
        # Held until the file is closed; the system closes it if the program is killed. A reader holds its own lock
        # only for a moment. A file system without locks works without.
        with contextlib.suppress(OSError):
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def write(self, event: Event) -> None:
        """Append an event and sync it. Raises OSError (disk full, card gone read-only); what could not be written is
        written with a later event, so that nothing is missing once there is space again."""
        self.append(event)
        self.sync()

    def append(self, event: Event) -> None:
        """Append an event, which is on disk after the next `sync`. Never waits."""
        if self._file is None or isinstance(event, Progress):
            return
        # ASCII, so that no character can end a line early or fail to be written
        line = (json.dumps(event_to_json(event), allow_nan=False) + "\n").encode("ascii")
        self._pending.append((line, isinstance(event, SampleTaken)))

    def sync(self) -> None:
        """Write everything to disk and wait for it, on any thread. Raises OSError, as `write`."""
        with self._syncing:  # who comes second waits for what the first one has not finished
            batch = self._pending[:]
            if self._file is None or not batch:
                return
            data = b"".join(line for line, _ in batch)
            try:
                rest = memoryview(data)
                while rest:
                    rest = rest[self._file.write(rest) :]
                os.fsync(self._file.fileno())
            except OSError:
                with contextlib.suppress(OSError):  # no half line
                    self._file.truncate(self._stored)
                    self._file.seek(self._stored)
                raise
            self._stored += len(data)
            del self._pending[: len(batch)]

    @property
    def missing(self) -> tuple[int, int]:
        """How many events, and how many samples among them, are not on disk."""
        return len(self._pending), sum(sample for _, sample in self._pending)

    def close(self) -> None:
        """Close the file. What could not be written to a full disk is dropped."""
        with self._syncing:
            if self._file is not None:
                file, self._file = self._file, None
                with contextlib.suppress(OSError):
                    file.close()


def _lock(file: IO[str], kind: int) -> bool:
    """Lock a run's file without waiting; False if another program holds it. Without locks it counts as free."""
    try:
        # flock, not lockf: a POSIX lock is lost as soon as this process closes any descriptor of the file
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def is_running(path: Path) -> bool:
    """Whether a program is writing the run's file now. Raises OSError."""
    with path.open("r", encoding="utf-8") as file:
        return not _lock(file, fcntl.LOCK_SH)


def read_events(path: Path) -> RunView:
    """A run folded from its lines; incomplete and unreadable lines are skipped. Raises OSError, SchemaError."""
    view: RunView | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        try:
            event = event_from_json(read_json(line))
        except (json.JSONDecodeError, UnknownEvent):
            continue
        if isinstance(event, RunStarted):
            view = begin(event)
        elif view is None:
            raise SchemaError(f"{path}:{number}: the first line is not the start of a run")
        else:
            view = fold(view, event)
    if view is None:
        raise SchemaError(f"{path}: it contains no run")
    if (wrong := fault(view.record)) is not None:
        raise SchemaError(f"{path}: {wrong}")
    return view


def has_ended(path: Path) -> bool:
    """Whether a run's last line is its record; reads only the end of the file. Raises OSError."""
    with path.open("rb", buffering=0) as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - ENDING))
        last = file.read().rpartition(b"\n")[0].rpartition(b"\n")[2]
    # A quote inside a text is escaped, so this can only be the record's own key, near the end of its line.
    return b', "parts": [' in last or ended_line(path) is not None


def ended_line(path: Path) -> bytes | None:
    """The last line of a run that has ended, which is its record; None if it has not. Raises OSError."""
    with path.open("rb", buffering=0) as file:
        at = file.seek(0, os.SEEK_END)
        tail = b""
        while at > 0:
            size = min(TAIL, at)
            at -= size
            file.seek(at)
            tail = file.read(size) + tail
            start = tail.rfind(b"\n", 0, len(tail) - 1)
            if start >= 0:
                tail = tail[start + 1 :]
                break
    return tail if tail.startswith(b'{"event": "record"') and tail.endswith(b"\n") else None


def record_of(line: bytes) -> Record:
    """The record that a run's last line holds, with its samples. Raises SchemaError."""
    try:
        return record_from_json(read_json(line))
    except SchemaError:
        raise
    except ValueError as error:
        raise SchemaError("the last line is not a record of zcal-tui") from error


def listed(line: bytes) -> tuple[dict[str, Any], int]:
    """The JSON of the record that a run's last line holds, without its samples, and how many of them there were.
    Raises SchemaError.

    Samples are most of a line, and reading them is most of the time that a list of runs takes, so they are cut out of
    the text where they can be recognised for sure.
    """
    start = line.find(SAMPLES_BEGIN)
    end = line.find(SAMPLES_END, start)
    if start >= 0 and end >= 0:
        with contextlib.suppress(ValueError):
            data = read_json(line[: start + len(SAMPLES_BEGIN)] + line[end:])
            if isinstance(data, dict) and data.get("samples") == []:
                return data, line.count(A_SAMPLE, start, end)
    record = record_of(line)
    return {**read_json(line), "samples": []}, len(record.samples)


def amend(path: Path, record: Record) -> None:
    """Add the newer record of a run that has ended to its file, whole or not at all; the last one counts. Raises
    OSError."""
    line = json.dumps(event_to_json(RunEnded(record)), allow_nan=False) + "\n"
    with replacing(path) as file:
        file.write(path.read_bytes() + line.encode("ascii"))


def write_end(path: Path, record: Record) -> None:
    """Append the missing record to an interrupted run. Raises OSError, StillRunning."""
    with path.open("r+", encoding="utf-8", newline="") as file:
        for _ in range(LOCK_TRIES):
            if _lock(file, fcntl.LOCK_EX):
                break
            time.sleep(LOCK_PAUSE)
        else:
            raise StillRunning(f"Run {record.id} is still active in another program.")
        if has_ended(path):
            return
        file.seek(0, os.SEEK_END)
        # An incomplete last line stays as it is
        ending = "" if path.read_bytes()[-1:] in (b"\n", b"") else "\n"
        ended = RunEnded(replace(record, outcome=Outcome.LOST))
        file.write(ending + json.dumps(event_to_json(ended), allow_nan=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
