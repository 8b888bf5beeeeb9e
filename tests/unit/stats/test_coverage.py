"""How often sigma's 95 % interval covers, with quantisation, the tests for effects and the stopping rule on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from zcal_tui.stats.repeatability import Repeatability, analyse
from zcal_tui.stats.verdicts.stopping import StoppingPlan, decide

LIMIT = 0.025
"""mm. For the range of ten samples."""

SIGMA = 0.003


def stopped_series(rng: np.random.Generator, sigma: float, step: float, plan: StoppingPlan) -> Repeatability:
    """A series of trigger heights, the mean anywhere against the steps, ended as the plan says."""
    heights = np.floor(sigma * rng.standard_normal(plan.cap) / step + rng.random()) * step
    for look in plan.looks:
        result = analyse(heights[:look].tolist(), limit=LIMIT, step=step, adaptive=len(plan.looks) > 1)
        if decide(result, plan).outcome != "continue":
            return result
    raise AssertionError("the last look must end the series")


@dataclass
class Tally:
    """Shares of the runs."""

    covered: float
    one_sided: float
    samples: float


def tally(sigma: float, steps_per_sigma: float, runs: int, plan: StoppingPlan) -> Tally:
    rng = np.random.default_rng([int(sigma * 1e6), int(steps_per_sigma * 100), plan.cap])
    results = [stopped_series(rng, sigma, sigma * steps_per_sigma, plan) for _ in range(runs)]
    return Tally(
        covered=sum(result.sigma.covers(sigma) for result in results) / runs,
        one_sided=sum(result.sigma.low is None for result in results) / runs,
        samples=sum(result.n for result in results) / runs,
    )


@pytest.mark.slow
@pytest.mark.parametrize("steps_per_sigma", [0.1, 1.0, 3.0])
def test_coverage_of_stopped_series(steps_per_sigma: float) -> None:
    seen = tally(SIGMA, steps_per_sigma, 2000 if steps_per_sigma < 1.0 else 1000, StoppingPlan())
    # Above 96.5 % are intervals that also allow for effects that a dozen samples cannot show
    assert 0.935 <= seen.covered <= (0.97 if steps_per_sigma < 1.0 else 0.985)
    # One-sided intervals count as covering below their bound; they are no way out. Five samples are often on one step
    # where steps are three sigma.
    assert seen.one_sided <= (0.05 if steps_per_sigma < 3.0 else 0.2)


@pytest.mark.slow
@pytest.mark.parametrize("steps_per_sigma", [0.5, 1.5, 2.0, 2.5])
def test_coverage_between(steps_per_sigma: float) -> None:
    # Three standard errors of 95 % in 500 runs are 2.9 %.
    # Series that end at a dozen samples also allow for effects that these cannot show
    assert 0.921 <= tally(SIGMA, steps_per_sigma, 500, StoppingPlan()).covered <= 0.985


@pytest.mark.slow
@pytest.mark.parametrize("sigma", [0.0055, 0.007, 0.008])
def test_coverage_where_stopping_selects(sigma: float) -> None:
    """Near the border between fit and unfit a plain interval covers in 92 %."""
    seen = tally(sigma, 0.2, 500, StoppingPlan())
    assert 0.921 <= seen.covered <= 0.979
    assert 20 < seen.samples < 40


@pytest.mark.slow
@pytest.mark.parametrize("samples", [10, 20])
def test_coverage_of_series_of_fixed_length(samples: int) -> None:
    for steps_per_sigma in (0.1, 1.0, 3.0):
        seen = tally(SIGMA, steps_per_sigma, 300, StoppingPlan.fixed(samples))
        assert 0.912 <= seen.covered <= 0.99
        assert seen.samples == samples


@pytest.mark.slow
@pytest.mark.parametrize("unnamed", ["drift", "first sample"])
def test_sigma_with_an_effect_that_is_too_small_to_be_named(unnamed: str) -> None:
    """A drift of two sigma over the series, or a first sample 2.5 sigma off; without allowing for it 87 to 91 %."""
    rng = np.random.default_rng(9)
    runs, covered = 250, 0
    for _ in range(runs):
        heights = rng.normal(0.0, SIGMA, 15)
        if unnamed == "drift":
            heights += np.linspace(-SIGMA, SIGMA, 15)
        else:
            heights[0] += 2.5 * SIGMA
        seen = np.floor(heights / 0.0025 + rng.random()) * 0.0025
        covered += analyse(seen.tolist(), step=0.0025, limit=0.025, adaptive=False).sigma.covers(SIGMA)
    print(f"{unnamed}: sigma covered in {100 * covered / runs:.1f} %")
    assert covered / runs >= 0.93
