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

_KEPT_TAGS = 8
"""How many tags of commands that were cancelled before they started are kept."""


class StopRequest:
    """A request to stop the running command, if any."""

    def __init__(self) -> None:
        self._command: str | None = None
        self._tag = ""
        self._began = 0.0
        self._consequence = ""
        self._cancelled_early: deque[tuple[str, str]] = deque(maxlen=_KEPT_TAGS)
        self.message: str | None = None
        """The message with which the command must end; None if no stop was requested."""

    @contextmanager
    def stoppable(self, command: str, now: float, consequence: str = "", tag: str = "") -> Iterator[None]:
        """Let a command be stopped until the block ends or `too_late` is called.

        `now` is when it starts, `consequence` a sentence about what a stop leaves undone, `tag` the client's tag.
        """
        self._command, self._began, self._consequence, self.message = command, now, consequence, None
        self._tag = tag
        for cancelled, reason in self._cancelled_early:
            if tag == cancelled:
                self._ask(reason)
        try:
            yield
        finally:
            self.too_late()

    def too_late(self) -> None:
        """From here on the command runs to its end."""
        self._command = self.message = None

    def ask(self, reason: str, since: float) -> str | None:
        """Stop the command if it started at this time or later; returns its name, None if nothing is stopped."""
        if self._command is None or self._began < since:
            return None
        return self._ask(reason)

    def ask_tagged(self, tag: str, reason: str, since: float) -> str | None:
        """Stop the command of this tag, even before it has started; returns its name as `ask` does.

        A command without a tag, as behind a macro that passes none on, is stopped if it started at this time or later.
        Another client's command is left alone.
        """
        if self._command is not None and self._tag == tag:
            return self._ask(reason)
        if (tag, reason) not in self._cancelled_early:
            self._cancelled_early.append((tag, reason))
        return self.ask(reason, since) if self._tag == "" else None

    def _ask(self, reason: str) -> str | None:
        if self.message is None:
            self.message = f"{self._command} was cancelled: {reason}. {self._consequence}".rstrip()
        return self._command
