"""Whether memory, threads and open files stay flat while a printer sends messages for long."""

import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from benchmarks import bare_page, checking_session
from benchmarks.errors import BenchmarkError
from benchmarks.fake_klippy import fake_klippy
from benchmarks.options import BenchmarkOptions
from benchmarks.processes import ProcessUse, private_memory, process_use
from benchmarks.table import BenchmarkComparison, BenchmarkReport, megabytes, plain_count
from benchmarks.terminal import ROOT, terminal, terminal_environment

RATE = 300.0
"""Messages of each kind a second, status and console lines."""
PLAN_WORD = "Settings"
SETTLING = 360.0
"""Seconds before the first reading: Rich's cache of text widths has 4,096 entries and takes five minutes to fill. At
most a third of all."""
READINGS = 60


def run(options: BenchmarkOptions) -> BenchmarkReport:
    """Read the use of the program on its plan page, of a session that runs checks, and of a bare app, all on the same
    printer. Raises BenchmarkError."""
    seconds = 60.0 * options.minutes
    with (
        tempfile.TemporaryDirectory(prefix="zcal-bench-") as folder,
        fake_klippy(Path(folder), status_rate=RATE, console_rate=RATE) as path,
    ):
        environment = terminal_environment(Path(folder))
        with (
            terminal([sys.executable, "-m", "zcal_tui", "--printer", path], environment) as ours,
            terminal([sys.executable, "-m", bare_page.__name__, path], environment) as bare,
            subprocess.Popen(
                [sys.executable, "-m", checking_session.__name__, path, str(Path(folder) / "runs")],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=ROOT,
                text=True,
            ) as session,
        ):
            ours.wait_for(PLAN_WORD)
            bare.wait_for(bare_page.WORD)
            try:
                pids = {"the program": ours.pid, "a session with checks": session.pid, "bare": bare.pid}
                found = _readings(pids, seconds)
                if session.poll() is not None:
                    raise BenchmarkError("The session with checks ended.")
            finally:
                checks = _end(session)
    comparisons = []
    for name in ("the program", "a session with checks"):
        use = found[name], found["bare"]
        comparisons += [
            BenchmarkComparison(f"{name}: private memory", "bare app", _pairs(*use, "rss"), megabytes),
            BenchmarkComparison(
                f"{name}: growth an hour",
                "bare app",
                [(_growth(use[0], seconds), _growth(use[1], seconds))],
                megabytes,
            ),
            BenchmarkComparison(f"{name}: threads", "bare app", _pairs(*use, "threads"), plain_count),
            BenchmarkComparison(f"{name}: open files", "bare app", _pairs(*use, "files"), plain_count),
        ]
    return BenchmarkReport(
        "soak",
        f"{2 * RATE:g} messages a second for {options.minutes:g} minutes, half status, half console lines; "
        f"{checks} checks in the session.",
        comparisons,
    )


def _readings(pids: dict[str, int], seconds: float) -> dict[str, list[ProcessUse]]:
    time.sleep(min(SETTLING, seconds / 3))
    left = seconds - min(SETTLING, seconds / 3)
    found: dict[str, list[ProcessUse]] = {name: [] for name in pids}
    for _ in range(READINGS):
        for name, pid in pids.items():
            found[name].append(replace(process_use(pid), rss=private_memory(pid)))
        time.sleep(left / READINGS)
    return found


def _end(session: "subprocess.Popen[str]") -> int:
    """End the session; returns how many checks it has finished."""
    assert session.stdin is not None and session.stdout is not None
    session.stdin.close()
    return len(session.stdout.read().splitlines())


def _pairs(ours: list[ProcessUse], bare: list[ProcessUse], what: str) -> list[tuple[float, float]]:
    return [(getattr(one, what), getattr(other, what)) for one, other in zip(ours, bare, strict=True)]


def _growth(use: list[ProcessUse], seconds: float) -> float:
    """Bytes an hour: from the median of the first third of the readings to that of the last third."""
    third = len(use) // 3
    first, last = (statistics.median(one.rss for one in part) for part in (use[:third], use[-third:]))
    hours = (seconds - min(SETTLING, seconds / 3)) * (2 / 3) / 3600.0
    return (last - first) / hours
