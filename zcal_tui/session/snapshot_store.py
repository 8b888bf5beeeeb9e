"""The session's newest snapshot, the last console lines, and the listeners of events."""

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from zcal_tui.model.events import Event, RunEnded, RunStarted
from zcal_tui.model.record import Outcome
from zcal_tui.model.view import RunView, begin, fold
from zcal_tui.results.variant import has_result, last_result
from zcal_tui.session.snapshot import ConsoleLine, Snapshot
from zcal_tui.session.staleness import STALENESS_INPUTS, StalenessCache

logger = logging.getLogger(__name__)

CONSOLE_LINES = 500

Listener = Callable[[Event], None]


class SnapshotStore:
    """Written on the session's thread only, read from any."""

    def __init__(self) -> None:
        self._snapshot = Snapshot()
        self._console: deque[ConsoleLine] = deque(maxlen=CONSOLE_LINES)
        self._console_count = 0
        self._listeners: dict[object, Listener] = {}
        self._lock = threading.Lock()
        self._staleness = StalenessCache()

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot; a plain attribute read."""
        return self._snapshot

    def update(self, **changes: Any) -> None:
        """Replace fields of the snapshot, and update the staleness of results that depends on them."""
        snapshot = replace(self._snapshot, **changes)
        self._snapshot = (
            snapshot if STALENESS_INPUTS.isdisjoint(changes) else self._staleness.follow(snapshot)
        )

    def link(self, **changes: Any) -> None:
        """Replace fields of the snapshot's link."""
        self.update(link=replace(self._snapshot.link, **changes))

    def console(self, text: str, *, sent: bool = False) -> None:
        """Append the printer's output, or what was sent to it."""
        for line in text.splitlines() or [""]:
            self._console_count += 1
            self._console.append(ConsoleLine(self._console_count, line, sent))
        self.update(console=tuple(self._console))

    def event(self, event: Event) -> None:
        """Fold a run's event into the snapshot, then call the listeners."""
        if isinstance(event, RunStarted):
            run: RunView | None = begin(event)
        else:
            run = self._snapshot.run and fold(self._snapshot.run, event)
        self.update(run=run)
        if isinstance(event, RunEnded):
            last, check = self._snapshot.last, event.record.check
            now = last_result(event.record, last.get(check))
            attempts = {name: run for name, run in self._snapshot.attempts.items() if name != check}
            if now is not event.record and not has_result(event.record):
                attempts[check] = event.record
            self.update(last={**last, check: now}, attempts=attempts)
            if event.record.outcome is not Outcome.REFUSED:
                self.closed(event.record.context.get("continues"))
        with self._lock:
            listeners = list(self._listeners.values())
        for listener in listeners:
            try:
                listener(event)
            except Exception:  # a listener's failure must not end the run
                logger.exception("a listener failed on %s", type(event).__name__)

    def closed(self, run_id: object) -> None:
        """Remove an interrupted run that was closed or resumed."""
        interrupted = tuple(record for record in self._snapshot.interrupted if record.id != run_id)
        self.update(interrupted=interrupted)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call `listener` with every event; returns a function that removes it."""
        key = object()
        with self._lock:
            self._listeners[key] = listener

        def stop() -> None:
            with self._lock:
                self._listeners.pop(key, None)

        return stop
