"""What can go away goes away in the middle of a series: a clear message, nothing left behind, the samples kept."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import program
from tests.e2e.pace import slowly
from tests.e2e.simulated import PrinterSim, Starter, eventually, wait_for_state
from zcal_tui.results.store import read_run


def kept_samples(folder: Path) -> int:
    (path,) = folder.rglob("*.jsonl")
    return len(read_run(path).record.samples)


def descendants(pid: int) -> set[int]:
    """Everything that a process has started, and what that has started in turn."""
    lines = subprocess.run(["ps", "-eo", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = (line.split() for line in lines.splitlines())
    parents = {int(child): int(parent) for child, parent in pairs}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


def alive(pids: set[int]) -> set[int]:
    """Those of these processes that are there still."""
    return {pid for pid in pids if Path(f"/proc/{pid}").exists()}


def break_it(printer: PrinterSim, how: str) -> None:
    match how:
        case "klippy killed":
            printer.control.request("kill_klippy")
        case "micro-controller frozen":
            printer.control.request("freeze")
        case "micro-controller unplugged":
            printer.control.request("unplug")
        case "micro-controller shut down":
            printer.control.request("crash", reason="Timer too close")
        case "emergency stop":
            client = printer.connect()
            client.call("emergency_stop")
            client.close()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("klippy killed", "connection"),
        ("micro-controller frozen", "micro-controller"),
        ("micro-controller unplugged", "micro-controller"),
        ("micro-controller shut down", "micro-controller"),
        ("emergency stop", "emergency stop"),
    ],
)
def test_a_printer_that_fails_in_the_middle(
    how: str, words: str, printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim("corexy")
    running = program.start(tmp_path, "accuracy", "--samples", "200", "--printer", printer.klippy)
    running.until_samples(5)
    break_it(printer, how)
    ended = running.end()
    assert ended.code == 6
    record = ended.record
    assert record["outcome"] in ("error", "lost")
    assert words in (record["problem"]["what"] + record["problem"]["cause"]).lower()
    assert record["problem"]["remedy"]
    assert len(record["samples"]) >= 5
    assert kept_samples(tmp_path) == len(record["samples"])


def test_moonraker_goes_in_the_middle(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy", moonraker=True)
    assert printer.moonraker is not None
    running = program.start(tmp_path, "accuracy", "--samples", "200", "--printer", printer.moonraker)
    running.until_samples(5)
    printer.control.request("kill_moonraker")
    ended = running.end()
    assert ended.code == 6
    assert ended.record["outcome"] == "lost"
    assert kept_samples(tmp_path) == len(ended.record["samples"]) >= 5
    client = printer.connect()
    assert client.state() == "ready"
    client.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_lifts_and_keeps(
    number: signal.Signals, printer_sim: Starter, tmp_path: Path
) -> None:
    printer = printer_sim("corexy")
    running = program.start(tmp_path, "accuracy", "--samples", "200", "--printer", printer.klippy)
    running.until_samples(5)
    with slowly(printer):
        running.signal(number)
        ended = running.end()
    assert ended.code == 5
    assert ended.record["outcome"] == "cancelled"
    assert 5 <= len(ended.record["samples"]) < 20
    client = wait_for_state(printer, "ready")
    assert client.status("toolhead")["position"][2] >= 5.0
    client.close()


def test_a_terminal_that_hangs_up_does_not_lose_the_run(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    running = program.start(
        tmp_path, "accuracy", "--samples", "20", "--homings", "0", "--printer", printer.klippy
    )
    running.until_samples(5)
    running.signal(signal.SIGHUP)
    assert running.process.stdout is not None
    running.process.stdout.close()  # nobody reads any more
    assert running.process.wait(60) == 0
    assert running.process.stderr is not None
    assert "Traceback" not in running.process.stderr.read().decode()
    running.process.stderr.close()
    assert kept_samples(tmp_path) == 20


def test_kill_9_leaves_the_samples_and_no_process(tmp_path: Path) -> None:
    running = program.start(tmp_path, "--demo", "corexy", "--sim-speed", "20", "accuracy", "--samples", "200")
    running.until_samples(5)
    started = descendants(running.process.pid)
    assert len(started) >= 2  # the simulator and its klippy
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait(10)
    for stream in (running.process.stdout, running.process.stderr):
        assert stream is not None
        stream.close()
    assert kept_samples(tmp_path) >= 5
    eventually(lambda: not alive(started))


def test_a_printer_in_error_is_explained_before_anything_starts(printer_sim: Starter, tmp_path: Path) -> None:
    printer = printer_sim("corexy")
    client = printer.connect()
    client.call("emergency_stop")
    client.close()
    ended = program.run(tmp_path, "accuracy", "--printer", printer.klippy)
    assert ended.code == 3
    assert "What to do" in ended.errors
    assert ended.events == []


def usage(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        program.command(*arguments),
        capture_output=True,
        text=True,
        env=program.environment(tmp_path),
        stdin=subprocess.DEVNULL,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["--headless"], 2, "needs a check"),
        (["--headless", "acuracy"], 2, "did you mean accuracy"),
        (["--headless", "accuracy", "--samples", "1"], 2, "2 to 200"),
        (["--headless", "accuracy", "--sampels", "3"], 2, "did you mean --samples"),
        (["--headless", "accuracy", "--probe-speed", "nan"], 2, "0.1 to 50 mm/s"),
        (["--headless", "accuracy", "--printer", "ftp://x"], 2, "ftp"),
        (["--headless", "accuracy", "--sim-speed", "20"], 2, "--demo"),
        (["--headless", "accuracy", "--demo", "voron", "--sim-speed", "0"], 2, "0.1 to 40"),
        (["--headless", "accuracy", "--printer", "/nowhere/klippy.sock"], 3, "/nowhere/klippy.sock"),
        (["--headless", "accuracy", "--config", "/nowhere.toml"], 2, "/nowhere.toml"),
        (["--headless", "accuracy", "--demo", "vorom"], 2, "did you mean voron"),
        (["--headless", "accuracy", "--demo", "voron", "--truth", "/nowhere.toml"], 2, "/nowhere.toml"),
        (["--headless", "sim"], 2, "zcal-tui sim --help"),
        (["instal"], 2, "did you mean install"),
        ([], 2, "--headless"),
    ],
)
def test_bad_input_is_a_clear_error(arguments: list[str], code: int, words: str, tmp_path: Path) -> None:
    done: Any = usage(tmp_path, *arguments)
    assert done.returncode == code, done.stderr
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
