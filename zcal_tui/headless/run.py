"""Runs one check without a screen: waits for the printer, starts, prints, and answers signals."""

import contextlib
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import Any

from zcal_tui.headless.answers import Answerer, NobodyAnswers
from zcal_tui.headless.exit_codes import ExitCode, of_record
from zcal_tui.headless.output import Output
from zcal_tui.headless.text import by_hand_line, problem_lines
from zcal_tui.model.events import Event, RunEnded
from zcal_tui.model.record import USAGE, Problem
from zcal_tui.session.port import RunOptions, SessionBusy, SessionPort
from zcal_tui.session.snapshot import LinkState, Snapshot

POLL = 0.05
STARTUP_PATIENCE = 60.0
"""Seconds that klippy may take to become ready, as after a restart with a slow micro-controller."""


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


def _obstacle(snapshot: Snapshot) -> Problem | None:
    if snapshot.link.problem is not None:
        return snapshot.link.problem
    if snapshot.link.state is LinkState.UP and snapshot.printer.klippy in ("error", "shutdown"):
        return snapshot.klippy_problem
    return None


class HeadlessRun:
    """One check on one printer, in steps that never wait, so that one thread can follow many of them.

    The session is started already; whoever makes the steps closes it, and calls `stop_listening`, once there is a
    code. `answerer` makes who answers questions, once the printer is reached; nobody does without it. `news` is set
    whenever a step has something to do; without news, a step is due every POLL seconds.
    """

    def __init__(
        self,
        session: SessionPort,
        check: str,
        parameters: Any,
        output: Output,
        news: threading.Event,
        options: RunOptions | None = None,
        answerer: Callable[[Snapshot], Answerer] | None = None,
    ) -> None:
        self._session = session
        self._check = check
        self._parameters = parameters
        self._output = output
        self._options = options
        self._answerer = answerer
        self._events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self._news = news
        self.stop_listening = session.listen(self._hear)
        self._answers: Answerer | None = None
        self._shown = ""
        self._deadline = time.monotonic() + STARTUP_PATIENCE
        self._signals = 0
        self._asked = 0
        self._link_reported = False
        self._leaving = False
        self.ready = False
        """Whether the printer is ready for the check, as of the last step before the check began."""
        self.begun = False
        """Whether the check was started."""

    def step(self, signals: int, *, may_begin: bool = True) -> ExitCode | None:
        """Do what is due; returns the exit code once the run has ended.

        `signals` is how many signals to cancel have arrived. With `may_begin` False, a printer that is ready waits.
        """
        if self.begun:
            return self._follow(signals)
        if signals:
            self._output.message("Cancelled before the check started.")
            return ExitCode.CANCELLED
        snapshot = self._session.snapshot
        problem = self._wait_until_ready(snapshot)
        if problem is not None:
            for line in problem_lines(problem):
                self._output.message(line)
            return ExitCode.USAGE if problem.key == USAGE else ExitCode.NOT_READY
        if not (self.ready and may_begin):
            return None
        if self._answerer is not None:
            self._answers = self._answerer(snapshot)
        try:
            self._session.start_check(self._check, self._parameters, self._options)
        except SessionBusy as busy:  # the printer went in the moment after it had become ready
            self._output.message(str(busy))
            return ExitCode.NOT_READY
        self.begun = True
        return self._follow(signals)

    def _hear(self, event: Event) -> None:
        self._events.put(event)
        self._news.set()

    def _wait_until_ready(self, snapshot: Snapshot) -> Problem | None:
        """Note whether the link and klippy are ready. Returns what prevents it for good."""
        if snapshot.link.text and snapshot.link.text != self._shown:
            self._shown = snapshot.link.text
            self._output.message(self._shown)
        self.ready = False
        problem = _obstacle(snapshot)
        if problem is not None:
            return problem
        self.ready = snapshot.link.state is LinkState.UP and snapshot.printer.ready
        if self.ready or snapshot.link.state is LinkState.STARTING:
            self._deadline = time.monotonic() + STARTUP_PATIENCE
        if time.monotonic() > self._deadline:
            return Problem(
                "Klipper did not become ready within a minute.",
                snapshot.printer.message or "It is still starting.",
                "Check klippy.log, then try again.",
            )
        return None

    def _follow(self, signals: int) -> ExitCode | None:
        if self._leaving:
            return self._leave()
        self._link_reported = _report_link(self._session.snapshot, self._output, self._link_reported)
        if signals > self._signals:
            self._signals = signals
            if signals > 1:
                self._output.message("Leaving now. The printer still completes the commands it has received.")
                self._leaving = True
                self._session.begin_close(patience=0.0)
                return self._leave()
            self._output.message("Cancelling: the printer finishes the current move or samples, then lifts.")
            self._session.cancel()
        while (event := self._next_event()) is not None:
            self._output.event(event)
            if isinstance(event, RunEnded) and (line := by_hand_line(event.record)) is not None:
                self._output.message(line)
            if isinstance(event, RunEnded) and event.record.check == self._check:
                return of_record(event.record)
        if self._answers is not None:
            try:
                self._asked = _answer(self._session, self._answers, self._asked)
            except NobodyAnswers as gone:
                self._output.message(f"{gone} The check is cancelled.")
                self._answers = None
                self._session.cancel()
        return None

    def _leave(self) -> ExitCode | None:
        """Print the events that a closing session still has, until it is closed."""
        closed = self._session.closed
        while (event := self._next_event()) is not None:
            self._output.event(event)
        return ExitCode.CANCELLED if closed else None

    def _next_event(self) -> Event | None:
        try:
            return self._events.get_nowait()
        except queue.Empty:
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
    news = threading.Event()
    run = HeadlessRun(session, check, parameters, output, news, options, answerer)
    try:
        while (code := run.step(signals.count)) is None:
            news.wait(POLL)
            news.clear()
        return code
    finally:
        session.close()  # while the signals are still taken: the printer is lifted off the bed here
        run.stop_listening()


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
