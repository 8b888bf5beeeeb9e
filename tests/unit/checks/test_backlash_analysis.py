"""The verdict on backlash from readings at places."""

import dataclasses

import pytest

from zcal_tui.checks.backlash.analysis import BacklashReport
from zcal_tui.checks.backlash.instrument import InstrumentProperties, Reading
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, VerdictReached
from zcal_tui.model.record import Change, Estimate, Level, Verdict
from zcal_tui.printer.places import Place

STEP = 0.00125
RELEASE = InstrumentProperties(2 * STEP, upper_bound_only=True, method="Measured by release.")
KNOWN = dataclasses.replace(RELEASE, upper_bound_only=False)
PLACES = tuple(
    Place(name, bed, (bed[0], bed[1] - 20.0))
    for name, bed in (
        ("stepper_z", (25.0, 30.0)),
        ("stepper_z1", (125.0, 225.0)),
        ("stepper_z2", (225.0, 30.0)),
    )
)


def concluded(
    means: list[float],
    properties: InstrumentProperties = RELEASE,
    proposal: Change | None = None,
    none: bool = False,
) -> tuple[Verdict, dict[str, Estimate], list[AdviceGiven]]:
    report = BacklashReport(PLACES[: len(means)], properties, STEP)
    for shift in (0.0002, -0.0002, 0.0, 0.0001, -0.0001):
        for place, mean in zip(PLACES, means, strict=False):
            report.add(place, Reading(mean + shift, 0.001, 4, none=none, dither=0.003))
    estimates: dict[str, Estimate] = {}
    verdict = None
    advice = []
    for event in report.conclusion(proposal):
        match event:
            case EstimateUpdated(found):
                estimates = dict(found)
            case VerdictReached(reached):
                verdict = reached
            case AdviceGiven():
                advice.append(event)
    assert verdict is not None
    return verdict, estimates, advice


def test_there_is_no_verdict_before_every_place_was_visited() -> None:
    report = BacklashReport(PLACES, RELEASE, STEP)
    assert report.add(PLACES[0], Reading(0.03, 0.001, 10)) is None
    assert list(report.conclusion()) == []


def test_with_the_switchs_own_travel_in_it_only_a_bound_and_differences_are_estimated() -> None:
    verdict, estimates, advice = concluded([0.030, 0.031, 0.040])
    assert verdict.level is Level.PASS
    bound = estimates["backlash_upper_bound"]
    assert (bound.value, bound.low) == (None, None)
    assert bound.high is not None and 0.040 < bound.high < 0.042
    difference = estimates["backlash_difference@225,30"]
    assert difference.value == pytest.approx(0.010)
    assert difference.low is not None and 0.008 < difference.low < 0.010
    assert "backlash" not in estimates and "backlash@225,30" not in estimates
    assert any("--switch-hysteresis" in given.text for given in advice)
    assert any("stepper_z2 loses" in reason and "within the limit" in reason for reason in verdict.reasons)


def test_a_drive_that_loses_much_more_is_named_with_what_to_look_at() -> None:
    verdict, estimates, advice = concluded([0.012, 0.010, 0.071], KNOWN)
    assert verdict.level is Level.WARN
    assert any(
        "stepper_z2 is" in reason and "above the mean of the others" in reason for reason in verdict.reasons
    )
    assert any("nearest to stepper_z2" in given.text and "lead screw" in given.text for given in advice)
    assert estimates["backlash@225,30"].value == pytest.approx(0.071)


def test_a_drive_that_loses_less_is_not_the_one_to_fix() -> None:
    _, _, advice = concluded([0.070, 0.010, 0.071], KNOWN)
    assert any("nearest to stepper_z2" in given.text for given in advice)
    assert not any("stepper_z1" in given.text for given in advice)


def test_a_great_travel_alone_does_not_ask_for_more_samples() -> None:
    verdict, _, advice = concluded([0.131, 0.132, 0.133])
    assert verdict.level is Level.UNKNOWN
    assert not any("more often" in given.text for given in advice)


@pytest.mark.parametrize(("name", "words"), [("here", " here."), ("the middle", " at the middle.")])
def test_a_single_place_is_named_in_the_summary(name: str, words: str) -> None:
    place = Place(name, (25.0, 30.0), (25.0, 10.0))
    report = BacklashReport((place,), RELEASE, STEP)
    for _ in range(2):
        report.add(place, Reading(0.03, 0.001, 10, none=False, dither=0.003))
    (verdict,) = (event for event in report.conclusion() if isinstance(event, VerdictReached))
    assert verdict.verdict.summary.endswith(words)
    assert " at here" not in verdict.verdict.summary


def test_none_is_one_sided_and_where_backlash_shows_is_explained() -> None:
    verdict, estimates, advice = concluded([0.0001, 0.0, -0.0001], KNOWN)
    assert verdict.level is Level.PASS
    assert estimates["backlash"].low is None
    assert estimates["backlash"].high is not None and 0.0 < estimates["backlash"].high < 0.002
    assert any("does not affect homing" in given.text for given in advice)


def test_a_scanners_own_none_is_no_number() -> None:
    verdict, estimates, _ = concluded([0.0], InstrumentProperties(0.001, False, "By itself."), none=True)
    assert verdict.level is Level.UNKNOWN
    assert "|t|" in verdict.reasons[0]
    assert "no samples" in verdict.reasons[1]
    assert estimates["backlash"] == Estimate("backlash", None, None, None)


@pytest.mark.parametrize(("apart", "level"), [(0.001, Level.PASS), (0.1, Level.UNKNOWN)])
def test_a_scanners_own_none_is_bounded_by_its_scatter(apart: float, level: Level) -> None:
    place = Place("here", (25.0, 30.0), (25.0, 10.0))
    report = BacklashReport((place,), InstrumentProperties(0.001, False, "By itself."), STEP)
    for t in (0.5, 1.5):
        report.add(place, Reading(0.0, 0.0, 1, none=True, t=t))
    report.add_noise([2.0, 2.0 + apart] * 4, 10)
    events = list(report.conclusion())
    (verdict,) = (event.verdict for event in events if isinstance(event, VerdictReached))
    (updated,) = (event for event in events if isinstance(event, EstimateUpdated))
    assert verdict.level is level
    high = updated.estimates["backlash"].high
    assert high is not None and 0.9 * apart < high < 1.3 * apart


PROPOSAL = Change("zcal", "z_backlash", "0", "", saves=True, effect="…")


@pytest.mark.parametrize(
    ("mean", "old", "new"),
    [
        (0.0123, "0", "0.01230"),
        (0.0, "0.05", "0.00000"),
        (0.0123, "0.0123", None),
        (0.0123, "0.0122", None),  # within measurement error
    ],
)
def test_a_calibration_proposes_the_value_to_save(mean: float, old: str, new: str | None) -> None:
    _, _, advice = concluded([mean], KNOWN, dataclasses.replace(PROPOSAL, old=old))
    changes = [change for given in advice for change in given.changes]
    assert [change.new for change in changes] == ([] if new is None else [new])
    assert all(change.saves and change.old == old for change in changes)


def test_a_plugin_that_finds_some_by_chance_proposes_nothing() -> None:
    """As where it finds none at any visit: its value is a line to edit, and nothing was shown about it."""
    plugin = dataclasses.replace(PROPOSAL, section="cartographer", old="0.05", saves=False)
    _, _, advice = concluded([0.0], KNOWN, plugin)
    assert not [change for given in advice for change in given.changes]
    _, _, advice = concluded([0.0123], KNOWN, plugin)
    assert [change.new for given in advice for change in given.changes] == ["0.01230"]


def test_a_negative_estimate_proposes_nothing() -> None:
    verdict, _, advice = concluded([-0.02], KNOWN, PROPOSAL)
    assert verdict.level is Level.UNKNOWN
    assert not [change for given in advice for change in given.changes]
    assert any("negative" in given.text for given in advice)
    assert (
        "Backlash is negative" in verdict.summary
        and "(−20 µm), which lost motion cannot be" in verdict.summary
    )
    assert "harmless" not in " ".join(verdict.reasons), "not at most 0, but something else"
    assert not any("Measure more often" in given.text for given in advice), "more data will not help"
    assert any("cable are firm" in given.text for given in advice)
