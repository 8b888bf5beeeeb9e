"""A minimal client of klippy's socket (Klipper docs, API_Server)."""

import json
import socket
import time
from collections import deque
from typing import Any

from benchmarks.errors import BenchmarkError

_TERMINATOR = b"\x03"


class KlippyClient:
    """Blocking calls over one connection."""

    def __init__(self, path: str, timeout: float | None = 120.0) -> None:
        """Connect; `timeout` in seconds is that of every single wait. Raises BenchmarkError."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout)
        self._rest = b""
        self._complete: deque[bytes] = deque()
        self._number = 0
        try:
            self._socket.connect(path)
        except OSError as error:
            raise BenchmarkError(f"Nothing answers at {path}: {error.strerror or error}.") from error

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """A method's result; notifications meanwhile are dropped. Raises BenchmarkError when klippy refuses, does not
        answer or closes the connection."""
        number = self.send(method, **parameters)
        while (message := self.next_message()) is not None:
            if message.get("id") == number:
                if "error" in message:
                    raise BenchmarkError(f"Klippy refused {method}: {message['error']['message']}")
                result: dict[str, Any] = message["result"]
                return result
        raise BenchmarkError(f"Klippy closed the connection before it answered {method}.")

    def send(self, method: str, **parameters: Any) -> int:
        """Ask for something without waiting; returns the request's number."""
        self._number += 1
        request = {"id": self._number, "method": method, "params": parameters}
        self._socket.sendall(json.dumps(request).encode() + _TERMINATOR)
        return self._number

    def next_message(self) -> dict[str, Any] | None:
        """The next message of klippy, None once it has closed the connection. Raises BenchmarkError on a timeout."""
        while not self._complete:
            try:
                data = self._socket.recv(1 << 16)
            except TimeoutError as error:
                raise BenchmarkError("Klippy has not answered for too long.") from error
            if not data:
                return None
            *complete, self._rest = (self._rest + data).split(_TERMINATOR)
            self._complete.extend(complete)
        message: dict[str, Any] = json.loads(self._complete.popleft())
        return message

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


def connect(path: str, patience: float = 20.0) -> KlippyClient:
    """A connection to a klippy that may still be opening its socket. Raises BenchmarkError."""
    until = time.monotonic() + patience
    while True:
        try:
            return KlippyClient(path)
        except BenchmarkError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)
