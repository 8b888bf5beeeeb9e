"""Runs one check without a screen: waits for the printer, starts, prints, and answers signals."""

import contextlib
import queue
import signal
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from zcal_tui.headless.answers import Answerer, NobodyAnswers
from zcal_tui.headless.exit_codes import ExitCode, of_record
from zcal_tui.headless.output import Output
from zcal_tui.headless.text import problem_lines
from zcal_tui.model.events import Event, RunEnded
from zcal_tui.model.record import USAGE, Problem
from zcal_tui.session.port import RunOptions, SessionBusy, SessionPort
from zcal_tui.session.snapshot import LinkState, Snapshot

POLL = 0.05
STARTUP_PATIENCE = 60.0
"""Seconds that klippy may take to become ready, as after a restart with a slow micro-controller."""


class Interrupted(Exception):
    """A signal asked to leave before the check had begun."""


class Signals:
    """SIGINT and SIGTERM cancel the check; a second one leaves without waiting for it. SIGHUP does not end the
    run: the terminal is gone, the result is still wanted."""

    def __init__(self) -> None:
        self.count = 0

    @contextlib.contextmanager
    def taken(self) -> Iterator["Signals"]:
        """Take the signals for the time of a `with` block."""
        before = {number: signal.signal(number, self._count) for number in (signal.SIGINT, signal.SIGTERM)}
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _count(self, number: int, frame: FrameType | None) -> None:
        self.count += 1


def wait_until_ready(session: SessionPort, output: Output, signals: Signals) -> Problem | None:
    """Wait for the link and for klippy. Returns what prevents it for good, None once both are ready."""
    shown = ""
    deadline = time.monotonic() + STARTUP_PATIENCE
    while True:
        if signals.count:
            raise Interrupted
        snapshot = session.snapshot
        if snapshot.link.text and snapshot.link.text != shown:
            shown = snapshot.link.text
            output.message(shown)
        problem = _obstacle(snapshot)
        if problem is not None:
            return problem
        if snapshot.link.state is LinkState.UP and snapshot.printer.ready:
            return None
        if snapshot.link.state is LinkState.STARTING:
            deadline = time.monotonic() + STARTUP_PATIENCE
        if time.monotonic() > deadline:
            return Problem(
                "Klipper did not become ready within a minute.",
                snapshot.printer.message or "It is still starting.",
                "Check klippy.log, then try again.",
            )
        time.sleep(POLL)


def _obstacle(snapshot: Snapshot) -> Problem | None:
    if snapshot.link.problem is not None:
        return snapshot.link.problem
    if snapshot.link.state is LinkState.UP and snapshot.printer.klippy in ("error", "shutdown"):
        return snapshot.klippy_problem
    return None


def run_headless(
    session: SessionPort,
    check: str,
    parameters: Any,
    output: Output,
    options: RunOptions | None = None,
    answerer: Callable[[Snapshot], Answerer] | None = None,
) -> ExitCode:
    """Run a check to its end and print it, then close the session, which is started already.

    `answerer` makes who answers questions, once the printer is reached; nobody does without it.
    """
    with Signals().taken() as signals:
        return run_one(session, check, parameters, output, signals, options, answerer)


def run_one(
    session: SessionPort,
    check: str,
    parameters: Any,
    output: Output,
    signals: Signals,
    options: RunOptions | None = None,
    answerer: Callable[[Snapshot], Answerer] | None = None,
) -> ExitCode:
    """The same where somebody else takes the signals, on any thread."""
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    stop_listening = session.listen(events.put)
    try:
        problem = wait_until_ready(session, output, signals)
        if problem is not None:
            for line in problem_lines(problem):
                output.message(line)
            return ExitCode.USAGE if problem.key == USAGE else ExitCode.NOT_READY
        answers = answerer(session.snapshot) if answerer is not None else None
        session.start_check(check, parameters, options)
        return _follow(session, check, events, output, signals, answers)
    except SessionBusy as busy:  # the printer went in the moment after it had become ready
        output.message(str(busy))
        return ExitCode.NOT_READY
    except Interrupted:
        output.message("Cancelled before the check started.")
        return ExitCode.CANCELLED
    finally:
        session.close()  # while the signals are still taken: the printer is lifted off the bed here
        stop_listening()


def _follow(
    session: SessionPort,
    check: str,
    events: queue.SimpleQueue[Event],
    output: Output,
    signals: Signals,
    answers: Answerer | None,
) -> ExitCode:
    seen = 0
    asked = 0
    waits = False
    while True:
        waits = _report_link(session.snapshot, output, waits)
        if signals.count > seen:
            seen = signals.count
            if seen > 1:
                output.message("Leaving now. The printer still completes the commands it has received.")
                session.close(patience=0.0)
                return _drain(events, output)
            output.message("Cancelling: the printer finishes the current move or samples, then lifts.")
            session.cancel()
        with contextlib.suppress(queue.Empty):
            event = events.get(timeout=POLL)
            output.event(event)
            if isinstance(event, RunEnded) and event.record.check == check:
                return of_record(event.record)
        if answers is not None:
            try:
                asked = _answer(session, answers, asked)
            except NobodyAnswers as gone:
                output.message(f"{gone} The check is cancelled.")
                answers = None
                session.cancel()


def _report_link(snapshot: Snapshot, output: Output, reported: bool) -> bool:
    """Report to whoever is asked that the connection is down, and when it is back: the question waits meanwhile. A run
    that measures ends with it and reports it itself. Returns whether it was reported to be down."""
    problem = snapshot.link.problem
    if snapshot.question is not None and snapshot.link.state is LinkState.LOST and problem is not None:
        if not reported:
            for line in problem_lines(problem):
                output.message(line)
        return True
    if reported and snapshot.link.state is LinkState.UP:
        output.message("Reconnected to the printer.")
    return reported and snapshot.link.state is LinkState.LOST


def _answer(session: SessionPort, answers: Answerer, asked: int) -> int:
    """Put a new question to whoever answers, pass on an answer; returns the number of the last question put."""
    asking = session.snapshot.question
    if asking is not None and asking.n != asked:
        asked = asking.n
        answers.ask(asking.question)
    if asking is not None and (answer := answers.poll()) is not None:
        session.answer(asking.n, answer)
    return asked


def _drain(events: queue.SimpleQueue[Event], output: Output) -> ExitCode:
    """Print the events that a closed session still has."""
    while True:
        try:
            output.event(events.get_nowait())
        except queue.Empty:
            return ExitCode.CANCELLED
