"""Two heights instead of one, and series that never leave the limit."""

from collections.abc import Callable

import numpy as np
import pytest

from zcal_tui.stats.repeatability import Repeatability, analyse
from zcal_tui.stats.two_states import two_states
from zcal_tui.stats.verdicts.repeatability import judge_repeatability, unseen_outliers
from zcal_tui.stats.verdicts.rule import VerdictRule
from zcal_tui.stats.verdicts.stopping import StoppingPlan, decide

STEP, LIMIT = 0.0025, 0.025
ALTERNATING = [2.0, 2.015, 2.0, 2.015, 2.0, 2.015, 2.015, 2.0, 2.015, 2.0, 2.0, 2.015, 2.0, 2.015, 2.0]


def judged(heights: list[float]) -> tuple[Repeatability, VerdictRule]:
    result = analyse(heights, step=STEP, limit=LIMIT)
    return result, judge_repeatability(result, StoppingPlan())


def test_two_states_within_the_limit_warn_and_are_named() -> None:
    result, rule = judged(ALTERNATING)
    assert result.states is not None
    assert (result.states.at_low, result.states.at_high) == (8, 7)
    assert rule.level == "warn"
    assert any("two heights, 15 µm apart" in reason for reason in rule.reasons)
    assert any("at most 15 µm" in reason for reason in rule.reasons)
    assert rule.advice[0].key == "two-states"


@pytest.mark.parametrize("apart", [16, 18, 20])
def test_two_states_of_any_distance_within_the_limit_never_fail(apart: int) -> None:
    rng = np.random.default_rng(1)
    for _ in range(10):
        heights = (0.001 * apart * rng.integers(2, size=20) + rng.normal(0.0, 0.0003, 20)).tolist()
        _, rule = judged(heights)
        assert rule.level == "warn"


def test_two_states_that_are_normal_do_not_end_a_series() -> None:
    steps = [0, 0, 4, -1, 3, -1, -1, 3]
    result = analyse([0.00125 * n for n in steps], step=0.00125, limit=LIMIT)
    assert result.states is not None and result.states.apart < 0.005
    plan = StoppingPlan()
    assert decide(result, plan).outcome == "continue"
    assert judge_repeatability(result, plan).level == "unknown"


def test_two_states_beyond_the_limit_fail_and_are_named() -> None:
    _, rule = judged([2.0 * height - 2.0 for height in ALTERNATING])
    assert rule.level == "fail"
    assert any("two heights, 30 µm apart" in reason for reason in rule.reasons)


@pytest.mark.parametrize(
    ("order", "rises"),
    [
        ("lllllhhhhh", True),
        ("hhhhhhllll", False),
        ("llllhlhhhh", None),
        ("lllhhh", None),  # one order in ten by chance
        ("lhlhlhlhlh", None),
        ("llllllhhhlll", None),
    ],
)
def test_a_change_that_stays_is_not_two_positions(order: str, rises: bool | None) -> None:
    states = two_states([2.0 + (0.05 if letter == "h" else 0.0) for letter in order], STEP)
    assert states is not None
    assert states.rises is rises
    if rises is not None:
        assert states.at_first == order.count(order[0])


def test_noise_is_seldom_two_states() -> None:
    rng = np.random.default_rng(2)
    for sigma in (0.0005, 0.001, 0.002, 0.005):
        found = [
            two_states((np.rint(rng.normal(0.3, sigma, 15) / STEP) * STEP).tolist(), STEP) for _ in range(400)
        ]
        assert sum(states is not None for states in found) <= 8, sigma


def _grow(
    draw: Callable[[np.random.Generator], float], rng: np.random.Generator
) -> tuple[Repeatability, str]:
    plan, heights = StoppingPlan(), list[float]()
    offset = rng.random()
    while True:
        heights.append(float(np.floor(draw(rng) / STEP + offset) * STEP))
        if len(heights) < 15:
            continue
        result = analyse(heights, step=STEP, limit=LIMIT)
        if decide(result, plan).outcome != "continue":
            return result, judge_repeatability(result, plan).level


@pytest.mark.slow
def test_a_series_that_stays_within_the_limit_never_fails() -> None:
    rng = np.random.default_rng(3)
    levels = []
    for draw in (
        lambda rng: float(rng.uniform(0.0, 0.0224)),
        lambda rng: float(rng.integers(2)) * 0.02 + float(rng.normal(0.0, 0.0005)),
    ):
        for _ in range(15):
            result, level = _grow(draw, rng)
            assert result.stays_within
            levels.append(level)
    print({level: levels.count(level) for level in set(levels)})
    assert "fail" not in levels


def test_a_pass_names_the_outliers_that_would_have_stayed_unseen() -> None:
    rng = np.random.default_rng(4)
    result, rule = judged((np.rint(rng.normal(0.0, 0.001, 15) / STEP) * STEP).tolist())
    assert rule.level == "pass"
    said = (
        "Up to 18 % outliers would have stayed unseen in 15 samples (95 %). At that rate a mesh of 25 points has 4.5 "
        "with samples: 1, 2.2 with samples: 3, 1.1 with samples: 5 bad points (median)."
    )
    assert unseen_outliers(result) == said
    assert said in rule.reasons
    assert rule.reasons[-1].endswith("of a 0.2 mm first layer.")


def test_sixty_samples_bound_outliers_to_five_percent() -> None:
    rng = np.random.default_rng(5)
    result = analyse((np.rint(rng.normal(0.0, 0.001, 60) / STEP) * STEP).tolist(), step=STEP, limit=LIMIT)
    assert "Up to 5 % outliers would have stayed unseen in 60 samples" in unseen_outliers(result)
