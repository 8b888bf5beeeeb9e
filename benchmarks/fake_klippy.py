"""A klippy that sends the same messages at a chosen rate: `python -m benchmarks.fake_klippy SOCKET …`.

It answers what a client asks on connecting, and pushes status and console lines to whoever subscribed, each as a
message of its own, evenly spaced or a number of them at once. Ends when its standard input closes.
"""

import argparse
import asyncio
import contextlib
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchmarkError
from benchmarks.fake_printer import OBJECTS, changes, console_line, large_objects, probe_accuracy
from benchmarks.terminal import ROOT

_TERMINATOR = b"\x03"
_LISTENING = "listening"

Objects = Mapping[str, list[str] | None]


class _Client:
    """One connection: what it subscribed, and the templates for what is pushed to it."""

    def __init__(
        self, writer: asyncio.StreamWriter, objects: Mapping[str, Mapping[str, Any]], pace: float, hangs: bool
    ) -> None:
        self._writer = writer
        self._there = objects
        self._pace = pace
        self._hangs = hangs
        self._scripts: set[asyncio.Task[None]] = set()
        self._probed = 0
        self._objects: Objects = {}
        self._status: dict[str, Any] | None = None
        self._console: dict[str, Any] | None = None

    def answer(self, request: Mapping[str, Any]) -> None:
        """Answer one request."""
        parameters = request.get("params", {})
        match request["method"]:
            case "info":
                result: dict[str, Any] = {
                    "state": "ready",
                    "state_message": "Printer is ready",
                    "hostname": "benchmark",
                    "software_version": "v0.13.0",
                }
            case "objects/list":
                result = {"objects": list(self._there)}
            case "objects/query":
                result = self._query(parameters["objects"])
            case "objects/subscribe":
                self._objects = parameters["objects"]
                self._status = parameters.get("response_template", {})
                result = self._query(self._objects)
            case "gcode/subscribe_output":
                self._console = parameters.get("response_template", {})
                result = {}
            case "gcode/script":
                task = asyncio.get_running_loop().create_task(
                    self._run(request["id"], parameters.get("script", ""))
                )
                self._scripts.add(task)
                return task.add_done_callback(self._scripts.discard)
            case method:
                text = f"webhooks: No registered callback for path '{method}'"
                error = {"error": "WebRequestError", "message": text}
                return self._send({"id": request["id"], "error": error})
        return self._send({"id": request["id"], "result": result})

    async def _run(self, number: int, script: str) -> None:
        """Carry a script out: PROBE_ACCURACY prints samples, everything else does nothing."""
        if self._hangs:
            return
        found = re.search(r"PROBE_ACCURACY\b.*\bSAMPLES=(\d+)", script)
        if found is not None:
            self._probed += 1
            for line in probe_accuracy(int(found[1]), self._probed):
                await asyncio.sleep(self._pace)
                self.say(line)
        self._send({"id": number, "result": {}})

    def _query(self, objects: Objects) -> dict[str, Any]:
        status = {name: _chosen(self._there.get(name, {}), wanted) for name, wanted in objects.items()}
        return {"eventtime": 0.0, "status": status}

    def tell(self, eventtime: float, changed: Mapping[str, Mapping[str, Any]]) -> None:
        """Push a change, as far as it was subscribed."""
        if self._status is None:
            return
        wanted = self._objects
        status = {name: _chosen(fields, wanted[name]) for name, fields in changed.items() if name in wanted}
        self._send({**self._status, "params": {"eventtime": eventtime, "status": status}})

    def say(self, line: str) -> None:
        """Push a console line."""
        if self._console is not None:
            self._send({**self._console, "params": {"response": line}})

    def _send(self, message: Mapping[str, Any]) -> None:
        if not self._writer.is_closing():
            self._writer.write(json.dumps(message, separators=(",", ":")).encode() + _TERMINATOR)


def _chosen(fields: Mapping[str, Any], wanted: list[str] | None) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if wanted is None or name in wanted}


class FakeKlippy:
    """The server of one printer, or of many that are alike, each on a socket of its own. With `hangs`, the scripts of
    the first one never end."""

    def __init__(self, *, large: bool = False, pace: float = 0.0, hangs: bool = False) -> None:
        self._clients: set[_Client] = set()
        self._objects = large_objects() if large else OBJECTS
        self._pace = pace
        self._hangs = hangs

    async def serve(
        self, paths: Sequence[Path], status_rate: float, console_rate: float, at_once: int
    ) -> None:
        """Serve at each path, pushing so many messages of each kind a second to every client, `at_once` of a kind
        together, until the standard input closes."""
        servers = [
            await asyncio.start_unix_server(
                partial(self._accept, hangs=self._hangs and not number), str(path)
            )
            for number, path in enumerate(paths)
        ]
        feeds = [asyncio.create_task(self._push_status(status_rate, at_once))] if status_rate else []
        feeds += [asyncio.create_task(self._push_console(console_rate, at_once))] if console_rate else []
        print(_LISTENING, flush=True)
        await asyncio.to_thread(sys.stdin.read)
        for feed in feeds:
            feed.cancel()
        for server in servers:
            server.close()

    async def _accept(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, hangs: bool
    ) -> None:
        client = _Client(writer, self._objects, self._pace, hangs)
        self._clients.add(client)
        try:
            while True:
                client.answer(json.loads((await reader.readuntil(_TERMINATOR))[:-1]))
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self._clients.discard(client)
            writer.close()

    async def _push_status(self, rate: float, at_once: int) -> None:
        async for number in _evenly(rate, at_once):
            changed = changes(number)
            for client in tuple(self._clients):
                client.tell(number / rate, changed)

    async def _push_console(self, rate: float, at_once: int) -> None:
        async for number in _evenly(rate, at_once):
            for client in tuple(self._clients):
                client.say(console_line(number))


async def _evenly(rate: float, at_once: int) -> AsyncIterator[int]:
    """Count at `rate` a second, `at_once` numbers at a time; delays of a busy machine are caught up."""
    loop = asyncio.get_running_loop()
    begin, number = loop.time(), 0
    while True:
        number += 1
        if number % at_once == 0:
            await asyncio.sleep(max(0.0, begin + number / rate - loop.time()))
        yield number


def sockets_in(folder: Path, count: int) -> list[Path]:
    """The sockets of so many printers."""
    return [folder / f"klippy-{number}.sock" for number in range(1, count + 1)]


@contextlib.contextmanager
def fake_printers(
    folder: Path, count: int, *, status_rate: float = 4.0, pace: float = 0.0, hangs: bool = False
) -> Iterator[list[Path]]:
    """So many fake printers with configurations of ordinary size, in one process of their own; yields their sockets.
    Raises BenchmarkError."""
    paths = sockets_in(folder, count)
    command = [sys.executable, "-m", "benchmarks.fake_klippy", *map(str, paths), "--large"]
    command += ["--status", str(status_rate), "--pace", str(pace), *(["--hangs"] if hangs else [])]
    with _serving(command):
        yield paths


@contextlib.contextmanager
def fake_klippy(
    folder: Path, *, status_rate: float = 0.0, console_rate: float = 0.0, at_once: int = 1
) -> Iterator[str]:
    """A fake klippy in a separate process until the block ends; yields its socket. Raises BenchmarkError."""
    path = folder / "klippy.sock"
    command = [sys.executable, "-m", "benchmarks.fake_klippy", str(path)]
    command += ["--status", str(status_rate), "--console", str(console_rate)]
    command += ["--at-once", str(at_once)]
    with _serving(command):
        yield str(path)


@contextlib.contextmanager
def _serving(command: Sequence[str]) -> Iterator[None]:
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None and process.stderr is not None
        try:
            if process.stdout.readline().strip() != _LISTENING:
                raise BenchmarkError(f"The fake klippy did not start:\n{process.stderr.read().strip()}")
            yield
        finally:
            process.stdin.close()


def main() -> None:
    """Serve as given on the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fake_klippy", description=__doc__)
    parser.add_argument("sockets", type=Path, nargs="+", help="where to listen; a printer each")
    parser.add_argument("--status", type=float, default=4.0, help="status messages a second")
    parser.add_argument("--console", type=float, default=0.0, help="console lines a second")
    parser.add_argument("--at-once", type=int, default=1, help="messages of a kind that are sent together")
    parser.add_argument("--large", action="store_true", help="a configuration of ordinary size")
    parser.add_argument("--pace", type=float, default=0.0, help="seconds of each sample of PROBE_ACCURACY")
    parser.add_argument("--hangs", action="store_true", help="the first printer's scripts never end")
    options = parser.parse_args()
    fake = FakeKlippy(large=options.large, pace=options.pace, hangs=options.hangs)
    asyncio.run(fake.serve(options.sockets, options.status, options.console, options.at_once))


if __name__ == "__main__":
    main()
