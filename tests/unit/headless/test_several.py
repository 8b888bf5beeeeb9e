"""One check on several printers: each by itself, all of them together at the end, and the worst exit code of all."""

import asyncio
import json
import signal
from importlib.resources import files
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from zcal_tui.checks.accuracy import AccuracyParameters
from zcal_tui.headless.exit_codes import ExitCode
from zcal_tui.headless.several import NamedPrinter, run_several
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
            AccuracyParameters(samples=4),
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
