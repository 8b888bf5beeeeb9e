"""No text from outside reaches a terminal as anything but text, on any way out of the program."""

import contextlib
import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.fakes import examined, records
from tests.unit.fakes.hostile import ATTACKS, FORGED, forged, harmful, hostile, poisoned
from tests.unit.fakes.session import UP, FakeSession
from zcal_tui import cli, start
from zcal_tui.checks.accuracy import AccuracyParameters
from zcal_tui.headless.answers import LinePrompts
from zcal_tui.headless.output import JsonOutput, TextOutput
from zcal_tui.headless.run import run_headless
from zcal_tui.headless.several import NamedPrinter, run_several
from zcal_tui.model.events import Event, Notice, RunEnded, RunProblem, SampleTaken, Stage
from zcal_tui.model.outside_text import indented_lines, is_harmless, json_line, one_line, printable
from zcal_tui.model.questions import Choose, Confirm, Option, Question
from zcal_tui.model.record import Problem
from zcal_tui.printer.errors.explain import explain
from zcal_tui.printer.state import PrinterState
from zcal_tui.results.store import Store
from zcal_tui.session.port import RunOptions, SessionPort
from zcal_tui.session.snapshot import LinkState, PrinterLink, Snapshot
from zcal_tui.streams import PlainStream
from zcal_tui.tools.doctor import output as doctor_output
from zcal_tui.tools.doctor.finding import Group
from zcal_tui.tools.doctor.link import judge_link

ALL = "".join(ATTACKS)
some = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


class Terminal:
    """Standard output and error as `main` sets them up."""

    def __init__(self) -> None:
        self._raw = io.BytesIO()
        self.stream = PlainStream(self._raw, encoding="utf-8", errors="backslashreplace", write_through=True)

    def said(self, call: Callable[[], object]) -> str:
        """All that arrives while this is called."""
        before = len(self._raw.getvalue())
        with contextlib.redirect_stdout(self.stream), contextlib.redirect_stderr(self.stream):
            call()
        return self._raw.getvalue()[before:].decode()

    def run(self, *arguments: str) -> str:
        """All that a command line prints."""
        return self.said(lambda: cli.run(arguments))


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Terminal:
    for name in ("ZCAL_PRINTER", "ZCAL_API_KEY", "ZCAL_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ZCAL_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return Terminal()


def test_an_escape_sequence_and_a_bell_stay_as_text() -> None:
    assert printable("v0.1\x1b[2J\x07 µm") == "v0.1�[2J� µm"


@given(st.text())
def test_what_is_harmless_stays_and_nothing_else(text: str) -> None:
    shown = printable(text)
    assert not harmful(shown)
    assert printable(shown) == shown
    if not harmful(text) and all(map(is_harmless, text)):
        assert shown == text
    assert "\n" not in one_line(text)
    assert all(line.startswith("    ") for line in indented_lines(text).split("\n")[1:])


def test_ordinary_text_is_not_touched() -> None:
    for text in ("σ 2.5 µm (95%: 1.8–3.9)", "Drucker \N{PRINTER} 二号機", "‑0.101 mm", "a\tb\nc", "½ × 3"):
        assert printable(text) == text


@given(st.text())
def test_json_is_ascii_without_controls_and_complete(text: str) -> None:
    line = json_line({"text": text})
    assert not harmful(line)
    assert json.loads(line) == json.loads(json.dumps({"text": text}))


@given(st.lists(hostile))
def test_the_streams_of_the_program_are_harmless_whoever_writes(texts: list[str]) -> None:
    raw = io.BytesIO()
    stream = PlainStream(raw, encoding="utf-8", errors="backslashreplace", write_through=True)
    for text in texts:
        print(text, file=stream)
    assert not harmful(raw.getvalue().decode())
    stream.draw("\r\x1b[K")
    assert raw.getvalue().endswith(b"\r\x1b[K")


def events(text: str) -> list[Event]:
    """A run whose every text has this in it."""
    record = poisoned(records.accuracy(), text)
    explained = explain(f"Error evaluating 'gcode_macro {text}:gcode': {text}")
    problem = Problem(explained.what, explained.cause, explained.remedy, raw=text)
    return [
        *(
            records.started(record),
            Stage("probe", f"Probing {text}"),
            Notice(text),
            Notice(f"{text}\n{text}"),
        ),
        *map(SampleTaken, record.samples),
        *(RunProblem(problem), RunProblem(Problem(text, text, text, text)), RunEnded(record)),
    ]


@given(hostile)
@some
def test_a_headless_run_prints_harmless_lines(text: str) -> None:
    for at in (None, "pi"):
        out, err = io.StringIO(), io.StringIO()
        for output in (TextOutput(out, err, at), JsonOutput(out, err, at)):
            for event in events(text):
                output.event(event)
            output.message(f"Note: {text}")
        said = out.getvalue() + err.getvalue()
        assert not harmful(said)
        assert not forged(said)


def test_every_kind_of_record_prints_harmless_lines() -> None:
    for record in records.everything():
        out = io.StringIO()
        TextOutput(out, out).event(RunEnded(poisoned(record, ALL)))
        assert not harmful(out.getvalue())
        assert not forged(out.getvalue())


@given(hostile)
@some
def test_questions_are_harmless(text: str) -> None:
    questions: list[Question] = [
        Confirm("k", f"Save {text}?", text, yes=text, no=text, danger=True),
        Choose("k", f"Which {text}?", (Option(text, f"One {text}", text),), text),
    ]
    for question in questions:
        out = io.StringIO()
        LinePrompts(TextOutput(out, out), io.StringIO()).ask(question)
        assert not harmful(out.getvalue())
        assert not forged(out.getvalue())


@given(hostile)
@some
def test_a_printer_that_cannot_be_used_is_reported_harmlessly(text: str) -> None:
    failed = PrinterLink(LinkState.FAILED, address=text, problem=Problem(f"No {text}", text, text, text))
    shutdown = Snapshot(
        link=PrinterLink(LinkState.UP, name=text),
        printer=PrinterState(connected=True, klippy="shutdown", message=text),
        klippy_problem=Problem(f"Shutdown: {text}", text, text, raw=text),
    )
    for snapshot in (Snapshot(link=failed), shutdown):
        out = io.StringIO()
        run_headless(cast(SessionPort, FakeSession(snapshot)), "accuracy", None, TextOutput(out, out))
        assert out.getvalue()
        assert not harmful(out.getvalue())
        assert not forged(out.getvalue())


def test_several_printers_side_by_side_are_harmless(terminal: Terminal) -> None:
    for as_json in (False, True):
        named = []
        for name in ("one", "two"):
            session = FakeSession(UP)
            session.on_start = partial(session.end, poisoned(records.accuracy(), ALL))
            port = cast(SessionPort, session)
            named.append(NamedPrinter(f"{name}{ALL}", f"http://{name}{ALL}", port, AccuracyParameters()))
        text = terminal.said(partial(run_several, named, "accuracy", as_json=as_json, options=RunOptions()))
        assert "one" in text
        assert not harmful(text)
        assert not forged(text)


COMMANDS: list[tuple[str, ...]] = [
    ("history",),
    ("history", "--json"),
    ("report",),
    ("report", "--format", "html"),
    ("report", "--format", "json"),
    ("compare", "accuracy"),
    ("compare", "accuracy", "--json"),
    ("changed", "nozzle", "--printer-name", "voron"),
    ("resume",),
]


@pytest.mark.parametrize("text", [ALL, *ATTACKS[:4], f"name\n{FORGED}"], ids=range(6))
def test_stored_records_are_shown_harmlessly(terminal: Terminal, tmp_path: Path, text: str) -> None:
    store = Store(tmp_path / "data")
    found = [records.accuracy(day) for day in (1, 3, 5)] + records.everything()[:-1]
    fresh = {record.id: record for record in found}
    records.keep(store, *(poisoned(record, text) for record in fresh.values()))
    records.cut_off(store, poisoned(records.z_offset(9), text))
    (store.folder / "printers" / "voron" / "broken\x1b]0;x\x07.jsonl").write_text("nothing\n")
    terminal.run("changed", "probe", "--note", text, "--printer-name", "voron")
    for command in COMMANDS:
        said = terminal.run(*command)
        assert said, command
        assert not harmful(said), command
        if "html" not in command:  # the source of a page has no lines that mean anything
            assert not forged(said), command


ARGUMENTS: list[Callable[[str], tuple[str, ...]]] = [
    lambda text: ("--printer", f"http://pi{text}", "--headless", "accuracy"),
    lambda text: ("--printer", f"ftp://{text}", "--headless", "accuracy"),
    lambda text: ("--headless", f"accuracy{text}"),
    lambda text: ("--headless", "accuracy", f"--{text}"),
    lambda text: ("--headless", "accuracy", "--samples", text),
    lambda text: ("--headless", "accuracy", "--config", f"/nowhere/{text}"),
    lambda text: ("history", f"c{text}"),
    lambda text: ("history", "--estimate", f"e{text}"),
    lambda text: ("history", "--printer-name", f"p{text}"),
    lambda text: ("report", "-o", f"/nowhere/{text}"),
    lambda text: ("compare", f"r{text}", "last", "accuracy"),
    lambda text: ("changed", f"w{text}"),
    lambda text: ("resume", f"r{text}"),
    lambda text: ("install", "--klipper", f"/nowhere/{text}"),
    lambda text: ("doctor", f"--what{text}"),
]


@given(text=hostile)
@settings(some, max_examples=8)
def test_the_command_line_is_repeated_harmlessly(terminal: Terminal, tmp_path: Path, text: str) -> None:
    store = Store(tmp_path / "data")
    if not store.printers():
        records.keep(store, records.accuracy(1))
    for arguments in ARGUMENTS:
        assert not harmful(terminal.run(*arguments(text)))


@given(hostile)
@some
def test_doctor_prints_harmless_lines(text: str) -> None:
    link = examined.link(
        examined.tried(address=f"http://{text}", cause=text, remedy=text),
        examined.url(moonraker=examined.moonraker(moonraker_version=text, warnings=[text])),
        bad_address=text,
    )
    lines = doctor_output.text_lines({Group.LINK: tuple(judge_link(link))}, doctor_output.SIGNS, 80)
    said = "\n".join(map(one_line, lines))
    assert not harmful(said)
    assert not forged(said)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--headless", "accuracy", "--printer", "http://pi\x1b]0;x\x07.local"),
        ("--headless", "accuracy\x1b[2J"),
        ("history", "--data", "/nowhere/\x1b]0;x\x07"),
        ("doctor", "--config", "/nowhere/\x9b2J", "--json"),
    ],
)
def test_the_whole_program_prints_harmless_bytes(arguments: tuple[str, ...], tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "XDG_CONFIG_HOME": str(tmp_path),
        "HOME": str(tmp_path),
        "ZCAL_DATA": str(tmp_path),
    }
    done = subprocess.run(
        [sys.executable, "-m", "zcal_tui", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        timeout=60,
    )
    said = (done.stdout + done.stderr).decode()
    assert said
    assert not harmful(said)


def test_a_traceback_is_harmless(tmp_path: Path) -> None:
    code = (
        "import sys, zcal_tui.__main__ as m, zcal_tui.cli as c\n"
        "def fail(a): raise RuntimeError('\\x1b]0;x\\x07')\n"
        "c.run = fail\n"
        "m.main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, timeout=60)
    assert b"RuntimeError" in done.stderr
    assert not harmful(done.stderr.decode())


def test_the_log_is_harmless_and_has_no_login(tmp_path: Path) -> None:
    file = tmp_path / "zcal-tui.log"
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    start.log_to(file, {"a-secret-key"})
    (handler,) = [one for one in root.handlers if one not in handlers]
    try:
        logger = logging.getLogger("zcal_tui.anything")
        for text in (ALL, *ATTACKS):
            logger.warning("ignored a message: %s", text)
        try:
            raise ValueError(f"bad header {ALL}: a-secret-key")
        except ValueError:
            logger.exception("failed with a-secret-key")
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        handler.close()
    said = file.read_text(encoding="utf-8")
    assert "ValueError: bad header" in said
    assert not harmful(said)
    assert not forged(said)
    assert "a-secret-key" not in said
