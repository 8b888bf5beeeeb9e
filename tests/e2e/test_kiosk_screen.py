"""The kiosk in xterm on a screen without a window manager: real taps, and keys that would lead out of it."""

import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.programs import needs
from zcal_tui.tools.kiosk.texts import KioskHost, start_xterm, xterm_settings

pytestmark = needs("Xvfb", "xdotool", "xterm")
SIZES = {(480, 320): (60, 20), (800, 480): (80, 24), (1024, 600): (80, 24)}
"""Screens in pixels, with the columns and rows that they must have."""
LONGEST = 60.0
PROGRAM = """import os, sys, termios, time, tty
log = open({log!r}, "w", buffering=1)
print(*os.get_terminal_size(), file=log)
tty.setraw(0)
os.write(1, b"\\x1b[?1000h\\x1b[?1006h\\x1b[?2004h")
print("ready", file=log)
while True:
    print(ascii(os.read(0, 100)), file=log)
"""


class KioskScreen:
    """An X server of a size, with the kiosk's xterm in front of a program that notes what it gets."""

    def __init__(self, display: str, log: Path, xterm: "subprocess.Popen[bytes]") -> None:
        self._display, self._log, self._xterm = display, log, xterm

    def do(self, *words: str) -> None:
        """Act as a finger or a keyboard would."""
        subprocess.run(
            ["xdotool", *words], env={**os.environ, "DISPLAY": self._display}, check=True, timeout=LONGEST
        )

    def lines(self) -> list[str]:
        """What the program has noted."""
        return self._log.read_text().splitlines() if self._log.exists() else []

    def wait(self, condition: Callable[[list[str]], bool]) -> list[str]:
        """Its notes, once they meet a condition."""
        until = time.monotonic() + LONGEST
        while not condition(self.lines()):
            assert self._xterm.poll() is None, "xterm has ended"
            assert time.monotonic() < until, self.lines()
            time.sleep(0.1)
        return self.lines()


def taps(lines: list[str]) -> list[tuple[int, int]]:
    """Column and row of each tap with the first button."""
    return [(int(x), int(y)) for line in lines for x, y in re.findall(r"\[<0;(\d+);(\d+)M", line)]


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def screen(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[KioskScreen, tuple[int, int]]]:
    size: tuple[int, int] = request.param
    read, write = os.pipe()
    # Without -noreset the server starts again after each client that leaves it empty (setxkbmap, xset), and
    # refuses the next one meanwhile. Under xinit, as on a printer's host, it is never empty.
    server = subprocess.Popen(
        [
            "Xvfb",
            "-displayfd",
            str(write),
            "-screen",
            "0",
            f"{size[0]}x{size[1]}x24",
            "-nolisten",
            "tcp",
            "-noreset",
        ],
        pass_fds=(write,),
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with os.fdopen(read) as answer:
        display = f":{answer.readline().strip()}"
    log, program = tmp_path / "log", tmp_path / "zcal_tui.py"
    program.write_text(PROGRAM.format(log=str(log)))
    host = KioskHost("pi", Path(os.path.realpath("/proc/self/exe")), "x11", size[0], folder=tmp_path)
    (tmp_path / "xterm.resources").write_text(xterm_settings(host))
    script = tmp_path / "start-xterm"
    script.write_text(start_xterm(host))
    environment = {**os.environ, "DISPLAY": display, "PYTHONPATH": str(tmp_path), "LANG": "C.UTF-8"}
    xterm = subprocess.Popen(["sh", str(script)], env=environment, cwd=tmp_path)
    try:
        yield KioskScreen(display, log, xterm), size
    finally:
        for child in (xterm, server):
            child.terminate()
            child.wait(LONGEST)


def test_taps_arrive_and_nothing_leads_out(screen: tuple[KioskScreen, tuple[int, int]]) -> None:
    kiosk, size = screen
    notes = kiosk.wait(lambda lines: "ready" in lines)
    columns, rows = map(int, notes[0].split())
    least = SIZES[size]
    assert columns >= least[0] and rows >= least[1]
    time.sleep(0.5)
    kiosk.do("mousemove", str(size[0] - 4), "4", "click", "1")
    notes = kiosk.wait(lambda lines: bool(taps(lines)))
    first = taps(notes)[0]
    assert first[0] >= columns - 1, "the screen is filled to its right edge"
    for words in (
        ("key", "shift+Insert"),
        ("key", "shift+KP_Add"),
        ("keydown", "ctrl", "click", "1", "keyup", "ctrl"),
        ("keydown", "ctrl", "click", "3", "keyup", "ctrl"),
        ("keydown", "shift", "click", "2", "keyup", "shift"),
    ):
        kiosk.do(*words)
    kiosk.do("key", "q")
    notes = kiosk.wait(lambda lines: any("'q'" in line or line.endswith("q'") for line in lines))
    assert not [line for line in notes if "[200~" in line], "something was pasted"
    kiosk.do("mousemove", str(size[0] - 4), "4", "click", "1")
    notes = kiosk.wait(lambda lines: len(taps(lines)) > len(taps(notes)))
    assert taps(notes)[-1] == first, "a menu covers the screen, or the font has changed"
