"""From starting the simulator until klippy is ready, for each profile."""

import time

from benchmarks.errors import BenchmarkError
from benchmarks.options import BenchmarkOptions
from benchmarks.simulated import simulated_printer
from benchmarks.table import BenchmarkComparison, BenchmarkReport, milliseconds
from zcal_tui.profile_names import DEFAULT_PROFILE, PROFILES


def run(options: BenchmarkOptions) -> BenchmarkReport:
    """Start the profiles in turn. Raises BenchmarkError where the default one does not start."""
    _start(options, DEFAULT_PROFILE)  # the first start installs and compiles
    refused: dict[str, str] = {}
    pairs: dict[str, list[tuple[float, float]]] = {}
    for _ in range(options.starts):
        reference = _start(options, DEFAULT_PROFILE)
        for profile in PROFILES:
            if profile in refused:
                continue
            try:
                seconds = _start(options, profile)
            except BenchmarkError as error:
                refused[profile] = str(error)
            else:
                pairs.setdefault(profile, []).append((seconds, reference))
    skipped = "".join(f"\nSkipped: {profile}. {reason}" for profile, reason in refused.items())
    return BenchmarkReport(
        "sim_start",
        f"From exec until klippy is ready, {options.starts} starts of each in turn.{skipped}",
        [
            BenchmarkComparison(profile, f"{DEFAULT_PROFILE}, once more in that round", taken, milliseconds)
            for profile, taken in pairs.items()
        ],
    )


def _start(options: BenchmarkOptions, profile: str) -> float:
    begin = time.perf_counter()
    with simulated_printer(options, profile):
        return time.perf_counter() - begin
