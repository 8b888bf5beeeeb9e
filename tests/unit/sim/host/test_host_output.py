"""What the simulator says, to people and to programs."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from zcal_tui.sim.host.errors import SimulatorError
from zcal_tui.sim.host.output import SimulatorJsonOutput, SimulatorTextOutput
from zcal_tui.sim.program_name import typed

READY: dict[str, Any] = {
    "profile": "voron",
    "speed": 20.0,
    "state": "ready",
    "message": "Printer is ready",
    "klippy": "/run/klippy.sock",
    "moonraker": None,
    "api_key": None,
    "config": "/run/printer.cfg",
    "log": "/run/klippy.log",
    "control": "/run/control.sock",
}


def test_programs_get_one_object_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    output = SimulatorJsonOutput()
    output.progress("Installing\nmuch")
    output.notice("Klippy has ended.")
    output.ready(READY)
    output.failed(SimulatorError("No gcc.", "None found.", "Install it."))
    output.stopped("signal SIGINT")
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [event["event"] for event in events] == ["progress", "notice", "ready", "error", "stopped"]
    assert events[2] == {"event": "ready", **READY}
    assert events[3] == {"event": "error", "what": "No gcc.", "cause": "None found.", "remedy": "Install it."}


def test_people_are_told_where_to_reach_it(capsys: pytest.CaptureFixture[str]) -> None:
    SimulatorTextOutput().ready({**READY, "moonraker": "http://127.0.0.1:7125", "api_key": "abc"})
    said = capsys.readouterr().out
    for part in ("20 times", "/run/klippy.sock", "http://127.0.0.1:7125", "abc", "/run/control.sock"):
        assert part in said
    assert "not ready" not in said


def test_people_are_told_if_klippy_is_not_ready(capsys: pytest.CaptureFixture[str]) -> None:
    SimulatorTextOutput().ready({**READY, "state": "error", "message": "Option 'x' is not valid"})
    assert "Option 'x' is not valid" in capsys.readouterr().out


def test_an_error_goes_to_the_error_output(capsys: pytest.CaptureFixture[str]) -> None:
    SimulatorTextOutput().failed(SimulatorError("No gcc.", remedy="Install it."))
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == "zcal-tui sim: No gcc. Install it.\n"


def test_a_reader_that_has_gone_is_no_error() -> None:
    program = (
        "from zcal_tui.sim.host.output import SimulatorJsonOutput\n"
        "output = SimulatorJsonOutput()\n"
        "for _ in range(20000): output.progress('x' * 100)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    process.stderr.close()
    assert process.wait(20) == 0


@pytest.mark.parametrize("on_path", [True, False])
def test_a_command_to_copy_names_the_path_where_the_shell_finds_another(
    on_path: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    for folder in (own, other):
        folder.mkdir()
        (folder / "zcal-tui").write_text("#!/bin/sh\n")
        (folder / "zcal-tui").chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(own / "python"))
    monkeypatch.setenv("PATH", str(own if on_path else other))
    assert typed("zcal-tui sim") == ("zcal-tui sim" if on_path else f"{own}/zcal-tui sim")
    assert typed("zcal-tui") == ("zcal-tui" if on_path else f"{own}/zcal-tui")
