"""Simulated printers to measure: each a process of its own, as a user starts it."""

import contextlib
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.errors import BenchmarkError
from benchmarks.options import BenchmarkOptions
from benchmarks.terminal import ROOT

START_PATIENCE = 600.0
"""Seconds that the start may take: the first one ever installs klippy."""
END_PATIENCE = 30.0


@contextlib.contextmanager
def simulated_printer(
    options: BenchmarkOptions, profile: str | Path, arguments: Sequence[str] = ()
) -> Iterator[tuple["subprocess.Popen[bytes]", dict[str, Any]]]:
    """A simulated printer until the block ends: its process, and its ready message. Raises BenchmarkError."""
    command = [sys.executable, "-m", "zcal_tui.sim", str(profile), "--json", "--die-with-stdin", *arguments]
    command += ["--klipper", options.klipper] if options.klipper else []
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdin is not None
        try:
            yield process, _until_ready(process)
        finally:
            process.stdin.close()
            try:
                process.wait(END_PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


def _until_ready(process: "subprocess.Popen[bytes]") -> dict[str, Any]:
    for line in _lines(process):
        event: dict[str, Any] = json.loads(line)
        if event["event"] == "ready":
            if event["state"] != "ready":
                raise BenchmarkError(f"Klippy did not become ready: {event['message']}")
            return event
        if event["event"] == "error":
            parts = [event[key] for key in ("what", "cause", "remedy") if event[key]]
            raise BenchmarkError("The simulated printer did not start. " + " ".join(parts))
    assert process.stderr is not None
    raise BenchmarkError(
        f"The simulated printer ended. {process.stderr.read().decode(errors='replace').strip()}"
    )


def _lines(process: "subprocess.Popen[bytes]") -> Iterator[str]:
    """The simulator's output, until it ends or is silent for too long."""
    assert process.stdout is not None
    rest = b""
    while select.select([process.stdout], [], [], START_PATIENCE)[0]:
        data = os.read(process.stdout.fileno(), 65536)
        if not data:
            return
        *complete, rest = (rest + data).split(b"\n")
        yield from (line.decode() for line in complete)
    raise BenchmarkError(f"The simulated printer was not ready within {START_PATIENCE:g} s.")
