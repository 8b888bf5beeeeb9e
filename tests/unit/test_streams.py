"""Standard streams that are closed, full, or go away end no command with a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.fakes import records
from zcal_tui.results.store import Store

FULL = Path("/dev/full")


def run(folder: Path, command: str) -> "subprocess.CompletedProcess[str]":
    """A shell's redirection of `zcal-tui`, which stands as $z in the command."""
    return subprocess.run(
        ["sh", "-c", command],
        capture_output=True,
        text=True,
        env={
            **os.environ,
            "z": f"{sys.executable} -m zcal_tui",
            "ZCAL_DATA": str(folder),
            "XDG_CONFIG_HOME": str(folder),
        },
        timeout=60,
    )


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    records.keep(Store(tmp_path), records.accuracy(1), records.accuracy(2))
    return tmp_path


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize("command", ["history", "history --json", "report", "compare accuracy"])
def test_a_full_disk_is_told(kept: Path, command: str) -> None:
    done = run(kept, f"$z {command} > {FULL}")
    assert done.returncode == 2
    assert "No space left" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("$z history >&-", 0),
        ("$z history 2>&-", 0),
        ("$z history nothing >&- 2>&-", 2),
        ("$z --headless ready --printer /nowhere <&-", 3),
        ("$z --headless ready --printer /nowhere <&- >&-", 3),
    ],
)
def test_closed_streams_are_empty_ones(kept: Path, command: str, code: int) -> None:
    done = run(kept, command)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr


def test_nothing_else_gets_the_number_of_a_closed_stream(kept: Path) -> None:
    look = "import os, zcal_tui.__main__ as m; m._open_streams(); print(os.readlink('/proc/self/fd/0'))"
    done = run(kept, f'{sys.executable} -c "{look}" <&-')
    assert done.stdout.strip() == os.devnull
