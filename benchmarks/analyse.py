"""How long it takes to analyse a series of twenty samples."""

import json
import random
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from benchmarks.fake_printer import changes
from benchmarks.options import BenchmarkOptions
from benchmarks.table import BenchmarkComparison, BenchmarkReport, microseconds
from zcal_tui.model import limits
from zcal_tui.stats.repeatability import analyse

SAMPLES = 20
STEP = 0.0025
"""mm; a usual step distance."""
SIGMA = 0.003
"""mm; a usual probe."""
MESSAGE_BYTES = 10_000
ROUNDS = 41
REPEATS = 20
"""Calls of a quick function that are timed as one."""


def run(_: BenchmarkOptions) -> BenchmarkReport:
    """Time the three in turn, each round on another series, so that no cache helps."""
    chance = random.Random(2)
    message = _status_message()
    against_std, against_json = [], []
    for number in range(ROUNDS + 1):
        heights = [round(chance.gauss(1.5, SIGMA) / STEP) * STEP for _ in range(SAMPLES)]
        ours = _seconds(partial(analyse, heights, step=STEP, limit=limits.RANGE_OF_TEN.value))
        std = _seconds(partial(np.std, heights), REPEATS)
        parsed = _seconds(partial(json.loads, message), REPEATS)
        if number:  # the first call of each imports and fills tables
            against_std.append((ours, std))
            against_json.append((ours, parsed))
    kilobytes = len(message) / 1000
    return BenchmarkReport(
        "analyse",
        f"{SAMPLES} quantised heights, {ROUNDS} series.",
        [
            BenchmarkComparison(
                "repeatability.analyse", "numpy.std of the same heights", against_std, microseconds
            ),
            BenchmarkComparison(
                "repeatability.analyse",
                f"json.loads of a status message of {kilobytes:.1f} kB",
                against_json,
                microseconds,
            ),
        ],
    )


def _seconds(function: Callable[[], object], times: int = 1) -> float:
    begin = time.perf_counter()
    for _ in range(times):
        function()
    return (time.perf_counter() - begin) / times


def _status_message() -> str:
    """A status message of about 10 kB, such as a bed mesh makes."""
    mesh: list[list[float]] = []
    while True:
        status = {**changes(1), "bed_mesh": {"mesh_matrix": mesh}}
        text = json.dumps({"params": {"eventtime": 1.0, "status": status}})
        if len(text) >= MESSAGE_BYTES:
            return text
        mesh.append([round(0.001 * (index + len(mesh)), 6) for index in range(21)])
