"""Where a headless run's words go: JSON lines or plain text on standard output, narration on standard error."""

import io
import json
import sys
from collections.abc import Callable
from typing import IO, Protocol

from zcal_tui.headless.text import event_lines
from zcal_tui.model.codec import event_to_json
from zcal_tui.model.events import Event


class Output(Protocol):
    """What takes a run's events."""

    def event(self, event: Event) -> None:
        """Print what the event has to say."""

    def say(self, text: str) -> None:
        """Tell a person something that is not data."""


class _Pipe:
    """Writes lines until nobody reads them any more; the run goes on and is kept on disk all the same."""

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
    """One JSON object a line on standard output; the last one is the record."""

    def __init__(self, stdout: IO[str] | None = None, stderr: IO[str] | None = None) -> None:
        self._data = _Pipe(stdout or sys.stdout)
        self._words = _Pipe(stderr or sys.stderr)

    def event(self, event: Event) -> None:
        self._data.line(json.dumps(event_to_json(event), allow_nan=False))

    def say(self, text: str) -> None:
        self._words.line(text)


class TextOutput:
    """Plain text for a person, on standard output; what is not part of the result goes to standard error."""

    def __init__(self, stdout: IO[str] | None = None, stderr: IO[str] | None = None) -> None:
        self._data = _Pipe(stdout or sys.stdout)
        self._words = _Pipe(stderr or sys.stderr)
        self._lines: Callable[[Event], list[str]] = event_lines()

    def event(self, event: Event) -> None:
        for line in self._lines(event):
            self._data.line(line)

    def say(self, text: str) -> None:
        self._words.line(text)
