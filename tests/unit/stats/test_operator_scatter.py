"""What is learned about a person's paper tests, and how often intervals from it hold the truth."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from zcal_tui.stats.combine import t_quantile
from zcal_tui.stats.operator_scatter import (
    LEARNED_DOF,
    PRIOR_DOF,
    PRIOR_SIGMA,
    SHARED,
    OperatorScatter,
    PaperTests,
    together,
)
from zcal_tui.stats.paper import paper_height

STEP, RESOLUTION = 0.00125, 0.00125
RUNS, TESTS = 5, 2
"""Runs before the one that is judged, and paper tests of each, as z-offset does them."""


def shown_by(heights: list[float]) -> PaperTests:
    """What one run's tests at one height show."""
    mean = sum(heights) / len(heights)
    squares = sum((height - mean) ** 2 for height in heights)
    dof = len(heights) - 1.0
    return PaperTests(squares, dof, dof * (2 * RESOLUTION) ** 2 / 12, len(heights))


def test_nothing_is_known_at_first() -> None:
    for name in (SHARED, "anna"):
        prior = OperatorScatter(name).prior
        assert (prior.sigma, prior.dof, prior.learned) == (PRIOR_SIGMA, PRIOR_DOF, False)


def test_a_few_tests_are_pooled_with_the_prior() -> None:
    prior = OperatorScatter("anna", PaperTests(2 * 0.004**2, 2.0, 0.0, 3)).prior
    assert not prior.learned
    assert prior.dof == PRIOR_DOF + 2
    assert prior.sigma == pytest.approx(math.sqrt((6 * 0.010**2 + 2 * 0.004**2) / 8))


def test_enough_tests_replace_the_prior() -> None:
    prior = OperatorScatter("anna", PaperTests(LEARNED_DOF * 0.004**2, LEARNED_DOF, 0.0, 8)).prior
    assert prior.learned
    assert prior.dof == LEARNED_DOF
    assert prior.sigma == pytest.approx(0.004)


def test_shared_tests_widen_but_never_narrow() -> None:
    steady = OperatorScatter(SHARED, PaperTests(40 * 0.002**2, 40.0, 0.0, 60)).prior
    assert (steady.sigma, steady.dof, steady.learned) == (PRIOR_SIGMA, PRIOR_DOF, False)
    rough = OperatorScatter(SHARED, PaperTests(40 * 0.020**2, 40.0, 0.0, 60)).prior
    assert rough.sigma > 0.018
    assert rough.dof == PRIOR_DOF


def test_tests_on_one_step_bound_the_scatter_only() -> None:
    operator = OperatorScatter("anna", PaperTests(0.0, 5.0, 5 * STEP**2 / 12, 10))
    assert operator.one_step
    assert operator.sigma == pytest.approx(STEP / math.sqrt(12))


def test_runs_add_up() -> None:
    both = together([PaperTests(1.0, 2.0, 0.1, 3), PaperTests(2.0, 1.0, 0.2, 2)])
    assert both == PaperTests(3.0, 3.0, 0.1 + 0.2, 5)


@pytest.mark.slow
@pytest.mark.parametrize("sigma", [0.002, 0.004, 0.007, 0.010, 0.015])
def test_random_part_after_five_runs(sigma: float) -> None:
    """The random part covers 93 to 97 %, the bound at least 93 %, the whole interval is at most 1.5 times the ideal."""
    rng = np.random.default_rng(round(sigma * 1e6))
    covered = bounded = 0
    width = 0.0
    series = 2500
    for _ in range(series):
        offsets = rng.random(RUNS + 1) * STEP
        heights = np.rint((rng.normal(0.0, sigma, (RUNS + 1, TESTS)) + offsets[:, None]) / STEP) * STEP
        operator = OperatorScatter("anna", together(shown_by(list(one)) for one in heights[:RUNS]))
        found = paper_height(list(heights[RUNS]), RESOLUTION, operator.prior, step=STEP)
        random = found.height.components["feel"] * t_quantile(0.975, found.dof)
        covered += abs(found.height.value - offsets[RUNS]) <= random
        assert found.sigma is not None and found.sigma.high is not None
        bounded += found.sigma.high >= sigma
        assert found.height.high is not None and found.height.low is not None
        width += found.height.high - found.height.low
    ideal = stats.norm.ppf(0.975) * math.sqrt(sigma**2 / TESTS + RESOLUTION**2 / 3 + STEP**2 / 12)
    print(
        f"feel {1000 * sigma:g} µm: random part covers {100 * covered / series:.1f} %, "
        f"bound {100 * bounded / series:.1f} %, width {0.5 * width / series / ideal:.2f} times the ideal"
    )
    assert 0.93 <= covered / series <= 0.97
    assert bounded / series >= 0.93
    assert 0.5 * width / series <= 1.5 * ideal
