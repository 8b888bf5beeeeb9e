"""Runs a check through a real session, where the simulated printer's person answers what a test does not."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.e2e.simulated import PrinterSim
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.manual_probe.declaration import ManualProbeParameters
from zcal_tui.headless.autopilot import Autopilot
from zcal_tui.model.events import Event, Notice, RunEnded
from zcal_tui.model.policy import SavePolicy
from zcal_tui.model.questions import Answer, Question
from zcal_tui.model.record import Record
from zcal_tui.session.port import RunOptions
from zcal_tui.session.session import Session
from zcal_tui.session.simulated_person import SimulatedPerson

LONGEST = 180.0


@dataclass
class Done:
    """What came of a run."""

    record: Record
    events: list[Event] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    @property
    def keys(self) -> list[str]:
        """The occasions of what was asked, each once."""
        return list(dict.fromkeys(question.key for question in self.questions))

    @property
    def told(self) -> str:
        """Everything that was said."""
        notices = [event.text for event in self.events if isinstance(event, Notice)]
        problem = self.record.problem
        words = [] if problem is None else [problem.what, problem.cause, problem.remedy]
        return "\n".join([*notices, *words])


def carry_out(
    opened: Session,
    printer: PrinterSim,
    check: str,
    answers: Mapping[str, Answer | Callable[[Question], Answer]] | None = None,
    *,
    save: SavePolicy = "ask",
    on_event: Callable[[Event], None] = lambda event: None,
    **parameters: Any,
) -> Done:
    """Run a check to its end. `answers` are a test's own, by the question's key; a function gets the question."""
    events: list[Event] = []
    ended = threading.Event()

    def listen(event: Event) -> None:
        events.append(event)
        on_event(event)
        if isinstance(event, RunEnded):
            ended.set()

    pilot = Autopilot(SimulatedPerson(printer.ready["control"]))
    questions: list[Question] = []
    stop = opened.listen(listen)
    try:
        chosen = CHECKS[check].parameters(**parameters) if check in CHECKS else ManualProbeParameters()
        opened.start_check(check, chosen, RunOptions(save=save))
        answered = 0
        until = time.monotonic() + LONGEST
        while not ended.wait(0.02):
            assert time.monotonic() < until, events[-5:]
            asking = opened.snapshot.question
            if asking is None or asking.n == answered:
                continue
            answered = asking.n
            questions.append(asking.question)
            answer = (answers or {}).get(asking.question.key)
            if callable(answer):
                answer = answer(asking.question)
            if answer is None:
                pilot.ask(asking.question)
                answer = pilot.poll()
            assert answer is not None
            opened.answer(asking.n, answer)
    finally:
        stop()
    record = next(event.record for event in events if isinstance(event, RunEnded))
    return Done(record, events, questions)
