"""Output of a headless run: JSON lines or plain text on standard output, messages on standard error."""

import io
import json
import sys
from collections.abc import Callable, Mapping
from typing import IO, Any, Protocol

from zcal_tui.headless.text import event_lines
from zcal_tui.model.codec import event_to_json
from zcal_tui.model.events import Event


class Output(Protocol):
    """What takes a run's events."""

    def event(self, event: Event) -> None:
        """Print the event."""

    def message(self, text: str) -> None:
        """Print a message for a person, which is not data."""


class _Pipe:
    """Writes lines until nobody reads them any more; the run continues and is stored all the same."""

    def __init__(self, stream: IO[str]) -> None:
        if isinstance(stream, io.TextIOWrapper):
            # A locale without µ or σ gets an escape instead of an error
            stream.reconfigure(errors="backslashreplace")
        self._stream = stream
        self._broken = False

    def line(self, text: str) -> None:
        if self._broken:
            return
        try:
            self._stream.write(text + "\n")
            self._stream.flush()
        except (OSError, ValueError):  # closed pipe, hung-up terminal
            self._broken = True


class JsonOutput:
    """One JSON object a line on standard output; the last one is the record.

    `at` says which of several printers a line is from: it is added to every line.
    """

    def __init__(
        self, stdout: IO[str] | None = None, stderr: IO[str] | None = None, at: str | None = None
    ) -> None:
        self._data = _Pipe(stdout or sys.stdout)
        self._words = _Pipe(stderr or sys.stderr)
        self._at = at

    def event(self, event: Event) -> None:
        self.data(event_to_json(event))

    def data(self, item: Mapping[str, Any]) -> None:
        """Print an object that is no event."""
        marked = item if self._at is None else {**item, "at": self._at}
        self._data.line(json.dumps(marked, allow_nan=False))

    def message(self, text: str) -> None:
        self._words.line(text if self._at is None else f"[{self._at}] {text}")


class TextOutput:
    """Plain text for a person, on standard output; what is not part of the result goes to standard error.

    `at` says which of several printers a line is from: it begins every line.
    """

    def __init__(
        self, stdout: IO[str] | None = None, stderr: IO[str] | None = None, at: str | None = None
    ) -> None:
        self._data = _Pipe(stdout or sys.stdout)
        self._words = _Pipe(stderr or sys.stderr)
        self._mark = "" if at is None else f"[{at}] "
        self._lines: Callable[[Event], list[str]] = event_lines()

    def event(self, event: Event) -> None:
        for line in self._lines(event):
            self.line(line)

    def line(self, text: str) -> None:
        """Print a line that belongs to the result."""
        self._data.line(self._mark + text)

    def message(self, text: str) -> None:
        self._words.line(self._mark + text)
