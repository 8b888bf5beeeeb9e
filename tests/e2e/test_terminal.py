"""The terminal interface in a real terminal: a pty, read by nobody for a minute, or hung up."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e import program
from tests.e2e.simulated import Starter
from zcal_tui.results.store import read_run

STALL = 60.0


class Terminal:
    """A program on a pty of 80 by 24. What it writes is kept as plain bytes."""

    def __init__(self, arguments: list[str], environment: dict[str, str]) -> None:
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.process = subprocess.Popen(
            arguments,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**environment, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"},
            start_new_session=True,
        )
        os.close(slave)
        self.written = b""

    def read(self, seconds: float) -> None:
        """Read whatever comes for so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                try:
                    self.written += os.read(self.master, 65536)
                except OSError:  # the other side is gone
                    return

    def read_until(self, condition: Callable[[], object], limit: float) -> None:
        """Read until the condition holds."""
        until = time.monotonic() + limit
        while not condition():
            assert time.monotonic() < until, self.written[-2000:].decode(errors="replace")
            assert self.process.poll() is None, self.written[-2000:].decode(errors="replace")
            self.read(0.2)

    def shows(self, text: str) -> bool:
        """Whether it has written these words since `forget`."""
        return text.encode() in self.written

    def forget(self) -> None:
        """Count anew what it writes."""
        self.written = b""

    def press(self, keys: bytes) -> None:
        """Type."""
        os.write(self.master, keys)

    def close(self) -> None:
        """End it for good."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        if self.master >= 0:
            os.close(self.master)


@pytest.fixture
def terminal(printer_sim: Starter, tmp_path: Path) -> Iterator[Terminal]:
    """The program, connected to a printer whose probe takes many touches to judge."""
    printer = printer_sim("corexy", speed=1.0)
    printer.control.request("set", path="probe.noise", value=0.0075)
    client = printer.connect()
    printer.control.request("speed", value=20.0)
    client.gcode("G28")
    printer.control.request("speed", value=1.0)
    client.close()
    terminal = Terminal(
        program.command("--printer", printer.klippy, "accuracy", "--homings", "0"),
        program.environment(tmp_path),
    )
    yield terminal
    terminal.close()


def journal(folder: Path) -> list[dict[str, Any]]:
    """The lines on disk of the only run there is."""
    paths = list(folder.rglob("*.jsonl"))
    return [json.loads(line) for line in paths[0].read_text().splitlines()] if paths else []


def samples_on_disk(folder: Path) -> int:
    return sum(line["event"] == "sample" for line in journal(folder))


def start_touching(terminal: Terminal, folder: Path) -> None:
    terminal.read_until(lambda: terminal.shows("ready"), 30)
    terminal.read(1.0)
    terminal.press(b"\r")
    terminal.read_until(lambda: samples_on_disk(folder) >= 2, 60)


def test_a_terminal_that_nobody_reads_stalls_nothing(terminal: Terminal, tmp_path: Path) -> None:
    start_touching(terminal, tmp_path)
    before = samples_on_disk(tmp_path)
    time.sleep(STALL)  # Ctrl-S, a hung link, a stopped tmux client
    (path,) = tmp_path.rglob("*.jsonl")
    record = read_run(path).record
    assert len(record.samples) >= min(before + 20, 40), "the check stood still while the terminal did"
    assert [sample.n for sample in record.samples] == list(range(1, len(record.samples) + 1))
    gaps = [b.t - a.t for a, b in zip(record.samples, record.samples[1:], strict=False)]
    assert max(gaps) < 5.0, "a touch was held up"
    terminal.forget()
    terminal.read_until(lambda: journal(tmp_path)[-1]["event"] == "record", 60)
    terminal.read(3.0)
    assert terminal.process.poll() is None
    final = read_run(path).record
    assert final.verdict is not None
    assert terminal.shows("25 µm")


def test_a_terminal_that_hangs_up_ends_the_run_cleanly(terminal: Terminal, tmp_path: Path) -> None:
    start_touching(terminal, tmp_path)
    os.close(terminal.master)
    terminal.master = -1
    terminal.process.send_signal(signal.SIGHUP)
    assert terminal.process.wait(40) == 5
    lines = journal(tmp_path)
    assert lines[-1]["event"] == "record"
    assert lines[-1]["outcome"] == "cancelled"
    assert len(lines[-1]["samples"]) >= 2
