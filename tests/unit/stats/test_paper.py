"""The paper test and the z_offset that follows from it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.operator_scatter import PRIOR_DOF, PRIOR_SIGMA
from zcal_tui.stats.paper import paper_height, z_offset
from zcal_tui.stats.repeatability import analyse

LIMIT = 0.025
"""mm. For the range of ten samples."""

FloatArray = NDArray[np.float64]

STEP = 0.0025


def person(rng: np.random.Generator) -> float:
    """The scatter of a person as the prior has them."""
    return PRIOR_SIGMA * math.sqrt(PRIOR_DOF / rng.chisquare(PRIOR_DOF))


def felt(rng: np.random.Generator, truth: float, sigma: float, n: int, half_bracket: float) -> FloatArray:
    """Where a person ends who halves brackets of the same grid in every test."""
    bracket = 2.0 * half_bracket
    seen: FloatArray = np.floor((truth + sigma * rng.standard_normal(n)) / bracket) * bracket + half_bracket
    return seen


def test_one_test_is_as_good_as_the_prior() -> None:
    result = paper_height([0.102], 0.0)
    assert result.sigma is None
    assert result.n == 1
    assert result.height.high == pytest.approx(0.102 + stats.t.ppf(0.975, PRIOR_DOF) * PRIOR_SIGMA)


def test_several_tests_are_pooled_with_the_prior() -> None:
    heights = [0.100, 0.104, 0.096]
    result = paper_height(heights, 0.00125, step=STEP)
    assert result.dof == PRIOR_DOF + 2
    assert result.sigma is not None
    assert result.sigma.value == pytest.approx(
        math.sqrt((2 * 0.004**2 + PRIOR_DOF * PRIOR_SIGMA**2) / (PRIOR_DOF + 2))
    )
    assert set(result.height.components) == {"feel", "resolution", "step"}
    assert result.height.components["resolution"] == pytest.approx(0.00125 / math.sqrt(3))


def test_no_test_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        paper_height([], 0.001)


def test_z_offset_names_what_it_is_made_of() -> None:
    trigger = analyse(
        [1.2, 1.2025, 1.2025, 1.205, 1.2025, 1.2, 1.2025, 1.205, 1.2025, 1.2025],
        step=STEP,
        limit=LIMIT,
        systematic={"sampling grid": 0.0001},
    ).mean
    paper = paper_height([0.1, 0.105], 0.00125, step=STEP)
    offset = z_offset(trigger, paper, STEP)
    assert offset.value == pytest.approx(trigger.value + STEP / 2 - 0.1025)
    assert set(offset.components) == {"touches", "feel", "resolution", "step", "sampling"}
    assert offset.components["sampling"] == pytest.approx(0.0001 / math.sqrt(3))
    # Rounded once when touching and once when feeling.
    assert offset.components["step"] == pytest.approx(math.sqrt(2 / 12) * STEP)
    assert offset.components["touches"] >= trigger.components["random"]
    assert offset.low is not None
    assert offset.high is not None
    assert offset.high - offset.low > 2 * 0.0125


def test_the_touches_few_degrees_of_freedom_are_kept() -> None:
    trigger = Interval(1.2, 1.17, 1.23, 0.95, {"random": 0.005, "step": 0.0})
    offset = z_offset(trigger, paper_height([0.1], 0.0), 0.0)
    assert offset.components["touches"] == pytest.approx(0.03 / stats.norm.ppf(0.975))


def test_a_trigger_height_without_components_counts_as_touches() -> None:
    offset = z_offset(Interval(1.2, 1.19, 1.21, 0.95), paper_height([0.1], 0.0), STEP)
    assert offset.components["touches"] == pytest.approx(0.01 / stats.norm.ppf(0.975))
    assert offset.components["sampling"] == 0.0


def test_a_trigger_height_that_is_bounded_on_one_side_is_refused() -> None:
    with pytest.raises(ValueError, match="two ends"):
        z_offset(Interval(1.2, None, 1.21, 0.95), paper_height([0.1], 0.0), STEP)


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 2, 3, 5])
@pytest.mark.parametrize("half_bracket", [0.0001, 0.0025, 0.0125])
def test_coverage_over_persons(n: int, half_bracket: float) -> None:
    rng = np.random.default_rng([n, int(half_bracket * 1e5)])
    runs = 4000
    covered = covered_sigma = 0
    for _ in range(runs):
        sigma = person(rng)
        truth = 0.1 + 2.0 * half_bracket * rng.random()
        result = paper_height(felt(rng, truth, sigma, n, half_bracket).tolist(), half_bracket)
        covered += result.height.covers(truth)
        covered_sigma += result.sigma is None or result.sigma.covers(sigma)
    if half_bracket < 0.001:
        assert 0.935 <= covered / runs <= 0.965
        assert n == 1 or 0.935 <= covered_sigma / runs <= 0.965
    else:
        assert covered / runs >= 0.94


@pytest.mark.slow
@pytest.mark.parametrize("scatter", [0.3, 1.0, 2.0])
def test_z_offset_has_no_error_of_half_a_step(scatter: float) -> None:
    """Triggers are seen at the next step down: half a step late on average. `scatter` is sigma in steps."""
    rng = np.random.default_rng(7)
    errors = []
    for _ in range(3000):
        true, place = 1.5, rng.random()
        seen = np.floor((true + scatter * STEP * rng.standard_normal(8)) / STEP + place) * STEP - place * STEP
        error = scatter * STEP / math.sqrt(8.0)
        trigger = Interval(float(seen.mean()), seen.mean() - error, seen.mean() + error, 0.95)
        errors.append((z_offset(trigger, paper_height([0.0], 0.0), STEP).value - true) / STEP)
    mean, error = float(np.mean(errors)), float(np.std(errors)) / math.sqrt(len(errors))
    print(
        f"sigma {scatter:g} steps: error {mean:+.2f} ± {2 * error:.2f} steps, {mean - 0.5:+.2f} uncorrected"
    )
    assert abs(mean) < 0.03


@pytest.mark.slow
def test_coverage_of_z_offset() -> None:
    """Ten touches, two paper tests, both rounded to steps."""
    rng = np.random.default_rng(7)
    runs = 600
    covered = 0
    for _ in range(runs):
        height, paper = rng.random(2) * STEP + [1.3, 0.1]
        touches = np.floor((height + 0.003 * rng.standard_normal(10)) / STEP) * STEP
        trigger = analyse(touches.tolist(), limit=LIMIT, step=STEP, adaptive=False).mean
        tests = felt(rng, paper, person(rng), 2, STEP)
        covered += z_offset(trigger, paper_height(tests.tolist(), STEP, step=STEP), STEP).covers(
            height - paper
        )
    assert 0.93 <= covered / runs <= 0.98
