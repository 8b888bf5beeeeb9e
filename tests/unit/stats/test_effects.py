"""Drift, first sample and outliers: named when there, and together in at most 5 % of series when not."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.present import present
from zcal_tui.stats.effects import Effects, find_effects, first_sample_shift

FloatArray = NDArray[np.float64]

SIGMA = 0.003


def series(rng: np.random.Generator, n: int, step: float) -> FloatArray:
    heights = 1.4 + SIGMA * rng.standard_normal(n)
    return quantise(heights, step, rng)


def quantise(heights: FloatArray, step: float, rng: np.random.Generator) -> FloatArray:
    return np.floor(heights / step + rng.random()) * step if step else heights


def named(effects: Effects) -> set[str]:
    names = set()
    if effects.drift is not None and effects.drift.found:
        names.add("drift")
    if effects.first_sample is not None and effects.first_sample.found:
        names.add("first")
    if effects.outliers.indices:
        names.add("outliers")
    return names


@pytest.mark.slow
@pytest.mark.parametrize("steps_per_sigma", [0.0, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("n", [10, 15, 20, 40])
def test_false_alarms_of_all_three_together_stay_below_the_shared_rate(
    n: int, steps_per_sigma: float
) -> None:
    rng = np.random.default_rng([n, int(10 * steps_per_sigma)])
    step = SIGMA * steps_per_sigma
    runs = 1500
    alarms = sum(bool(named(find_effects(series(rng, n, step).tolist(), step=step))) for _ in range(runs))
    # Three standard errors of a rate of 5 % in 1,500 runs are 1.7 %.
    assert alarms / runs <= 0.05 + 0.017


@pytest.mark.parametrize("step", [0.0, 0.0025, 0.005])
def test_a_drift_is_named_and_its_interval_covers(step: float) -> None:
    rng = np.random.default_rng(21)
    found = covered = 0
    for _ in range(200):
        heights = quantise(1.4 + SIGMA * rng.standard_normal(20) - 0.0008 * np.arange(20), step, rng)
        drift = find_effects(heights.tolist(), step=step).drift
        assert drift is not None
        found += drift.found
        covered += drift.size.covers(-0.0008)
    assert found >= 190
    assert covered >= 180


@pytest.mark.parametrize("step", [0.0, 0.0025, 0.005])
def test_a_first_sample_apart_is_named_and_not_taken_for_an_outlier_or_a_drift(step: float) -> None:
    rng = np.random.default_rng(22)
    only_first = 0
    for _ in range(200):
        heights = 1.4 + SIGMA * rng.standard_normal(20)
        heights[0] += 7 * SIGMA
        effects = find_effects(quantise(heights, step, rng).tolist(), step=step)
        assert 0 not in effects.outliers.indices
        only_first += named(effects) == {"first"}
    assert only_first >= 180


@pytest.mark.parametrize("step", [0.0025, 0.005])
def test_an_outlier_as_far_off_as_the_first_sample_is_named(step: float) -> None:
    rng = np.random.default_rng(24)
    heights = 1.4 + SIGMA * rng.standard_normal(20)
    heights[[0, 7, 13]] += 0.050
    effects = find_effects(quantise(heights, step, rng).tolist(), step=step)
    assert effects.outliers.indices == (7, 13)
    assert present(effects.first_sample).found


def test_outliers_are_named_with_their_place_and_distance_even_if_they_hide_each_other() -> None:
    rng = np.random.default_rng(23)
    hits = 0
    for _ in range(200):
        heights = 1.4 + SIGMA * rng.standard_normal(20)
        heights[[6, 13]] += 0.03
        outliers = find_effects(heights.tolist(), step=0.0).outliers
        if outliers.indices == (6, 13):
            hits += 1
            assert all(abs(distance - 0.03) < 5 * SIGMA for distance in outliers.distances)
    assert hits >= 190


def test_one_step_is_never_evidence_of_an_outlier_or_of_a_first_sample_apart() -> None:
    step = 0.0025
    odd_one = [1.4] * 20
    odd_one[7] += step
    assert named(find_effects(odd_one, step=step)) == set()
    odd_first = [1.4 + step] + [1.4] * 19
    assert "first" not in named(find_effects(odd_first, step=step))


def test_equal_readings_show_nothing() -> None:
    for step in (0.0, 0.0025):
        assert named(find_effects([1.4] * 12, step=step)) == set()


def test_a_lone_reading_far_off_among_equal_ones_is_an_outlier() -> None:
    heights = [1.4] * 15
    heights[4] = 1.43
    assert find_effects(heights, step=0.0025).outliers.indices == (4,)
    assert find_effects(heights, step=0.0).outliers.indices == (4,)


def test_too_few_samples_are_not_tested() -> None:
    effects = find_effects([1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 1.9], step=0.0)
    assert effects.drift is None
    assert effects.first_sample is None
    assert effects.outliers.indices == ()


@pytest.mark.parametrize("step", [0.0, 0.0025])
@pytest.mark.parametrize("habit", [True, False])
def test_a_second_series_tells_a_stray_first_touch_from_a_habit(step: float, habit: bool) -> None:
    rng = np.random.default_rng([3, habit])
    told = 0
    for _ in range(200):
        once = 1.4 + SIGMA * rng.standard_normal(15)
        once[0] += 0.030
        again = 1.4 + SIGMA * rng.standard_normal(5)
        again[0] += 0.030 if habit else 0.0
        effects = find_effects(
            quantise(once, step, rng).tolist(), step=step, again=[quantise(again, step, rng).tolist()]
        )
        assert effects.starts == 2
        assert effects.first_sample is not None
        if habit:
            told += effects.first_sample.found and 0 not in effects.outliers.indices
        else:
            told += not effects.first_sample.found and 0 in effects.outliers.indices
    assert told >= 196


def test_the_first_sample_is_known_better_from_two_series() -> None:
    rng = np.random.default_rng(8)
    errors: dict[int, list[float]] = {1: [], 2: []}
    covered = 0
    for _ in range(300):
        once, again = 1.4 + SIGMA * rng.standard_normal(15), 1.4 + SIGMA * rng.standard_normal(5)
        once[0] += 0.020
        again[0] += 0.020
        series: tuple[list[list[float]], ...] = ([], [again.tolist()])
        for second in series:
            first = present(find_effects(once.tolist(), step=0.0, again=second).first_sample)
            errors[1 + bool(second)].append(first.size.value - 0.020)
        covered += first.size.covers(0.020)
    assert np.std(errors[2]) < 0.8 * np.std(errors[1])
    assert covered >= 0.925 * 300


def test_further_starts_show_nothing_where_the_first_sample_was_not_off() -> None:
    rng = np.random.default_rng(9)
    heights = series(rng, 15, 0.0).tolist()
    effects = find_effects(heights, step=0.0, again=[[1.4, 1.4001, 1.3999, 1.4]])
    assert not present(effects.first_sample).found
    assert effects.outliers.indices == ()


def test_a_first_sample_that_is_off_in_one_start_of_five_is_an_outlier() -> None:
    rng = np.random.default_rng(10)
    starts = [(1.4 + SIGMA * rng.standard_normal(4)).tolist() for _ in range(4)]
    first = [1.45, *(1.4 + SIGMA * rng.standard_normal(4))]
    alone = find_effects(first, step=0.0, again=starts)
    assert (alone.starts, alone.starts_off, alone.outliers.indices) == (5, 1, (0,))
    starts[2][0] += 0.05
    twice = find_effects(first, step=0.0, again=starts)
    assert (twice.starts_off, twice.outliers.indices) == (2, (0, 13))
    starts[0][0] += 0.05
    often = find_effects(first, step=0.0, again=starts)
    assert present(often.first_sample).found
    assert present(often.first_sample).size.covers(0.05)
    assert (often.starts_off, often.firsts, often.outliers.indices) == (3, (0, 5, 13), ())


def test_five_samples_show_a_first_one_that_is_off() -> None:
    assert first_sample_shift([1.45, 1.4, 1.401, 1.399, 1.4], 0.0025) == pytest.approx(0.05)
    assert first_sample_shift([1.402, 1.4, 1.401, 1.399, 1.4], 0.0025) is None
    assert first_sample_shift([1.45, 1.4, 1.401, 1.4], 0.0025) is None


@pytest.mark.slow
@pytest.mark.parametrize("alike", [0.0, 0.3, 0.6])
def test_a_wander_from_sample_to_sample_is_seldom_called_a_drift(alike: float) -> None:
    """Neighbouring samples that are correlated by `alike`; without allowing for it 16 to 20 % at 0.6."""
    rng = np.random.default_rng(5)
    runs, found = 700, 0
    for _ in range(runs):
        noise = rng.standard_normal(20)
        for i in range(1, 20):
            noise[i] = alike * noise[i - 1] + math.sqrt(1.0 - alike**2) * noise[i]
        heights = np.floor(noise * 0.003 / 0.0025 + rng.random()) * 0.0025
        drift = find_effects(heights.tolist(), step=0.0025).drift
        assert drift is not None
        found += drift.found
    print(f"correlation {alike:g}: a drift in {100 * found / runs:.1f} %")
    assert found / runs <= 0.07
