"""klippy's API server over a `Machine`."""

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.unit.fakes.machine import Machine, Refused


class FakeKlippy:
    """A unix socket that speaks as webhooks.py does: bare JSON, 0x03, templates for what is pushed."""

    def __init__(self, machine: Machine, path: Path) -> None:
        self.machine = machine
        self.path = path
        self.requests: list[str] = []
        self.mute: set[str] = set()
        """Methods that are carried out but never answered."""
        self.after: dict[str, Callable[[], None]] = {}
        """What happens in the same breath as the answer to a method."""
        self.endpoints: dict[str, Callable[[dict[str, Any]], Any]] = {}
        """What answers a method that klippy itself has not, as an extra registers it. May raise Refused."""
        self._server: asyncio.Server | None = None
        self._clients: set[_Client] = set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_unix_server(self._accept, str(self.path), limit=2**20)

    async def stop(self) -> None:
        """Close the socket and every connection."""
        if self._server is not None:
            self._server.close()
        self.drop_clients()
        self.path.unlink(missing_ok=True)
        await asyncio.sleep(0)

    async def restart(self) -> None:
        """Stop and start again, as a klippy process does."""
        await self.stop()
        await self.start()

    def drop_clients(self) -> None:
        """Cut every connection."""
        for client in list(self._clients):
            client.close()

    def send_raw(self, data: bytes) -> None:
        """Bytes to every client."""
        for client in self._clients:
            client.writer.write(data)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Client(self, reader, writer)
        self._clients.add(client)
        try:
            await client.serve()
        finally:
            self._clients.discard(client)
            client.close()


class _Client:
    def __init__(
        self, server: FakeKlippy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.server = server
        self.machine = server.machine
        self.reader = reader
        self.writer = writer
        self._output: dict[str, Any] | None = None
        self._subscription: tuple[dict[str, Any], dict[str, Any]] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        self.machine.console.append(self._say)
        self.machine.status.append(self._tell)
        try:
            while True:
                request = json.loads((await self.reader.readuntil(b"\x03"))[:-1])
                task = asyncio.create_task(self._answer(request))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            self.machine.console.remove(self._say)
            self.machine.status.remove(self._tell)

    def close(self) -> None:
        with contextlib.suppress(RuntimeError):
            self.writer.close()

    def send(self, message: Mapping[str, Any]) -> None:
        if not self.writer.is_closing():
            self.writer.write(json.dumps(message).encode() + b"\x03")

    def _say(self, text: str) -> None:
        if self._output is not None:
            self.send({**self._output, "params": {"response": text}})

    def _tell(self, changes: Mapping[str, Any]) -> None:
        if self._subscription is None:
            return
        wanted, template = self._subscription
        status = {}
        for name, fields in changes.items():
            if name in wanted:
                told = {k: v for k, v in fields.items() if wanted[name] is None or k in wanted[name]}
                if told:
                    status[name] = told
        if status:
            self.send({**template, "params": {"eventtime": self.machine.eventtime, "status": status}})

    async def _answer(self, request: dict[str, Any]) -> None:
        method = request["method"]
        self.server.requests.append(method)
        try:
            result: dict[str, Any] = {"result": await self._call(method, request.get("params", {}))}
        except Refused as error:
            result = {"error": {"error": "WebRequestError", "message": str(error)}}
        if "id" in request and method not in self.server.mute:
            self.send({"id": request["id"], **result})
            self.server.after.get(method, lambda: None)()

    async def _call(self, method: str, params: dict[str, Any]) -> Any:
        match method:
            case "info":
                return self.machine.info()
            case "objects/list":
                return {"objects": list(self.machine.objects)}
            case "objects/query":
                return self.machine.query(params["objects"])
            case "objects/subscribe":
                self._subscription = (params["objects"], params.get("response_template", {}))
                return self.machine.query(params["objects"])
            case "gcode/subscribe_output":
                self._output = params.get("response_template", {})
                return {}
            case "gcode/script":
                await self.machine.run(params["script"])
                return {}
            case "gcode/firmware_restart" | "gcode/restart":
                self.machine.objects["webhooks"] = {
                    "state": "startup",
                    "state_message": "Printer is not ready",
                }
                asyncio.get_running_loop().call_later(0.05, self.server.drop_clients)
                asyncio.get_running_loop().call_later(0.1, self.machine.come_back)
                return {}
            case "emergency_stop":
                self.machine.stopped = True
                self.machine.halt("Shutdown due to webhooks request")
                return {}
        if method in self.server.endpoints:
            return self.server.endpoints[method](params)
        raise Refused(f"webhooks: No registered callback for path '{method}'")
