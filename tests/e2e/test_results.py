"""Runs that were cut off, and what a printer's status tells of homing and levelling, on a real klippy."""

import json
import signal
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from tests.e2e import program
from tests.e2e.pace import slowly
from tests.e2e.simulated import Starter, wait_for_state
from zcal_tui.model.record import Outcome, Record
from zcal_tui.results.homing_state import restarted_between
from zcal_tui.results.stale import stale
from zcal_tui.results.store import Store

SCHEMA = Draft202012Validator(
    json.loads(files("zcal_tui.results").joinpath("record.schema.json").read_text(encoding="utf-8"))
)


def call(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command that needs no printer."""
    return subprocess.run(
        program.command(*arguments), capture_output=True, text=True, env=program.environment(data), timeout=60
    )


def measured(data: Path, check: str, printer: str, *more: str) -> Record:
    """Run a check; its record as it is kept."""
    ended = program.run(data, check, *more, "--printer", printer)
    assert ended.record["outcome"] == "finished", ended.record["problem"]
    store = Store(data)
    (name,) = store.printers()
    return next(store.runs(name)).record


def wrong(events: list[dict[str, Any]]) -> list[str]:
    """What the schema has against these lines."""
    return [f"{event['event']}: {error.message}" for event in events for error in SCHEMA.iter_errors(event)]


def test_a_killed_run_is_resumed_and_every_line_keeps_to_the_schema(
    printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim("corexy")
    running = program.start(
        tmp_path, "accuracy", "--samples", "12", "--homings", "0", "--printer", printer.klippy
    )
    with slowly(printer):
        running.until_samples(3)
        running.signal(signal.SIGSTOP)  # so that it has not ended by itself until it is killed
    # While it runs it is nobody's to close
    refused = call(tmp_path, "resume", "--close")
    assert (refused.returncode, refused.stdout) == (2, "")
    running.signal(signal.SIGKILL)
    assert running.end().code == -signal.SIGKILL
    store = Store(tmp_path)
    (name,) = store.printers()
    (old,) = store.interrupted(name)
    assert 3 <= len(old.samples) < 12
    assert old.id in call(tmp_path, "history").stdout

    process = subprocess.run(
        program.command("resume", "--headless", "--json", "--printer", printer.klippy),
        capture_output=True,
        text=True,
        env=program.environment(tmp_path),
        timeout=120,
    )
    assert process.returncode == 0, process.stdout
    lines = [json.loads(line) for line in process.stdout.splitlines()]
    assert lines[-1]["parameters"]["samples"] == 12
    assert lines[-1]["context"]["continues"] == old.id
    assert len(lines[-1]["samples"]) == 12
    assert wrong(lines) == []
    assert store.interrupted(name) == ()
    closed = next(kept for kept in store.runs(name) if kept.record.id == old.id)
    assert closed.complete
    assert closed.record.outcome is Outcome.LOST
    report = call(tmp_path, "report", "--format", "html")
    assert report.returncode == 0
    assert lines[-1]["id"] in report.stdout


def test_levelling_and_restarting_are_told_from_the_status(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("voron")
    first = measured(tmp_path, "accuracy", printer.klippy, "--samples", "4")
    again = measured(tmp_path, "accuracy", printer.klippy, "--samples", "4")
    assert restarted_between(first.context["frame"], again.context["frame"]) is False
    assert again.context["z_tilt_applied"] is False

    client = printer.connect()
    client.gcode("ATTACH_PROBE\nZ_TILT_ADJUST\nDETACH_PROBE")
    client.close()
    levelled = measured(tmp_path, "accuracy", printer.klippy, "--samples", "4")
    assert levelled.context["z_tilt_applied"] is True
    # The same context under a z-offset run, whose result levelling makes worthless
    z_offset = Record(
        "z", "z-offset", again.printer, again.started, again.finished, Outcome.FINISHED, again.context
    )
    assert "has been levelled" in (stale(z_offset, [levelled], None) or "")
    assert stale(again, [levelled], None) is None

    client = printer.connect()
    client.send("FIRMWARE_RESTART")
    client.drain()
    wait_for_state(printer, "ready").close()
    restarted = measured(tmp_path, "accuracy", printer.klippy, "--samples", "4")
    assert restarted_between(levelled.context["frame"], restarted.context["frame"]) is True
