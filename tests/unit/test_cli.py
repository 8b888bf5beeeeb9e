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


TWO = ("--headless", "--printer", "/x", "--printer", "/y")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--printers", "farm.toml", "ready"], "--printers requires --headless"),
        (["--headless", "--printers", "farm.toml", "--printer", "/x", "ready"], "omit --printer"),
        (["--headless", "--printers", "farm.toml", "--demo", "voron", "ready"], "omit --printers"),
        (["--headless", "--printer", "/x", "--allow-moves", "accuracy"], "--allow-moves is for several"),
        (["--headless", "--printer", "/x", "--at-once", "3", "ready"], "--at-once is for several"),
        ([*TWO, "--at-once", "0", "ready"], "out of range (1 to 1000)"),
        ([*TWO, "accuracy"], "accuracy moves every printer: add --allow-moves"),
        ([*TWO, "all"], "all moves every printer: add --allow-moves"),
        ([*TWO, "ready", "--fetch", "yes"], "--fetch may move every printer"),
        ([*TWO, "ready", "--offer"], "--offer may move every printer"),
        (["--headless", "--printer", "/x", "--printer", "/x", "ready"], "--printer /x is given twice"),
        ([*TWO, "--allow-moves", "temperature"], "give the temperature with --bed and --nozzle"),
        ([*TWO, "--allow-moves", "temperature", "--nozzle", "200"], "give the temperature with --bed"),
        ([*TWO, "--allow-moves", "all"], "all would heat every printer: add --skip temperature"),
    ],
)
def test_several_printers_move_and_heat_only_where_that_was_said(words: list[str], said: str) -> None:
    assert said in refused(*words)


@pytest.mark.parametrize("check", [name for name in DECLARED if name != "ready"])
def test_every_check_but_ready_moves(check: str) -> None:
    assert "add --allow-moves" in refused(*TWO, check)


def test_without_moves_ready_only_reads() -> None:
    command = understood(*TWO, "ready")
    assert all((one.parameters.offer, one.parameters.fetch) == (False, False) for one in command.several)
    assert command.at_once is None
    command = understood(*TWO, "--allow-moves", "ready")
    assert all(one.parameters.fetch for one in command.several)


def test_moves_are_made_by_a_few_printers_at_once() -> None:
    assert understood(*TWO, "--allow-moves", "accuracy").at_once == 10
    assert understood(*TWO, "--allow-moves", "--at-once", "200", "accuracy").at_once == 200
    assert understood(*TWO, "--allow-moves", "temperature", "--heat", "bed", "--bed", "60").several


def test_no_login_sends_neither_key_nor_token(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('api_key = "of-the-usual-printer"\n')
    words = ["--config", str(file), "--printer", "192.168.1.20:7125"]
    environ = {"ZCAL_TOKEN": "a.token"}
    assert parse(words, environ).settings.api_key == "of-the-usual-printer"
    settings = parse([*words, "--no-login"], environ).settings
    assert (settings.api_key, settings.token) == (None, None)


def test_a_temperature_in_the_file_is_no_consent_to_heat(tmp_path: Path) -> None:
    farm = tmp_path / "farm.toml"
    farm.write_text('[[printer]]\nname = "one"\naddress = "/x"\n[printer.auto-z]\nnozzle = 150\nsoak = 3\n')
    words = ["--headless", "--printers", str(farm), "--allow-moves", "auto-z"]
    assert "would heat one as the file says: give the temperature with --nozzle" in refused(*words)
    (one,) = parse([*words, "--nozzle", "140"], NO_FILE).several
    assert (one.parameters.nozzle, one.parameters.soak) == (140.0, 3.0)


def test_the_printers_of_a_file_have_their_own_settings(tmp_path: Path) -> None:
    farm = tmp_path / "farm.toml"
    farm.write_text(
        '[[printer]]\nname = "one"\naddress = "/x"\napi_key = "k"\n[printer.accuracy]\nsamples = 20\nx = 5\n'
        '[[printer]]\nname = "two"\naddress = "/y"\n'
    )
    words = ["--headless", "--printers", str(farm), "--allow-moves", "accuracy", "--x", "50"]
    command = parse(words, {**NO_FILE, "ZCAL_API_KEY": "of-another-printer", "ZCAL_LEASE": "33"})
    one, two = command.several
    assert one.parameters == AccuracyParameters(samples=20, x=50.0), "the command line comes first"
    assert two.parameters == AccuracyParameters(x=50.0)
    assert (one.api_key, two.api_key) == ("k", None), "no credential but its own"
    assert (two.name, two.filed_under, two.lease) == ("two", "two", 33.0)


def test_a_file_of_printers_that_is_wrong_is_a_fault_of_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    farm = tmp_path / "farm.toml"
    farm.write_text('[[printer]]\nname = "one"\naddres = "/x"\n')
    assert cli.run(["--headless", "--printers", str(farm), "ready"]) == ExitCode.USAGE
    assert f"{farm}:1: printer 1: it has no address" in capsys.readouterr().err


def test_a_token_in_an_address_is_not_in_the_printers_name() -> None:
    command = understood("--headless", "--printer", "http://a?token=secret", "--printer", "/y", "ready")
    assert command.several[0].name == "http://a"


def test_the_autopilot_answers_on_a_demo_and_on_a_printer_with_a_control_socket() -> None:
    assert understood("--headless", "--autopilot", "--demo", "delta", "z-offset").autopilot
    command = understood("--headless", "--autopilot", "--control", "/c", "--printer", "/x", "z-offset")
    assert (command.control, command.settings.printer, command.several) == ("/c", "/x", ())


def test_several_printers_run_side_by_side_wherever_they_stand() -> None:
    three = (
        "--printer",
        "/x",
        "--headless",
        "--allow-moves",
        "accuracy",
        "--printer",
        "/y",
        "--printer",
        "/z",
    )
    command = understood(*three)
    assert [one.address for one in command.several] == ["/x", "/y", "/z"]


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


def test_undo_needs_somebody_to_confirm_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: PTH123, SIM115
    assert cli.run(["undo"]) == ExitCode.NEEDS_PERSON
    assert "--save always" in capsys.readouterr().err
    assert cli.run(["undo", "--nosuch"]) == ExitCode.USAGE
    assert cli.run(["undo", "--save", "always", "--printer", "a:1", "--printer", "b:1"]) == ExitCode.USAGE


def test_undo_runs_on_the_printer_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[Command] = []

    def start(command: Command) -> int:
        started.append(command)
        return 0

    monkeypatch.setattr("zcal_tui.start.start", start)
    assert cli.run(["undo", "--save", "always", "--printer", "/tmp/klippy.sock", "--json"]) == 0
    (command,) = started
    assert (command.check, command.headless, command.json, command.save) == ("undo", True, True, "always")
    assert command.settings.printer == "/tmp/klippy.sock"


@pytest.mark.parametrize(("given", "expected"), [({}, "1"), ({"OPENBLAS_NUM_THREADS": "3"}, "3")])
def test_numpy_uses_one_thread_unless_told_otherwise(given: dict[str, str], expected: str) -> None:
    """numpy reads the variable once, when it is imported."""
    script = (
        "import contextlib, os, sys, zcal_tui.__main__ as m\n"
        "sys.argv = ['zcal-tui', '--version']\n"
        "with contextlib.suppress(SystemExit):\n    m.main()\n"
        "print(os.environ['OPENBLAS_NUM_THREADS'], 'numpy' in sys.modules)"
    )
    without = {name: value for name, value in os.environ.items() if name != "OPENBLAS_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        env=without | given,
        timeout=60,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == f"{expected} False"
