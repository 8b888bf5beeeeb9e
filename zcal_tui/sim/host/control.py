"""The control socket: JSON lines that look into the simulated printer and change it while it runs.

A request is {"command": …, arguments…}; the answer {"ok": true, …} or {"ok": false, "error": …}.
"""

import asyncio
import inspect
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

from zcal_tui.sim.host.errors import SimulatorError
from zcal_tui.sim.host.plant import PlantStoppedError
from zcal_tui.sim.truth import TruthError

logger = logging.getLogger(__name__)

Handler = Callable[..., Awaitable[Mapping[str, Any] | None]]
"""A coroutine function whose keyword parameters are the request's arguments."""


class ControlServer:
    """Answers on a unix socket."""

    def __init__(self, path: Path, handlers: Mapping[str, Handler]) -> None:
        self._path = path
        self._handlers = handlers
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_unix_server(self._serve, str(self._path))

    async def stop(self) -> None:
        """Stop listening; connections end with the program."""
        if self._server is not None:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                answer = await self.answer(line)
                writer.write(json.dumps(answer).encode() + b"\n")
                await writer.drain()
        except (ConnectionError, ValueError):  # the client went, or sent a line without an end
            pass
        finally:
            writer.close()

    async def answer(self, line: bytes) -> dict[str, Any]:
        """The answer to one request."""
        try:
            request = json.loads(line)
        except ValueError:
            return _refusal("This is not JSON. Send one object a line.")
        if not isinstance(request, dict) or not isinstance(request.get("command"), str):
            return _refusal('Send an object with a "command".')
        name = request.pop("command")
        handler = self._handlers.get(name)
        if handler is None:
            return _refusal(f"There is no command {name!r}. There is: {', '.join(sorted(self._handlers))}.")
        try:
            inspect.signature(handler).bind(**request)
        except TypeError as error:
            return _refusal(f"{name}: {error}.")
        try:
            return {"ok": True, **(await handler(**request) or {})}
        except (SimulatorError, TruthError) as error:
            return _refusal(str(error))
        except PlantStoppedError:
            return _refusal("The simulated printer has stopped.")
        except Exception as error:  # a connection's boundary: the others go on
            logger.exception("control command %s failed", name)
            return _refusal(f"{name} failed: {error!r}. This is a fault of the simulator.")


def _refusal(text: str) -> dict[str, Any]:
    return {"ok": False, "error": text}
