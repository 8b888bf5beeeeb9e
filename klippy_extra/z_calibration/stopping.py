"""Asking a command to stop. It ends after the move that is under way, with an error, and puts the probe away."""

from __future__ import annotations

from contextlib import contextmanager
from typing import Iterator


class Stop:
    """Of the command that runs, if one does."""

    def __init__(self) -> None:
        self._command: str | None = None
        self._began = 0.0
        self._consequence = ""
        self.asked: str | None = None
        """What the command is to end with, in words; None while nobody has asked."""

    @contextmanager
    def possible(self, command: str, now: float, consequence: str = "") -> Iterator[None]:
        """This command can be stopped until the block ends, or `too_late` is called; `now` is when it began, and
        `consequence` a sentence about what it leaves undone then."""
        self._command, self._began, self._consequence, self.asked = command, now, consequence, None
        try:
            yield
        finally:
            self.too_late()

    def too_late(self) -> None:
        """From here on the command goes on to its end."""
        self._command = self.asked = None

    def ask(self, reason: str, since: float) -> str | None:
        """Have it stop if it began at this time or later; the command's name, None if there is nothing to stop."""
        if self._command is None or self._began < since:
            return None
        if self.asked is None:
            self.asked = f"{self._command} was cancelled: {reason}. {self._consequence}".rstrip()
        return self._command
