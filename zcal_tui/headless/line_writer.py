"""Writes lines on a thread of its own, so that nothing waits for whoever reads them.

A pipe that nobody reads and a terminal that was stopped (Ctrl-S) block a write for as long as they like.
"""

import os
import select
import threading
from collections import deque
from typing import IO

PENDING_LIMIT = 16 * 2**20
"""Bytes that may wait for a reader: more than a run of many hours prints. Further lines are dropped and counted."""


class LineWriter:
    """Lines for one open file, in order. It writes to the descriptor itself: a thread that is blocked in the stream's
    own buffer would hold up the end of the program."""

    def __init__(self, descriptor: int, limit: int = PENDING_LIMIT) -> None:
        self._descriptor = descriptor
        self._limit = limit
        self._lines: deque[bytes] = deque()
        self._pending = 0
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._broken = False
        self._dropped = 0

    def put(self, line: bytes) -> None:
        """Write a line as soon as its reader allows; returns at once."""
        with self._changed:
            if self._broken:
                return
            if self._pending + len(line) > self._limit:
                self._dropped += 1
                return
            self._lines.append(line)
            self._pending += len(line)
            self._changed.notify_all()
            if self._thread is None:
                self._thread = threading.Thread(target=self._write, name="zcal output", daemon=True)
                self._thread.start()

    def take_dropped(self) -> int:
        """How many lines were not written because too many were waiting, since this was last asked."""
        with self._changed:
            dropped, self._dropped = self._dropped, 0
            return dropped

    def written(self, timeout: float) -> bool:
        """Wait until every line is written, or nobody can read them any more. Returns whether that is so."""
        with self._changed:
            return self._changed.wait_for(lambda: self._pending == 0 or self._broken, timeout)

    def _write(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._lines))
                line = self._lines.popleft()
            try:
                rest = memoryview(line)
                while rest:
                    rest = rest[self._write_some(rest) :]
            except OSError:  # closed pipe, hung-up terminal
                with self._changed:
                    self._broken = True
                    self._lines.clear()
                    self._changed.notify_all()
                return
            with self._changed:
                self._pending -= len(line)
                self._changed.notify_all()

    def _write_some(self, data: memoryview) -> int:
        try:
            return os.write(self._descriptor, data)
        except BlockingIOError:  # another program has made the terminal non-blocking
            select.select([], [self._descriptor], [])
            return 0


_WRITERS: dict[tuple[int, int], LineWriter] = {}
_LOCK = threading.Lock()


def writer_of(stream: IO[str]) -> LineWriter | None:
    """The writer of the file that a stream writes to; None where it has no descriptor. Streams that lead to the same
    file, such as one terminal, share it, so that their lines stay in order."""
    try:
        stream.flush()
        descriptor = stream.fileno()
        status = os.fstat(descriptor)
        with _LOCK:
            key = status.st_dev, status.st_ino
            if key not in _WRITERS:
                # A descriptor of its own: the file stays open, and its number cannot become another file's
                _WRITERS[key] = LineWriter(os.dup(descriptor))
            return _WRITERS[key]
    except (OSError, ValueError):
        return None
