"""A check that measures nothing and proposes what it is told to, run through a real session.

As a program (`python finding.py SOCKET DATA CHANGE…`) it saves without asking, for tests that kill it. With `all` or
`all-asking` before the changes it is a full calibration, and each begins with its check's name.
"""

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar

from zcal_tui.checks.base import Context
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.full_calibration import FullCalibrationParameters
from zcal_tui.model.check_info.info import CheckInfo, Needs, always_fits
from zcal_tui.model.events import AdviceGiven, Event, Notice, RunEnded, VerdictReached
from zcal_tui.model.policy import SavePolicy
from zcal_tui.model.questions import PLAN_CONSENT, RESULT_CARD, Answer
from zcal_tui.model.record import UNDO, WHOLE, Change, Level, Record, Verdict
from zcal_tui.results.store import Store
from zcal_tui.session.advance_consent import START
from zcal_tui.session.port import RunOptions
from zcal_tui.session.result_card import CONTINUE
from zcal_tui.session.session import Session
from zcal_tui.session.snapshot import LinkState
from zcal_tui.session.target import PrinterTarget
from zcal_tui.session.undo import UndoParameters
from zcal_tui.transport.address import parse_address

LONGEST = 120.0
ON_THE_WAY = {PLAN_CONSENT: START, RESULT_CARD: CONTINUE}
"""Questions of a full calibration that are answered here and not kept."""


@dataclass(frozen=True)
class Nothing:
    """It has no parameters."""


class Finding:
    """Proposes its changes."""

    info: ClassVar[CheckInfo] = CheckInfo(
        name="finding",
        title="Finding",
        order=0,
        learn="",
        explain="",
        needs=lambda capabilities: Needs(homed=False),
        unfit=always_fits,
        stops_rest=None,
        estimates=(),
        main=(),
        plots=(),
        depends_on={},
        stale_after={},
    )
    parameters: ClassVar[type] = Nothing

    def __init__(
        self,
        changes: tuple[Change, ...],
        before: Callable[[], None] = lambda: None,
    ) -> None:
        self._changes = changes
        self._before = before

    async def run(self, context: Context, parameters: Nothing) -> None:
        self._before()
        changes = self._changes
        if self.info.name != "finding":  # as part of a full calibration
            changes = tuple(_with_old(change, context.printer.state.settings) for change in changes)
        context.emit(AdviceGiven("Save it.", changes))
        context.emit(VerdictReached(Verdict(Level.PASS, "Found.")))


@dataclass
class Saved:
    """What came of it."""

    record: Record
    notices: list[str] = field(default_factory=list)
    questions: list[Any] = field(default_factory=list)
    parts: list[Record] = field(default_factory=list)
    """The runs of a full calibration, its saves too."""

    @property
    def states(self) -> list[str]:
        """What became of each change."""
        return [change.state for change in self.record.changes]

    @property
    def told(self) -> str:
        """Everything that was said at the end."""
        problem = self.record.problem
        words = [] if problem is None else [problem.what, problem.cause, problem.remedy]
        return "\n".join([*self.notices, *words])


Answers = Callable[[Session, Any], Answer | None]
"""Gives the answer to a question, or None where it was dealt with otherwise."""


@contextmanager
def session(address: str, data: Path, api_key: str | None = None) -> Iterator[Session]:
    """A session that has reached the printer."""
    opened = Session(PrinterTarget((parse_address(address),), api_key=api_key), Store(data))
    opened.start()
    try:
        wait_until(lambda: opened.snapshot.link.state is LinkState.UP and opened.snapshot.printer.ready)
        yield opened
    finally:
        opened.close()


def find(
    opened: Session,
    *changes: Change,
    answers: Answers = lambda _, question: True,
    save: SavePolicy = "ask",
    present: bool = True,
    before: Callable[[], None] = lambda: None,
) -> Saved:
    """Run the check to its end, with somebody who answers."""
    CHECKS["finding"] = Finding(changes, before)
    try:
        return run(opened, "finding", Nothing(), answers, save, present=present)
    finally:
        del CHECKS["finding"]


Found = Mapping[str, tuple[Change, ...]]
"""By check, what it finds."""


@contextmanager
def finding(found: Found, before: Mapping[str, Callable[[], None]] = {}) -> Iterator[None]:
    """With checks that measure nothing and find this, and no other checks; `before` is what happens while one runs."""
    checks = dict(CHECKS)
    CHECKS.clear()
    for name, changes in found.items():
        check: type[Finding] = type("FindingFor", (Finding,), {"info": checks[name].info})
        CHECKS[name] = check(changes, before.get(name, lambda: None))
    try:
        yield
    finally:
        CHECKS.clear()
        CHECKS.update(checks)


def calibrate(
    opened: Session,
    found: Found,
    answers: Answers,
    *,
    before: Mapping[str, Callable[[], None]] = {},
    save: SavePolicy = "ask",
    resume: Record | None = None,
) -> Saved:
    """A full calibration of checks that measure nothing."""
    with finding(found, before):
        return run(opened, WHOLE, FullCalibrationParameters(), answers, save, resume=resume)


def undo(opened: Session, answers: Answers = lambda _, question: True) -> Saved:
    """Put back the values before the last save."""
    return run(opened, UNDO, UndoParameters(), answers)


def run(
    opened: Session,
    name: str,
    parameters: object,
    answers: Answers,
    save: SavePolicy = "ask",
    *,
    present: bool = True,
    resume: Record | None = None,
) -> Saved:
    """Run to the end, with somebody who answers."""
    saved: list[Record] = []
    ended = threading.Event()
    notices: list[str] = []

    def listen(event: Event) -> None:
        match event:
            case Notice(text):
                notices.append(text)
            case RunEnded(record):
                saved.append(record)
                if record.check == name:
                    ended.set()

    stop = opened.listen(listen)
    questions: list[Any] = []
    try:
        opened.start_check(name, parameters, RunOptions(present=present, save=save, resume=resume))
        answered = 0
        until = time.monotonic() + LONGEST
        while not ended.wait(0.02):
            assert time.monotonic() < until, notices
            asking = opened.snapshot.question
            if asking is None or asking.n == answered:
                continue
            answered = asking.n
            if asking.question.key in ON_THE_WAY:
                opened.answer(asking.n, ON_THE_WAY[asking.question.key])
                continue
            questions.append(asking.question)
            answer = answers(opened, asking.question)
            if answer is not None:
                opened.answer(asking.n, answer)
    finally:
        stop()
    return Saved(saved[-1], notices, questions, saved[:-1])


def wait_until(condition: Callable[[], object]) -> None:
    """Wait until it is so, for LONGEST seconds at most."""
    until = time.monotonic() + LONGEST
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def _with_old(change: Change, settings: Mapping[str, Mapping[str, Any]]) -> Change:
    """The change with the value that it replaces, as a check that measures proposes it."""
    now = settings.get(change.section, {}).get(change.option)
    return change if change.old is not None or now is None else replace(change, old=str(now))


def change(section: str, option: str, new: str, old: str | None = None) -> Change:
    """A value that SAVE_CONFIG can write."""
    return Change(section, option, old, new, saves=True, effect="the nozzle will be elsewhere")


if __name__ == "__main__":
    address, data, *listed = sys.argv[1:]
    with session(address, Path(data)) as own:
        if listed[0].startswith(WHOLE):
            of_checks: dict[str, tuple[Change, ...]] = {}
            for check, *item in (item.split("=") for item in listed[1:]):
                of_checks[check] = (*of_checks.get(check, ()), change(*item))
            asking = listed[0] != WHOLE
            result = calibrate(own, of_checks, lambda _, question: None, save="ask" if asking else "always")
        else:
            result = find(own, *(change(*item.split("=")) for item in listed), save="always", present=False)
    print(json.dumps(result.states))
