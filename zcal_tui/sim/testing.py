"""Simulated printers for tests, of this project and of others: each a process of its own, as a user starts it.

docs/sim-for-authors.md says what of this stays as it is.
"""

import contextlib
import json
import os
import selectors
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zcal_tui.sim.host.control_client import ControlClient

FIRST_USE = 600.0
"""Seconds that a start may take: the first one ever installs klippy and Moonraker."""


class SimulatorStartError(AssertionError):
    """The simulator did not get ready; carries the error event it printed."""

    def __init__(self, event: dict[str, Any], errors: str) -> None:
        super().__init__(f"{event}\n{errors}")
        self.event = event


class Lines:
    """A process's output, line by line, with a limit on the wait for each."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._selector = selectors.DefaultSelector()
        self._selector.register(stream, selectors.EVENT_READ)
        self._buffer = b""

    def next(self, timeout: float) -> str | None:
        """The next line, None at the end. Raises TimeoutError."""
        until = time.monotonic() + timeout
        while b"\n" not in self._buffer:
            if not self._selector.select(max(0.0, until - time.monotonic())):
                raise TimeoutError(f"no line within {timeout:g} s")
            data = os.read(self._stream.fileno(), 65536)
            if not data:
                return None
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line.decode()


@dataclass
class PrinterSim:
    """A running simulated printer."""

    process: subprocess.Popen[bytes]
    lines: Lines
    ready: dict[str, Any]
    control: ControlClient

    @property
    def klippy(self) -> str:
        """The path of klippy's socket."""
        return str(self.ready["klippy"])

    @property
    def moonraker(self) -> str | None:
        """Moonraker's URL."""
        url = self.ready["moonraker"]
        return None if url is None else str(url)

    @property
    def config(self) -> Path:
        """The printer.cfg that klippy reads and SAVE_CONFIG writes."""
        return Path(self.ready["config"])

    @property
    def log(self) -> str:
        """What klippy has logged."""
        return Path(self.ready["log"]).read_text(errors="replace")

    def connect(self) -> "KlippyApi":
        """A new connection to klippy's socket."""
        return KlippyApi(self.klippy)

    def report(self) -> dict[str, Any]:
        """The true state right now."""
        report: dict[str, Any] = self.control.request("report")["report"]
        return report

    def next_event(self, timeout: float = 60.0) -> dict[str, Any]:
        """The next thing the simulator says."""
        line = self.lines.next(timeout)
        assert line is not None, "the simulator has ended"
        event: dict[str, Any] = json.loads(line)
        return event

    def stop(self) -> int:
        """End it as its starter does, by closing its standard input; returns its exit code."""
        self.control.close()
        assert self.process.stdin is not None
        self.process.stdin.close()
        return self.process.wait(30)


def start_printer(
    profile: str = "voron",
    *,
    speed: float = 20.0,
    truth: Path | None = None,
    moonraker: bool = False,
    login: bool = False,
    seed: int | None = None,
    options: tuple[str, ...] = (),
    environment: dict[str, str] | None = None,
) -> PrinterSim:
    """Start a simulated printer and wait until it is ready. Raises SimulatorStartError."""
    command = [sys.executable, "-m", "zcal_tui.sim", profile, "--json", "--die-with-stdin", *options]
    command += ["--sim-speed", f"{speed:g}"] if speed != 1.0 else []
    command += ["--truth", str(truth)] if truth else []
    command += ["--moonraker-auth"] if login else ["--moonraker"] if moonraker else []
    command += ["--seed", str(seed)] if seed is not None else []
    process = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **(environment or {})},
    )
    lines = Lines(process.stdout)
    try:
        while True:
            line = lines.next(FIRST_USE)
            event = {"event": "end"} if line is None else json.loads(line)
            if event["event"] in ("error", "end", "stopped"):
                _, errors = process.communicate(timeout=30)
                raise SimulatorStartError(event, errors.decode(errors="replace"))
            if event["event"] == "ready":
                return PrinterSim(process, lines, event, ControlClient(event["control"]))
    except BaseException:
        process.kill()
        process.wait()
        raise


class KlippyError(Exception):
    """Klippy refused a request."""


class KlippyApi:
    """A bare client of klippy's socket, so that the simulator is tested without our own transport."""

    def __init__(self, path: str, timeout: float = 20.0) -> None:
        """Connect, waiting a little for klippy to listen. Raises OSError."""
        until = time.monotonic() + timeout
        while True:
            self._socket = socket.socket(socket.AF_UNIX)
            self._socket.settimeout(120)
            try:
                self._socket.connect(path)
                break
            except OSError:
                self._socket.close()
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        self._buffer = b""
        self._number = 0
        self._subscribed = False
        self.console: list[str] = []

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A method's result. Raises KlippyError, or EOFError when klippy restarts meanwhile."""
        self._number += 1
        self.ask(self._number, method, **parameters)
        while True:
            message = self._read()
            if message.get("id") == self._number:
                if "error" in message:
                    raise KlippyError(message["error"]["message"])
                result: dict[str, Any] = message["result"]
                return result

    def ask(self, number: int, method: str, **parameters: Any) -> None:
        """Send a request and do not wait for its answer."""
        request = {"id": number, "method": method, "params": parameters}
        self._socket.sendall(json.dumps(request).encode() + b"\x03")

    def gcode(self, script: str) -> list[str]:
        """Run a script to the end of its moves; returns the console lines it gave. Raises KlippyError."""
        if not self._subscribed:
            self._subscribed = True
            self.call("gcode/subscribe_output", response_template={"method": "console"})
        self.console.clear()
        self.call("gcode/script", script=script)
        self.call("gcode/script", script="M400")
        return list(self.console)

    def send(self, script: str) -> None:
        """Send a script without waiting for its answer: it restarts klippy."""
        self._number += 1
        request = {"id": self._number, "method": "gcode/script", "params": {"script": script}}
        self._socket.sendall(json.dumps(request).encode() + b"\x03")

    def status(self, name: str) -> dict[str, Any]:
        """A status object."""
        status: dict[str, Any] = self.call("objects/query", objects={name: None})["status"].get(name, {})
        return status

    def state(self) -> str:
        """Klippy's state."""
        return str(self.call("info")["state"])

    def drain(self) -> None:
        """Read until klippy hangs up."""
        with contextlib.suppress(EOFError, ConnectionError):
            while True:
                self._read()

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _read(self) -> dict[str, Any]:
        while b"\x03" not in self._buffer:
            data = self._socket.recv(1 << 20)
            if not data:
                raise EOFError
            self._buffer += data
        text, _, self._buffer = self._buffer.partition(b"\x03")
        message: dict[str, Any] = json.loads(text)
        if message.get("method") == "console":
            self.console.append(message["params"]["response"])
        return message


def wait_for_state(printer: PrinterSim, *wanted: str, timeout: float = 120.0) -> KlippyApi:
    """A connection to a klippy that is in one of these states, made again as often as klippy restarts."""
    until = time.monotonic() + timeout
    state = "not there"
    while time.monotonic() < until:
        try:
            client = KlippyApi(printer.klippy, timeout=1.0)
        except OSError:
            continue
        try:
            while time.monotonic() < until:
                state = client.state()
                if state in wanted:
                    return client
                time.sleep(0.05)
        except (EOFError, ConnectionError):
            state = "not there"
        client.close()
    threads = "\n".join(printer.control.request("threads")["threads"])
    raise AssertionError(f"klippy is {state}, not {' or '.join(wanted)}, after {timeout:g} s\n{threads}")


def eventually(condition: Callable[[], bool], timeout: float = 60.0) -> None:
    """Wait until something is so."""
    until = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < until, f"not so within {timeout:g} s"
        time.sleep(0.05)


Starter = Callable[..., PrinterSim]


@contextlib.contextmanager
def printers() -> Iterator[Starter]:
    """A `start_printer` whose printers are stopped at the end."""
    with contextlib.ExitStack() as stack:

        def start(*arguments: Any, **options: Any) -> PrinterSim:
            printer = start_printer(*arguments, **options)
            stack.callback(_end, printer)
            return printer

        yield start


def _end(printer: PrinterSim) -> None:
    if printer.process.poll() is None:
        printer.stop()
    for stream in (printer.process.stdout, printer.process.stderr):
        if stream is not None:
            stream.close()
