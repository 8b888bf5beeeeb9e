"""Location bias: places and rounds, the spread, and when to stop."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from zcal_tui.model import limits
from zcal_tui.stats.location import LocationBias, Measurement, location_bias
from zcal_tui.stats.operator_scatter import PRIOR_DOF, PRIOR_SIGMA
from zcal_tui.stats.spread import SpreadEvidence
from zcal_tui.stats.verdicts.location import LookErrors, deciding_rounds, judge_spread
from zcal_tui.stats.verdicts.location_plan import next_tests

STEP = 0.0025
SIGMA = 0.006


class Printer:
    """z_offsets at places with these effects, by a person with this scatter, wandering from round to round."""

    def __init__(
        self, rng: np.random.Generator, effects: list[float], sigma: float, drift: float = 0.004
    ) -> None:
        self._rng = rng
        self._effects = np.array(effects)
        self._sigma = sigma
        self._drift = drift
        self._level = 1.2 + STEP * float(rng.random())
        self._round = 0
        self.seen: list[Measurement] = []

    def measure(self, rounds: int = 1) -> list[Measurement]:
        """Measures every place in each of so many further rounds."""
        for _ in range(rounds):
            heights = (
                self._level + self._effects + self._sigma * self._rng.standard_normal(len(self._effects))
            )
            for place, height in enumerate(heights):
                self.seen.append(Measurement(place, self._round, round(float(height) / STEP) * STEP))
            self._round += 1
            self._level += self._drift * (1.0 + float(self._rng.standard_normal()))
        return self.seen


def measured(
    effects: list[float], rounds: int, seed: int = 1, sigma: float = SIGMA, drift: float = 0.004
) -> LocationBias:
    printer = Printer(np.random.default_rng(seed), effects, sigma, drift)
    return location_bias(printer.measure(rounds), step=STEP)


def test_places_and_rounds_are_separated() -> None:
    """Without noise everything is found as it is, though the last round lacks a place."""
    heights = {0: 1.200, 1: 1.210, 2: 1.195}
    seen = [Measurement(p, r, h + 0.05 * r) for r in range(3) for p, h in heights.items()][:-1]
    result = location_bias(seen)
    assert [place.z_offset.value for place in result.places] == pytest.approx([1.25, 1.26, 1.245])
    assert [place.effect.value for place in result.places] == pytest.approx(
        [-0.005 / 3, 0.025 / 3, -0.02 / 3]
    )
    assert [place.n for place in result.places] == [3, 3, 2]
    assert result.complete_rounds == 2
    assert (result.highest, result.lowest) == (1, 2)
    assert result.spread.value == pytest.approx(0.015)
    assert result.drift is not None
    assert result.drift.value == pytest.approx(0.05)
    assert np.diff(result.rounds) == pytest.approx([0.05, 0.05])


def test_places_that_share_no_round_cannot_be_compared() -> None:
    seen = [Measurement(0, 0, 1.0), Measurement(0, 0, 1.1), Measurement(1, 1, 1.0), Measurement(1, 1, 1.1)]
    with pytest.raises(ValueError, match="share no rounds"):
        location_bias(seen)


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        ([Measurement(0, 0, 1.0), Measurement(0, 1, 1.0)], "two places"),
        ([Measurement(0, 0, 1.0), Measurement(1, 0, float("nan"))], "finite"),
        ([Measurement(0, 0, 1.0), Measurement(1, 0, 1.0)], "scatter"),
    ],
)
def test_what_says_nothing_is_refused(seen: list[Measurement], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        location_bias(seen)


def test_a_single_round_rests_on_the_prior() -> None:
    seen = [Measurement(0, 0, 1.0), Measurement(1, 0, 1.02), Measurement(2, 0, 1.01)]
    result = location_bias(seen, prior_sigma=PRIOR_SIGMA, prior_dof=PRIOR_DOF)
    assert result.drift is None
    assert result.dof == PRIOR_DOF
    assert result.sigma.value == pytest.approx(PRIOR_SIGMA)
    assert result.spread.low == 0.0


def test_equal_readings_on_coarse_steps_leave_a_step_of_doubt() -> None:
    seen = [Measurement(p, r, 1.2) for p in range(4) for r in range(3)]
    spread = location_bias(seen, step=0.0125).spread
    assert spread.low == 0.0
    assert spread.high is not None
    assert 0.010 < spread.high < 0.040


def test_a_drift_is_named_and_does_not_count_as_spread() -> None:
    result = measured([0.0, 0.002, 0.001, 0.0], 4, sigma=0.003, drift=0.02)
    rule = judge_spread(result)
    assert rule.level == "pass"
    assert "drifts up" in rule.reasons[1]
    assert "statistically significant" in rule.reasons[1]


def test_a_spread_below_the_limit_passes_with_its_source() -> None:
    rule = judge_spread(measured([0.0, 0.003, 0.002, 0.001], 4, sigma=0.003))
    assert rule.level == "pass"
    assert "Limit: 25 µm (Klipper docs, Probe_Calibrate, Location Bias Check)." in rule.reasons[0]
    assert rule.advice == ()


def test_a_spread_above_the_limit_fails_naming_the_places() -> None:
    rule = judge_spread(measured([0.0, 0.01, 0.02, 0.08], 3, sigma=0.003))
    assert rule.level == "fail"
    assert "highest at place 3, lowest at place 0" in rule.reasons[0]
    assert [advice.key for advice in rule.advice] == ["mechanics", "manual-levelling"]


def test_data_that_do_not_decide_say_so() -> None:
    result = measured([0.0, 0.003, 0.006, 0.009], 2, sigma=0.009)
    rule = judge_spread(result)
    assert rule.level == "unknown"
    rounds = deciding_rounds(result)
    assert rounds is not None
    assert f"--max-rounds {rounds}" in rule.advice[0].text


def test_more_tests_are_asked_for_than_were_made_in_vain() -> None:
    """With other places left out, a run has more rounds than complete ones."""
    for seed in range(40):
        result = measured([0.0, 0.006, 0.012], 6, seed=seed, sigma=0.009)
        rounds = deciding_rounds(result)
        assert rounds is None or rounds * 3 > result.tests


@pytest.mark.slow
def test_the_predicted_number_of_rounds_mostly_decides() -> None:
    decided = predicted = 0
    for seed in range(60):
        effects = [0.0, 0.003, 0.006, 0.009]
        rounds = deciding_rounds(measured(effects, 2, seed=seed, sigma=0.008))
        if rounds is not None:
            predicted += 1
            repeat = measured(effects, rounds, seed=1000 + seed, sigma=0.008)
            decided += judge_spread(repeat).level != "unknown"
    assert predicted >= 40
    assert decided > 0.5 * predicted


def test_where_the_places_differ_by_the_limit_no_number_of_rounds_is_named() -> None:
    result = measured([0.0, 0.012, 0.012, 0.016], 6, sigma=0.022)
    assert deciding_rounds(result) is None
    rule = judge_spread(result, 24)
    assert rule.level == "unknown"
    assert [advice.key for advice in rule.advice] == ["steadier-paper-tests"]
    assert "varies by" in rule.advice[0].text


def test_further_tests_shrink_with_what_is_known() -> None:
    border = measured([0.0, 0.010, 0.010, 0.018], 2, sigma=0.008)
    assert next_tests(border, 16, 24).count >= 2
    assert not next_tests(measured([0.0, 0.05, 0.1, 0.1], 3), 12, 24).tests
    assert not next_tests(border, 1, 9).tests
    assert next_tests(border, 4, 12).count <= 4


def test_an_early_look_asks_for_more_than_a_single_one() -> None:
    result = measured([0.0, 0.003, 0.002, 0.001], 2, sigma=0.004)
    single, early = (result.evidence.upper_bound(LookErrors.at(8, most).passing) for most in (None, 21))
    assert single < early
    limit = replace(limits.LOCATION_BIAS, value=0.5 * (single + early))
    assert judge_spread(result, limit=limit).level == "pass"
    assert judge_spread(result, 21, limit=limit).level != "pass"


def test_the_errors_of_looks_grow_towards_the_last_one() -> None:
    looks = [LookErrors.at(tests, 21) for tests in range(8, 22)]
    assert all(a.passing < b.passing and a.failing < b.failing for a, b in itertools.pairwise(looks))
    assert looks[-1].zone == LookErrors.at(8, None).zone
    assert looks[-1].passing < LookErrors.at(8, None).passing


def test_a_spread_about_the_limit_is_borderline() -> None:
    rule = judge_spread(measured([0.0, 0.012, 0.012, 0.025], 6, sigma=0.003), 24)
    assert rule.level == "warn"
    assert "about the limit" in rule.reasons[0]
    assert [advice.key for advice in rule.advice] == ["borderline"]


def test_places_between_the_ends_are_dropped() -> None:
    result = measured([0.0, 0.012, 0.011, 0.021], 3, sigma=0.004, seed=4)
    plan = next_tests(result, 9, 21)
    assert {result.highest, result.lowest} == set(plan.tests)
    assert plan.decides
    assert plan.rounds == 2


def test_a_place_that_is_measured_alone_is_compared_with_the_farthest() -> None:
    """A place that was measured once less than the others is caught up with, together with its opposite."""
    heights = {0: 0.0, 1: 0.010, 2: 0.012, 3: 0.021}
    seen = [Measurement(p, r, h) for r in range(4) for p, h in heights.items() if p != 3 or r < 2]
    result = location_bias(seen, step=STEP, prior_sigma=0.010, prior_dof=50.0)
    assert set(next_tests(result, 2, 16).tests) == {0, 3}


def test_the_prior_gives_way_to_the_data() -> None:
    """From so many degrees of freedom of their own the data alone count, whatever the prior."""
    seen = Printer(np.random.default_rng(2), [0.0, 0.01, 0.01, 0.02], SIGMA).measure(3)
    alone = location_bias(seen, step=STEP)
    assert alone.dof == 6
    until = location_bias(seen, step=STEP, prior_sigma=0.05, prior_dof=6.0, prior_until=6.0)
    pooled = location_bias(seen, step=STEP, prior_sigma=0.05, prior_dof=6.0, prior_until=7.0)
    assert until.spread == alone.spread
    assert (pooled.spread.high or 0.0) > (alone.spread.high or 0.0)


def test_the_lower_bound_allows_for_the_pairs_that_can_be_that_far_apart() -> None:
    """Two means at each end are the worst; the largest difference then exceeds the bound in its share."""
    rng = np.random.default_rng(4)
    true, error, over = np.array([0.0, 0.0, 0.1, 0.1]), 0.10, 0
    for _ in range(2000):
        sigma = 0.01 * float(np.sqrt(rng.chisquare(9) / 9))
        means = true + 0.01 * rng.standard_normal(4)
        over += SpreadEvidence(means, np.full((4, 4), 2.0), sigma, 9.0).lower_bound(error) > 0.1
    assert 0.08 <= over / 2000 <= 0.12


@pytest.mark.parametrize("effects", [[0.0] * 4, [0.0, 0.01, 0.01, 0.02]])
@pytest.mark.slow
def test_coverage_of_a_fixed_number_of_rounds(effects: list[float]) -> None:
    rng = np.random.default_rng(int(1e3 * max(effects)))
    runs = 400
    spread = each = 0
    for _ in range(runs):
        result = location_bias(Printer(rng, effects, SIGMA).measure(3), step=STEP)
        spread += result.spread.covers(max(effects))
        true = np.array(effects) - np.mean(effects)
        each += all(place.effect.covers(t) for place, t in zip(result.places, true, strict=True))
    assert spread / runs >= 0.94
    assert each / runs >= 0.925


def stopped(
    rng: np.random.Generator, effects: list[float], sigma: float, most: int, prior: tuple[float, float]
) -> tuple[str, LocationBias]:
    """Rounds over all places until the verdict is clear or `most` tests are made."""
    printer = Printer(rng, effects, sigma)
    printer.measure()
    while True:
        printer.measure()
        result = location_bias(printer.seen, step=STEP, prior_sigma=prior[0], prior_dof=prior[1])
        level = judge_spread(result, most).level
        if level != "unknown" or result.tests >= most:
            return level, result


AT_THE_LIMIT = pytest.mark.parametrize(
    ("effects", "wrong"),
    [([0.0, 0.0125, 0.0125, 0.0251], "pass"), ([0.0, 0.0, 0.0249, 0.0249], "fail")],
    ids=["just too much", "just within"],
)


@pytest.mark.slow
@AT_THE_LIMIT
def test_wrong_verdicts_with_stopping_are_within_the_error_rate(effects: list[float], wrong: str) -> None:
    rng, runs = np.random.default_rng(11), 600
    ended = []
    for _ in range(runs):
        sigma = PRIOR_SIGMA * float(np.sqrt(PRIOR_DOF / rng.chisquare(PRIOR_DOF)))
        ended.append(stopped(rng, effects, sigma, 20, (PRIOR_SIGMA, PRIOR_DOF)))
    assert sum(level == wrong for level, _ in ended) / runs <= 0.05
    assert sum(result.spread.covers(max(effects)) for _, result in ended) / runs >= 0.94


@pytest.mark.slow
@AT_THE_LIMIT
def test_wrong_verdicts_with_a_learned_scatter_are_within_the_error_rate(
    effects: list[float], wrong: str
) -> None:
    """A prior from ten degrees of freedom of the person's own."""
    rng, runs, dof, found = np.random.default_rng(12), 300, 10.0, 0
    for _ in range(runs):
        sigma = rng.uniform(0.004, 0.008)
        prior = sigma * float(np.sqrt(rng.chisquare(dof) / dof))
        found += stopped(rng, effects, sigma, 24, (prior, dof))[0] == wrong
    print(f"{wrong}: {100 * found / runs:.1f} %")
    # 1.3 % is a standard error of 5 % in 300 runs
    assert found / runs <= 0.05 + 0.013


def test_the_precision_of_places_follows_from_how_often_they_were_measured() -> None:
    printer = Printer(np.random.default_rng(5), [0.0, 0.0, 0.0], SIGMA)
    alike = location_bias(printer.measure(4), step=STEP)
    precision = alike.precision
    assert precision @ np.ones(3) == pytest.approx(np.zeros(3), abs=1e-6 * float(precision.max()))
    variance = alike.sigma.value**2 / 4 + (STEP / 2) ** 2 / 3
    assert precision == pytest.approx((np.eye(3) - 1 / 3) / variance)
    fewer = location_bias([m for m in printer.seen if m.place != 2 or m.round < 2], step=STEP).precision
    assert fewer[2, 2] < 0.9 * fewer[0, 0]
