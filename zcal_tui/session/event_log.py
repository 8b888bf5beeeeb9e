"""A run's events on their way to those who see them: first to the disk, then shown."""

import asyncio
import itertools
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from zcal_tui.model.events import EstimateUpdated, Event, Notice, SampleTaken, Stage
from zcal_tui.results.journal import Journal

FREQUENT = (EstimateUpdated, SampleTaken, Stage)
"""Events that wait for the disk on another thread. A slow disk must hold up neither the printer's lease nor the other
printers on the loop; what decides about a next step, such as a staged value, is on disk before that step."""

_SYNCING = ThreadPoolExecutor(max_workers=4, thread_name_prefix="zcal disk")
"""Shared by all runs, and apart from the threads that compute: a disk that hangs holds up no analysis."""


class EventLog:
    """Writes a run's events to its file and shows each once it is on disk, in their order. On the session's loop.

    What a full disk refuses is shown all the same, and written with a later event.
    """

    def __init__(self, show: Callable[[Event], None]) -> None:
        self._show = show
        self._journal: Journal | None = None
        self._waiting: deque[tuple[int, Event]] = deque()
        self._numbers = itertools.count(1)
        self._syncing: asyncio.Task[None] | None = None
        self.not_stored = ""
        """Why events of this run are not on disk; empty while they are."""

    def open(self, journal: Journal) -> None:
        """Store everything from now on in this file."""
        self._journal = journal

    @property
    def missing(self) -> tuple[int, int] | None:
        """How many events, and how many samples among them, are not on disk; None where there is no file."""
        return None if self._journal is None else self._journal.missing

    def emit(self, event: Event) -> None:
        """Store an event, and show it as soon as it is on disk: what a person has seen is never lost."""
        self._waiting.append((next(self._numbers), event))
        if self._journal is not None:
            self._journal.append(event)
        if self._journal is None or not isinstance(event, FREQUENT):
            self.flush()
        elif self._syncing is None or self._syncing.done():
            self._syncing = asyncio.get_running_loop().create_task(self._sync(self._journal))

    def keep(self, event: Event) -> None:
        """Store an event that is shown by somebody else; returns once it is on disk."""
        if self._journal is not None:
            self._journal.append(event)
        self.flush()

    def flush(self) -> None:
        """Wait for the disk here, and show what has waited for it."""
        if self._journal is not None:
            try:
                self._journal.sync()
            except OSError as error:
                self._refused(error)
            else:
                self._stored()
        self._show_until(None)

    def close(self) -> None:
        """Store and show what is left, and close the file."""
        if self._waiting:
            self.flush()
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()

    async def _sync(self, journal: Journal) -> None:
        while self._waiting:
            last = self._waiting[-1][0]
            try:
                await asyncio.get_running_loop().run_in_executor(_SYNCING, journal.sync)
            except OSError as error:
                self._refused(error)
            else:
                self._stored()
            self._show_until(last)

    def _show_until(self, last: int | None) -> None:
        while self._waiting and (last is None or self._waiting[0][0] <= last):
            self._show(self._waiting.popleft()[1])

    def _refused(self, error: OSError) -> None:
        if not self.not_stored:
            self._show(
                Notice(
                    f"The rest of this run is not stored: {error.strerror or error}. Free some space: what is missing "
                    "is written with the next sample."
                )
            )
        self.not_stored = str(error.strerror or error)

    def _stored(self) -> None:
        if self.not_stored and self._journal is not None and not self._journal.missing[0]:
            self._show(Notice("Everything of this run is stored again."))
            self.not_stored = ""
