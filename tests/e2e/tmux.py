"""A program in a real terminal: tmux, its screen read as text, its keys pressed."""

import shlex
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

SETTLING = 0.12
"""Seconds between two looks at a screen that is to have settled."""


class Tmux:
    """One program on a terminal of its own. The server is ours alone (its socket lies in `folder`)."""

    def __init__(
        self,
        folder: Path,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        size: tuple[int, int] = (80, 24),
        *,
        logged: bool = False,
    ) -> None:
        self._socket = folder / "tmux"
        self._log = (folder / "screens.txt").open("w") if logged else None
        kept = {name: value for name, value in environment.items() if name not in ("COLUMNS", "LINES")}
        settings = {**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        words = " ".join(f"{name}={shlex.quote(value)}" for name, value in settings.items())
        line = f"exec env -u COLUMNS -u LINES {words} {shlex.join(arguments)}"
        width, height = size
        self._tmux("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height), line)
        self._tmux("set-option", "-g", "escape-time", "0")

    def _tmux(self, *words: str) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), *words], capture_output=True, text=True, check=True, timeout=20
        )
        return done.stdout

    def screen(self) -> str:
        """What the terminal shows."""
        text = self._tmux("capture-pane", "-p")
        if self._log is not None:
            self._log.write(f"{text}\n{'=' * 80}\n")
        return text

    def settled(self) -> str:
        """What the terminal shows once it shows the same twice: nobody answers a page that is still being drawn."""
        before = self.screen()
        while True:
            time.sleep(SETTLING)
            if not self.alive or (now := self.screen()) == before:
                return before
            before = now

    def press(self, *keys: str) -> None:
        """Press keys, by tmux's names."""
        self._tmux("send-keys", "--", *keys)

    def type(self, text: str) -> None:
        """Type a text as it is."""
        self._tmux("send-keys", "-l", "--", text)

    def tap(self, x: int, y: int) -> None:
        """Press and release the left mouse button at a column and row, from zero (xterm's SGR mouse mode)."""
        self.type(f"\x1b[<0;{x + 1};{y + 1}M\x1b[<0;{x + 1};{y + 1}m")

    def scroll(self, x: int, y: int) -> None:
        """Turn the mouse wheel one notch down at a column and row, from zero."""
        self.type(f"\x1b[<65;{x + 1};{y + 1}M")

    def resize(self, width: int, height: int) -> None:
        """Change the terminal's size."""
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    def wait(self, condition: Callable[[str], object], limit: float = 120.0) -> str:
        """The screen once it fulfils the condition. Raises AssertionError with the screen where it does not."""
        until = time.monotonic() + limit
        while not condition(screen := self.screen()):
            assert time.monotonic() < until, f"not seen within {limit:g} s:\n{screen}"
            time.sleep(0.1)
        return screen

    def wait_for(self, text: str, limit: float = 120.0) -> str:
        """The screen once it shows this."""
        return self.wait(lambda screen: text in screen, limit)

    @property
    def alive(self) -> bool:
        """Whether the program still runs."""
        try:
            self._tmux("has-session")
        except subprocess.CalledProcessError:
            return False
        return True

    @property
    def pid(self) -> int:
        """The program's process."""
        return int(self._tmux("list-panes", "-F", "#{pane_pid}"))

    def close(self) -> None:
        """End it."""
        if self.alive:
            self._tmux("kill-server")
        if self._log is not None:
            self._log.close()
