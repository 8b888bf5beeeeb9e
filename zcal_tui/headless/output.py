"""Output of a headless run: JSON lines or plain text on standard output, messages on standard error."""

import io
import os
import sys
import textwrap
from collections.abc import Callable, Mapping
from typing import IO, Any, Protocol

from zcal_tui.headless.line_writer import writer_of
from zcal_tui.headless.text import event_lines
from zcal_tui.model.codec import event_to_json
from zcal_tui.model.events import Event, Notice, RunEnded, RunProblem, RunStarted, SampleTaken, Stage
from zcal_tui.model.outside_text import indented_lines, json_line
from zcal_tui.model.record import WHOLE

BELL = "\a"
LEAST_WIDTH = 20
"""Columns below which nothing is wrapped."""


def wrapped(text: str, width: int | None) -> list[str]:
    """Lines that break at words to fit into `width` columns, with the indentation of the line they are from."""
    lines = text.split("\n")
    if width is None or width < LEAST_WIDTH:
        return lines
    found = []
    for line in lines:
        if len(line) <= width:
            found.append(line)
            continue
        indent = " " * min(len(line) - len(line.lstrip(" ")), width // 2)
        found += textwrap.wrap(
            line.strip(" "),
            width,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
    return found


class Output(Protocol):
    """What takes a run's events."""

    def event(self, event: Event) -> None:
        """Print the event."""

    def message(self, text: str) -> None:
        """Print a message for a person, which is not data."""

    def prompt(self, sign: str) -> None:
        """Print a prompt sign, after which a person types an answer on the same line."""

    def written(self, timeout: float) -> bool:
        """Wait for the readers of what was printed. Returns whether they have all of it, or are gone."""


class _Pipe:
    """Writes lines until nobody reads them any more; the run continues and is stored all the same. Never waits for a
    reader where the stream is a file, a pipe or a terminal."""

    def __init__(self, stream: IO[str]) -> None:
        if isinstance(stream, io.TextIOWrapper):
            # A locale without µ or σ gets an escape instead of an error
            stream.reconfigure(errors="backslashreplace")
        self._stream = stream
        self._broken = False
        self._writer = writer_of(stream)
        self._encoding = getattr(stream, "encoding", None) or "utf-8"

    def dropped(self) -> int:
        """How many lines its reader did not take in time, since this was last asked."""
        return 0 if self._writer is None else self._writer.take_dropped()

    def written(self, timeout: float) -> bool:
        return self._writer is None or self._writer.written(timeout)

    @property
    def width(self) -> int | None:
        """The columns of the terminal that this is; None where it is none."""
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or None
        except (OSError, ValueError, AttributeError):
            return None

    def line(self, text: str) -> None:
        self.text(text + "\n")

    def text(self, text: str) -> None:
        """Write it without an end of line."""
        if self._broken:
            return
        if self._writer is not None:
            self._writer.put(text.encode(self._encoding, "backslashreplace"))
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):  # closed pipe, hung-up terminal
            self._broken = True


def _written(data: _Pipe, words: _Pipe, timeout: float) -> bool:
    if not data.written(timeout):
        return False
    if dropped := data.dropped():
        words.line(f"{dropped} lines are missing here: they were not read in time. The run is stored.")
    return words.written(timeout)


class JsonOutput:
    """One JSON object a line on standard output; the last one is the record.

    `name` and `at`, its address, say which of several printers a line is from: they are added to every line.
    """

    def __init__(
        self,
        stdout: IO[str] | None = None,
        stderr: IO[str] | None = None,
        at: str | None = None,
        name: str | None = None,
    ) -> None:
        self._data = _Pipe(stdout or sys.stdout)
        self._words = _Pipe(stderr or sys.stderr)
        self._mark = "" if name is None else f"[{name}] "
        self._at = {} if at is None else {"printer_name": name, "at": at}

    def event(self, event: Event) -> None:
        self.data(event_to_json(event))

    def data(self, item: Mapping[str, Any]) -> None:
        """Print an object that is no event."""
        self._data.line(json_line({**item, **self._at}))

    def message(self, text: str) -> None:
        self._words.line(indented_lines(self._mark + text))

    def prompt(self, sign: str) -> None:
        self._words.text(sign)

    def written(self, timeout: float) -> bool:
        return _written(self._data, self._words, timeout)


PROGRESS = (RunStarted, Stage, Notice, RunProblem)
"""Events that are no data: they go to standard error."""
QUIETED = (RunStarted, Stage, SampleTaken)
"""Events that --quiet leaves out."""


class TextOutput:
    """Text for a person: data (samples, the result) on standard output, progress and refusals on standard error. Lines
    are wrapped at words on a terminal.

    `name` says which of several printers a line is from: it begins every line.
    """

    def __init__(
        self,
        stdout: IO[str] | None = None,
        stderr: IO[str] | None = None,
        at: str | None = None,
        name: str | None = None,
        *,
        plain: bool = False,
        quiet: bool = False,
    ) -> None:
        """`plain` is for screen readers: words instead of signs, and a bell with each prompt. `quiet` leaves out what
        is neither the result nor a note or a question."""
        self._data = _Pipe(stdout or sys.stdout)
        self._words = _Pipe(stderr or sys.stderr)
        self._mark = "" if name is None else f"[{name}] "
        self._lines: Callable[[Event], list[str]] = event_lines(plain=plain)
        self._plain, self._quiet = plain, quiet

    def event(self, event: Event) -> None:
        if self._quiet and isinstance(event, QUIETED):
            return
        for line in self._lines(event):
            if isinstance(event, PROGRESS):
                self.message(line)
            else:
                self.line(line)
        if self._plain and isinstance(event, RunEnded) and event.record.check == WHOLE:
            self._words.text(BELL)  # the person may have left

    def line(self, text: str) -> None:
        """Print a line that belongs to the result."""
        self._put(self._data, text)

    def message(self, text: str) -> None:
        self._put(self._words, text)

    def prompt(self, sign: str) -> None:
        self._words.text(BELL + sign if self._plain else sign)

    def _put(self, pipe: _Pipe, text: str) -> None:
        for line in wrapped(indented_lines(self._mark + text), pipe.width):
            pipe.line(line)

    def written(self, timeout: float) -> bool:
        return _written(self._data, self._words, timeout)
