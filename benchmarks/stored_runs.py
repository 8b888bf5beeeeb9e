"""How long it takes to read what many runs have left on disk."""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.errors import BenchmarkError
from benchmarks.options import BenchmarkOptions
from benchmarks.table import BenchmarkComparison, BenchmarkReport, milliseconds
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.model.codec import event_to_json
from zcal_tui.model.events import RunEnded, RunStarted, SampleTaken
from zcal_tui.model.record import Estimate, Level, Outcome, Record, Sample, Verdict
from zcal_tui.results import run_index
from zcal_tui.results.store import Store

RUNS = 20_000
SAMPLES = 40
PRINTER = "bench"
CONFIG = {
    f"stepper_z{n}": {"rotation_distance": 4.0, "microsteps": 16, "gear_ratio": "80:16"} for n in range(40)
}
"""Of the size that a printer's configuration has in a record."""
ROUNDS = 3


def run(_: BenchmarkOptions) -> BenchmarkReport:
    """Write the runs, then read them as `history` and as a session that connects do. Raises BenchmarkError."""
    unindexed, indexed, connecting = [], [], []
    with tempfile.TemporaryDirectory(prefix="zcal-bench-") as name:
        folder = Path(name)
        _write(folder)
        time.sleep(run_index.SETTLED / 1e9)
        for number in range(ROUNDS + 1):
            parsed = _parse_last_lines(folder)
            (folder / "printers" / PRINTER / run_index.FILE).unlink(missing_ok=True)
            first = _history(folder)
            second = _history(folder)
            connected = _connect(folder)
            if number:  # the first round fills the system's cache
                unindexed.append((first, parsed))
                indexed.append((second, parsed))
                connecting.append((connected, parsed))
    reference = "json.loads of each file's last line"
    return BenchmarkReport(
        "stored_runs",
        f"{RUNS} runs of {SAMPLES} samples; {ROUNDS} rounds.",
        [
            BenchmarkComparison(
                "zcal-tui history, which makes the index", reference, unindexed, milliseconds
            ),
            BenchmarkComparison("zcal-tui history with its index", reference, indexed, milliseconds),
            BenchmarkComparison("last results, when connecting", reference, connecting, milliseconds),
        ],
    )


def _write(folder: Path) -> None:
    runs = folder / "printers" / PRINTER
    runs.mkdir(parents=True)
    samples = tuple(Sample(n, 10.0 * n, 125.0, 125.0, 1.5 + 0.001 * (n % 5)) for n in range(1, SAMPLES + 1))
    taken = "\n".join(json.dumps(event_to_json(SampleTaken(sample))) for sample in samples)
    names = list(CHECKS)
    for number in range(RUNS):
        moment = time.gmtime(1.7e9 + 3600 * number)
        started = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", moment)
        check = names[number % len(names)]
        record = Record(
            id=f"{time.strftime('%Y%m%dT%H%M%S', moment)}-{number:06d}-{check}",
            check=check,
            printer={"name": PRINTER},
            started=started,
            finished=started,
            outcome=Outcome.FINISHED,
            context={"config": CONFIG},
            samples=samples,
            estimates={"sigma": Estimate("sigma", 0.002, 0.0015, 0.003)},
            verdict=Verdict(Level.PASS, "Good."),
        )
        begun = RunStarted(record.id, check, started, record.printer, record.context)
        lines = (json.dumps(event_to_json(begun)), taken, json.dumps(event_to_json(RunEnded(record))))
        (runs / f"{record.id}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _parse_last_lines(folder: Path) -> float:
    begin = time.perf_counter()
    for path in (folder / "printers" / PRINTER).glob("*.jsonl"):
        json.loads(path.read_bytes().rstrip(b"\n").rpartition(b"\n")[2])
    return time.perf_counter() - begin


def _history(folder: Path) -> float:
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "zcal_tui", "history", "--data", str(folder)], capture_output=True, check=False
    )
    if done.returncode != 0:
        raise BenchmarkError(f"history ended with {done.returncode}: {done.stderr.decode(errors='replace')}")
    return time.perf_counter() - begin


def _connect(folder: Path) -> float:
    begin = time.perf_counter()
    store = Store(folder)
    if len(store.last(PRINTER, tuple(CHECKS))) != len(CHECKS):
        raise BenchmarkError("not every check's last result was found")
    store.interrupted(PRINTER)
    return time.perf_counter() - begin
