"""A program on a pseudo-terminal that is read as fast as it writes, as a good terminal would."""

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.errors import BenchmarkError

COLUMNS, LINES = 80, 24
ROOT = Path(__file__).resolve().parent.parent
_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[ -/]*[0-~])")
_KEPT = 2_000_000
"""Bytes kept to search for text; later ones are only counted."""
_PATIENCE = 10.0
"""Seconds that a program has to end by itself."""


class Terminal:
    """A program's screen of 80x24."""

    def __init__(self, process: "subprocess.Popen[bytes]", screen: int, started: float) -> None:
        self.process = process
        self._screen = screen
        self._started = started
        self._chunks: list[tuple[float, bytes]] = []
        self._count = 0
        self._ended = False
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """The program's process."""
        return self.process.pid

    @property
    def bytes_written(self) -> int:
        """How many bytes the program has sent to its terminal."""
        return self._count

    def wait_for(self, word: str, timeout: float = 60.0) -> float:
        """Seconds from the program's start until `word` had reached the terminal. Raises BenchmarkError."""
        return self._moment_of(word, timeout, 0) - self._started

    def press(self, key: bytes, word: str, timeout: float = 10.0) -> float:
        """Press a key; returns the seconds until `word`, which shows its effect, was written after it. Raises
        BenchmarkError."""
        with self._news:
            before = len(self._chunks)
        pressed = time.perf_counter()
        os.write(self._screen, key)
        return self._moment_of(word, timeout, before) - pressed

    def _moment_of(self, word: str, timeout: float, looked: int) -> float:
        """When `word` was complete in what was written after the first `looked` pieces."""
        wanted, until = word.encode(), time.perf_counter() + timeout
        seen = b""
        while True:
            with self._news:
                left = until - time.perf_counter()
                if looked == len(self._chunks) and (self._ended or left <= 0 or not self._news.wait(left)):
                    raise BenchmarkError(self._why_not(word, timeout))
                fresh = self._chunks[looked:]
            # Outside the lock, so that searching does not hold up reading.
            for moment, data in fresh:
                seen += data
                if wanted in _ESCAPES.sub(b"", seen):
                    return moment
            looked += len(fresh)

    def close(self) -> None:
        """End the program: first with SIGTERM, then with SIGKILL."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._reader.join(_PATIENCE)
        os.close(self._screen)

    def _why_not(self, word: str, timeout: float) -> str:
        text = _ESCAPES.sub(b"", b"".join(data for _, data in self._chunks)).decode(errors="replace").split()
        last = f" Its last output: {' '.join(text[-40:])}" if text else " It wrote nothing."
        if self._ended:
            return f"The program ended before it showed {word!r}.{last}"
        return f"The program did not show {word!r} within {timeout:g} s.{last}"

    def _read(self) -> None:
        while True:
            try:
                data = os.read(self._screen, 65536)
            except OSError:  # On Linux: nobody has the other end open any more
                data = b""
            moment = time.perf_counter()
            with self._news:
                if data and self._count < _KEPT:
                    self._chunks.append((moment, data))
                self._count += len(data)
                self._ended = not data
                self._news.notify_all()
            if not data:
                return


@contextlib.contextmanager
def terminal(command: Sequence[str], environment: Mapping[str, str]) -> Iterator[Terminal]:
    """Run `command` in a terminal of its own until the block ends. Raises BenchmarkError."""
    screen, program_side = pty.openpty()
    try:
        fcntl.ioctl(program_side, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        started = time.perf_counter()
        process = subprocess.Popen(
            command,
            stdin=program_side,
            stdout=program_side,
            stderr=program_side,
            env=dict(environment),
            cwd=ROOT,
            start_new_session=True,
        )
    except OSError as error:
        os.close(screen)
        raise BenchmarkError(f"{command[0]} could not be started: {error.strerror or error}.") from error
    finally:
        os.close(program_side)
    shown = Terminal(process, screen, started)
    try:
        yield shown
    finally:
        shown.close()


def terminal_environment(folder: Path) -> dict[str, str]:
    """The present environment with a usual terminal in it, and without the person's own settings.

    Compiled modules are kept in `folder`, where the first start leaves them: an environment that forbids Python to
    keep them would have the modules of this repository compiled at every start, but not those of its libraries.
    """
    dropped = ("TEXTUAL", "ZCAL_", "NO_COLOR", "PYTHON")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {
        **inherited,
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "COLUMNS": str(COLUMNS),
        "LINES": str(LINES),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "ZCAL_DATA": str(folder / "data"),
        "PYTHONPYCACHEPREFIX": str(folder / "compiled"),
    }
