"""A headless run: waiting for the printer, questions and who answers them, signals, and how it ends."""

import os
import signal
import threading
import time
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from tests.unit.fakes.session import READY, UP, FakeSession, record
from zcal_tui.headless import run as run_room
from zcal_tui.headless.answers import NobodyAnswers
from zcal_tui.headless.exit_codes import ExitCode
from zcal_tui.headless.run import Signals, run_headless, run_one
from zcal_tui.model.events import Event, Notice, RunEnded
from zcal_tui.model.questions import Answer, Confirm, Question
from zcal_tui.model.record import USAGE, Change, Outcome, Problem
from zcal_tui.printer.state import HeaterState
from zcal_tui.session.port import RunOptions, SessionBusy
from zcal_tui.session.snapshot import LinkState, PrinterLink, Snapshot

SAVE = Confirm("save", "Save it?")
CLEAN = Confirm("clean", "Is it clean?")


@dataclass
class Said:
    """An output that remembers."""

    events: list[Event] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    def event(self, event: Event) -> None:
        self.events.append(event)

    def message(self, text: str) -> None:
        self.words.append(text)

    def prompt(self, sign: str) -> None:
        self.words.append(sign)

    def written(self, timeout: float) -> bool:
        return True

    @property
    def text(self) -> str:
        return "\n".join(self.words)


class FakeAnswers:
    """Answers each question at the second look, or is gone."""

    def __init__(self, *answers: Answer | NobodyAnswers) -> None:
        self._answers = list(answers)
        self.asked: list[Question] = []
        self._looks = 0

    def ask(self, question: Question) -> None:
        self.asked.append(question)
        self._looks = 0

    def poll(self) -> Answer | None:
        self._looks += 1
        if self._looks < 2:
            return None
        answer = self._answers.pop(0)
        if isinstance(answer, NobodyAnswers):
            raise answer
        return answer


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_room, "POLL", 0.005)


def run(session: Any, said: Said, answers: FakeAnswers | None = None) -> ExitCode:
    answerer = None if answers is None else (lambda snapshot: answers)
    return run_one(session, "accuracy", "parameters", said, Signals(), RunOptions(save="never"), answerer)


def test_it_waits_for_the_printer_runs_the_check_and_closes() -> None:
    starting = Snapshot(link=PrinterLink(state=LinkState.STARTING, text="Building the simulator"))
    session, said = FakeSession(starting, starting, starting, UP), Said()
    assert run(session, said) is ExitCode.OK
    assert said.words == ["Building the simulator"], "once"
    assert session.started == [("accuracy", "parameters", RunOptions(save="never"))]
    assert session.closed == [None]
    assert isinstance(said.events[-1], RunEnded)
    assert session._listeners == []


@pytest.mark.parametrize(
    "snapshot",
    [
        Snapshot(link=PrinterLink(state=LinkState.FAILED, problem=Problem("No printer at x.", "c", "Look."))),
        replace(
            UP,
            printer=replace(READY, klippy="shutdown"),
            klippy_problem=Problem("Timer too close.", "c", "Look."),
        ),
    ],
)
def test_what_is_in_the_way_for_good_is_told_and_nothing_started(snapshot: Snapshot) -> None:
    session, said = FakeSession(snapshot), Said()
    assert run(session, said) is ExitCode.NOT_READY
    assert "What to do: Look." in said.text
    assert session.started == []
    assert session.closed == [None]


def test_a_simulated_printer_that_cannot_be_is_a_fault_of_the_command_line() -> None:
    problem = Problem("truth.toml, [probe]: there is no key nose.", key=USAGE)
    session, said = FakeSession(Snapshot(link=PrinterLink(state=LinkState.FAILED, problem=problem))), Said()
    assert run(session, said) is ExitCode.USAGE
    assert "there is no key nose" in said.text
    assert session.started == []


def test_a_klipper_that_never_gets_ready_is_not_waited_for_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_room, "STARTUP_PATIENCE", 0.03)
    session = FakeSession(
        replace(UP, printer=replace(READY, klippy="startup", message="mcu 'mcu': Starting"))
    )
    said = Said()
    assert run(session, said) is ExitCode.NOT_READY
    assert "did not become ready" in said.text
    assert "Starting" in said.text


def test_who_is_asked_is_told_once_of_a_link_that_went_and_came_back() -> None:
    went = Problem("The connection to the printer was lost.", "the cable", "It is made again.")
    session, said = FakeSession(), Said()
    session.on_start = lambda: session.ask(4, CLEAN)

    class Watching(FakeAnswers):
        looks = 0

        def poll(self) -> Answer | None:
            self.looks += 1
            asking = session.snapshot.question
            if self.looks == 2:
                session.show(
                    replace(UP, link=PrinterLink(state=LinkState.LOST, problem=went), question=asking)
                )
            if self.looks == 6:
                session.show(replace(UP, question=asking))
            if self.looks < 10:
                return None
            session.show(UP)
            session.end()
            return True

    assert run(session, said, Watching()) is ExitCode.OK
    assert said.words.count("The connection to the printer was lost.") == 1
    assert said.words[-1] == "Reconnected to the printer."


def test_a_run_that_ends_by_a_lost_link_tells_of_it_itself() -> None:
    went = Problem("The connection to the printer was lost.")
    session, said = FakeSession(), Said()

    def lose() -> None:
        session.show(replace(UP, link=PrinterLink(state=LinkState.LOST, problem=went)))
        session.end(record(outcome=Outcome.LOST))

    session.on_start = lose
    assert run(session, said) is ExitCode.PRINTER_ERROR
    assert said.words == []


def test_a_session_that_cannot_start_it_says_why() -> None:
    def busy() -> None:
        raise SessionBusy("No printer is connected.")

    session, said = FakeSession(), Said()
    session.on_start = busy
    assert run(session, said) is ExitCode.NOT_READY
    assert said.text == "No printer is connected."
    assert session.closed == [None]


def test_each_question_is_put_once_and_its_answer_passed_on_with_its_number() -> None:
    session, said = FakeSession(), Said()
    answers = FakeAnswers(True, False)
    session.on_start = lambda: session.ask(4, CLEAN)

    def next_question() -> None:
        if len(session.answers) == 1:
            session.ask(5, SAVE)
        else:
            session.show(UP)
            session.end()

    session.on_answer = next_question
    assert run(session, said, answers) is ExitCode.OK
    assert answers.asked == [CLEAN, SAVE]
    assert session.answers == [(4, True), (5, False)]


def test_the_same_question_asked_again_is_put_again() -> None:
    session = FakeSession()
    answers = FakeAnswers(True, True)
    session.on_start = lambda: session.ask(4, CLEAN)
    session.on_answer = lambda: session.ask(5, CLEAN) if len(session.answers) == 1 else session.end()
    run(session, Said(), answers)
    assert answers.asked == [CLEAN, CLEAN]


def test_where_whoever_answered_is_gone_the_check_is_cancelled() -> None:
    session, said = FakeSession(), Said()
    session.on_start = lambda: session.ask(4, CLEAN)
    answers = FakeAnswers(NobodyAnswers("Standard input has ended."))
    assert run(session, said, answers) is ExitCode.CANCELLED
    assert said.text == "Standard input has ended. The check is cancelled."
    assert session.cancels == 1


def test_of_a_whole_calibration_the_end_of_a_part_is_not_the_end() -> None:
    session, said = FakeSession(), Said()

    def parts() -> None:
        session.end(record("ready", Outcome.ERROR))
        session.emit(Notice("in between"))
        session.end()

    session.on_start = parts
    assert run(session, said) is ExitCode.OK
    assert len(said.events) == 3


def test_a_signal_before_the_check_began_leaves_at_once() -> None:
    session, said = FakeSession(Snapshot()), Said()
    signals = Signals()
    signals.count = 1
    assert run_one(session, "accuracy", None, said, signals) is ExitCode.CANCELLED  # type: ignore[arg-type]
    assert "before the check started" in said.text
    assert session.started == []
    assert session.closed == [None]


def send(number: int) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_and_the_handlers_are_put_back(number: int) -> None:
    session, said = FakeSession(), Said()
    before = signal.getsignal(number)
    session.on_start = lambda: send(number)
    assert run_headless(session, "accuracy", None, said) is ExitCode.CANCELLED  # type: ignore[arg-type]
    assert session.cancels == 1
    assert said.words[0].startswith("Cancelling")
    assert signal.getsignal(number) is before


def test_a_second_signal_leaves_and_names_what_may_be_left_on() -> None:
    session, said = FakeSession(), Said()
    session.on_start = lambda: send(signal.SIGINT)
    session.on_cancel = lambda: threading.Timer(0.05, send, (signal.SIGTERM,)).start()

    def leave() -> None:
        session.end(record(outcome=Outcome.CANCELLED))
        session.has_left("heaters", "heater_bed (target 60 °C)")

    session.on_leave = leave
    assert run_headless(session, "accuracy", None, said) is ExitCode.CANCELLED  # type: ignore[arg-type]
    assert isinstance(said.events[-1], RunEnded)
    assert said.words[-1] == "May be left on or changed: heaters, heater_bed (target 60 °C)."


def test_a_printer_that_does_not_answer_does_not_hold_up_leaving(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_room, "LEAVE_LIMIT", 0.1)
    session, said = FakeSession(), Said()
    heated = replace(READY, heaters={"extruder": HeaterState(180.0, 200.0)})
    session.on_start = lambda: session.show(replace(UP, printer=heated))
    threading.Timer(0.05, send, (signal.SIGINT,)).start()
    session.on_cancel = lambda: threading.Timer(0.05, send, (signal.SIGINT,)).start()
    session.on_leave = lambda: None
    began = time.monotonic()
    assert run_headless(session, "accuracy", None, said) is ExitCode.CANCELLED  # type: ignore[arg-type]
    assert time.monotonic() - began < 2.0
    assert "did not answer" in said.text
    assert said.words[-1] == "May be left on or changed: extruder (target 200 °C)."


def test_sigquit_is_the_emergency_stop() -> None:
    session, said = FakeSession(), Said()
    before = signal.getsignal(signal.SIGQUIT)

    def stop() -> None:
        send(signal.SIGQUIT)
        assert session.stops == 1, "in the handler, whatever the run's steps wait for"
        session.end(record(outcome=Outcome.ERROR))

    session.on_start = stop
    assert run_headless(session, "accuracy", None, said) is ExitCode.PRINTER_ERROR  # type: ignore[arg-type]
    assert "EMERGENCY STOP sent" in said.text
    assert signal.getsignal(signal.SIGQUIT) is before


def test_an_emergency_stop_without_a_connection_is_not_claimed() -> None:
    session, said = FakeSession(Snapshot()), Said()
    threading.Timer(0.05, send, (signal.SIGQUIT,)).start()
    assert run_headless(session, "accuracy", None, said) is ExitCode.CANCELLED  # type: ignore[arg-type]
    assert "NOT sent" in said.text
    assert session.started == []


def test_a_hung_up_terminal_does_not_end_the_run() -> None:
    session, said = FakeSession(), Said()

    def hang_up() -> None:
        send(signal.SIGHUP)
        session.end()

    session.on_start = hang_up
    assert run_headless(session, "accuracy", None, said) is ExitCode.OK  # type: ignore[arg-type]
    assert session.cancels == 0


def test_values_to_set_by_hand_are_a_line_on_standard_error_and_no_failure() -> None:
    found = (
        Change("stepper_z", "position_endstop", "0", "-0.101", saves=True),
        Change("probe", "z_offset", "1.5", "1.52", state="saved", saves=True),
    )
    passed = replace(record(), changes=found)
    session, said = FakeSession(), Said()
    session.on_start = lambda: session.end(passed)
    assert run(session, said) is ExitCode.OK
    assert "[stepper_z] position_endstop: -0.101" in said.text
    assert "z_offset" not in said.text


def test_of_a_full_calibration_only_what_no_group_saves_is_a_line_while_it_runs() -> None:
    speed = Change("probe", "speed", "10", "5")
    offset = Change("probe", "z_offset", "1.5", "1.52", saves=True)
    session, said = FakeSession(), Said()

    def calibrate() -> None:
        session.emit(RunEnded(replace(record(), check="z-offset", changes=(speed, offset))))
        assert said.words == []  # printed at the next step
        session.end(replace(record(), changes=(offset,)))

    session.on_start = calibrate
    assert run(session, said) is ExitCode.OK
    assert said.words == [
        "Values to set by hand in printer.cfg (z-offset): [probe] speed: 5",
        "Values to set by hand in printer.cfg (accuracy): [probe] z_offset: 1.52",
    ]


def test_nothing_starts_where_nobody_may_answer_on_this_printer() -> None:
    session, said = FakeSession(UP), Said()

    def refuse(snapshot: Snapshot) -> FakeAnswers:
        raise NobodyAnswers("--control is not the socket of this printer's simulator.")

    printer: Any = session
    code = run_one(printer, "accuracy", None, said, Signals(), None, refuse)
    assert code is ExitCode.NEEDS_PERSON
    assert "not the socket" in said.text
    assert session.started == []
