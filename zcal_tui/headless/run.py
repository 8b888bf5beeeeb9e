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
    """Wait for the link and for klippy. Returns what is in the way for good, None when all is well."""
    said = ""
    deadline = time.monotonic() + STARTUP_PATIENCE
    while True:
        if signals.count:
            raise Interrupted
        snapshot = session.snapshot
        if snapshot.link.text and snapshot.link.text != said:
            said = snapshot.link.text
            output.message(said)
        problem = _in_the_way(snapshot)
        if problem is not None:
            return problem
        if snapshot.link.state is LinkState.UP and snapshot.printer.ready:
            return None
        if snapshot.link.state is LinkState.STARTING:
            deadline = time.monotonic() + STARTUP_PATIENCE
        if time.monotonic() > deadline:
            return Problem(
                "Klipper does not become ready.",
                snapshot.printer.message or "It has been starting for a minute.",
                "Look at klippy.log, then try again.",
            )
        time.sleep(POLL)


def _in_the_way(snapshot: Snapshot) -> Problem | None:
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
        output.message("Cancelled before the check had begun.")
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
                output.message("Breaking off; what the printer has been told to do, it still does.")
                session.close(patience=0.0)
                return _drain(events, output)
            output.message(
                "Cancelling: the printer first ends what it has begun, a move or a few touches, and lifts."
            )
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


def _report_link(snapshot: Snapshot, output: Output, told: bool) -> bool:
    """Tell whoever is asked that the link is down, which waits with the question, and when it is back; a run that
    measures ends by it and tells of it itself. Returns whether it was told to be down."""
    problem = snapshot.link.problem
    if snapshot.question is not None and snapshot.link.state is LinkState.LOST and problem is not None:
        if not told:
            for line in problem_lines(problem):
                output.message(line)
        return True
    if told and snapshot.link.state is LinkState.UP:
        output.message("The connection to the printer is back.")
    return told and snapshot.link.state is LinkState.LOST


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
    """Print what a session that was closed has left to say."""
    while True:
        try:
            output.event(events.get_nowait())
        except queue.Empty:
            return ExitCode.CANCELLED
