"""Whether verdicts and intervals have the error rates they claim, in process: no printer, thousands of draws.

Each row draws its own machines and persons. The random seed of a row follows from `--seed` and the row alone, so a row
that is added changes no other.
"""

import os
import zlib
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing import get_context

import numpy as np

from campaigns import (
    accuracy_claims,
    backlash_claims,
    history_claims,
    location_claims,
    mark_claims,
    offset_claims,
    operator_claims,
    paper_claims,
    paper_search_claims,
    scatter_claims,
    series_claims,
    thermal_claims,
)
from campaigns.options import CampaignOptions
from campaigns.report import CampaignReport, Criterion
from campaigns.simulated_claim import Claim, ClaimResult, Tried

NAME = "statistics"
RUNS = 2000
LEAST_RUNS = 100
"""Simulations of each row. With fewer, a share of 93 % could hardly ever be significantly missed."""

ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""numpy's matrices are small here. Threads that wait for each other cost four times the processor time of the fits of
`temperature`, and every core has a worker already."""

CLAIMS: tuple[Claim, ...] = (
    *paper_claims.CLAIMS,
    *operator_claims.CLAIMS,
    *paper_search_claims.CLAIMS,
    *backlash_claims.CLAIMS,
    *series_claims.CLAIMS,
    *accuracy_claims.CLAIMS,
    *location_claims.CLAIMS,
    *offset_claims.CLAIMS,
    *mark_claims.CLAIMS,
    *history_claims.CLAIMS,
    *scatter_claims.CLAIMS,
    *thermal_claims.CLAIMS,
)


def run(options: CampaignOptions) -> CampaignReport:
    """Simulate every claim."""
    runs = RUNS if options.runs is None else options.runs
    tested = []
    with (
        single_threaded_workers(),
        ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool,
    ):
        running = [pool.submit(_tried, number, runs, options.seed) for number in range(len(CLAIMS))]
        for number, (claim, tried) in enumerate(zip(CLAIMS, running, strict=True)):
            options.progress(f"{NAME}: {number} of {len(CLAIMS)}")
            tested.append(ClaimResult(claim, tried.result()))
    broken = [f"{one.claim.quantity}, {one.claim.condition}" for one in tested if one.broken]
    return CampaignReport(
        NAME,
        f"{runs} simulations a row, fewer of the slow ones; seed {options.seed}.",
        ClaimResult.COLUMNS,
        [one.row() for one in tested],
        (
            Criterion(
                "no share is significantly on the wrong side of its nominal value"
                + (f" ({'; '.join(broken)})" if broken else ""),
                not broken,
            ),
        ),
    )


@contextmanager
def single_threaded_workers() -> Iterator[None]:
    """Processes that are spawned meanwhile do numpy's arithmetic in one thread each."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def _tried(number: int, runs: int, seed: int) -> tuple[Tried, ...]:
    """One claim's simulations, in a process of their own."""
    return simulate(CLAIMS[number], runs, seed).tried


def simulate(claim: Claim, runs: int, seed: int) -> ClaimResult:
    """A claim after so many simulations, fewer where it is slow."""
    row = zlib.crc32(f"{claim.quantity}|{claim.condition}|{claim.counted}".encode())
    rng = np.random.default_rng([seed, row])
    count = max(min(runs, LEAST_RUNS), round(runs * claim.share_of_runs))
    return ClaimResult(claim, tuple(claim.simulate(rng) for _ in range(count)))
