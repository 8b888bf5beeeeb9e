"""The campaign of simulated claims: every claim runs, is reproducible, and a broken one is reported."""

import os
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest

from campaigns import statistics
from campaigns.options import CampaignOptions
from campaigns.simulated_claim import Claim, ClaimResult, Tried
from campaigns.tally import at_most


def options(runs: int) -> CampaignOptions:
    return CampaignOptions(runs, 1, None, lambda _text: None, lambda _text: None)


@pytest.mark.slow
def test_every_claim_holds_in_a_few_runs() -> None:
    report = statistics.run(options(40))
    print(report.text())
    assert len(report.rows) == len(statistics.CLAIMS)
    assert report.met, report.text()


def test_workers_do_arithmetic_in_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    with (
        statistics.single_threaded_workers(),
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
    ):
        assert pool.submit(os.getenv, "OPENBLAS_NUM_THREADS").result() == "1"
        assert pool.submit(os.getenv, "OMP_NUM_THREADS").result() == "1"
    assert os.getenv("OMP_NUM_THREADS") == "3"
    assert "OPENBLAS_NUM_THREADS" not in os.environ


def test_a_claim_is_drawn_alike_each_time() -> None:
    claim = statistics.CLAIMS[0]
    assert statistics.simulate(claim, 5, 1) == statistics.simulate(claim, 5, 1)


def test_the_probability_of_few_hits_holds_for_thousands_of_runs() -> None:
    assert at_most(20, 2000, 0.01) == pytest.approx(0.559, abs=0.001)
    assert at_most(1980, 2000, 0.99) == pytest.approx(1.0 - at_most(19, 2000, 0.01), abs=1e-9)
    assert (at_most(0, 10, 0.0), at_most(9, 10, 1.0), at_most(10, 10, 1.0)) == (1.0, 0.0, 1.0)


@pytest.mark.parametrize(
    ("least", "share", "broken"), [(False, 0.2, True), (True, 0.2, False), (True, 0.02, True)]
)
def test_a_share_on_the_wrong_side_breaks_a_claim(least: bool, share: float, broken: bool) -> None:
    def one(rng: np.random.Generator) -> Tried:
        return Tried(bool(rng.random() < share), False, 2.0, 0.01)

    claim = Claim("rule", "condition", "pass", 0.1, one, least=least)
    tested = ClaimResult(claim, tuple(one(np.random.default_rng(n)) for n in range(1000)))
    assert tested.broken is broken
    assert tested.row()[4] == ("≥ 10 %" if least else "≤ 10 %")
