"""A trend uses comparable runs only, and is a drift only if it is statistically significant."""

import random
from dataclasses import replace

import pytest

from tests.unit.fakes import records
from zcal_tui.model.record import Estimate, Outcome, Record
from zcal_tui.results.changes import Changed
from zcal_tui.results.trend import line, points, slope


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
