"""What is made of several printers' ends: one exit code, one line each, and one table."""

import itertools
import json
import os
import signal
import threading
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.fakes.session import FakeSession, record
from zcal_tui.checks.accuracy import AccuracyParameters
from zcal_tui.headless import several
from zcal_tui.headless.exit_codes import ExitCode
from zcal_tui.headless.several import ERRORS_THAT_STOP, SEVERITY, NamedPrinter, run_several
from zcal_tui.model.events import Stage
from zcal_tui.model.record import Estimate, Level, Outcome, Problem, Record, Verdict
from zcal_tui.session.port import RunOptions

PASSED = record()
ENDS: dict[ExitCode, Record] = {
    ExitCode.OK: PASSED,
    ExitCode.VERDICT_FAIL: Record(
        "r", "accuracy", {}, "", outcome=Outcome.FINISHED, verdict=Verdict(Level.FAIL, "Bad.")
    ),
    ExitCode.UNDECIDED: Record("r", "accuracy", {}, "", outcome=Outcome.FINISHED),
    ExitCode.CANCELLED: Record("r", "accuracy", {}, "", outcome=Outcome.CANCELLED),
    ExitCode.NEEDS_PERSON: Record(
        "r", "accuracy", {}, "", outcome=Outcome.REFUSED, problem=Problem("Nobody.", key="needs_person")
    ),
    ExitCode.NOT_READY: Record(
        "r", "accuracy", {}, "", outcome=Outcome.REFUSED, problem=Problem("Printing.")
    ),
    ExitCode.PRINTER_ERROR: Record(
        "r", "accuracy", {}, "", outcome=Outcome.ERROR, problem=Problem("It broke.")
    ),
}


def ending(ended: Record) -> FakeSession:
    session = FakeSession()

    def run() -> None:
        session.emit(Stage("touch", "Touching"))
        session.end(ended)

    session.on_start = run
    return session


def run(*sessions: FakeSession, as_json: bool = False, at_once: int | None = None) -> ExitCode:
    named = [
        NamedPrinter(f"p{number}", f"/p{number}", session, AccuracyParameters())  # type: ignore[arg-type]
        for number, session in enumerate(sessions, 1)
    ]
    options = RunOptions(present=False, save="never")
    return run_several(named, "accuracy", as_json=as_json, options=options, at_once=at_once)


def test_every_exit_code_of_a_run_has_its_severity() -> None:
    assert set(SEVERITY) == set(ExitCode) - {ExitCode.USAGE}
    assert set(SEVERITY) == set(ENDS)


@given(st.lists(st.sampled_from(SEVERITY), min_size=1, max_size=4))
def test_the_worst_end_is_the_exit_code(codes: list[ExitCode]) -> None:
    found = run(*(ending(ENDS[code]) for code in codes))
    assert found is min(codes, key=SEVERITY.index)


def test_all_of_them_are_run_with_the_same_and_closed() -> None:
    sessions = [ending(PASSED), ending(PASSED)]
    assert run(*sessions) is ExitCode.OK
    for session in sessions:
        assert session.started == [
            ("accuracy", AccuracyParameters(), RunOptions(present=False, save="never"))
        ]
        assert session.closed == [None]


def test_a_line_of_json_says_whose_it_is_and_the_last_holds_them_all(
    capsys: pytest.CaptureFixture[str],
) -> None:
    run(ending(PASSED), ending(ENDS[ExitCode.PRINTER_ERROR]), as_json=True)
    *lines, last = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert sorted((line["at"], line["event"]) for line in lines) == sorted(
        itertools.product(("/p1", "/p2"), ("stage", "record"))
    )
    assert {(line["printer_name"], line["at"]) for line in lines} == {("p1", "/p1"), ("p2", "/p2")}
    assert (last["event"], last["check"]) == ("summary", "accuracy")
    assert [(one["printer_name"], one["exit_code"]) for one in last["printers"]] == [("p1", 0), ("p2", 6)]
    assert last["printers"][1]["record"]["problem"]["what"] == "It broke."


def test_the_table_has_a_column_for_each_printer(capsys: pytest.CaptureFixture[str]) -> None:
    sigma = Estimate("sigma", 0.002, 0.001, 0.003)
    measured = [
        Record(
            "r", "accuracy", {}, "", outcome=Outcome.FINISHED, verdict=Verdict(level, text), estimates=found
        )
        for level, text, found in (
            (Level.PASS, "Good.", {"sigma": sigma}),
            (Level.WARN, "Usable.", {"sigma": sigma, "range": Estimate("range", 0.01, None, None)}),
        )
    ]
    run(*map(ending, measured), ending(ENDS[ExitCode.PRINTER_ERROR]))
    _, _, together = capsys.readouterr().out.partition("Summary: 2 pass, 1 error\n")
    lines = together.splitlines()
    assert lines[:3] == ["  ✓ p1: Good.", "  ! p2: Usable.", "  - p3: It broke."]
    assert lines[3].split() == ["p1", "p2", "p3"]
    assert lines[4].count("2.0 µm (") == 2
    columns = [lines[3].index(name) for name in ("p1", "p2", "p3")]
    for line in lines[4:]:
        assert all(line[column - 1] == " " and line[column] != " " for column in columns), together
    assert lines[5][columns[0]] == lines[5][columns[2]] == "-", "where one has not measured it"


def test_one_that_falls_over_stops_no_other_and_is_raised_at_the_end(
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken, good = FakeSession(), ending(PASSED)

    def fall_over() -> None:
        raise ZeroDivisionError("a fault of ours")

    broken.on_start = fall_over
    with pytest.raises(ZeroDivisionError, match="a fault of ours"):
        run(broken, good)
    out = capsys.readouterr().out
    assert "✓ p2: Good." in out, "the other's result is told all the same"
    assert broken.closed == [None]


def hanging() -> FakeSession:
    session = FakeSession()
    session.on_start = lambda: None
    return session


def test_no_further_check_is_started_after_two_printer_errors(capsys: pytest.CaptureFixture[str]) -> None:
    assert ERRORS_THAT_STOP == 2
    error, good = ENDS[ExitCode.PRINTER_ERROR], PASSED
    sessions = [ending(error), ending(good), ending(error), ending(good), ending(good)]
    assert run(*sessions, at_once=1) is ExitCode.PRINTER_ERROR
    assert [len(session.started) for session in sessions] == [1, 1, 1, 0, 0]
    assert all(session.closed for session in sessions)
    out, err = capsys.readouterr()
    assert "Summary: 1 pass, 2 cancelled, 2 error" in out
    assert err.count("Not started: 2 printers ended with an error.") == 2


def test_a_printer_that_is_not_ready_is_no_printer_error() -> None:
    refused = [ending(ENDS[ExitCode.NOT_READY]) for _ in range(3)]
    good = ending(PASSED)
    assert run(*refused, good, at_once=1) is ExitCode.NOT_READY
    assert good.started


def test_what_runs_goes_on_after_two_errors() -> None:
    slow = hanging()
    good = ending(PASSED)
    failing = [FakeSession(), FakeSession()]
    count = 0

    def fail(session: FakeSession) -> None:
        nonlocal count
        count += 1
        session.end(ENDS[ExitCode.PRINTER_ERROR])
        if count == 2:
            threading.Timer(0.1, slow.end).start()

    for session in failing:
        session.on_start = lambda session=session: fail(session)  # type: ignore[misc]
    assert run(slow, *failing, good, at_once=2) is ExitCode.PRINTER_ERROR
    assert slow.started and not slow.cancels
    assert not good.started


def test_a_printer_that_hangs_gives_its_place_to_another(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(several, "SILENCE", 0.1)
    silent, good = hanging(), ending(PASSED)

    def last() -> None:
        good.end(PASSED)
        threading.Timer(0.1, silent.end).start()

    good.on_start = last
    assert run(silent, good, at_once=1) is ExitCode.OK
    assert good.started
    assert capsys.readouterr().err.count("[p1] No news from the check") == 1


def test_a_session_that_never_closes_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(several, "CLOSING_LIMIT", 0.1)

    class Stuck(FakeSession):
        def begin_close(self, patience: float | None = None) -> None:
            return

    stuck = Stuck()
    stuck.on_start = lambda: stuck.end(PASSED)
    assert run(stuck, ending(PASSED)) is ExitCode.OK


def test_many_printers_have_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    sigma = Estimate("sigma", 0.002, 0.001, 0.003)
    good = replace(PASSED, estimates={"sigma": sigma})
    run(*(ending(good) for _ in range(6)), ending(ENDS[ExitCode.PRINTER_ERROR]))
    lines = capsys.readouterr().out.partition("Summary: 6 pass, 1 error\n")[2].splitlines()
    assert lines[6] == "  - p7: It broke."
    assert [line.split()[0] for line in lines[8:]] == [f"p{number}" for number in range(1, 7)]
    assert all("2.0 µm (" in line for line in lines[8:])


def test_a_signal_cancels_every_check_and_starts_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    first, second, third = hanging(), hanging(), hanging()
    second.on_start = lambda: os.kill(os.getpid(), signal.SIGINT)
    assert run(first, second, third, at_once=2) is ExitCode.CANCELLED
    assert [session.cancels for session in (first, second)] == [1, 1]
    assert not third.started
    assert "Summary: 3 cancelled" in capsys.readouterr().out


def test_a_second_signal_leaves_every_printer(capsys: pytest.CaptureFixture[str]) -> None:
    sessions = [hanging(), hanging()]
    for session in sessions:
        session.on_cancel = lambda: None
        session.on_leave = partial(session.has_left, "extruder (target 200 °C)")
    sessions[1].on_start = lambda: os.kill(os.getpid(), signal.SIGINT)
    sessions[1].on_cancel = lambda: os.kill(os.getpid(), signal.SIGINT)
    assert run(*sessions) is ExitCode.CANCELLED
    assert all(session.left for session in sessions)
    assert capsys.readouterr().err.count("May be left on or changed: extruder") == 2


def test_the_emergency_stop_stops_every_printer() -> None:
    sessions = [hanging(), hanging()]

    def stop() -> None:
        os.kill(os.getpid(), signal.SIGQUIT)
        for session in sessions:
            session.end(ENDS[ExitCode.PRINTER_ERROR])

    sessions[1].on_start = stop
    assert run(*sessions) is ExitCode.PRINTER_ERROR
    assert [session.stops for session in sessions] == [1, 1]
