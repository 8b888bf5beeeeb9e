"""The command line: what it asks for, and what is said of one that is wrong."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui import cli
from zcal_tui.__main__ import main
from zcal_tui.arguments import PROGRAMS, UsageError, parse
from zcal_tui.checks.accuracy import AccuracyParameters
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.full_calibration import DECLARED, FullCalibrationParameters, chosen
from zcal_tui.command import Command
from zcal_tui.config import ConfigError
from zcal_tui.headless.exit_codes import ExitCode
from zcal_tui.profile_names import PROFILES

NO_FILE = {"XDG_CONFIG_HOME": "/nowhere"}


def understood(*words: str) -> Command:
    return parse(words, NO_FILE)


def refused(*words: str) -> str:
    with pytest.raises(UsageError) as error:
        understood(*words)
    return str(error.value)


def test_nothing_asked_for_is_the_terminal_interface() -> None:
    command = understood()
    assert (command.check, command.headless, command.demo, command.save) == (None, False, None, "ask")
    assert command.settings.printer is None


def test_options_may_stand_before_or_after_the_check() -> None:
    before = understood("--demo", "voron", "--headless", "--json", "--save", "never", "accuracy")
    after = understood("accuracy", "--demo", "voron", "--headless", "--json", "--save", "never")
    assert before == after
    assert (before.demo, before.headless, before.json, before.save) == ("voron", True, True, "never")
    assert before.parameters == AccuracyParameters()


def test_a_checks_own_options_are_its_parameters() -> None:
    command = understood("accuracy", "--samples", "20", "--here")
    assert command.parameters == AccuracyParameters(samples=20, here=True)
    assert "--samples" in refused("accuracy", "--samples", "1000000")
    assert "--samples" in refused("accuracy", "--samples", "many")


@pytest.mark.parametrize("policy", ["ask", "never", "always"])
def test_whether_to_save(policy: str) -> None:
    assert understood("--headless", "--save", policy, "z-offset").save == policy


def test_a_way_to_save_that_is_not_there() -> None:
    assert "invalid choice: 'maybe'" in refused("--save", "maybe")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--headless"], "--headless needs a check: ready, probe-xy"),
        (["--json", "accuracy"], "--json requires --headless"),
        (["--autopilot", "--demo", "voron", "accuracy"], "--autopilot requires --headless"),
        (["--headless", "--autopilot", "accuracy"], "--autopilot requires --demo, or --control"),
        (
            ["--headless", "--autopilot", "--printer", "/x", "accuracy"],
            "--autopilot requires --demo, or --control",
        ),
        (["--headless", "--control", "/c", "--printer", "/x", "accuracy"], "--control requires --autopilot"),
        (["--printer", "/x", "--printer", "/y"], "several --printer require --headless"),
        (["--printer", "/x", "accuracy", "--printer", "/y"], "several --printer require --headless"),
        (
            [
                "--headless",
                "--autopilot",
                "--control",
                "/c",
                "--printer",
                "/x",
                "--printer",
                "/y",
                "accuracy",
            ],
            "--autopilot works with one printer only",
        ),
        (["--demo", "voron", "--printer", "/x"], "--demo uses its own printer"),
        (["--demo", "vorn"], "unknown profile 'vorn'; did you mean voron?"),
        (["--demo", "accuracy"], "name the profile before the check: --demo voron accuracy"),
        (["--demo", "zzz"], "use " + ", ".join(PROFILES)),
        (["--demo", "voron", "--truth", "/nowhere.toml"], "--truth: file /nowhere.toml does not exist"),
        (["--truth", "/nowhere.toml"], "--truth requires --demo"),
        (["--demo", "voron", "--klipper", "/nowhere"], "--klipper: folder /nowhere does not exist"),
        (
            ["--demo", "voron", "--klipper", "pypi:klipper"],
            "There is no Klipper pypi:klipper. Known are pypi:",
        ),
        (["all", "--only", "accuracy", "--skip", "accuracy"], "--only accuracy and --skip accuracy together"),
        (["all", "--skip", ",".join(CHECKS)], "--skip excludes every check"),
        (["--sim-speed", "2"], "--sim-speed requires --demo"),
        (["--seed", "2"], "--seed requires --demo"),
        (["--strip"], "--strip requires --demo"),
        (["--demo", "voron", "--sim-speed", "50"], "out of range (0.1 to 40 times real time)"),
        (["--demo", "voron", "--sim-speed", "fast"], "'fast' is not a number"),
        (["acuracy"], "unknown check 'acuracy'; did you mean accuracy?"),
        (["accuracy", "--smaples", "3"], "'--smaples'; did you mean --samples?"),
        (["--headles", "accuracy"], "'--headles'; did you mean --headless?"),
        (["--headless", "install"], "install must come first"),
    ],
)
def test_what_is_wrong_is_said_with_what_would_be_right(words: list[str], said: str) -> None:
    assert said in refused(*words)


def test_the_autopilot_answers_on_a_demo_and_on_a_printer_with_a_control_socket() -> None:
    assert understood("--headless", "--autopilot", "--demo", "delta", "z-offset").autopilot
    command = understood("--headless", "--autopilot", "--control", "/c", "--printer", "/x", "z-offset")
    assert (command.control, command.settings.printer, command.printers) == ("/c", "/x", ("/x",))


def test_several_printers_run_side_by_side_wherever_they_stand() -> None:
    command = understood("--printer", "/x", "--headless", "accuracy", "--printer", "/y", "--printer", "/z")
    assert command.printers == ("/x", "/y", "/z")


def test_the_whole_calibration_takes_what_to_leave_out() -> None:
    command = understood("--headless", "all", "--skip", "bias,temperature", "--only", "ready, bias")
    assert command.parameters == FullCalibrationParameters(skip="bias,temperature", only="ready, bias")
    assert [check.info.name for check in chosen(command.parameters)] == ["ready"]


@pytest.mark.parametrize("option", ["--skip", "--only"])
def test_a_check_that_is_not_there_cannot_be_left_out(option: str) -> None:
    said = refused("all", option, "ready,bais")
    assert f"{option}: there is no check 'bais'" in said
    assert "temperature" in said, "those that there are"


@pytest.mark.parametrize("option", ["--skip", "--only"])
def test_only_the_whole_calibration_leaves_checks_out(option: str) -> None:
    assert f"'{option}'" in refused("accuracy", option, "bias")


def test_a_configuration_file_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.toml"):
        understood("--config", str(tmp_path / "missing.toml"))


@given(
    st.lists(
        st.sampled_from(["--headless", "--json", "--demo", "voron", "accuracy", "all", "--x", "--save", ""])
    )
)
def test_whatever_is_typed_is_understood_or_refused_in_words(words: list[str]) -> None:
    try:
        command = parse(words, NO_FILE)
    except UsageError as error:
        assert len(str(error)) > 10
    else:
        assert command.check is None or command.check in DECLARED
        assert command.headless <= (command.check is not None)


def test_what_is_wrong_ends_with_its_own_exit_code(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Any] = []
    monkeypatch.setattr("zcal_tui.start.start", started.append)
    assert cli.run(["--json"]) == ExitCode.USAGE
    assert capsys.readouterr().err == "zcal-tui: --json requires --headless\n"
    assert started == []


def test_an_old_python_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.version_info", (3, 9, 2, "final", 0))
    monkeypatch.setattr("sys.version", "3.9.2 (default)")
    assert main() == ExitCode.USAGE
    assert capsys.readouterr().err == "zcal-tui needs Python 3.11 or newer; this is 3.9.2.\n"


def test_the_programs_beside_the_checks_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.run(["--help"])
    assert set(PROGRAMS) <= set(capsys.readouterr().out.split())
    assert cli.run(["doctor", "--help"]) == ExitCode.OK
    assert "zcal-tui doctor" in capsys.readouterr().out


def test_a_reader_that_has_seen_enough_is_no_fault(tmp_path: Path) -> None:
    klippy = tmp_path / "klippy"
    (klippy / "extras").mkdir(parents=True)
    (klippy / "klippy.py").touch()
    process = subprocess.Popen(
        [sys.executable, "-m", "zcal_tui", "install", "--dry-run", "--klipper", str(tmp_path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(30) == ExitCode.OK


def test_the_help_of_a_check_shows_defaults_as_they_are_typed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.run(["accuracy", "--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert "--here [yes|no]" in told and "default no" in told
    assert "default True" not in told and "default False" not in told
