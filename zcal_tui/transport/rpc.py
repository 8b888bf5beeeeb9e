"""The two JSON dialects of a printer, without sockets: frames and requests in, events out.

klippy's API server (Klipper docs, API_Server) takes bare `{"id", "method", "params"}`; Moonraker takes JSON-RPC 2.0.
Over a unix socket both end a message with the byte 0x03; a websocket frames by itself.
"""

import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import field
from typing import Any

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.outside_json import read_json

TERMINATOR = b"\x03"
MAX_MESSAGE = 20 * 2**20
"""Bytes of one message: klippy sends a whole parsed configuration as one."""


class FrameTooLong(Exception):
    """The other end sent more than `MAX_MESSAGE` bytes without ending a message: it is not a printer."""


class Framer:
    """Cuts a byte stream into messages at 0x03."""

    def __init__(self, limit: int = MAX_MESSAGE) -> None:
        self._limit = limit
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The messages completed by `data`, without their terminators. Raises FrameTooLong."""
        self._rest += data
        if TERMINATOR not in data:
            messages = []
        else:
            *parts, rest = bytes(self._rest).split(TERMINATOR)
            messages = [part for part in parts if part]
            self._rest = bytearray(rest)
        if len(self._rest) > self._limit or any(len(message) > self._limit for message in messages):
            raise FrameTooLong(f"a message of more than {self._limit} bytes")
        return messages


@dataclass(frozen=True)
class Reply:
    """The answer to request `id`."""

    id: int
    method: str
    result: Any


@dataclass(frozen=True)
class Failure:
    """The refusal of request `id`. `code` is None on klippy's socket, which has no codes."""

    id: int
    method: str
    message: str
    code: int | None


@dataclass(frozen=True)
class Pushed:
    """A message that the printer sends on its own."""

    method: str
    params: Any


@dataclass(frozen=True)
class Unusable:
    """A message that is neither of these: for the log."""

    reason: str


Event = Reply | Failure | Pushed | Unusable


_ID = re.compile(rb'"id"\s*:\s*(\d{1,18})\b')


@dataclass
class Rpc:
    """Numbers requests, keeps the open ones, and parses replies."""

    jsonrpc: bool
    pending: dict[int, str] = field(default_factory=dict)
    _ids: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def request(self, method: str, params: Mapping[str, Any]) -> tuple[int, bytes]:
        """A new request's number and its message (without terminator). Raises ValueError for parameters that
        JSON cannot carry, NaN and infinity included."""
        number = next(self._ids)
        message: dict[str, Any] = {"id": number, "method": method, "params": dict(params)}
        if self.jsonrpc:
            message["jsonrpc"] = "2.0"
        try:
            data = json.dumps(message, allow_nan=False, separators=(",", ":")).encode()
        except TypeError as error:
            raise ValueError(str(error)) from error
        self.pending[number] = method
        return number, data

    def receive(self, message: bytes | str) -> Event:
        """The event of one message. Replies to no open request are `Unusable`."""
        try:
            content = read_json(message)
        except ValueError as error:
            return self._unreadable(message, str(error))
        if not isinstance(content, dict):
            return Unusable("not a JSON object")
        method = content.get("method")
        if isinstance(method, str):
            return Pushed(method, content.get("params"))
        number = content.get("id")
        if not isinstance(number, int) or isinstance(number, bool) or number not in self.pending:
            return Unusable(f"a reply to no open request: id {number!r}")
        asked = self.pending.pop(number)
        if "error" in content:
            return Failure(number, asked, *_error(content["error"]))
        return Reply(number, asked, content.get("result"))

    def _unreadable(self, message: bytes | str, why: str) -> Event:
        """A message that cannot be read. Whoever waits for it must not wait for ever."""
        named = _ID.search(message if isinstance(message, bytes) else message.encode(errors="replace"))
        asked = self.pending.pop(int(named[1]), None) if named is not None else None
        if named is None or asked is None:
            return Unusable(f"not JSON: {why}")
        return Failure(int(named[1]), asked, f"The printer's answer to {asked} cannot be read: {why}.", None)


def _error(error: object) -> tuple[str, int | None]:
    if isinstance(error, Mapping):
        code = error.get("code")
        message = error.get("message")
        known = code if isinstance(code, int) and not isinstance(code, bool) else None
        return (message if isinstance(message, str) else str(dict(error))), known
    return str(error), None
