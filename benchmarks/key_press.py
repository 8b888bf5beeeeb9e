"""The time from a key press to its effect on the terminal while the printer sends messages: on the plan, and on the
console, where the messages are shown."""

import itertools
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks import bare_page
from benchmarks.fake_klippy import fake_klippy
from benchmarks.options import BenchmarkOptions
from benchmarks.table import BenchmarkComparison, BenchmarkReport, milliseconds
from benchmarks.terminal import Terminal, terminal, terminal_environment

PLAN_WORD = "Settings"
SETTLING = 3.0
"""Seconds after the page is there in which nothing is measured: late imports, first repaints."""
PERIOD = (0.09, 0.15)
"""Seconds between two keys, random each time, so that they fall anywhere between two polls of the program."""
LATE = 0.1
"""s; what is later than this feels slow."""
WARM_UP = 2
"""Keys that do not count: the first may bring late imports."""

Step = tuple[bytes, str]
"""A key, and what a repaint shows only after it."""


@dataclass(frozen=True, slots=True)
class _Talk:
    """The printer's messages: of each kind a second, and how many of a kind at once."""

    status: float
    console: float
    at_once: int = 1


EVENLY = _Talk(500.0, 500.0)
AT_ONCE = _Talk(500.0, 500.0, at_once=500)
REST = _Talk(4.0, 0.0)


@dataclass(frozen=True, slots=True)
class _Page:
    """A page on which keys are pressed: the program, a word of its first page, the keys that lead to this page, and the
    keys to press."""

    command: Callable[[str], Sequence[str]]
    word: str
    steps: Callable[[], Iterator[Step]]
    way: tuple[Step, ...] = ()


def _ours(path: str) -> Sequence[str]:
    return [sys.executable, "-m", "zcal_tui", "--printer", path]


def _bare(path: str) -> Sequence[str]:
    return [sys.executable, "-m", bare_page.__name__, path]


def _moves(second: str, first: str) -> Iterator[Step]:
    """Down and up in a list, for ever."""
    return itertools.cycle(((b"\x1b[B", second), (b"\x1b[A", first)))


def _letters() -> Iterator[Step]:
    """Letters typed on a line, which shows all of them."""
    chance, text = random.Random(2), ""
    while True:
        letter = chance.choice("abcdefghijklmnopqrstuvwxyz")
        text = (text + letter)[-8:]
        yield letter.encode(), text


# Our cursor is before the chosen line only; the bare app's list is repainted where the choice moves, and only then
PLAN = _Page(_ours, PLAN_WORD, partial(_moves, "▌· Probe X/Y offset", "▌· Ready"))
CONSOLE = _Page(_ours, PLAN_WORD, _letters, ((b"c", "QUERY_PROBE"),))
BARE = _Page(_bare, bare_page.WORD, partial(_moves, bare_page.CHECKS[1], bare_page.CHECKS[0]))

REFERENCES = {
    "bare": "bare app, same widgets, same messages",
    "rest": f"the same, {REST.status:g} status messages a second",
}
MEASURED = (
    ("plan", "the plan, evenly spread", EVENLY),
    ("plan", "the plan, 1,000 at once each second", AT_ONCE),
    ("console", "the console, evenly spread", EVENLY),
)


def run(options: BenchmarkOptions) -> BenchmarkReport:
    """Press keys on each page in a burst and at rest. Raises BenchmarkError."""
    pages = {"plan": PLAN, "console": CONSOLE, "bare": BARE}
    with tempfile.TemporaryDirectory(prefix="zcal-bench-") as name:
        folder = Path(name)
        found = {
            EVENLY: _under(folder, options, EVENLY, pages),
            AT_ONCE: _under(folder, options, AT_ONCE, {"plan": PLAN, "bare": BARE}),
            REST: _under(folder, options, REST, {"plan": PLAN, "console": CONSOLE}),
        }
    comparisons, summaries = [], []
    for page, label, talk in MEASURED:
        ours = found[talk][page]
        together = list(itertools.chain.from_iterable(ours))
        late = sum(latency > LATE for latency in together)
        summaries.append(
            f"{label}: {len(together)} keys, 95th percentile {milliseconds(quantile(together, 0.95))}, "
            f"{late} later than {milliseconds(LATE)}"
        )
        references = {"rest": found[REST][page]}
        if page == "plan":
            references["bare"] = found[talk]["bare"]
        for share, word in ((0.5, "median"), (0.95, "95 %")):
            for reference, series in references.items():
                pairs = [(quantile(a, share), quantile(b, share)) for a, b in zip(ours, series, strict=True)]
                comparisons.append(
                    BenchmarkComparison(f"{label}, {word}", REFERENCES[reference], pairs, milliseconds)
                )
    how = (
        "From the key until its effect is on the terminal, 1,000 messages a second, status and console lines half and "
        f"half; {options.windows} windows of {options.seconds:g} s each.\n" + ".\n".join(summaries) + "."
    )
    return BenchmarkReport("key_press", how, comparisons)


def quantile(values: Sequence[float], share: float) -> float:
    """The value that so large a share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _under(
    folder: Path, options: BenchmarkOptions, talk: _Talk, pages: dict[str, _Page]
) -> dict[str, list[list[float]]]:
    """By page, the latencies of each window in seconds; in turn, so that no program disturbs another's keys."""
    found: dict[str, list[list[float]]] = {name: [] for name in pages}
    with fake_klippy(
        folder, status_rate=talk.status, console_rate=talk.console, at_once=talk.at_once
    ) as path:
        environment = terminal_environment(folder)
        for _ in range(options.windows):
            for name, page in pages.items():
                with terminal(page.command(path), environment) as shown:
                    shown.wait_for(page.word)
                    for key, word in page.way:
                        shown.press(key, word)
                    time.sleep(SETTLING)
                    found[name].append(_press(shown, page.steps(), options.seconds))
    return found


def _press(shown: Terminal, steps: Iterator[Step], seconds: float) -> list[float]:
    """Press for so many seconds; the latencies."""
    chance = random.Random(1)
    begin = time.perf_counter()
    found: list[float] = []
    for key, word in steps:
        wait = time.perf_counter() + chance.uniform(*PERIOD)
        found.append(shown.press(key, word))
        if time.perf_counter() - begin > seconds:
            break
        time.sleep(max(0.0, wait - time.perf_counter()))
    return found[WARM_UP:]
