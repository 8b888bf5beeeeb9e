"""Backlash at several spots."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from zcal_tui.stats.spots import SpotComparison, SpotSamples, compare_spots
from zcal_tui.stats.verdicts.backlash import judge_backlash, worse_spots

STEP = 0.0025
NAMES = ("front left", "front right", "rear", "middle")


def spots(values: list[float], n: int = 8, sd: float = 0.002) -> list[SpotSamples]:
    """Spots that came out exactly like that."""
    return [SpotSamples(name, value, sd, n) for name, value in zip(NAMES, values, strict=False)]


def touched(
    rng: np.random.Generator, values: list[float], n: int, sigma: float, step: float
) -> list[SpotSamples]:
    """Spots where every value is the difference of two heights that are rounded to steps."""
    found = []
    for i, value in enumerate(values):
        place = step * rng.random()
        above = np.floor((place + value + sigma * rng.standard_normal(n)) / step) * step
        below = np.floor((place + sigma * rng.standard_normal(n)) / step) * step
        found.append(SpotSamples.of(f"spot {i}", (above - below).tolist()))
    return found


def compared(values: list[float], n: int = 8, sd: float = 0.002) -> SpotComparison:
    return compare_spots(spots(values, n, sd), step=STEP)


def test_samples_of_values() -> None:
    samples = SpotSamples.of("a", [1.0, 2.0, 4.0])
    assert samples.n == 3
    assert samples.mean == pytest.approx(7 / 3)
    assert samples.sd == pytest.approx(np.std([1.0, 2.0, 4.0], ddof=1))
    with pytest.raises(ValueError, match="at least one"):
        SpotSamples.of("a", [])


def test_the_scatter_is_pooled() -> None:
    result = compare_spots([SpotSamples("a", 0.0, 0.003, 4), SpotSamples("b", 0.0, 0.001, 7)])
    assert result.dof == 9
    assert result.sigma.value == pytest.approx(np.sqrt((3 * 0.003**2 + 6 * 0.001**2) / 9))
    reach = stats.t.ppf(0.975, 9) * result.sigma.value / 2
    assert result.spots[0].value.high == pytest.approx(reach)


def test_the_sensors_slope_error_counts() -> None:
    result = compare_spots(spots([0.05, 0.05, 0.09]), slope_error=0.1)
    assert result.spots[0].value.components["slope"] == pytest.approx(0.005 / np.sqrt(3))
    plain = compare_spots(spots([0.05, 0.05, 0.09]))
    assert result.spread is not None
    assert plain.spread is not None
    assert result.spread.low == pytest.approx(0.9 * (plain.spread.low or 0.0))


def test_one_spot_has_nothing_to_be_compared_with() -> None:
    result = compared([0.03])
    assert result.spread is None
    assert result.outlying is None
    assert result.differences == ()
    assert result.found
    assert result.mean.value == result.largest.value == 0.03


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([], "at least one spot"),
        ([SpotSamples("a", 0.0, 0.1, 3), SpotSamples("a", 0.0, 0.1, 3)], "own name"),
        ([SpotSamples("a", 0.0, 0.1, 0)], "at least one value"),
        ([SpotSamples("a", 0.0, 0.0, 1), SpotSamples("b", 0.0, 0.0, 1)], "scatter"),
    ],
)
def test_what_says_nothing_is_refused(given: list[SpotSamples], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        compare_spots(given)


def test_a_spot_that_differs_is_named() -> None:
    result = compared([0.030, 0.031, 0.072, 0.029])
    assert result.outlying is not None
    assert result.outlying.name == "rear"
    assert result.outlying.distance.value == pytest.approx(0.042)
    rule = judge_backlash(result, step=STEP)
    assert rule.level == "warn"
    assert "rear is 42 µm above the mean of the others." in rule.reasons[1]
    assert "Cartographer docs" in rule.reasons[1]
    assert "rear" in rule.advice[0].text


def test_two_spots_that_differ_are_both_named() -> None:
    rule = judge_backlash(compared([0.02, 0.06]), step=STEP)
    assert "It is largest at front right, smallest at front left." in rule.reasons[1]


def test_nothing_there_passes_with_an_upper_bound() -> None:
    result = compared([0.0, 0.001, -0.001, 0.0])
    assert not result.found
    assert result.upper_bound > 0.0
    rule = judge_backlash(result, step=STEP)
    assert rule.level == "pass"
    assert "which is harmless. Limit: one step or 10 µm, here 10 µm" in rule.reasons[0]


def test_noise_that_hides_backlash_bounds_it() -> None:
    rule = judge_backlash(compared([0.002], sd=0.012), step=STEP)
    assert rule.level == "pass"
    assert "Backlash is not statistically significant" in rule.reasons[0]
    assert judge_backlash(compared([0.002], sd=0.060), step=STEP).level == "unknown"


@pytest.mark.parametrize(
    ("value", "level", "words"),
    [
        (0.018, "pass", "That is within the limit. Limit: 25 µm"),
        (0.050, "warn", "is visible where Z reverses"),
        (0.026, "unknown", "do not decide"),
        (0.150, "fail", "mechanical fault. Limit: 100 µm"),
    ],
)
def test_similar_backlash_is_judged_by_its_size(value: float, level: str, words: str) -> None:
    rule = judge_backlash(compared([value] * 4), step=STEP)
    assert rule.level == level
    assert words in rule.reasons[0]
    assert "similar at all spots" in rule.reasons[1]


def test_a_coarse_step_is_no_backlash() -> None:
    result = compare_spots(spots([0.004] * 4, sd=0.003), step=0.0125)
    assert "here 12 µm" in judge_backlash(result, step=0.0125).reasons[0]


def test_an_upper_bound_does_not_fail_by_its_size() -> None:
    rule = judge_backlash(compared([0.060] * 4), step=STEP, upper_bound_only=True)
    assert rule.level == "pass"
    assert "still included" in rule.reasons[0]
    assert judge_backlash(compared([0.3] * 4), step=STEP, upper_bound_only=True).level == "unknown"
    assert judge_backlash(compared([0.06, 0.06, 0.13]), step=STEP, upper_bound_only=True).level == "warn"


def test_very_different_spots_fail() -> None:
    assert judge_backlash(compared([0.03, 0.03, 0.2, 0.03]), upper_bound_only=True).level == "fail"


def test_negative_backlash_is_reported() -> None:
    rule = judge_backlash(compared([-0.02, 0.001, 0.0]), step=STEP)
    assert rule.level == "unknown"
    assert "negative (−20 µm at front left)" in rule.reasons[-2]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("count", "n", "step"), [(1, 10, 0.0001), (4, 5, 0.0001), (4, 5, STEP), (4, 5, 0.0125)]
)
def test_false_alarms_when_nothing_is_there(count: int, n: int, step: float) -> None:
    rng = np.random.default_rng([count, n, int(step * 1e5)])
    runs = 600
    results = [compare_spots(touched(rng, [0.0] * count, n, 0.002, step), step=step) for _ in range(runs)]
    # 5 %, and two standard errors.
    assert sum(result.found for result in results) / runs <= 0.068
    assert sum(result.outlying is not None for result in results) / runs <= 0.068


@pytest.mark.slow
@pytest.mark.parametrize("step", [0.0001, STEP])
def test_coverage(step: float) -> None:
    rng = np.random.default_rng([3, int(step * 1e5)])
    true = [0.0, 0.01, 0.02, 0.05]
    runs = 400
    value = largest = spread = pairs = 0
    for _ in range(runs):
        result = compare_spots(touched(rng, true, 5, 0.002, step), step=step)
        value += sum(spot.value.covers(t) for spot, t in zip(result.spots, true, strict=True))
        largest += result.largest.covers(max(true))
        spread += result.spread is not None and result.spread.covers(max(true) - min(true))
        places = {spot.name: t for spot, t in zip(result.spots, true, strict=True)}
        pairs += all(pair.size.covers(places[pair.a] - places[pair.b]) for pair in result.differences)
    assert value / (4 * runs) >= 0.94
    assert step > 0.001 or value / (4 * runs) <= 0.965
    assert largest / runs >= 0.94
    assert spread / runs >= 0.94
    assert pairs / runs >= 0.93


def test_a_spot_is_blamed_only_where_two_spots_differ() -> None:
    near = compare_spots(spots([0.02, 0.02, 0.0232], n=5))
    assert near.outlying is not None
    assert worse_spots(near) == ()
    assert worse_spots(compare_spots(spots([0.02, 0.02, 0.0242], n=5))) == ("rear",)
