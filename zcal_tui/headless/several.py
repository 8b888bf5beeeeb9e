"""One check on several printers, followed by one thread, and the results of all of them at the end."""

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from zcal_tui.headless import run as single
from zcal_tui.headless.exit_codes import ExitCode
from zcal_tui.headless.output import JsonOutput, TextOutput
from zcal_tui.headless.run import LEAVE_LIMIT, HeadlessRun, Signals, wait_for_readers
from zcal_tui.headless.several_summary import PrinterResult, summary, table
from zcal_tui.model.events import Event, RunEnded
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Outcome
from zcal_tui.results.normal import PrinterRuns, own_normals, runs_of
from zcal_tui.results.variant import key
from zcal_tui.session.port import RunOptions, SessionPort

logger = logging.getLogger(__name__)

SEVERITY = (
    ExitCode.PRINTER_ERROR,
    ExitCode.NOT_READY,
    ExitCode.NEEDS_PERSON,
    ExitCode.CANCELLED,
    ExitCode.VERDICT_FAIL,
    ExitCode.UNDECIDED,
    ExitCode.OK,
)
"""The exit code of all is the first of these that one of them had."""

ERRORS_THAT_STOP = 2
"""Printer errors after which no further check is started: a common cause, such as a wrong setting, would repeat."""
SILENCE = 30.0
"""Seconds without an event after which a running check gives its place among those at once to another printer."""
CLOSING_LIMIT = 60.0
"""Seconds a session may take to close before it is left behind."""


@dataclass(frozen=True, slots=True)
class NamedPrinter:
    """A printer of a run on several. Its session is started already."""

    name: str
    address: str
    """Where it is, without credentials."""
    session: SessionPort
    parameters: Any
    """The check's parameters for this printer."""


@dataclass
class _One:
    """One printer's run, from its connection to its closed session."""

    printer: NamedPrinter
    output: JsonOutput | TextOutput
    run: HeadlessRun
    result: PrinterResult
    heard: float
    """When its check was started or last heard of."""
    silence_reported: bool = False
    ended: bool = False
    left: bool = False
    """Whether its session is closed, or was left behind."""
    failure: Exception | None = None

    @property
    def running(self) -> bool:
        """Whether its check was started and has not ended."""
        return self.run.begun and not self.ended

    def take(self, check: str) -> Callable[[Event], None]:
        """A listener that keeps the record."""

        def listen(event: Event) -> None:
            self.heard = time.monotonic()
            self.silence_reported = False
            if isinstance(event, RunEnded) and event.record.check == check:
                self.result.record = event.record

        return listen

    def end(self, code: ExitCode) -> None:
        """Keep how it ended, and begin to close its session."""
        self.result.code = code
        self.ended = True
        self.heard = time.monotonic()
        snapshot = self.printer.session.snapshot
        self.result.problem = snapshot.link.problem or snapshot.klippy_problem
        if self.printer.session.left is None:
            self.printer.session.begin_close()


def run_several(
    printers: Sequence[NamedPrinter],
    check: str,
    *,
    as_json: bool,
    options: RunOptions,
    at_once: int | None = None,
) -> ExitCode:
    """Run a check on each of these printers and print what comes of it: each line marked with its printer, and all of
    them together at the end. One that fails or hangs delays no other.

    At most `at_once` checks run at the same time (None: all of them). After ERRORS_THAT_STOP printer errors, those
    that run go on, and no further one is started.
    """
    news = threading.Event()
    ones = [_one(printer, check, as_json, options, news) for printer in printers]
    try:
        with Signals().taken() as signals:
            for one in ones:
                signals.on_stop(one.run.emergency_stop)
            while not all(one.left for one in ones):
                _step(ones, signals.count, at_once)
                news.wait(single.POLL)
                news.clear()
            if signals.count <= 1:
                _compare_with_earlier(ones)
            _print_together([one.result for one in ones], check, as_json, signals)
    finally:
        for one in ones:
            one.run.stop_listening()
    for one in ones:
        if one.failure is not None:
            raise one.failure
    return min((one.result.code for one in ones), key=SEVERITY.index)


def _print_together(results: Sequence[PrinterResult], check: str, as_json: bool, signals: Signals) -> None:
    together: JsonOutput | TextOutput
    if as_json:
        together = JsonOutput()
        together.data(summary(results, check))
    else:
        together = TextOutput()
        for line in table(results):
            together.line(line)
    wait_for_readers(together, signals)


def _one(
    printer: NamedPrinter, check: str, as_json: bool, options: RunOptions, news: threading.Event
) -> _One:
    make = JsonOutput if as_json else TextOutput
    output = make(at=printer.address, name=printer.name)
    run = HeadlessRun(printer.session, check, printer.parameters, output, news, options)
    result = PrinterResult(printer.name, printer.address, ExitCode.PRINTER_ERROR)
    one = _One(printer, output, run, result, time.monotonic())
    printer.session.listen(one.take(check))
    return one


def _compare_with_earlier(ones: Sequence[_One]) -> None:
    """Find which printers left the range of their own earlier runs."""
    stored: dict[str, PrinterRuns] = {}
    for one in ones:
        record = one.result.record
        if record is not None and record.outcome is Outcome.FINISHED:
            runs = runs_of(one.printer.session.store, str(record.printer.get("name")), key(record))
            if runs.newest is not None and runs.newest.id == record.id:  # else it could not be stored
                stored[one.printer.name] = runs
    normals = own_normals(stored)
    for one in ones:
        one.result.normal = normals.get(one.printer.name)


def _step(ones: Sequence[_One], signals: int, at_once: int | None) -> None:
    """Do what is due at each printer."""
    now = time.monotonic()
    codes = Counter(one.result.code for one in ones if one.ended and one.run.begun)
    stopped = codes[ExitCode.PRINTER_ERROR] >= ERRORS_THAT_STOP
    silent = [one for one in ones if one.running and now - one.heard >= SILENCE]
    for one in silent:
        if not one.silence_reported:
            one.silence_reported = True
            one.output.message(
                f"No news from the check for {SILENCE:.0f} s. The other printers do not wait for it."
            )
    places = sum(one.running for one in ones) - len(silent)
    for one in ones:
        if one.left:
            continue
        if one.ended:
            session = one.printer.session
            if signals > 1 and session.left is None:
                session.begin_leave()
            one.left = (
                session.closed
                or now - one.heard > CLOSING_LIMIT
                or (signals > 1 and now - one.heard > LEAVE_LIMIT)
            )
            continue
        if stopped and not one.run.begun:
            one.output.message(
                f"Not started: {ERRORS_THAT_STOP} printers ended with an error. Find the cause, then repeat."
            )
            one.end(ExitCode.CANCELLED)
            continue
        waiting = not one.run.begun
        try:
            code = one.run.step(signals, may_begin=at_once is None or places < at_once)
        except Exception as error:  # one printer's boundary: raised again when the others have ended
            logger.exception("the run on %s failed", one.printer.name)
            one.failure = error
            code = ExitCode.PRINTER_ERROR
        if waiting and one.run.begun:
            one.heard = now
            places += 1
        if code is not None:
            one.end(code)
            if code is ExitCode.PRINTER_ERROR and one.run.begun:
                codes[code] += 1
                stopped = codes[code] >= ERRORS_THAT_STOP
