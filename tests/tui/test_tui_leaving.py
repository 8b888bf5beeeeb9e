"""Signals: cleaned up and gone, also where the terminal no longer takes what is written to it."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

PROGRAM = """
import sys, threading, time
from pathlib import Path
sys.path.insert(0, {root!r})
from tests.tui.scripted import READY, ScriptedSession
from dataclasses import replace
from zcal_tui.tui.launch import run_tui


class Session(ScriptedSession):
    def close(self):
        Path({closed!r}).write_text(threading.current_thread().name)
        time.sleep({hangs})

    def begin_leave(self):
        super().begin_leave()
        Path({closed!r}).with_name("left").write_text("left")

    @property
    def left(self):
        if not self.asked_for("leave"):
            return None
        self.since = getattr(self, "since", None) or time.monotonic()
        return ("heater_bed (target 60 °C)",) if time.monotonic() - self.since >= {sends} else None


session = Session()


def restless():
    for n in range(100000):
        if session.runs and not session.snapshot.run.record.samples:
            session.touch(3)
        session.printer(position=(float(n % 200), 1.0, n / 1000))
        session.console("// line " + str(n) * 20)
        time.sleep(0.02)


threading.Thread(target=restless, daemon=True).start()
sys.exit(run_tui(session, check="accuracy"))
"""


def started(
    folder: Path, hangs: float = 0.0, sends: float = 0.0, **more: str
) -> tuple[subprocess.Popen[bytes], int]:
    """The interface on a terminal of its own; its process and our end."""
    ours, theirs = pty.openpty()
    code = PROGRAM.format(
        root=str(Path(__file__).parents[2]), closed=str(folder / "closed"), hangs=hangs, sends=sends
    )
    environ = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24", **more}
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environ,
        start_new_session=True,
    )
    os.close(theirs)
    return process, ours


def read_until(ours: int, word: bytes, seen: bytes = b"", seconds: float = 30.0) -> bytes:
    """What the program has drawn, after `seen`, until `word` is in it."""
    end = time.monotonic() + seconds
    while word not in seen:
        ready, _, _ = select.select([ours], [], [], max(0.0, end - time.monotonic()))
        assert ready, f"{word!r} was not drawn: {seen[-400:]!r}"
        seen += os.read(ours, 65536)
    return seen


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM, signal.SIGINT], ids=lambda n: n.name)
def test_a_signal_cleans_up_and_leaves_with_5(number: signal.Signals, tmp_path: Path) -> None:
    process, ours = started(tmp_path)
    try:
        read_until(ours, b"Repeatability")
        process.send_signal(number)
        assert process.wait(timeout=30) == 5
        assert (tmp_path / "closed").read_text() == "cleanup"
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@pytest.mark.parametrize(("hangs", "sends"), [(60.0, 0.0), (0.5, 1.0)], ids=["hangs", "ends meanwhile"])
def test_a_second_signal_sends_what_makes_the_printer_safe_and_names_what_is_left(
    hangs: float, sends: float, tmp_path: Path
) -> None:
    process, ours = started(tmp_path, hangs, sends)
    try:
        read_until(ours, b"Repeatability")
        process.send_signal(signal.SIGINT)
        end = time.monotonic() + 30.0
        while not (tmp_path / "closed").exists():
            assert time.monotonic() < end
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        read_until(ours, "May be left on or changed: heater_bed (target 60 °C).".encode(), seconds=10.0)
        assert process.wait(timeout=5) == 5
        assert (tmp_path / "left").exists()
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_what_is_left_is_named_on_a_terminal_that_is_read_again(tmp_path: Path) -> None:
    process, ours = started(tmp_path, hangs=60.0)
    try:
        read_until(ours, b"Repeatability")
        os.write(ours, b"c")
        wait_until_stuck(ours)
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)  # another one, since two of a kind may be taken as one
        time.sleep(0.2)
        read_until(ours, "May be left on or changed: heater_bed (target 60 °C).".encode(), seconds=10.0)
        assert process.wait(timeout=5) == 5
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_no_color_means_none(tmp_path: Path) -> None:
    process, ours = started(tmp_path, NO_COLOR="1")
    try:
        seen = read_until(ours, b"Repeatability")
        os.write(ours, b"\r")
        seen = read_until(ours, "╌".encode(), seen)  # the line through the plot's zero
        colours = re.findall(rb"\x1b\[[\d;]*\b(?:3[0-8]|4[0-8]|9[0-7]|10[0-7])\b[\d;]*m", seen)
        assert not colours, colours[:3]
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def test_a_terminal_that_nobody_reads_does_not_hold_it_up(tmp_path: Path) -> None:
    process, ours = started(tmp_path)
    try:
        read_until(ours, b"Repeatability")
        os.write(ours, b"c")  # the console scrolls without end, and nobody reads what it draws
        wait_until_stuck(ours)
        process.send_signal(signal.SIGHUP)
        assert process.wait(timeout=30) == 5
        assert (tmp_path / "closed").exists()
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def wait_until_stuck(ours: int) -> None:
    deadline = time.monotonic() + 30
    while not stuck(ours):
        assert time.monotonic() < deadline, "the program goes on drawing: the terminal's buffer never filled"


def stuck(ours: int) -> bool:
    """Whether what the program draws has filled the terminal's buffer (its size stands still)."""
    import fcntl
    import struct
    import termios

    def waiting() -> int:
        answer = fcntl.ioctl(ours, termios.FIONREAD, b"\0" * 4)
        return int(struct.unpack("i", answer)[0])

    before = waiting()
    time.sleep(1.5)
    return before > 1000 and waiting() == before
