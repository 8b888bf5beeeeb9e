"""The time from the program's start until something is readable."""

import sys
import tempfile
from pathlib import Path

from benchmarks import bare_frame
from benchmarks.cpu import cpu_seconds
from benchmarks.fake_klippy import fake_klippy
from benchmarks.options import BenchmarkOptions
from benchmarks.table import BenchmarkComparison, BenchmarkReport, milliseconds
from benchmarks.terminal import terminal, terminal_environment

FIRST_WORD = "STOP"
"""The emergency stop is on every screen, the first one included."""
PLAN_WORD = "Settings"
"""A button of the plan, which is shown once the printer has been read."""


def run(options: BenchmarkOptions) -> BenchmarkReport:
    """Start the program and the bare app in turn. Raises BenchmarkError."""
    first, cpu, plan = [], [], []
    with (
        tempfile.TemporaryDirectory(prefix="zcal-bench-") as name,
        fake_klippy(Path(name), status_rate=4) as path,
    ):
        environment = terminal_environment(Path(name))
        ours = [sys.executable, "-m", "zcal_tui", "--printer", path]
        bare = [sys.executable, "-m", bare_frame.__name__]
        for number in range(options.starts + 1):
            with terminal(ours, environment) as shown:
                ours_first, ours_cpu = shown.wait_for(FIRST_WORD), cpu_seconds(shown.pid)
                ours_plan = shown.wait_for(PLAN_WORD)
            with terminal(bare, environment) as shown:
                reference, reference_cpu = shown.wait_for(bare_frame.WORD), cpu_seconds(shown.pid)
            if number:  # the first start of each fills Python's and the system's caches
                first.append((ours_first, reference))
                cpu.append((ours_cpu, reference_cpu))
                plan.append((ours_plan, reference))
    return BenchmarkReport(
        "first_frame",
        f"From exec until the words are on the terminal, 80x24; {options.starts} starts of each in turn.",
        [
            BenchmarkComparison(
                "first frame: the way to the printer", "bare app's first frame", first, milliseconds
            ),
            BenchmarkComparison("CPU time until then", "bare app's first frame", cpu, milliseconds),
            BenchmarkComparison(
                "the plan, with the printer read", "bare app's first frame", plan, milliseconds
            ),
        ],
    )
