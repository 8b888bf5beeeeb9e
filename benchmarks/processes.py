"""Memory, threads and open files of other processes, from /proc."""

import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.errors import BenchmarkError

_INTERVAL = 0.05


@dataclass(frozen=True, slots=True)
class ProcessUse:
    """What a process uses at one moment. `rss` is resident memory in bytes."""

    rss: int
    threads: int
    files: int


def private_memory(pid: int) -> int:
    """The memory in bytes that a process has for itself: pages of files, which come and go with the system's cache, are
    not counted. Exact and slow, unlike the kernel's running counts. Raises BenchmarkError."""
    try:
        lines = (Path("/proc") / str(pid) / "smaps_rollup").read_text().splitlines()
    except OSError as error:
        raise BenchmarkError(f"Process {pid} cannot be measured: {error.strerror}.") from error
    return 1024 * sum(int(line.split()[1]) for line in lines if line.startswith(("Anonymous:", "Swap:")))


def process_use(pid: int) -> ProcessUse:
    """What a process uses now. Raises BenchmarkError where it has ended, or the system has no /proc."""
    folder = Path("/proc") / str(pid)
    try:
        lines = (folder / "status").read_text().splitlines()
        files = len(os.listdir(folder / "fd"))  # noqa: PTH208  a count, not paths
    except OSError as error:
        raise BenchmarkError(f"Process {pid} cannot be measured: {error.strerror}.") from error
    values = dict(line.split(":", 1) for line in lines)
    if "VmRSS" not in values:
        raise BenchmarkError(f"Process {pid} ended while it was being measured.")
    return ProcessUse(1024 * int(values["VmRSS"].split()[0]), int(values["Threads"]), files)


@dataclass
class PeakUse:
    """Follows a process on a thread of its own and keeps the most of each until it ends."""

    pid: int
    rss: int = 0
    threads: int = 0
    files: int = 0
    _end: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> "PeakUse":
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join()

    def _follow(self) -> None:
        while not self._end.wait(_INTERVAL):
            try:
                now = process_use(self.pid)
            except BenchmarkError:
                return
            self.rss = max(self.rss, now.rss)
            self.threads = max(self.threads, now.threads)
            self.files = max(self.files, now.files)
