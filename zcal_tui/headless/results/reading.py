"""Progress of reading stored runs, shown on standard error if that is a terminal."""

import sys
import time

from zcal_tui.streams import draw

AFTER = 2.0
"""Seconds after which progress is shown."""
EVERY = 0.5
"""Seconds between two updates of the line."""


class ReadingProgress:
    """Called with how many of how many files are read."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._shown = 0.0

    def __call__(self, done: int, total: int) -> None:
        if done != total and done % 64:
            return  # reading the clock costs as much as reading a small file
        now = time.monotonic()
        if now - self._began < AFTER or not sys.stderr.isatty():
            return
        if done == total:
            draw("\r\x1b[K")
        elif now - self._shown >= EVERY:
            self._shown = now
            left = (now - self._began) / done * (total - done)
            draw(f"\rReading runs: {done} of {total}, {left:.0f} s left\x1b[K")
