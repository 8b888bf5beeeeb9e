"""CPU time of the running program while the printer sends messages, and how much it writes to its terminal."""

import sys
import tempfile
import time
from pathlib import Path

from benchmarks import bare_page
from benchmarks.cpu import cpu_shares
from benchmarks.fake_klippy import fake_klippy
from benchmarks.options import BenchmarkOptions
from benchmarks.table import BenchmarkComparison, BenchmarkReport, kilobytes, percent
from benchmarks.terminal import terminal, terminal_environment

PLAN_WORD = "Settings"
SETTLING = 3.0
"""Seconds after the page is shown in which neither program is measured: late imports, first repaints."""


def status_updates(options: BenchmarkOptions) -> BenchmarkReport:
    """4 status messages a second: what klippy sends to every subscriber. Raises BenchmarkError."""
    return _run(options, "status_updates", "4 status messages a second", status_rate=4, console_rate=0)


def message_burst(options: BenchmarkOptions) -> BenchmarkReport:
    """1,000 messages a second, half of them console lines. Raises BenchmarkError."""
    what = "1,000 messages a second, status and console lines half and half"
    return _run(options, "message_burst", what, status_rate=500, console_rate=500)


def _run(
    options: BenchmarkOptions, name: str, what: str, *, status_rate: float, console_rate: float
) -> BenchmarkReport:
    shares, written = [], []
    with (
        tempfile.TemporaryDirectory(prefix="zcal-bench-") as folder,
        fake_klippy(Path(folder), status_rate=status_rate, console_rate=console_rate) as path,
    ):
        environment = terminal_environment(Path(folder))
        with (
            terminal([sys.executable, "-m", "zcal_tui", "--printer", path], environment) as ours,
            terminal([sys.executable, "-m", bare_page.__name__, path], environment) as bare,
        ):
            ours.wait_for(PLAN_WORD)
            bare.wait_for(bare_page.WORD)
            time.sleep(SETTLING)
            for _ in range(options.windows):
                before = ours.bytes_written, bare.bytes_written
                share = cpu_shares({"ours": ours.pid, "bare": bare.pid}, options.seconds)
                shares.append((share["ours"], share["bare"]))
                sent = ours.bytes_written - before[0], bare.bytes_written - before[1]
                written.append((sent[0] / options.seconds, sent[1] / options.seconds))
    reference = "bare app, same widgets, same messages"
    return BenchmarkReport(
        name,
        f"{what}, to both at the same time; {options.windows} windows of {options.seconds:g} s.",
        [
            BenchmarkComparison("CPU on the plan page, share of a core", reference, shares, percent),
            BenchmarkComparison("written to the terminal", reference, written, kilobytes),
        ],
    )
