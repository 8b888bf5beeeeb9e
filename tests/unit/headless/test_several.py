"""One check on several printers: each by itself, all of them together at the end, and the worst exit code of all."""

import asyncio
import json
import os
import signal
import threading
from functools import partial
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.waiting import until
from zcal_tui.checks.accuracy import AccuracyParameters
from zcal_tui.headless.exit_codes import ExitCode
from zcal_tui.headless.several import NamedPrinter, run_several
from zcal_tui.model.events import Event, RunEnded
from zcal_tui.results.store import Store
from zcal_tui.session.loop import SessionLoop
from zcal_tui.session.port import RunOptions
from zcal_tui.session.session import Session
from zcal_tui.session.target import PrinterTarget
from zcal_tui.transport.address import SocketAddress

SCHEMA = json.loads(files("zcal_tui.results").joinpath("record.schema.json").read_text(encoding="utf-8"))


@pytest.fixture
def machine(machine: Machine) -> Machine:
    """The small printer, with the moves a check makes."""
    for word in ("SAVE_GCODE_STATE", "RESTORE_GCODE_STATE", "G90", "G1", "M400"):
        machine.handlers[word] = machine.handlers["G28"]
    return machine


async def measure(
    klippy: FakeKlippy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, as_json: bool
) -> ExitCode:
    """Four touches on a printer that is there, and on one that is not."""
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)  # a thread may not take signals
    store = Store(tmp_path / "data")
    missing = tmp_path / "missing.sock"
    loop = SessionLoop()
    printers = [
        NamedPrinter(
            name,
            f"at {name}",
            Session(PrinterTarget(addresses=(SocketAddress(path),)), store, loop),
            AccuracyParameters(samples=4, homings=0),
        )
        for name, path in (("here", klippy.path), ("gone", missing))
    ]
    for printer in printers:
        printer.session.start()
    try:
        return await asyncio.to_thread(
            run_several, printers, "accuracy", as_json=as_json, options=RunOptions(present=False)
        )
    finally:
        loop.stop()


async def test_every_line_keeps_to_the_schema_and_the_last_holds_them_all(
    klippy: FakeKlippy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    code = await measure(klippy, tmp_path, monkeypatch, as_json=True)
    assert code is ExitCode.NOT_READY, "the worst of all"
    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    validator = Draft202012Validator(SCHEMA)
    for line in lines:
        validator.validate(line)
    *others, last = lines
    assert {(line["printer_name"], line["at"]) for line in others} == {("here", "at here")}
    assert last["event"] == "summary"
    here, gone = last["printers"]
    assert (here["printer_name"], here["at"], len(here["record"]["samples"])) == ("here", "at here", 4)
    assert (gone["printer_name"], gone["record"], gone["exit_code"]) == ("gone", None, ExitCode.NOT_READY)
    assert "[gone] No printer at" in err


async def test_the_table_says_why_one_has_no_result(
    klippy: FakeKlippy,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    await measure(klippy, tmp_path, monkeypatch, as_json=False)
    out = capsys.readouterr().out
    _, _, together = out.partition("Summary: 1 pass, 1 not ready")
    assert "- gone: No printer at" in together
    assert "standard deviation σ" in together


async def test_one_that_hangs_and_one_that_fails_delay_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On one loop: a printer whose command never ends, one that fails at once, and twenty others."""
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    store, loop, released = Store(tmp_path / "data"), SessionLoop(), asyncio.Event()
    machines = [Machine() for _ in range(22)]
    for machine in machines:
        for word in ("SAVE_GCODE_STATE", "RESTORE_GCODE_STATE", "G90", "G1", "M400"):
            machine.handlers[word] = machine.handlers["G28"]

    async def hang(number: int) -> None:
        await released.wait()

    machines[0].before_touch = hang
    machines[1].fail_at = 2
    servers = [FakeKlippy(machine, tmp_path / f"{n}.sock") for n, machine in enumerate(machines)]
    for server in servers:
        await server.start()
    sessions = [Session(PrinterTarget(addresses=(SocketAddress(one.path),)), store, loop) for one in servers]
    before = threading.active_count()
    threads = 0
    ended: set[int] = set()

    def listen(number: int, event: Event) -> None:
        nonlocal threads
        threads = max(threads, threading.active_count() - before)
        if isinstance(event, RunEnded):
            ended.add(number)

    for number, session in enumerate(sessions):
        session.listen(partial(listen, number))
        session.start()
    printers = [
        NamedPrinter(f"p{number}", "", session, AccuracyParameters(samples=4, homings=0))
        for number, session in enumerate(sessions)
    ]
    running = asyncio.create_task(
        asyncio.to_thread(run_several, printers, "accuracy", as_json=False, options=RunOptions(present=False))
    )
    try:
        await until(lambda: len(ended) == 21, 60.0)
        assert 0 not in ended
        assert not running.done()
        # The loop, the run itself, and the few of asyncio.to_thread, on this loop and on the sessions'
        assert threads <= 2 + 2 * min(32, (os.cpu_count() or 1) + 4)
        released.set()
        assert await running is ExitCode.PRINTER_ERROR
        assert "Summary: 21 pass, 1 error" in capsys.readouterr().out
    finally:
        released.set()
        loop.stop()
        for server in servers:
            await server.stop()


async def test_a_printer_that_left_its_own_normal_has_a_line(
    klippy: FakeKlippy,
    machine: Machine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for _ in range(6):
        machine.touches = 0
        await measure(klippy, tmp_path, monkeypatch, as_json=False)
        assert "own normal range" not in capsys.readouterr().out
    machine.heights = [2.5, 1.503, 3.4985, 0.5005]
    machine.touches = 0
    await measure(klippy, tmp_path, monkeypatch, as_json=True)
    here, gone = json.loads(capsys.readouterr().out.splitlines()[-1])["printers"]
    assert here["normal"]["left"] is True
    assert (here["normal"]["estimate"], here["normal"]["runs"]) == ("sigma", 6)
    assert gone["normal"] is None
