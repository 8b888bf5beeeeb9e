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
from zcal_tui.model.record import UNDO, USAGE, Problem
from zcal_tui.session.port import RunOptions, SessionBusy, SessionPort
from zcal_tui.session.snapshot import LinkState, Snapshot

POLL = 0.05
CLOSE_POLL = 0.005
CLOSE_LIMIT = 60.0
"""Seconds that closing takes at most; its parts have limits of their own, unless the disk hangs."""
STARTUP_PATIENCE = 60.0
"""Seconds that klippy may take to become ready, as after a restart with a slow micro-controller."""


LEAVE_LIMIT = 2.0
"""Seconds that leaving takes at most after a second signal."""
OUTPUT_LIMIT = 2.0
"""Seconds that a cancelled run waits at its end for a reader that does not read."""


class Signals:
    """SIGINT and SIGTERM cancel the check; a second one leaves without waiting for it. SIGQUIT (Ctrl+\\) is the
    emergency stop. SIGHUP does not end the run: the terminal is gone, the result is still wanted."""

    def __init__(self) -> None:
        self.count = 0
        self._stops: list[Callable[[], None]] = []

    def on_stop(self, stop: Callable[[], None]) -> None:
        """Call `stop` on SIGQUIT, in the signal's handler: it must return at once."""
        self._stops.append(stop)

    @contextlib.contextmanager
    def taken(self) -> Iterator["Signals"]:
        """Take the signals for the time of a `with` block."""
        before = {number: signal.signal(number, self._count) for number in (signal.SIGINT, signal.SIGTERM)}
        before[signal.SIGHUP] = signal.signal(signal.SIGHUP, signal.SIG_IGN)
        before[signal.SIGQUIT] = signal.signal(signal.SIGQUIT, self._stop)
        try:
            yield self
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _count(self, number: int, frame: FrameType | None) -> None:
        self.count += 1

    def _stop(self, number: int, frame: FrameType | None) -> None:
        for stop in self._stops:
            stop()


def _obstacle(snapshot: Snapshot, check: str) -> Problem | None:
    if snapshot.link.problem is not None:
        return snapshot.link.problem
    if check == UNDO and snapshot.printer.klippy == "error":
        return None  # what it is for
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
        self._leave_by: float | None = None
        self._stopped = self._stop_reported = False
        self.ready = False
        """Whether the printer is ready for the check, as of the last step before the check began."""
        self.begun = False
        """Whether the check was started."""

    def emergency_stop(self) -> None:
        """Stop the printer at once. Returns at once, so that a signal's handler may call it."""
        self._stopped = True
        self._session.emergency_stop()
        self._news.set()

    def step(self, signals: int, *, may_begin: bool = True) -> ExitCode | None:
        """Do what is due; returns the exit code once the run has ended.

        `signals` is how many signals to cancel have arrived. With `may_begin` False, a printer that is ready waits.
        """
        self._report_stop()
        if self.begun:
            return self._follow(signals)
        if signals or self._stopped:
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
            try:
                self._answers = self._answerer(snapshot)
            except NobodyAnswers as nobody:
                self._output.message(str(nobody))
                return ExitCode.NEEDS_PERSON
        try:
            self._session.start_check(self._check, self._parameters, self._options)
        except SessionBusy as busy:  # the printer went in the moment after it had become ready
            self._output.message(str(busy))
            return ExitCode.NOT_READY
        self.begun = True
        return self._follow(signals)

    def _report_stop(self) -> None:
        if self._stopped and not self._stop_reported:
            self._stop_reported = True
            self._output.message(_stop_text(self._session.snapshot))

    def _hear(self, event: Event) -> None:
        self._events.put(event)
        self._news.set()

    def _wait_until_ready(self, snapshot: Snapshot) -> Problem | None:
        """Note whether the link and klippy are ready. Returns what prevents it for good."""
        if snapshot.link.text and snapshot.link.text != self._shown:
            self._shown = snapshot.link.text
            self._output.message(self._shown)
        self.ready = False
        problem = _obstacle(snapshot, self._check)
        if problem is not None:
            return problem
        state = snapshot.printer
        undone = self._check == UNDO and state.klippy == "error"
        self.ready = snapshot.link.state is LinkState.UP and (state.ready or undone)
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
        if self._leave_by is not None:
            return self._leave(self._leave_by)
        self._link_reported = _report_link(self._session.snapshot, self._output, self._link_reported)
        if signals > self._signals:
            self._signals = signals
            if signals > 1:
                self._leave_by = time.monotonic() + LEAVE_LIMIT
                self._session.begin_leave()
                return self._leave(self._leave_by)
            self._output.message("Cancelling: the printer finishes the current move or samples, then lifts.")
            self._session.cancel()
        while (event := self._next_event()) is not None:
            self._output.event(event)
            if isinstance(event, RunEnded):
                part = event.record.check != self._check
                if (line := by_hand_line(event.record, part=part)) is not None:
                    self._output.message(line)
                if not part:
                    self._report_stop()
                    return of_record(event.record)
        if self._answers is not None:
            try:
                self._asked = _answer(self._session, self._answers, self._asked)
            except NobodyAnswers as gone:
                self._output.message(f"{gone} The check is cancelled.")
                self._answers = None
                self._session.cancel()
        return None

    def _leave(self, deadline: float) -> ExitCode | None:
        """Print what may be left on and the events that a session still has, once it has sent what it can."""
        left = self._session.left
        late = time.monotonic() > deadline
        if not late and (left is None or not self._session.closed):
            return None
        while (event := self._next_event()) is not None:
            self._output.event(event)
        self._output.message("Leaving now. The printer still completes the commands it has received.")
        if left is None:
            self._output.message(
                "The printer did not answer: what was to be turned off or undone is unknown."
            )
            left = self._session.snapshot.printer.heaters_on
        if left:
            self._output.message(f"May be left on or changed: {', '.join(left)}.")
        return ExitCode.CANCELLED

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
        code = run_one(session, check, parameters, output, signals, options, answerer)
        wait_for_readers(output, signals)
        return code


def wait_for_readers(output: Output, signals: Signals) -> None:
    """Wait until everything is printed; only for a moment where the run was cancelled, and no longer than to the next
    signal where it was not: the printer is safe, and a reader may never read."""
    cancelled = time.monotonic() + OUTPUT_LIMIT if signals.count else None
    if signals.count > 1:
        cancelled = time.monotonic() + POLL
    before = signals.count
    while not output.written(POLL):
        if signals.count > before or (cancelled is not None and time.monotonic() > cancelled):
            return


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
    signals.on_stop(run.emergency_stop)
    try:
        while (code := run.step(signals.count)) is None:
            news.wait(POLL)
            news.clear()
        return code
    finally:
        _close(session, signals)  # while the signals are still taken: the printer is lifted off the bed here
        run.stop_listening()


def _close(session: SessionPort, signals: Signals) -> None:
    """Close the session; a second signal leaves without waiting for it."""
    if session.left is not None or signals.count > 1:
        return
    session.begin_close()
    began = signals.count
    until = time.monotonic() + CLOSE_LIMIT
    while not session.closed and time.monotonic() < until:
        if signals.count > max(1, began):
            session.begin_leave()
            return
        time.sleep(CLOSE_POLL)


def _stop_text(snapshot: Snapshot) -> str:
    if snapshot.link.state is LinkState.UP:
        return "EMERGENCY STOP sent. Klipper is shut down: check the printer, then run FIRMWARE_RESTART."
    return "The emergency stop was NOT sent: there is no connection. Switch the printer off."


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
