"""The verdict, its reasons and its advice, for series of every kind."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from zcal_tui.stats.repeatability import analyse
from zcal_tui.stats.verdicts.repeatability import judge_repeatability
from zcal_tui.stats.verdicts.rule import VerdictRule
from zcal_tui.stats.verdicts.stopping import StoppingPlan

LIMIT = 0.025
"""mm. For the range of ten samples."""

FloatArray = NDArray[np.float64]

STEP = 0.0025


def verdict(heights: FloatArray, plan: StoppingPlan | None = None, step: float = STEP) -> VerdictRule:
    quantised = np.floor(heights / step) * step
    return judge_repeatability(
        analyse(quantised.tolist(), limit=LIMIT, step=step), plan or StoppingPlan.fixed(len(heights))
    )


def noise(sigma: float, n: int, seed: int) -> FloatArray:
    """Noise whose sample standard deviation is sigma, so that a test's outcome does not depend on the draw."""
    draw = np.random.default_rng(seed).standard_normal(n)
    scaled: FloatArray = 1.4 + sigma * (draw - draw.mean()) / draw.std(ddof=1)
    return scaled


def keys(rule: VerdictRule) -> list[str]:
    return [advice.key for advice in rule.advice]


def test_a_good_probe_passes_without_advice() -> None:
    rule = verdict(noise(0.0024, 20, 1))
    assert rule.level == "pass"
    assert rule.advice == ()
    assert "stay within 25 µm in more than 99.9 % of series" in rule.reasons[0]
    assert "Limit: 25 µm (Klipper docs, Probe_Calibrate, Repeatability check)." in rule.reasons[0]
    *sourced, outliers, consequence = rule.reasons
    assert all("Klipper docs, Probe_Calibrate" in reason for reason in sourced)
    assert outliers.startswith("Up to 14 % outliers would have stayed unseen in 20 samples")
    assert "of a 0.2 mm first layer" in consequence


def test_equal_readings_pass_as_normal() -> None:
    rule = verdict(np.full(15, 1.4001))
    assert rule.level == "pass"
    assert "which is normal. Normal is one step or 5 µm, here 5.0 µm" in rule.reasons[1]


def test_normal_is_one_step_where_that_is_more_than_five_micrometres() -> None:
    rule = verdict(1.4 + 0.0125 * np.array([0, 1, 1, 0, 1, 1, 0, 0, 1, 0] * 2), step=0.0125)
    assert rule.level == "pass"
    assert "here 12 µm" in rule.reasons[1]


def test_a_wide_scatter_fails_with_what_to_try() -> None:
    rule = verdict(noise(0.014, 30, 12))
    assert rule.level == "fail"
    assert "span more than 25 µm in" in rule.reasons[0]
    assert keys(rule) == ["speed-and-height", "mechanics", "z-offset-again", "manual-levelling"]


def test_a_border_case_is_a_warning_with_its_bounds() -> None:
    rule = verdict(noise(0.0068, 40, 4))
    assert rule.level == "warn"
    assert rule.reasons[0].startswith("Borderline")
    assert "on this data" in rule.reasons[0]
    assert "manual-levelling" not in keys(rule)


def test_too_few_samples_are_unknown() -> None:
    rule = verdict(noise(0.006, 5, 5))
    assert rule.level == "unknown"
    assert "5 samples do not decide" in rule.reasons[0]
    assert keys(rule) == ["more-samples"]


def test_a_drift_within_the_limit_is_a_warning() -> None:
    rule = verdict(noise(0.002, 20, 6) - 0.0008 * np.arange(20))
    assert rule.level == "warn"
    assert "drifts down by" in rule.reasons[-2]
    assert "5 %" in rule.reasons[-2]
    assert keys(rule) == ["drift"]


def test_a_drift_that_ten_samples_hardly_show_is_reported_without_a_warning() -> None:
    rule = verdict(noise(0.0015, 100, 6) + 0.0001 * np.arange(100))
    assert "drifts up by 8.7 µm over the 100 samples" in rule.reasons[-2]
    assert rule.level == "pass"
    assert keys(rule) == []


def test_a_drift_beyond_the_limit_fails_and_is_named_as_the_cause() -> None:
    rule = verdict(noise(0.002, 20, 6) + 0.005 * np.arange(20))
    assert rule.level == "fail"
    assert "Without the effects named below" in rule.reasons[0]
    assert "drifts up by" in rule.reasons[-2]
    assert keys(rule) == ["drift", "manual-levelling"]


def test_a_high_first_sample_is_a_warning_to_discard_it() -> None:
    heights = noise(0.002, 20, 7)
    heights[0] = 1.412
    rule = verdict(heights)
    assert rule.level == "warn"
    assert "The first sample is" in rule.reasons[-2]
    assert "higher than the others" in rule.reasons[-2]
    assert keys(rule) == ["first-sample", "z-offset-again"]
    # A tolerance would fail every probing that begins with a shifted sample.
    assert rule.advice[0].config == ("samples: 3", "samples_result: median")


def test_an_outlier_is_a_warning_with_the_median_of_three() -> None:
    heights = noise(0.002, 20, 8)
    heights[11] -= 0.04
    rule = verdict(heights)
    assert rule.level == "warn"
    assert "Sample 12 is an outlier" in rule.reasons[-2]
    assert keys(rule) == ["median", "z-offset-again"]
    lines = dict(line.split(": ") for line in rule.advice[0].config)
    assert lines["samples"] == "3"
    assert lines["samples_result"] == "median"
    assert 0.010 <= float(lines["samples_tolerance"]) <= 0.020
    assert lines["samples_tolerance_retries"] == "3"


def test_two_outliers_are_named_together() -> None:
    heights = noise(0.002, 20, 9)
    heights[[5, 14]] += 0.05
    assert any("Samples 6, 15 are outliers" in reason for reason in verdict(heights).reasons)


def test_an_outlier_and_a_first_sample_shift_widen_the_tolerance() -> None:
    heights = noise(0.002, 25, 10)
    heights[0] += 0.014
    heights[12] += 0.06
    rule = verdict(heights)
    assert keys(rule) == ["median", "first-sample", "z-offset-again"]
    tolerance = next(line for line in rule.advice[0].config if line.startswith("samples_tolerance:"))
    assert float(tolerance.split(": ")[1]) >= 0.020
    assert rule.advice[1].config == ()


@pytest.mark.parametrize("n", [7, 15, 17])
def test_a_series_that_was_ended_early_is_judged_by_what_there_is(n: int) -> None:
    assert verdict(noise(0.0015, n, 11), StoppingPlan()).level == "pass"
