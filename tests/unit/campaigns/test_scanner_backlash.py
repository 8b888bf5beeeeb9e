"""The figures of the campaign about backlash by a scanner's own command."""

from campaigns.scanner_backlash import ScannerBacklashRun, report


def run(truth: float, value: float, half: float) -> ScannerBacklashRun:
    return ScannerBacklashRun(truth, value, max(0.0, value - half), value + half, "warn")


def test_it_is_met_by_narrow_intervals_that_cover_the_truth() -> None:
    found = report([run(0.03, 0.031, 0.002)] * 9 + [run(0.03, 0.036, 0.002)], 1)
    assert found.met
    assert [criterion.met for criterion in found.criteria] == [True, True]


def test_too_many_outside_are_not_met() -> None:
    found = report([run(0.03, 0.031, 0.002)] * 8 + [run(0.03, 0.036, 0.002)] * 2, 1)
    assert [criterion.met for criterion in found.criteria] == [False, True]


def test_a_wide_interval_is_not_met() -> None:
    found = report([run(0.03, 0.03, 0.0079), run(0.03, 0.03, 0.0081)], 1)
    assert [criterion.met for criterion in found.criteria] == [True, False]


def test_an_upper_bound_counts_by_its_whole_width() -> None:
    bound = ScannerBacklashRun(0.0, 0.0, 0.0, 0.006, "pass")
    assert bound.inside
    assert bound.half_width == 0.006
