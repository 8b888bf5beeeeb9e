"""What a check on many printers takes for each of them: memory, threads, time."""

import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks import bare_clients
from benchmarks.cpu import cpu_seconds
from benchmarks.errors import BenchmarkError
from benchmarks.fake_klippy import fake_printers
from benchmarks.options import BenchmarkOptions
from benchmarks.processes import PeakUse
from benchmarks.table import BenchmarkComparison, BenchmarkReport, megabytes, plain_count, seconds_text
from benchmarks.terminal import ROOT

SAMPLES = 10
PACE = 0.05
"""Seconds of a sample at the fake printers."""
FEW = 2


@dataclass(frozen=True, slots=True)
class _Took:
    seconds: float
    cpu: float
    """CPU seconds until then."""
    peak: PeakUse


def run(options: BenchmarkOptions) -> BenchmarkReport:
    """Run the check `accuracy` on two printers and on many; the memory of each is what the others add. Raises
    BenchmarkError."""
    many = options.printers
    took: dict[int, tuple[_Took, _Took]] = {}
    for count in (FEW, many):
        with (
            tempfile.TemporaryDirectory(prefix="zcal-bench-") as folder,
            fake_printers(Path(folder), count, pace=PACE) as paths,
        ):
            took[count] = _ours(Path(folder), paths), _bare(paths)
    ours, bare = took[many]

    def each(which: int) -> float:
        return (took[many][which].peak.rss - took[FEW][which].peak.rss) / (many - FEW)

    reference = "bare clients that keep the same status"
    return BenchmarkReport(
        "many_printers",
        f"accuracy with {SAMPLES} samples on {many} printers at once; most at any moment.",
        [
            BenchmarkComparison("memory of each printer", reference, [(each(0), each(1))], megabytes),
            BenchmarkComparison("memory of all", reference, [(ours.peak.rss, bare.peak.rss)], megabytes),
            BenchmarkComparison("threads", reference, [(ours.peak.threads, bare.peak.threads)], plain_count),
            BenchmarkComparison("open files", reference, [(ours.peak.files, bare.peak.files)], plain_count),
            BenchmarkComparison("time", reference, [(ours.seconds, bare.seconds)], seconds_text),
            BenchmarkComparison("CPU time", reference, [(ours.cpu, bare.cpu)], seconds_text),
        ],
    )


def _ours(folder: Path, paths: list[Path]) -> _Took:
    farm = folder / "farm.toml"
    tables = [f'[[printer]]\nname = "bay-{n}"\naddress = "{path}"\n' for n, path in enumerate(paths, 1)]
    farm.write_text("".join(tables))
    command = [sys.executable, "-m", "zcal_tui", "--headless", "--json", "--printers", str(farm)]
    command += ["--allow-moves", "--at-once", str(len(paths)), "--data", str(folder / "runs")]
    command += ["accuracy", "--samples", str(SAMPLES)]
    begin, before = time.perf_counter(), _children_seconds()
    with (folder / "lines").open("w") as lines:
        environment = {**os.environ, "XDG_CONFIG_HOME": str(folder)}
        process = subprocess.Popen(command, stdout=lines, stderr=subprocess.PIPE, cwd=ROOT, env=environment)
        with process, PeakUse(process.pid) as peak:
            _, words = process.communicate()
    if process.returncode != 0:
        raise BenchmarkError(f"The run ended with {process.returncode}:\n{words.decode()[-2000:]}")
    return _Took(time.perf_counter() - begin, _children_seconds() - before, peak)


def _children_seconds() -> float:
    """CPU seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _bare(paths: list[Path]) -> _Took:
    command = [sys.executable, "-m", bare_clients.__name__, *map(str, paths)]
    begin = time.perf_counter()
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        with PeakUse(process.pid) as peak:
            if process.stdout.readline().strip() != bare_clients.COMPLETE:
                raise BenchmarkError("The bare clients did not reach every printer.")
            seconds, cpu = time.perf_counter() - begin, cpu_seconds(process.pid)
            time.sleep(1.0)  # so that the peak is seen however short this was
        process.stdin.close()
    return _Took(seconds, cpu, peak)
