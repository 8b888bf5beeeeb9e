"""A session as a face sees it, whose check only pretends to run."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from zcal_tui.model.events import Event, RunEnded
from zcal_tui.model.questions import Answer, Question
from zcal_tui.model.record import Level, Outcome, Record, Verdict
from zcal_tui.printer.state import PrinterState
from zcal_tui.results.store import Store
from zcal_tui.session.port import RunOptions
from zcal_tui.session.snapshot import Asking, LinkState, PrinterLink, Snapshot

READY = PrinterState(connected=True, klippy="ready")
UP = Snapshot(link=PrinterLink(state=LinkState.UP), printer=READY)


def record(check: str = "accuracy", outcome: Outcome = Outcome.FINISHED) -> Record:
    return Record(
        id="r", check=check, printer={}, started="", outcome=outcome, verdict=Verdict(Level.PASS, "Good.")
    )


class FakeSession:
    """Implements `SessionPort` as far as a headless run uses it. Its run ends when `end` is called."""

    def __init__(self, *snapshots: Snapshot) -> None:
        self._snapshots = list(snapshots) or [UP]
        self._listeners: list[Callable[[Event], None]] = []
        self.started: list[tuple[str, Any, RunOptions | None]] = []
        self.answers: list[tuple[int, Answer]] = []
        self.cancels = 0
        self.closed: list[float | None] = []
        self.left: tuple[str, ...] | None = None
        self.stops = 0
        self.on_leave: Callable[[], None] = self.has_left
        self.on_start: Callable[[], None] = self.end
        self.on_cancel: Callable[[], None] = lambda: self.end(record(outcome=Outcome.CANCELLED))
        self.on_answer: Callable[[], None] = self.end

    @property
    def store(self) -> Store:
        return Store(Path("/proc/nowhere"))

    @property
    def snapshot(self) -> Snapshot:
        if len(self._snapshots) > 1:
            return self._snapshots.pop(0)
        return self._snapshots[0]

    def show(self, snapshot: Snapshot) -> None:
        self._snapshots = [snapshot]

    def ask(self, n: int, question: Question) -> None:
        self.show(replace(UP, question=Asking(n, question)))

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def emit(self, event: Event) -> None:
        for listener in self._listeners:
            listener(event)

    def end(self, ended: Record | None = None) -> None:
        self.emit(RunEnded(ended or record()))

    def start_check(self, name: str, parameters: Any, options: RunOptions | None = None) -> None:
        self.started.append((name, parameters, options))
        self.on_start()

    def answer(self, number: int, answer: Answer) -> None:
        self.answers.append((number, answer))
        self.on_answer()

    def cancel(self) -> None:
        self.cancels += 1
        self.on_cancel()

    def begin_close(self, patience: float | None = None) -> None:
        self.close(patience)

    def close(self, patience: float | None = None) -> None:
        self.closed.append(patience)

    def emergency_stop(self) -> None:
        self.stops += 1

    def begin_leave(self) -> None:
        self.on_leave()

    def has_left(self, *left: str) -> None:
        """End leaving, with what may be left on."""
        self.left = left
        self.closed.append(None)
