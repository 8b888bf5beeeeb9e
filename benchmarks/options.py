"""The options of every benchmark."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class BenchmarkOptions:
    """`starts` is how often a program is started, `windows` the number of windows of `seconds` for CPU time;
    `klipper` names the Klipper to run, None for the simulator's own choice; `minutes` is how long the soak takes and
    `printers` how many printers there are where there are many."""

    starts: int = 9
    windows: int = 5
    seconds: float = 10.0
    klipper: str | None = None
    minutes: float = 30.0
    printers: int = 200
