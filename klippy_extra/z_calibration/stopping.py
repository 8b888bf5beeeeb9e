# Cancelling a command of [z_calibration]
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
"""The command ends after the current move with an error, and detaches the probe."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from typing import Iterator

_KEPT = 8
"""How many tags of commands that are unwanted before they have begun are kept."""


class StopRequest:
    """Of the command that runs, if one does."""

    def __init__(self) -> None:
        self._command: str | None = None
        self._tag = ""
        self._began = 0.0
        self._consequence = ""
        self._unwanted: deque[tuple[str, str]] = deque(maxlen=_KEPT)
        self.asked: str | None = None
        """What the command is to end with, in words; None while nobody has asked."""

    @contextmanager
    def possible(self, command: str, now: float, consequence: str = "", tag: str = "") -> Iterator[None]:
        """This command can be stopped until the block ends, or `too_late` is called; `now` is when it began,
        `consequence` a sentence about what it leaves undone then, `tag` the name that its client gave it, if any."""
        self._command, self._began, self._consequence, self.asked = command, now, consequence, None
        self._tag = tag
        for unwanted, reason in self._unwanted:
            if tag == unwanted:
                self._ask(reason)
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
        return self._ask(reason)

    def ask_tagged(self, tag: str, reason: str, since: float) -> str | None:
        """Have the command of this tag stop, even before it has begun. One without a tag, as behind a macro that passes
        none on, is stopped if it began at this time or later; another client's is left alone."""
        if self._command is not None and self._tag == tag:
            return self._ask(reason)
        if (tag, reason) not in self._unwanted:
            self._unwanted.append((tag, reason))
        return self.ask(reason, since) if self._tag == "" else None

    def _ask(self, reason: str) -> str | None:
        if self.asked is None:
            self.asked = f"{self._command} was cancelled: {reason}. {self._consequence}".rstrip()
        return self._command
