"""`analyse`: what a series of trigger heights says."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from zcal_tui.stats.quantisation import reading_step
from zcal_tui.stats.repeatability import analyse

LIMIT = 0.025
"""mm. For the range of ten samples."""

DOCS_EXAMPLE = [
    2.506948,
    2.519448,
    2.519448,
    2.506948,
    2.519448,
    2.519448,
    2.506948,
    2.506948,
    2.519448,
    2.506948,
]
"""Klipper docs, Probe_Calibrate, Repeatability check."""


def test_the_example_of_the_documentation() -> None:
    result = analyse(DOCS_EXAMPLE, limit=LIMIT, step=0.0125, adaptive=False)
    assert result.n == 10
    assert result.levels == 2
    assert result.reading_step == 0.0125
    assert result.observed_range == pytest.approx(0.0125)
    assert result.mean.value == pytest.approx(2.513198)
    # Klipper prints the population's standard deviation, 0.006250.
    assert result.sigma.value == pytest.approx(0.006250 * math.sqrt(10 / 9))
    assert result.sigma.low is not None
    assert result.sigma.high is not None
    assert result.sigma.low < result.sigma_estimate < result.sigma.high
    assert not (result.drift and result.drift.found)
    assert not (result.first_sample and result.first_sample.found)
    assert result.outliers.indices == ()


def test_equal_readings_leave_sigma_open_below() -> None:
    result = analyse([1.5] * 15, limit=LIMIT, step=0.0025)
    assert result.levels == 1
    assert result.sigma.value == 0.0
    assert result.sigma.low is None
    assert result.sigma.high is not None
    assert 0.0 < result.sigma.high < 0.0025
    assert result.series_range.low is None
    assert result.exceed.low == 0.0
    assert result.exceed_bounds(0.01)[1] < 1e-6


def test_without_quantisation_sigma_is_as_the_textbook_has_it() -> None:
    heights = 1.4 + 0.003 * np.random.default_rng(31).standard_normal(25)
    result = analyse(heights.tolist(), limit=LIMIT, step=0.0, adaptive=False)
    s = float(heights.std(ddof=1))
    assert result.sigma.value == pytest.approx(s)
    assert result.sigma.high == pytest.approx(s * math.sqrt(24 / stats.chi2.ppf(0.025, 24)), rel=5e-3)
    reach = stats.t.ppf(0.975, 24) * s / 5
    assert result.mean.high == pytest.approx(result.mean.value + reach)
    share = 1 - stats.studentized_range.cdf(0.025 / result.sigma_estimate, 10, np.inf)
    assert result.exceed.value == pytest.approx(share, rel=0.02, abs=1e-9)


def test_systematic_parts_widen_the_mean_and_are_listed() -> None:
    plain = analyse(DOCS_EXAMPLE, limit=LIMIT, step=0.0125)
    wider = analyse(DOCS_EXAMPLE, limit=LIMIT, step=0.0125, systematic={"sampling grid": 0.01})
    assert set(wider.mean.components) == {"random", "step", "sampling grid"}
    assert wider.mean.components["step"] == pytest.approx(0.0125 / math.sqrt(12))
    assert wider.mean.components["sampling grid"] == pytest.approx(0.01 / math.sqrt(3))
    assert plain.mean.high is not None
    assert wider.mean.high is not None
    assert wider.mean.high > plain.mean.high


def test_a_named_drift_is_kept_out_of_sigma_and_counted_in_the_series() -> None:
    rng = np.random.default_rng(5)
    noise = 0.002 * rng.standard_normal(30)
    drifting = np.round((1.4 + noise + 0.002 * np.arange(30)) / 0.0025) * 0.0025
    result = analyse(drifting.tolist(), limit=LIMIT, step=0.0025)
    assert result.drift is not None
    assert result.drift.found
    assert result.sigma.covers(0.002)
    assert result.sigma.value < 0.004
    assert result.series_range.value > 9 * 0.0019
    assert result.exceed.value > result.exceed_noise.value


def test_a_named_first_sample_is_kept_out_of_sigma_and_counted_in_the_series() -> None:
    heights = 1.4 + 0.002 * np.random.default_rng(6).standard_normal(20)
    heights[0] += 0.04
    result = analyse(heights.tolist(), limit=LIMIT, step=0.0)
    assert result.first_sample is not None
    assert result.first_sample.found
    assert result.sigma.covers(0.002)
    assert result.exceed.value > 0.99
    assert result.exceed_noise.value < 0.01


def test_outliers_are_kept_out_of_sigma_but_not_out_of_the_range_seen() -> None:
    heights = 1.4 + 0.002 * np.random.default_rng(7).standard_normal(20)
    heights[9] -= 0.04
    result = analyse(heights.tolist(), limit=LIMIT, step=0.0)
    assert result.outliers.indices == (9,)
    assert result.sigma.covers(0.002)
    assert result.observed_range > 0.035


def test_an_effect_that_may_be_chance_stays_in_the_interval() -> None:
    heights = np.tile([1.4, 1.403], 8) + np.array([0.011] + [0.0] * 15)
    result = analyse(heights.tolist(), limit=LIMIT, step=0.0, adaptive=False)
    first = result.first_sample
    assert first is not None
    assert first.found
    certain = analyse(
        (heights + np.array([0.1] + [0.0] * 15)).tolist(), limit=LIMIT, step=0.0, adaptive=False
    )
    assert certain.sigma.value == pytest.approx(result.sigma.value)
    if first.p >= 0.0005:
        assert result.sigma.high is not None
        assert certain.sigma.high is not None
        assert result.sigma.high > certain.sigma.high


def test_readings_finer_than_the_step_are_seen_as_such() -> None:
    step = 0.0025
    assert reading_step(np.array([1.0, 1.0 + step, 1.0 - 2 * step]), step) == step
    assert reading_step(np.array([1.0, 1.0 + step / 3, 1.0 - step]), step) == pytest.approx(step / 3)
    assert reading_step(np.array([1.0, 1.0 + 0.123 * step, 1.0 - 0.77 * step]), step) == 0.0
    assert reading_step(np.array([1.0, 1.1]), 0.0) == 0.0


@pytest.mark.parametrize("odd", [0, 4])
def test_all_alike_but_one_off_the_grid_leaves_sigma_open_below(odd: int) -> None:
    """A delta's towers step each for itself: the odd one, first or outlier, lies on no fraction of a step."""
    heights = [1.914264] * 9
    heights[odd] = 1.916668
    result = analyse(heights, limit=LIMIT, step=0.00625)
    assert result.reading_step == 0.00625
    assert result.sigma.low is None
    assert result.sigma.high is not None
    assert 0.001 < result.sigma.high < 0.00625
    assert not result.outliers.indices
    assert result.first_sample is not None
    assert not result.first_sample.found


def test_printed_digits_do_not_hide_the_grid() -> None:
    step = 40 / (200 * 32 * 5)
    heights = np.round(1.498_317 + step * np.array([0, 3, -2, 7, 160]), 6)
    assert reading_step(heights, step) == step


@pytest.mark.parametrize(
    ("heights", "step", "message"),
    [
        ([1.0], 0.0025, "at least two"),
        ([1.0, math.nan], 0.0025, "finite"),
        ([1.0, 1.1], -1.0, "step distance"),
        ([1.0, 1.0], 0.0, "step distance"),
    ],
)
def test_what_cannot_be_analysed_is_refused_with_a_reason(
    heights: list[float], step: float, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        analyse(heights, limit=LIMIT, step=step)


def test_two_heights_are_enough_to_say_something() -> None:
    result = analyse([1.4, 1.4025], limit=LIMIT, step=0.0025)
    assert result.drift is None
    assert result.first_sample is None
    assert result.sigma.high is not None


@pytest.mark.parametrize("slope", [1e-6, 2.5e-5, 1.3e-4])
@pytest.mark.parametrize("start", [0.0, 2.0])
def test_a_straight_drift_leaves_no_more_than_the_printed_digits(slope: float, start: float) -> None:
    """Off every grid of steps, nothing is left once the drift is taken out."""
    heights = [start + slope * n for n in range(20)]
    result = analyse(heights, step=0.0025, limit=0.025)
    assert result.drift is not None and result.drift.found
    assert 1e-9 < result.sigma_estimate <= 1e-6
    assert result.sigma.high is not None and result.sigma.high < 1e-5
