"""Moonraker over a `Machine`: JSON-RPC on a websocket and on a unix socket."""

import asyncio
import contextlib
import http
import json
import ssl
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from tests.unit.fakes.machine import Machine, Refused

Send = Callable[[str], Awaitable[None]]


class RpcError(Exception):
    """An error reply."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


class FakeMoonraker:
    """Answers as Moonraker 0.11 does where a client can see it."""

    def __init__(self, machine: Machine, path: Path) -> None:
        self.machine = machine
        self.path = path
        self.port = 0
        self.trusting = True
        self.api_key = "the-key"
        self.token = "the-token"
        self.one_shot: set[str] = set()
        self.klippy_connected = True
        self.met_klippy = True
        self.refuse_status: int | None = None
        self.tls: ssl.SSLContext | None = None
        self.paths: list[str] = []
        self.requests: list[str] = []
        self._web: Server | None = None
        self._unix: asyncio.Server | None = None
        self._clients: set[_Client] = set()
        self._closers: set[Callable[[], None]] = set()
        machine.left.append(self._klippy_left)
        machine.came.append(self._klippy_came)

    @property
    def url(self) -> str:
        return f"http{'s' if self.tls else ''}://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Listen on both."""
        self._web = await serve(
            self._accept_web, "127.0.0.1", self.port, process_request=self._upgrade, ssl=self.tls
        )
        self.port = next(iter(self._web.sockets)).getsockname()[1]
        self._unix = await asyncio.start_unix_server(self._accept_unix, str(self.path))

    async def stop(self) -> None:
        """Close both, with every connection."""
        if self._web is not None:
            self._web.close()
            await self._web.wait_closed()
        if self._unix is not None:
            self._unix.close()
        for close in list(self._closers):
            close()
        self.path.unlink(missing_ok=True)
        await asyncio.sleep(0)

    def notify(self, method: str, *params: Any) -> None:
        """Tell every authorized client."""
        for client in self._clients:
            if client.authorized:
                client.push({"jsonrpc": "2.0", "method": method, "params": list(params)})

    def _klippy_left(self) -> None:
        self.klippy_connected = False
        for client in self._clients:
            client.subscription = None
            client.fail_pending()
        self.notify("notify_klippy_disconnected")

    def _klippy_came(self) -> None:
        self.klippy_connected = True
        self.notify("notify_klippy_ready")

    def _upgrade(self, connection: ServerConnection, request: Request) -> Response | None:
        self.paths.append(request.path)
        if self.refuse_status is not None:
            return connection.respond(http.HTTPStatus(self.refuse_status), "no")
        if urlsplit(request.path).path != "/websocket":
            return connection.respond(http.HTTPStatus.NOT_FOUND, "no")
        return None

    async def _accept_web(self, connection: ServerConnection) -> None:
        request = connection.request
        assert request is not None
        token = parse_qs(urlsplit(request.path).query).get("token", [""])[0]
        authorized = self.trusting or request.headers.get("X-Api-Key") == self.api_key
        if token in self.one_shot:
            self.one_shot.remove(token)
            authorized = True

        async def send(text: str) -> None:
            with contextlib.suppress(ConnectionClosed):
                await connection.send(text)

        client = _Client(self, send, authorized)
        async with client:
            async for message in connection:
                client.take(message)

    async def _accept_unix(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async def send(text: str) -> None:
            writer.write(text.encode() + b"\x03")

        self._closers.add(writer.close)
        async with _Client(self, send, authorized=True) as client:
            while True:
                try:
                    client.take((await reader.readuntil(b"\x03"))[:-1])
                except (asyncio.IncompleteReadError, ConnectionError):
                    break
        self._closers.discard(writer.close)
        writer.close()


class _Client:
    def __init__(self, server: FakeMoonraker, send: Send, authorized: bool) -> None:
        self.server = server
        self.machine = server.machine
        self.authorized = authorized
        self.identified = False
        self.subscription: dict[str, Any] | None = None
        self._out: asyncio.Queue[str] = asyncio.Queue()
        self._send = send
        self._tasks: set[asyncio.Task[None]] = set()
        self._pending: dict[int, asyncio.Task[Any]] = {}

    async def __aenter__(self) -> "_Client":
        self.server._clients.add(self)
        self.machine.console.append(self._say)
        self.machine.status.append(self._tell)
        self._writer = asyncio.create_task(self._write())
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server._clients.discard(self)
        self.machine.console.remove(self._say)
        self.machine.status.remove(self._tell)
        self._writer.cancel()

    def push(self, message: Mapping[str, Any]) -> None:
        self._out.put_nowait(json.dumps(message))

    def take(self, message: str | bytes) -> None:
        task = asyncio.create_task(self._answer(json.loads(message)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def fail_pending(self) -> None:
        for task in self._pending.values():
            task.cancel()

    async def _write(self) -> None:
        while True:
            await self._send(await self._out.get())

    def _say(self, text: str) -> None:
        if self.authorized:
            self.push({"jsonrpc": "2.0", "method": "notify_gcode_response", "params": [text]})

    def _tell(self, changes: Mapping[str, Any]) -> None:
        if self.subscription is None:
            return
        status = {}
        for name, fields in changes.items():
            if name in self.subscription:
                wanted = self.subscription[name]
                status[name] = {k: v for k, v in fields.items() if wanted is None or k in wanted}
        params = [status, self.machine.eventtime]
        self.push({"jsonrpc": "2.0", "method": "notify_status_update", "params": params})

    async def _answer(self, request: dict[str, Any]) -> None:
        number = request.get("id")
        reply: dict[str, Any] = {"jsonrpc": "2.0", "id": number}
        try:
            if request.get("jsonrpc") != "2.0":
                raise RpcError(-32600, "Invalid Request")
            reply["result"] = await self._call(request["method"], request.get("params", {}))
        except RpcError as error:
            reply["error"] = {"code": error.code, "message": str(error)}
        self.push(reply)

    async def _call(self, method: str, params: dict[str, Any]) -> Any:
        self.server.requests.append(method)
        if method == "server.connection.identify":
            return self._identify(params)
        if not self.authorized:
            raise RpcError(-32602, "Unauthorized")
        if method == "server.info":
            return {"klippy_connected": self.server.klippy_connected}
        if not self.server.met_klippy:
            raise RpcError(-32601, "Method not found")
        if not self.server.klippy_connected:
            raise RpcError(503, "Klippy Host not connected")
        return await self._klippy_call(method, params)

    def _identify(self, params: dict[str, Any]) -> dict[str, int]:
        if self.identified:
            raise RpcError(400, "Connection already identified")
        key, token = params.get("api_key"), params.get("access_token")
        if token is not None:
            self.authorized = token == self.server.token
        elif key is not None:
            self.authorized = key == self.server.api_key
        if not self.authorized:
            raise RpcError(-32602, "Invalid API Key" if key else "Unauthorized")
        self.identified = True
        return {"connection_id": 1}

    async def _klippy_call(self, method: str, params: dict[str, Any]) -> Any:
        match method:
            case "printer.info":
                return self.machine.info()
            case "printer.objects.list":
                return {"objects": list(self.machine.objects)}
            case "printer.objects.query":
                return self.machine.query(params["objects"])
            case "printer.objects.subscribe":
                self.subscription = params["objects"]
                return self.machine.query(params["objects"])
            case "printer.emergency_stop":
                self.machine.stopped = True
                self.machine.halt("Shutdown due to webhooks request")
                self.server.notify("notify_klippy_shutdown")
                return "ok"
            case "printer.gcode.script":
                return await self._script(params["script"])
        raise RpcError(-32601, "Method not found")

    async def _script(self, script: str) -> str:
        task = asyncio.create_task(self.machine.run(script))
        self._pending[id(task)] = task
        try:
            await task
        except Refused as error:
            raise RpcError(400, str(error)) from error
        except asyncio.CancelledError as error:
            raise RpcError(503, "Klippy Disconnected") from error
        finally:
            self._pending.pop(id(task))
        return "ok"
