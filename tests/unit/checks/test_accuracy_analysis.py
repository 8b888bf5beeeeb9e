"""When there are enough samples, and the verdict on them."""

from typing import Any

import pytest

from zcal_tui.checks.accuracy import AccuracyParameters
from zcal_tui.checks.accuracy.analysis import AccuracyReport
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, VerdictReached
from zcal_tui.model.record import Change, Level, Sample
from zcal_tui.printer.config_view import ProbeConfig

PROBE = ProbeConfig(section="bltouch", kind="bltouch", samples=2)
STEP = 0.0025
GOOD = [1.5, 1.5025, 1.5, 1.4975, 1.5, 1.5025, 1.5025, 1.5, 1.4975, 1.5, 1.5025, 1.5, 1.5, 1.4975, 1.5]


def report(heights: list[float], *, dropped: int = 0, **parameters: object) -> AccuracyReport:
    made = AccuracyReport(AccuracyParameters(**parameters), PROBE, STEP)  # type: ignore[arg-type]
    for n, height in enumerate(heights, 1):
        made.add(Sample(n, float(n), 0.0, 0.0, height, recorded=n > dropped))
    return made


def test_a_given_number_is_sampled_exactly() -> None:
    assert report([], samples=20).wanted() == 20
    assert report(GOOD[:12], samples=20).wanted() == 8
    assert report([*GOOD, *GOOD[:5]], samples=20).wanted() == 0


def test_without_a_number_it_decides_at_planned_ones_and_stops_when_clear() -> None:
    assert report([]).wanted() == 5
    assert report(GOOD[:5]).wanted() == 3
    assert report(GOOD[:8]).wanted() == 0
    assert report([1.5] * 5).wanted() == 0
    assert report([1.5, 1.51, 1.49, 1.505, 1.497]).wanted() == 3


@pytest.mark.parametrize(
    ("parameters", "least", "batches"),
    [
        ({}, 2, [3, 2]),
        ({"samples": 4}, 2, [4]),
        ({"samples": 3}, 2, [3]),
        ({"samples": 2}, 2, [2]),
        ({"samples": 20}, 2, [3, 17]),
        ({}, 3, [5]),
        ({"samples": 6}, 3, [3, 3]),
    ],
)
def test_the_first_batch_is_what_shows_a_fault_and_none_is_smaller_than_the_printer_takes(
    parameters: dict[str, Any], least: int, batches: list[int]
) -> None:
    made = report([], **parameters)
    taken: list[int] = []
    while len(taken) < len(batches):
        taken.append(made.next_batch(least))
        for n in range(taken[-1]):
            made.add(Sample(made.taken + 1, float(n), 0.0, 0.0, GOOD[made.taken % len(GOOD)]))
    assert taken == batches


def test_the_cap_is_kept() -> None:
    border = [1.5 + 0.0075 * (-1) ** (n // 2) * (1 + n % 3) / 2 for n in range(20)]
    assert report(border, max_samples=20).wanted() == 0
    assert report([], max_samples=12).most == 12


def test_samples_that_the_printer_leaves_out_are_not_counted() -> None:
    made = report([9.9, *GOOD], dropped=1)
    assert (made.taken, made.counted) == (16, 15)
    verdict = next(event for event in made.conclusion() if isinstance(event, VerdictReached))
    assert verdict.verdict.level is Level.PASS


def test_the_conclusion_has_estimates_verdict_and_proposed_values() -> None:
    events = list(report([*GOOD[:7], 1.56, *GOOD[8:]], samples=15).conclusion())
    assert isinstance(events[0], EstimateUpdated)
    assert {"sigma", "range_of_ten", "over_limit", "range", "mean"} <= set(events[0].estimates)
    assert isinstance(events[1], VerdictReached)
    assert events[1].verdict.level is Level.WARN
    assert any("outlier" in reason for reason in events[1].verdict.reasons)
    changes = [change for event in events[2:] if isinstance(event, AdviceGiven) for change in event.changes]
    assert Change("bltouch", "samples", "2", "3") in changes
    assert Change("bltouch", "samples_result", "average", "median") in changes


def test_a_value_that_is_set_already_is_not_proposed() -> None:
    probe = ProbeConfig(
        section="probe", kind="probe", samples=3, samples_result="median", samples_tolerance=0.02
    )
    made = AccuracyReport(AccuracyParameters(samples=15), probe, STEP)
    for n, height in enumerate([*GOOD[:7], 1.56, *GOOD[8:]], 1):
        made.add(Sample(n, float(n), 0.0, 0.0, height))
    changes = [c for event in made.conclusion() if isinstance(event, AdviceGiven) for c in event.changes]
    assert {change.option for change in changes} & {"samples", "samples_result"} == set()
    assert all(float(change.new) != 0.02 for change in changes if change.option == "samples_tolerance")


@pytest.mark.parametrize("heights", [[], [1.5]])
def test_too_little_gives_no_verdict(heights: list[float]) -> None:
    assert list(report(heights).conclusion()) == []


def test_one_step_only_bounds_the_scatter_from_above() -> None:
    events = list(report([1.5] * 15).conclusion())
    assert isinstance(events[0], EstimateUpdated)
    sigma = events[0].estimates["sigma"]
    assert sigma.low is None
    assert sigma.high is not None
    assert sigma.high > 0.0


SHIFTED = [1.55, *GOOD[1:5]]


def again(heights: list[float]) -> list[Sample]:
    return [Sample(100 + n, 1000.0 + n, 0.0, 0.0, height, round=2) for n, height in enumerate(heights)]


def start_again(made: AccuracyReport, *firsts: float) -> None:
    for first in firsts:
        made.add_start(again([first, *GOOD[5:8]]))


def verdict_of(made: AccuracyReport) -> VerdictReached:
    return next(event for event in made.conclusion() if isinstance(event, VerdictReached))


def test_a_verdict_that_depends_on_the_first_sample_asks_for_further_starts() -> None:
    made = report(SHIFTED)
    assert made.wanted() == 0
    assert made.first_sample_decides
    assert not report(GOOD).first_sample_decides
    assert not report([1.508, *GOOD[1:]]).first_sample_decides
    assert not report([*SHIFTED, *GOOD], samples=20).first_sample_decides


def test_a_repeated_first_sample_shift_fails_and_is_reported_as_such() -> None:
    made = report(SHIFTED)
    start_again(made, 1.555, 1.5, 1.5525, 1.55)
    assert not made.first_sample_decides
    assert made.wanted() == 0
    verdict = verdict_of(made).verdict
    assert verdict.level is Level.FAIL
    assert any("4 of 5 series began that way" in reason for reason in verdict.reasons)


def test_a_single_shifted_first_sample_is_an_outlier() -> None:
    made = report(SHIFTED)
    start_again(made, 1.5, 1.5025, 1.4975, 1.5)
    assert not made.first_sample_decides
    assert made.wanted() == 0
    verdict = verdict_of(made).verdict
    assert verdict.level is Level.WARN
    assert any("Sample 1 is an outlier" in reason for reason in verdict.reasons)
    assert any("1 of 5 series began with an outlier" in reason for reason in verdict.reasons)


def advice_of(made: AccuracyReport) -> str:
    return " ".join(event.text for event in made.conclusion() if isinstance(event, AdviceGiven))


def test_the_samples_a_point_are_recommended_from_the_data() -> None:
    assert "needs samples: 1, samples_result: average and samples_tolerance: 0.015" in advice_of(report(GOOD))
    outlying = report([*GOOD[:7], 1.56, *GOOD[8:]], samples=15)
    assert "needs samples: 3, samples_result: median" in advice_of(outlying)
