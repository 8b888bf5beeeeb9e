"""Run the tests in phases, as `make test` does: each phase with as many workers as suit what its tests wait for.

Usage: python -m tests.run [--fast | --core] [PATH...]

A phase that fails does not keep the next from running. At the end the skipped tests are listed by name with the reason.
`--fast` is what `make check` runs: neither slow tests nor a klippy. `--core` is what each Klipper has to pass.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

NO_TESTS = 5
"""pytest's exit code where nothing was selected."""


@dataclass(frozen=True)
class Phase:
    """One call of pytest."""

    title: str
    markers: str
    """pytest's -m expression. Together the phases select every test."""
    workers_per_core: float


FAST = Phase("that are fast", "not e2e and not slow", 1.5)  # the interface's tests wait for the app at times
CORE = Phase("on each Klipper", "core", 3)
PHASES = (
    Phase("without a klippy", "not e2e", 1.5),
    Phase("on a simulated printer", "e2e", 3),  # klippy and its clients mostly wait for each other
)


@dataclass(frozen=True)
class Result:
    """What a phase found."""

    phase: Phase
    code: int
    seconds: float
    count: int
    skipped: tuple[tuple[str, str], ...]
    """Name and reason."""


def main(arguments: Sequence[str]) -> int:
    """Run the phases. Returns 0 where every phase passed."""
    paths = [argument for argument in arguments if not argument.startswith("--")]
    phases = (FAST,) if "--fast" in arguments else (CORE,) if "--core" in arguments else PHASES
    cores = len(os.sched_getaffinity(0))
    results = [run(phase, paths, cores) for phase in phases]
    print(summary(results))
    return 0 if all(result.code in (0, NO_TESTS) for result in results) else 1


def run(phase: Phase, paths: Sequence[str], cores: int) -> Result:
    """Run one phase."""
    print(f"\n== Tests {phase.title} ==", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        started = time.monotonic()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-m", phase.markers, f"--junitxml={report}"),
                *("--numprocesses", str(round(cores * phase.workers_per_core)), "--dist", "worksteal"),
                *paths,
            ],
            check=False,
        )
        seconds = time.monotonic() - started
        count, skipped = read_report(report) if report.exists() else (0, ())
    return Result(phase, done.returncode, seconds, count, skipped)


def read_report(path: Path) -> tuple[int, tuple[tuple[str, str], ...]]:
    """The number of tests in a JUnit report, and name and reason of those that were skipped."""
    cases = ElementTree.parse(path).getroot().findall(".//testcase")
    skipped = [(case, found) for case in cases if (found := case.find("skipped")) is not None]
    return len(cases), tuple(
        (f"{case.get('classname')}.{case.get('name')}", found.get("message", "")) for case, found in skipped
    )


def summary(results: Sequence[Result]) -> str:
    """What ran, and each skipped test under its reason."""
    lines = [""]
    for result in results:
        outcome = "passed" if result.code in (0, NO_TESTS) else "FAILED"
        lines.append(f"{result.count:5} tests {result.phase.title}: {outcome} in {result.seconds:.0f} s")
    reasons: dict[str, list[str]] = {}
    for result in results:
        for name, reason in result.skipped:
            reasons.setdefault(reason, []).append(name)
    if not reasons:
        return "\n".join([*lines, "No test was skipped."])
    lines.append(f"{sum(map(len, reasons.values())):5} tests were skipped:")
    for reason, names in reasons.items():
        lines += [f"  {reason}", *(f"    {name}" for name in names)]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
