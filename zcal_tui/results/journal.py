"""The file of one run: written line by line while it runs, under a lock that tells others that it does."""

import contextlib
import fcntl
import json
import os
import time
from dataclasses import replace
from pathlib import Path
from typing import IO

from zcal_tui.model.codec import SchemaError, event_from_json, event_to_json
from zcal_tui.model.events import Event, Progress, RunEnded, RunStarted
from zcal_tui.model.record import Outcome, Record
from zcal_tui.model.validate import fault
from zcal_tui.model.view import RunView, begin, fold

TAIL = 65536
"""Bytes read at a time from a file's end to find its last line."""
LOOKS, PAUSE = 5, 0.02
"""How often, and how many seconds apart, a lock is tried that may be a reader's of a moment."""


class StillRunning(Exception):
    """The run goes on in another program, so it cannot be closed; the text says so, for people."""


class Journal:
    """The file of one running run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        # "x": two runs never share a file, whatever their clocks say
        self._file: IO[str] | None = path.open("x", encoding="utf-8")
        # Kept until the file is closed, which the system does for a program that was killed. A reader holds its own
        # for a moment only; a file system without locks does without.
        with contextlib.suppress(OSError):
            fcntl.flock(self._file, fcntl.LOCK_EX)

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


def _lock(file: IO[str], kind: int) -> bool:
    """Lock a run's file without waiting; False where another holds it. Without locks it counts as free."""
    try:
        # flock, not lockf: a POSIX lock goes as soon as this process closes any descriptor of the file
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def is_running(path: Path) -> bool:
    """Whether a program holds the run's file at this moment. Raises OSError."""
    with path.open("r", encoding="utf-8") as file:
        return not _lock(file, fcntl.LOCK_SH)


def read_events(path: Path) -> RunView:
    """What a run's lines add up to; a line cut off by a power failure, or of no use, is left out. Raises OSError,
    SchemaError."""
    view: RunView | None = None
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
        try:
            event = event_from_json(json.loads(line))
        except (json.JSONDecodeError, RecursionError):
            continue
        if isinstance(event, RunStarted):
            view = begin(event)
        elif view is None:
            raise SchemaError(f"{path}:{number}: the run does not begin with its start")
        else:
            view = fold(view, event)
    if view is None:
        raise SchemaError(f"{path}: there is no run in it")
    if (wrong := fault(view.record)) is not None:
        raise SchemaError(f"{path}: {wrong}")
    return view


def has_ended(path: Path) -> bool:
    """Whether a run's last line is its record, found without reading the rest. Raises OSError."""
    return ended_line(path) is not None


def ended_line(path: Path) -> bytes | None:
    """The last line of a run that has ended, which is its record; None of one that has not. Raises OSError."""
    with path.open("rb") as file:
        at = file.seek(0, os.SEEK_END)
        tail = b""
        while at > 0:
            size = min(TAIL, at)
            at -= size
            file.seek(at)
            tail = file.read(size) + tail
            start = tail.rstrip(b"\n").rfind(b"\n")
            if start >= 0:
                tail = tail[start + 1 :]
                break
    return tail if tail.startswith(b'{"event": "record"') and tail.endswith(b"\n") else None


def write_end(path: Path, record: Record) -> None:
    """Give a run that was cut off the end it lacks. Raises OSError, StillRunning."""
    with path.open("r+", encoding="utf-8", newline="") as file:
        for _ in range(LOOKS):
            if _lock(file, fcntl.LOCK_EX):
                break
            time.sleep(PAUSE)
        else:
            raise StillRunning(f"Run {record.id} goes on in another program.")
        if has_ended(path):
            return
        file.seek(0, os.SEEK_END)
        # What was cut off stays as it is, on a line of its own
        ending = "" if path.read_bytes()[-1:] in (b"\n", b"") else "\n"
        ended = RunEnded(replace(record, outcome=Outcome.LOST))
        file.write(ending + json.dumps(event_to_json(ended), allow_nan=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
