"""A client of the control socket, for the command line and for tests."""

import json
import socket
from pathlib import Path
from types import TracebackType
from typing import Any


class ControlError(Exception):
    """The simulator refused, or cannot be reached; the text says why."""


class ControlClient:
    """One connection to a running simulator. Blocking; one request at a time."""

    def __init__(self, path: Path | str, timeout: float = 30.0) -> None:
        """Connect. Raises ControlError."""
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(timeout)
        try:
            self._socket.connect(str(path))
        except OSError as error:
            self._socket.close()
            raise ControlError(
                f"No simulated printer answers at {path}: {error.strerror or error}. Is it running?"
            ) from error
        self._file = self._socket.makefile("rb")

    def request(self, command: str, **arguments: object) -> dict[str, Any]:
        """The answer to a command, without its "ok". Raises ControlError."""
        try:
            self._socket.sendall(json.dumps({"command": command, **arguments}).encode() + b"\n")
            line = self._file.readline()
        except OSError as error:
            raise ControlError(f"The simulated printer did not answer: {error}.") from error
        if not line:
            raise ControlError("The simulated printer has ended.")
        answer: dict[str, Any] = json.loads(line)
        if not answer.pop("ok"):
            raise ControlError(str(answer["error"]))
        return answer

    def close(self) -> None:
        """Disconnect."""
        self._file.close()
        self._socket.close()

    def __enter__(self) -> "ControlClient":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
