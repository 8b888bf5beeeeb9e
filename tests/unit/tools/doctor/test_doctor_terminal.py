"""What the doctor makes of a terminal."""

import json
import os
import pty
import subprocess
import sys

import pytest

from tests.unit.fakes import examined as seen
from zcal_tui.tools.doctor.finding import Grade
from zcal_tui.tools.doctor.terminal import judge_terminal

OK, NOTE, PROBLEM = Grade.OK, Grade.NOTE, Grade.PROBLEM


TERMINAL = [
    ({"problem": "TERM is dumb"}, "term", PROBLEM, "TERM is dumb."),
    ({"problem": "TERM is not set", "is_terminal": False}, "term", NOTE, "TERM is not set."),
    ({"is_terminal": False}, "term", OK, "redirected"),
    ({"columns": 50}, "size", NOTE, "50 columns and 24 rows"),
    ({"rows": 10}, "size", NOTE, "80 columns and 10 rows"),
    ({"console": True, "term": "linux"}, "console", NOTE, "text console"),
    ({"encoding": "iso8859-1"}, "encoding", PROBLEM, "iso8859-1"),
    ({"decodes_utf8": False}, "encoding", PROBLEM, "does not decode UTF-8"),
    ({"locale": "de_DE.UTF-8", "locale_known": False}, "locale", NOTE, "de_DE.UTF-8"),
    (
        {"multiplexer": "tmux"},
        "term",
        OK,
        "with 80 columns and 24 rows. It is connected over SSH. It runs in tmux.",
    ),
]


@pytest.mark.parametrize(("facts", "key", "grade", "words"), TERMINAL)
def test_terminal(facts: dict[str, object], key: str, grade: Grade, words: str) -> None:
    found = seen.of(judge_terminal(seen.terminal(**facts)), key)
    assert found.grade is grade
    assert words in found.what


CHILD = """
import fcntl, json, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
from zcal_tui.tools.doctor.terminal import gather_terminal
facts = gather_terminal({"TERM": "xterm"}, ask=True)
print(json.dumps([facts.is_terminal, facts.decodes_utf8]), flush=True)
"""


@pytest.mark.parametrize(("answer", "decodes"), [(b"\x1b[1;2R", True), (b"\x1b[1;4R", False), (b"", None)])
def test_a_terminal_is_asked_how_far_its_cursor_moved(answer: bytes, decodes: bool | None) -> None:
    terminal, end = pty.openpty()
    command = [sys.executable, "-c", CHILD]
    with subprocess.Popen(command, stdin=end, stdout=end, stderr=end, start_new_session=True) as child:
        shown = b""
        while child.poll() is None and not shown.endswith(b"]\r\n"):
            shown += os.read(terminal, 1024)
            if shown.endswith(b"\x1b[6n"):
                os.write(terminal, answer)
    os.close(end)
    os.close(terminal)
    assert "⠿".encode() in shown
    assert shown.rstrip().endswith(json.dumps([True, decodes]).encode())
