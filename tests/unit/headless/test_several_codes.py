"""What is made of several printers' ends: one exit code, one line each, and one table."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.fakes.session import FakeSession, record
from zcal_tui.checks.accuracy import AccuracyParameters
from zcal_tui.headless.exit_codes import ExitCode
from zcal_tui.headless.several import SEVERITY, run_several
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


def run(*sessions: FakeSession, as_json: bool = False) -> ExitCode:
    named = [(f"p{number}", session) for number, session in enumerate(sessions, 1)]
    options = RunOptions(present=False, save="never")
    return run_several(named, "accuracy", AccuracyParameters(), as_json=as_json, options=options)  # type: ignore[arg-type]


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
        itertools.product(("p1", "p2"), ("stage", "record"))
    )
    assert (last["event"], last["check"]) == ("summary", "accuracy")
    assert [(one["at"], one["exit_code"]) for one in last["printers"]] == [("p1", 0), ("p2", 6)]
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
    _, _, together = capsys.readouterr().out.partition("Side by side\n")
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
