"""A trend uses comparable runs only, and is a drift only if it is statistically significant."""

import random
import statistics
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.fakes import records
from zcal_tui.model.record import Estimate, Outcome, Record
from zcal_tui.results.changes import Changed
from zcal_tui.results.trend import _two_means, individuals, line, median_slope, points, slope, step


def runs(values: list[float], half: float = 0.0005) -> list[Record]:
    """Accuracy runs on following days with these sigmas."""
    return [
        records.record("accuracy", day, estimates=records.estimates(records.estimate("sigma", value, half)))
        for day, value in enumerate(values, 1)
    ]


def test_three_runs_make_no_trend() -> None:
    assert slope(points(runs([0.001, 0.002, 0.003]))) is None


def test_a_drift_per_day_is_found_with_its_size() -> None:
    found = slope(points(runs([0.002 + 0.001 * day for day in range(8)], half=0.0002)))
    assert found is not None
    assert found.per == "day"
    assert found.value == pytest.approx(0.001)
    assert found.significant


def test_numbers_that_lie_on_a_line_by_chance_are_no_surer_than_they_are() -> None:
    found = slope(points(runs([0.0020, 0.0021, 0.0022, 0.0023], half=0.001)))
    assert found is not None
    assert not found.significant
    assert found.high - found.low > 0.0005


def test_the_interval_covers() -> None:
    draw = random.Random(1)
    missed = 0
    for _ in range(400):
        values = [0.01 + 0.0005 * day + draw.gauss(0, 0.001) for day in range(6)]
        found = slope(points(runs(values, half=0.0)))
        assert found is not None
        missed += not found.low <= 0.0005 <= found.high
    assert missed / 400 < 0.08


def test_runs_of_one_day_are_counted_by_run() -> None:
    same_day = [
        replace(run, id=f"r{n}", started=f"2026-01-01T1{n}:00:00.000Z")
        for n, run in enumerate(runs([1, 1, 1, 1]))
    ]
    found = slope(points(same_day))
    assert found is not None
    assert found.per == "run"


def test_what_is_not_finished_or_has_no_number_is_no_point() -> None:
    good = runs([0.002, 0.003])
    cancelled = replace(good[0], outcome=Outcome.CANCELLED)
    bound = replace(good[0], estimates={"sigma": Estimate("sigma", None, None, 0.002)})
    assert [p.record.id for p in points([good[1], cancelled, bound])] == [good[1].id]
    assert points([]) == []


def test_a_mean_is_never_followed_across_klippers_change_of_frame() -> None:
    before = [records.accuracy(day, version="v0.13.0-400-gaaaaaaaaa") for day in (1, 2, 3, 4)]
    found = points([*before, records.accuracy(5)], name="mean")
    assert [p.comparable for p in found] == [False] * 4 + [True]
    assert "probed heights" in found[0].why_not
    assert all(p.comparable for p in points([*before, records.accuracy(5)]))


def test_a_config_value_that_matters_ends_the_line() -> None:
    slow = records.context({"probe": {"speed": 2.0}})
    found = points([records.accuracy(1, context=slow), records.accuracy(2)])
    assert found[0].why_not == "[probe] speed was different"


def test_a_change_of_the_machine_ends_the_line() -> None:
    found = points([records.accuracy(1), records.accuracy(3)], [Changed("probe", "2026-01-02T00:00:00Z")])
    assert not found[0].comparable
    assert points([records.accuracy(1), records.accuracy(3)], [Changed("nozzle", "2026-01-02T00:00:00Z")])[
        0
    ].comparable


def test_another_number_is_another_line() -> None:
    endstop = records.record(
        "z-offset", 1, estimates=records.estimates(records.estimate("position_endstop", 0.5))
    )
    assert not points([endstop, records.z_offset(2)])[0].comparable


def test_a_line_needs_different_places() -> None:
    assert line([1, 1, 1], [1, 2, 3]) is None
    assert line([0, 1, 2], [1, 3, 5]) == (2.0, 0.0)


def test_a_step_is_found_at_its_run() -> None:
    found = step(points(runs([0.010, 0.011, 0.010, 0.031, 0.030, 0.030], half=0.004)))
    assert found is not None
    assert found.significant
    assert (found.number, found.runs) == (3, 6)
    assert found.low < 0.020 < found.high
    assert step(points(runs([0.010, 0.011, 0.010]))) is None


@pytest.mark.slow
@pytest.mark.parametrize("scatter", [0.004, 0.008, 0.016])
@pytest.mark.parametrize("count", [4, 6, 12])
def test_a_change_is_seldom_named_where_there_is_none(count: int, scatter: float) -> None:
    """However much more the runs scatter than their intervals (± 8 µm) say."""
    draw, histories = random.Random(count), 1000
    named = 0
    for _ in range(histories):
        quiet = points(runs([draw.gauss(0.0, scatter) for _ in range(count)], half=0.008))
        stepped, line_ = step(quiet), slope(quiet)
        assert stepped is not None and line_ is not None
        named += stepped.significant or line_.significant
    print(f"{count} runs, scatter {1000 * scatter:g} µm: {100 * named / histories:.1f} %")
    # 1 % is 1.5 standard errors
    assert named / histories <= 0.05 + 0.01


SLIP, COUNT = 0.020, 6


def slips(draw: np.random.Generator, scatter: float, size: float, histories: int) -> np.ndarray:
    """Histories of six runs with a slip of this size somewhere between two of them, one a row."""
    values = draw.normal(0.0, scatter, (histories, COUNT))
    at = draw.integers(1, COUNT, histories)
    return np.asarray(values + np.where(np.arange(COUNT) >= at[:, None], size, 0.0))


def ideal_evidence(values: np.ndarray, ratio: float) -> np.ndarray:
    """How much likelier the values are with a slip of `ratio` times the scatter than without one, up to a constant.

    By what the scatter does not change, the direction of the values about their mean: of all tests whose false alarms
    are as rare for any scatter, that is the most powerful one (Neyman and Pearson). It is told the size of the slip.
    """
    off = values - values.mean(axis=1, keepdims=True)
    towards = off / np.linalg.norm(off, axis=1, keepdims=True)
    radius = np.linspace(0.01, 15.0, 400)
    found = np.zeros(len(values))
    for place in range(1, COUNT):
        slip = np.where(np.arange(COUNT) >= place, ratio, 0.0)
        slip -= slip.mean()
        along = towards @ slip
        for sign in (1.0, -1.0):
            exponent = sign * along[:, None] * radius - radius**2 / 2.0 - slip @ slip / 2.0
            found += np.sum(radius ** (COUNT - 2) * np.exp(exponent), axis=1)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("scatter", "least"), [(0.004, 0.5), (0.005, 0.0), (0.008, 0.0)])
def test_a_slip_is_found_nearly_as_often_as_the_best_test_finds_it(scatter: float, least: float) -> None:
    """A slip of 20 µm somewhere in six runs, by step or line together, against the best test of the same 5 %."""
    draw, histories = np.random.default_rng(5), 1000
    quiet = np.sort(ideal_evidence(slips(draw, scatter, 0.0, 20_000), SLIP / scatter))
    threshold = quiet[round(0.95 * len(quiet))]
    values = slips(draw, scatter, SLIP, histories)
    ideal = float(np.mean(ideal_evidence(values, SLIP / scatter) > threshold))
    found = {"step": 0, "slope": 0, "either": 0}
    for history in values:
        slipped = points(runs([float(value) for value in history], half=0.008))
        stepped, line_ = step(slipped), slope(slipped)
        assert stepped is not None and line_ is not None
        found["step"] += stepped.significant
        found["slope"] += line_.significant
        found["either"] += stepped.significant or line_.significant
    share = found["either"] / histories
    print(f"{1000 * scatter:g} µm: {100 * share:.1f} %, best {100 * ideal:.1f} %; {found}")
    assert share >= max(least, 0.85 * ideal)
    assert found["step"] > 2 * found["slope"]


def test_runs_that_happen_to_be_alike_make_no_step_within_their_intervals() -> None:
    found = step(points(runs([0.010, 0.010, 0.010, 0.011, 0.011, 0.011], half=0.004)))
    assert found is not None
    assert not found.significant


def test_one_odd_run_hardly_moves_the_line() -> None:
    even = [0.010 + 0.001 * day for day in range(9)]
    odd = slope(points(runs([*even[:4], 0.050, *even[5:]])))
    assert odd is not None
    assert odd.value == pytest.approx(0.001, abs=0.0002)


def test_the_limits_of_an_individuals_chart() -> None:
    limits = individuals(points(runs([1.0, 2.0, 1.0, 2.0])))
    assert limits == pytest.approx((1.5 - 2.66, 1.5, 1.5 + 2.66))
    assert individuals(points(runs([1.0, 2.0, 1.0]))) is None


@given(st.lists(st.floats(-1.0, 1.0), min_size=2, max_size=40), st.sampled_from([0.0, 1e3, -1e6]))
def test_the_means_about_a_step_are_those_of_the_values(values: list[float], at: float) -> None:
    values = [value + at for value in values]
    for number, size, squares in _two_means(values):
        before, after = values[:number], values[number:]
        wanted = statistics.fmean(after) - statistics.fmean(before)
        assert size == pytest.approx(wanted, abs=1e-9)
        about = sum(statistics.pvariance(part) * len(part) for part in (before, after))
        assert squares == pytest.approx(about, rel=1e-6, abs=1e-9)


def test_the_line_through_very_many_runs_is_robust_and_takes_no_square_of_their_number() -> None:
    draw = random.Random(3)
    count = 20_000
    x = [float(number) for number in range(count)]
    y = [
        2e-7 * number + draw.gauss(0.0, 0.001) + (5.0 if number % 9 == 0 else 0.0) for number in range(count)
    ]
    assert median_slope(x, y) == pytest.approx(2e-7, rel=0.05)
    together = list(zip(x, y, strict=True))
    draw.shuffle(together)
    assert median_slope(*zip(*together, strict=True)) == median_slope(x, y)
