"""The program as a user runs it, in a process of its own."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.e2e.simulated import Lines, eventually

LONGEST = 120.0
STOPPING = Path(__file__).with_name("stopping.py")


@dataclass
class Ended:
    """What a run of the program left."""

    code: int
    events: list[dict[str, Any]]
    errors: str

    @property
    def record(self) -> dict[str, Any]:
        """The last line: the record."""
        assert self.events, self.errors
        assert self.events[-1]["event"] == "record", self.events[-1]
        return self.events[-1]

    @property
    def samples(self) -> list[dict[str, Any]]:
        """The samples as they were printed."""
        return [event for event in self.events if event["event"] == "sample"]


@dataclass
class Program:
    """A running `zcal-tui --headless … --json`."""

    process: subprocess.Popen[bytes]
    lines: Lines
    events: list[dict[str, Any]] = field(default_factory=list)

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> None:
        """Read events until one satisfies the condition."""
        while True:
            line = self.lines.next(LONGEST)
            assert line is not None, f"it ended: {self.events[-1:]}"
            self.events.append(json.loads(line))
            if condition(self.events[-1]):
                return

    def until_samples(self, count: int) -> None:
        """Read events until so many samples were printed."""
        self.until(lambda event: event["event"] == "sample" and event["n"] == count)

    def until_stopped(self) -> None:
        """Wait until it has stopped itself; see `start`."""
        stat = Path(f"/proc/{self.process.pid}/stat")
        eventually(lambda: stat.read_text().rpartition(")")[2].split()[0] in ("T", "Z"), LONGEST)
        assert self.process.poll() is None, "it has ended"

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it."""
        self.process.send_signal(number)

    def end(self, longest: float = LONGEST) -> Ended:
        """Read the rest and wait for its end; no line may take longer than `longest` seconds to come."""
        while (line := self.lines.next(longest)) is not None:
            self.events.append(json.loads(line))
        assert self.process.stderr is not None
        errors = self.process.stderr.read().decode(errors="replace")
        code = self.process.wait(LONGEST)
        for stream in (self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()
        assert "Traceback" not in errors, errors
        return Ended(code, self.events, errors)


def command(*arguments: str) -> list[str]:
    """The command line of the installed program."""
    return [sys.executable, "-m", "zcal_tui", *arguments]


def environment(data: Path) -> dict[str, str]:
    """An environment in which no configuration of the tester's counts."""
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(("ZCAL_", "XDG_CONFIG"))},
        "ZCAL_DATA": str(data),
        "XDG_CONFIG_HOME": str(data / "no-config"),
    }


def start(
    data: Path, *arguments: str, more: dict[str, str] | None = None, stop_at: str | None = None
) -> Program:
    """Start `zcal-tui --headless … --json`; `more` are further environment variables. With `stop_at`, the key of a
    question to its autopilot, it stops itself (SIGSTOP) while that is open."""
    words = command("--headless", *arguments, "--json")
    if stop_at is not None:
        words = [sys.executable, str(STOPPING), stop_at, *words[3:]]
    process = subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**environment(data), **(more or {})},
    )
    return Program(process, Lines(process.stdout))


def run(data: Path, *arguments: str) -> Ended:
    """Run it to its end."""
    return start(data, *arguments).end()
