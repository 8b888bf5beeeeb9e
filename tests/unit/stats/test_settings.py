"""Settings compared: how often a better one is found, and how often by mistake."""

import numpy as np
import pytest

from zcal_tui.stats.settings import compare_scatter, deviations


def heights(draw: np.random.Generator, sigma: float, n: int = 20, step: float = 0.00125) -> list[float]:
    values = 1.5 + draw.uniform(0.0, step) + sigma * draw.standard_normal(n)
    return [float(value) for value in np.round(values / step) * step] if step else values.tolist()


@pytest.mark.slow
@pytest.mark.parametrize(("step", "sigma"), [(0.0, 0.003), (0.00125, 0.002), (0.0025, 0.0015)])
def test_a_false_alarm_is_rare_over_all_comparisons_together(step: float, sigma: float) -> None:
    draw = np.random.default_rng(5)
    alarms = 0
    for _ in range(300):
        reference = [heights(draw, sigma, step=step) for _ in range(2)]
        others = {str(n): heights(draw, sigma, step=step) for n in range(7)}
        alarms += any(each.better for each in compare_scatter(reference, others))
    assert alarms <= 24  # 15 expected at 5 %; more than 24 has a probability of 1 %


def test_half_the_scatter_is_found_mostly_and_a_third_nearly_always() -> None:
    draw = np.random.default_rng(6)
    found = {0.5: 0, 0.33: 0}
    for _ in range(40):
        reference = [heights(draw, 0.006) for _ in range(2)]
        for share in found:
            others = {str(n): heights(draw, 0.006) for n in range(6)} | {"it": heights(draw, share * 0.006)}
            found[share] += next(
                each.better for each in compare_scatter(reference, others) if each.name == "it"
            )
    assert found[0.5] >= 16
    assert found[0.33] >= 36


def test_a_drift_is_not_scatter() -> None:
    draw = np.random.default_rng(7)
    drifting = [height + 0.001 * n for n, height in enumerate(heights(draw, 0.001, step=0.0))]
    assert deviations(drifting).mean() < 0.0015


def test_worse_is_not_better_and_says_how_much() -> None:
    draw = np.random.default_rng(8)
    (worse,) = compare_scatter([heights(draw, 0.002)], {"worse": heights(draw, 0.006)})
    assert not worse.better
    assert worse.ratio > 1.5
    assert worse.p > 0.9


def test_heights_that_are_all_alike_tell_nothing() -> None:
    (same,) = compare_scatter([[1.5] * 16, [1.5] * 16], {"same": [1.5] * 16})
    assert not same.better
    with pytest.raises(ValueError, match="three"):
        deviations([1.0, 2.0])
