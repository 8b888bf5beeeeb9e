"""A simulated printer for a campaign: a process of its own, klippy's socket, and the truth's control."""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from socket import AF_UNIX, socket
from typing import Any

from campaigns.errors import CampaignError
from zcal_tui.sim.host.control_client import ControlClient, ControlError
from zcal_tui.sim.host.klippy_source import Source

ROOT = Path(__file__).resolve().parent.parent
SPEED = 20.0
"""Times real time; the virtual clock keeps a busy machine from showing in the figures."""
END_PATIENCE = 30.0
ANSWER_PATIENCE = 600.0
"""Seconds for one script, in real time."""


class CampaignPrinter:
    """A simulated printer that runs; from `printer`."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self.klippy: str = ready["klippy"]
        """Klippy's socket."""
        self.control: str = ready["control"]
        """The truth's control socket."""
        self._control = ControlClient(self.control)
        self._number = 0
        self._connect()

    def reconnect(self) -> None:
        """Connect to klippy again after its restart closed the connection."""
        self._socket.close()
        self._connect()

    def gcode(self, script: str) -> None:
        """Run a script to the end of its moves. Raises CampaignError where klippy refuses it."""
        self.call("gcode/script", script=f"{script}\nM400")

    def status(self, name: str) -> dict[str, Any]:
        """A status object."""
        found: dict[str, Any] = self.call("objects/query", objects={name: None})["status"][name]
        return found

    def set_truth(self, path: str, value: Any) -> None:
        """Change the truth, by a key of docs/truth.md. Raises CampaignError."""
        try:
            self._control.request("set", path=path, value=value)
        except ControlError as error:
            raise CampaignError(str(error)) from error

    def report(self) -> dict[str, Any]:
        """The true state at this moment."""
        found: dict[str, Any] = self._control.request("report")["report"]
        return found

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a method of klippy's API server. Raises CampaignError."""
        self._number += 1
        request = {"id": self._number, "method": method, "params": parameters}
        self._socket.sendall(json.dumps(request).encode() + b"\x03")
        while (message := self._next()).get("id") != self._number:
            pass
        if "error" in message:
            raise CampaignError(f"Klippy refused {parameters or method}: {message['error']['message']}")
        result: dict[str, Any] = message["result"]
        return result

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()
        self._control.close()

    def _connect(self) -> None:
        self._socket = socket(AF_UNIX)
        self._socket.settimeout(ANSWER_PATIENCE)
        self._socket.connect(self.klippy)
        self._rest = b""

    def _next(self) -> dict[str, Any]:
        while b"\x03" not in self._rest:
            try:
                data = self._socket.recv(1 << 16)
            except OSError as error:
                raise CampaignError(f"Klippy does not answer: {error}.") from error
            if not data:
                raise CampaignError("Klippy closed the connection before it answered.")
            self._rest += data
        text, _, self._rest = self._rest.partition(b"\x03")
        message: dict[str, Any] = json.loads(text)
        return message


@contextlib.contextmanager
def printer(
    profile: str, *, source: Source, seed: int, speed: float = SPEED, options: Sequence[str] = ()
) -> Iterator[CampaignPrinter]:
    """A printer whose klippy is ready, until the block ends; `speed` is times real time, `options` are those of
    `zcal-tui sim`.

    Raises CampaignError where it does not start.
    """
    command = [sys.executable, "-m", "zcal_tui.sim", profile, "--json", "--die-with-stdin", *options]
    command += ["--sim-speed", f"{speed:g}", "--seed", str(seed)]
    command += ["--klipper", str(source)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdin is not None
        try:
            running = CampaignPrinter(_until_ready(process))
            try:
                yield running
            finally:
                running.close()
        finally:
            process.stdin.close()
            try:
                process.wait(END_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


def _until_ready(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    assert process.stdout is not None
    for line in process.stdout:
        event: dict[str, Any] = json.loads(line)
        if event["event"] == "ready":
            if event["state"] != "ready":
                raise CampaignError(f"Klippy did not become ready: {event['message']}")
            return event
        if event["event"] == "error":
            parts = [event[key] for key in ("what", "cause", "remedy") if event[key]]
            raise CampaignError("The simulated printer did not start. " + " ".join(parts))
    raise CampaignError("The simulated printer ended before it was ready.")
