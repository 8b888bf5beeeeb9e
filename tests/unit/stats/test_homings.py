"""How far two homings differ, from samples of a Z endstop."""

import numpy as np
import pytest

from zcal_tui.stats.homings import pair_exceedance
from zcal_tui.stats.repeatability import Repeatability, analyse
from zcal_tui.stats.verdicts.endstop import judge_endstop

LIMIT = 0.025
"""mm. For the range of ten samples."""


def endstop(sigma: float, seed: int, n: int = 20) -> Repeatability:
    step = 0.00125
    values = 0.5 + sigma * np.random.default_rng(seed).standard_normal(n)
    return analyse((np.round(values / step) * step).tolist(), limit=LIMIT, step=step, adaptive=False)


def test_the_probability_is_that_of_two_draws() -> None:
    draws = np.random.default_rng(1).standard_normal((200_000, 2)) * 0.012
    seen = float((np.abs(draws[:, 0] - draws[:, 1]) > LIMIT).mean())
    assert pair_exceedance(0.012, LIMIT) == pytest.approx(seen, abs=0.005)
    assert pair_exceedance(0.0, LIMIT) == 0.0
    assert pair_exceedance(0.0, LIMIT, step=0.0125) == pytest.approx(0.0, abs=1e-5)


@pytest.mark.parametrize(
    ("sigma", "levels"), [(0.001, {"pass", "warn"}), (0.004, {"pass", "warn"}), (0.06, {"fail"})]
)
def test_good_and_bad_endstops(sigma: float, levels: set[str]) -> None:
    seen = [judge_endstop(endstop(sigma, seed)).level for seed in range(12)]
    assert set(seen) <= levels
    assert seen.count("warn") <= 3


def test_on_the_border_it_is_not_called_good_or_bad() -> None:
    levels = [judge_endstop(endstop(0.014, seed)).level for seed in range(12)]
    assert levels.count("pass") + levels.count("fail") <= 1


def test_few_samples_do_not_decide_and_reasons_name_the_limit() -> None:
    rule = judge_endstop(endstop(0.004, 3, n=3))
    assert rule.level == "unknown"
    assert "25 µm" in rule.reasons[0] and "Bed_Level" in rule.reasons[0]
    assert rule.advice[0].key == "more-samples"


def test_a_share_too_small_to_give_is_a_bound_in_words() -> None:
    reason = judge_endstop(endstop(0.0005, 1)).reasons[0]
    assert "in less than 0.1 % of cases (upper bound on this data: less than 0.1 %)." in reason
