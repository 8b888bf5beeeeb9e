"""Output that nobody reads: lines wait for their reader, and nothing else does."""

import os
import pty
import sys
import time
from collections.abc import Iterator

import pytest

from zcal_tui.headless.line_writer import LineWriter
from zcal_tui.headless.output import JsonOutput, TextOutput
from zcal_tui.model.events import Notice

LONG = "x" * 1000


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe's two ends, the reading one first."""
    ends = os.pipe()
    yield ends
    for end in ends:
        os.close(end)


def test_a_full_pipe_holds_nothing_up(pipe: tuple[int, int]) -> None:
    with os.fdopen(pipe[1], "w", encoding="utf-8", closefd=False) as stream:
        output = TextOutput(stream, stream)
        began = time.monotonic()
        for _ in range(1000):  # fifteen times what a pipe takes
            output.event(Notice(LONG))
        assert time.monotonic() - began < 1.0
        assert not output.written(0.05)
        read = b""
        while read.count(b"\n") < 1000:
            read += os.read(pipe[0], 65536)
        assert output.written(5.0)
        assert set(read.splitlines()) == {f"Note: {LONG}".encode()}


def test_a_reader_that_is_gone_is_not_waited_for() -> None:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        output = JsonOutput(stream, stream)
        os.close(reader)
        output.message("nobody hears this")
        assert output.written(5.0)
        output.message("nor this")
        assert output.written(0.0)


def test_a_stopped_terminal_holds_nothing_up() -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as stream:
        output = TextOutput(stream, stream)
        for _ in range(200):
            output.event(Notice(LONG))
        assert not output.written(0.05)
        os.close(ours)
        assert output.written(5.0)


def test_two_streams_of_one_terminal_stay_in_order(pipe: tuple[int, int]) -> None:
    with (
        os.fdopen(os.dup(pipe[1]), "w", encoding="utf-8") as stdout,
        os.fdopen(os.dup(pipe[1]), "w", encoding="utf-8") as stderr,
    ):
        output = TextOutput(stdout, stderr)
        for n in range(50):
            output.line(f"data {n}")
            output.message(f"word {n}")
        assert output.written(5.0)
    lines = os.read(pipe[0], 65536).decode().split()
    assert lines == " ".join(f"data {n} word {n}" for n in range(50)).split()


def test_more_than_can_wait_is_dropped_and_counted(pipe: tuple[int, int]) -> None:
    writer = LineWriter(pipe[1], limit=200_000)
    for _ in range(300):
        writer.put(LONG.encode() + b"\n")
    assert not writer.written(0.05)
    dropped = writer.take_dropped()
    assert 50 <= dropped <= 150
    assert writer.take_dropped() == 0
    while not writer.written(0.01):
        os.read(pipe[0], 65536)


def test_the_whole_program_ends_with_a_reader_that_reads_late() -> None:
    import subprocess

    code = (
        "from zcal_tui.headless.output import TextOutput\n"
        "output = TextOutput()\n"
        "for n in range(200): output.line(f'{n:01000d}')\n"
        "while not output.written(0.1): pass\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        time.sleep(0.3)
        assert process.stdout is not None
        assert len(process.stdout.read().splitlines()) == 200
    assert process.returncode == 0
