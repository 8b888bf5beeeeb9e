"""CPU time of other processes, to the nanosecond: at 1 % of a core the hundredths of /proc/PID/stat are too coarse."""

import ctypes
import time
from collections.abc import Mapping

from benchmarks.errors import BenchmarkError


def _cpu_clock(pid: int) -> int:
    """The system's clock of a process' CPU time: user and system, all its threads (clock_getcpuclockid(3))."""
    library = ctypes.CDLL(None, use_errno=True)
    if not hasattr(library, "clock_getcpuclockid"):
        raise BenchmarkError("This system has no clock of another process' CPU time; Linux has.")
    clock = ctypes.c_int()
    if library.clock_getcpuclockid(pid, ctypes.byref(clock)):
        raise BenchmarkError(f"Process {pid} ended before it could be measured.")
    return clock.value


def cpu_seconds(pid: int) -> float:
    """User and system time that a process has used, all its threads together. Raises BenchmarkError."""
    try:
        return time.clock_gettime(_cpu_clock(pid))
    except OSError as error:
        raise BenchmarkError(f"Process {pid} ended while it was being measured.") from error


def cpu_shares(pids: Mapping[str, int], seconds: float) -> dict[str, float]:
    """Share of one core that each process used over the next `seconds`, all over the same window.

    Raises BenchmarkError.
    """
    before, begin = {name: cpu_seconds(pid) for name, pid in pids.items()}, time.perf_counter()
    time.sleep(seconds)
    after, end = {name: cpu_seconds(pid) for name, pid in pids.items()}, time.perf_counter()
    return {name: (after[name] - before[name]) / (end - begin) for name in pids}
