"""Verdicts next to what is so, and the counting."""

from typing import Any

import pytest

from campaigns.comparison import ComparedEstimate
from campaigns.judgement import Judged, judge
from campaigns.machine_truth import MachineTruth
from campaigns.random_truths import random_truth
from campaigns.tally import Tally, at_most


def drawn(**probe: float) -> MachineTruth:
    document = random_truth("voron", 1)
    for term in ("x", "y", "xx", "yy", "xy"):
        document["probe"][f"bias_{term}"] = 0.0
    document["probe"].update(probe)
    return MachineTruth("voron", document)


def said(check: str, level: str, **estimates: dict[str, Any]) -> dict[str, Any]:
    return {
        "check": check,
        "outcome": "finished",
        "verdict": {"level": level},
        "samples": [],
        "estimates": estimates,
    }


PLACES: dict[str, dict[str, Any]] = {"z_offset@25,125": {}, "z_offset@225,125": {}}


@pytest.mark.parametrize(
    ("bias_x", "level", "wrong_pass", "false_alarm"),
    [
        (0.020, "pass", True, False),  # 40 µm from side to side
        (0.020, "fail", False, False),
        (0.020, "unknown", False, False),
        (0.005, "pass", False, False),
        (0.005, "fail", False, True),
    ],
)
def test_a_verdict_on_the_bias_is_wrong_where_the_places_say_so(
    bias_x: float, level: str, wrong_pass: bool, false_alarm: bool
) -> None:
    (found,) = judge([said("bias", level, **PLACES)], drawn(bias_x=bias_x), None)
    assert (found.wrong_pass, found.false_alarm) == (wrong_pass, false_alarm)


@pytest.mark.parametrize(("noise", "good"), [(0.003, True), (0.007, None), (0.010, False)])
def test_a_probe_repeats_by_the_share_of_series_beyond_the_limit(noise: float, good: bool | None) -> None:
    (found,) = judge([said("accuracy", "pass")], drawn(noise=noise), None)
    assert found.good is good


def test_a_warning_is_an_alarm_only_where_it_says_that_the_limit_is_exceeded() -> None:
    assert Judged("first-layer", "warn", True).false_alarm
    assert not Judged("accuracy", "warn", True).false_alarm
    assert not Judged("first-layer", "warn", None).false_alarm


def one(value: float, *, claimed: bool = True) -> ComparedEstimate:
    return ComparedEstimate("sigma", "mm", 0.001, value, value - 0.0005, value + 0.0005, claimed)


def test_coverage_and_errors_are_counted_for_all_and_for_each_profile() -> None:
    tally = Tally()
    tally.add("voron", [one(0.0012)], [Judged("accuracy", "pass", False)])
    tally.add("delta", [one(0.0020)], [Judged("accuracy", "fail", True)])
    assert [row[:9] for row in tally.rows()] == [
        ("all", "sigma", "2", "1", "50 %", "+0.6", "0.7", "+1.0", "0.5"),
        ("voron", "sigma", "1", "1", "100 %", "+0.2", "0.2", "+0.2", "0.5"),
        ("delta", "sigma", "1", "0", "0 %", "+1.0", "1.0", "+1.0", "0.5"),
    ]
    assert tally.undecided == 0
    assert tally.rms_error("sigma") == pytest.approx(0.000721, abs=1e-6)
    assert tally.rms_error("mean") is None
    assert (tally.verdicts, tally.wrong_passes, tally.false_alarms) == (2, 1, 1)
    assert tally.verdict_table().rows == [("accuracy", "2", "1", "1", "0", "1", "0", "1", "1")]


def test_an_interval_with_too_low_a_coverage_is_named() -> None:
    tally = Tally()
    tally.add("voron", [one(0.001)] * 16 + [one(0.002)] * 4, [])
    assert tally.too_low() == ["sigma"]
    lucky = Tally()
    lucky.add("voron", [one(0.001)] * 18 + [one(0.002)] * 2, [])
    assert lucky.too_low() == []
    aside = Tally()
    aside.add("voron", [one(0.002, claimed=False)] * 20, [])
    assert aside.too_low() == []


def test_the_binomial_sum() -> None:
    assert at_most(0, 2, 0.5) == pytest.approx(0.25)
    assert at_most(2, 2, 0.5) == pytest.approx(1.0)
    assert at_most(17, 20, 0.95) == pytest.approx(0.0755, abs=1e-4)
