"""Estimates next to their truth."""

from typing import Any

import pytest

from campaigns.comparison import ComparedEstimate, compare
from campaigns.machine_truth import MachineTruth
from campaigns.random_truths import random_truth

X, Y = 125.0, 125.0


def estimate(value: float | None, low: float | None, high: float | None, unit: str = "mm") -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "unit": unit}


def record(check: str, samples: list[dict[str, Any]], **estimates: dict[str, Any]) -> dict[str, Any]:
    return {"check": check, "outcome": "finished", "samples": samples, "estimates": estimates}


def sample(kind: str, **values: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "t": 0.0,
        "x": X,
        "y": Y,
        "place": "",
        "bed": None,
        "hotend": None,
        "trigger_z": 0.0,
        **values,
    }


@pytest.fixture(scope="module")
def truth() -> MachineTruth:
    """A voron's, drawn."""
    return MachineTruth("voron", random_truth("voron", 5))


def by_name(found: list[ComparedEstimate]) -> dict[str, ComparedEstimate]:
    return {one.name: one for one in found}


@pytest.mark.parametrize(
    ("low", "high", "inside"),
    [
        (0.9, 1.1, True),
        (1.01, 1.1, False),
        (0.9, 0.99, False),
        (None, 1.0, True),
        (None, 0.9, False),
        (1.1, None, False),
    ],
)
def test_an_interval_holds_the_truth_between_its_ends(
    low: float | None, high: float | None, inside: bool
) -> None:
    assert ComparedEstimate("a", "mm", 1.0, 1.0, low, high).inside is inside


def test_the_error_of_a_bound_is_its_distance() -> None:
    assert ComparedEstimate("a", "mm", 1.0, None, None, 1.5).error == 0.5
    assert ComparedEstimate("a", "mm", 1.0, 0.75, None, 1.5).error == -0.25


def test_the_z_offset_is_compared_with_an_unbiased_person_s_and_with_this_one_s(truth: MachineTruth) -> None:
    right = truth.paper_offset((X, Y))
    found = by_name(
        compare([record("z-offset", [sample("paper")], z_offset=estimate(right, right, right))], truth, None)
    )
    bias = truth.truth.person.bias
    assert bias != 0.0
    assert found["z_offset"].error == 0.0
    assert found["z_offset"].claimed
    # Who stops at a wider gap takes the contact for higher, and z_offset for smaller
    assert found["z_offset, own feel"].error == pytest.approx(bias)
    assert not found["z_offset, own feel"].claimed


def test_each_place_of_the_bias_has_its_own_truth(truth: MachineTruth) -> None:
    places = {"z_offset@25,30": (25.0, 30.0), "z_offset@225,225": (225.0, 225.0)}
    offsets = {name: truth.paper_offset(place) for name, place in places.items()}
    # The person's own bias is in all of them alike
    felt = {name: offset - truth.truth.person.bias for name, offset in offsets.items()}
    estimates = {name: estimate(offset, offset - 1e-9, offset + 1e-9) for name, offset in felt.items()}
    spread = max(offsets.values()) - min(offsets.values())
    found = compare([record("bias", [], **estimates, spread=estimate(spread, 0.0, spread))], truth, None)
    claimed = [one for one in found if one.claimed]
    assert [one.name for one in claimed] == ["z_offset@x,y, own feel"] * 2 + ["spread"]
    assert all(one.inside for one in claimed)


def test_the_bound_on_the_lost_motion_holds_the_largest_one(truth: MachineTruth) -> None:
    spots = {"stepper_z": (30.0, 20.0), "stepper_z1": (125.0, 200.0), "stepper_z2": (220.0, 20.0)}
    lost = {name: truth.lost_motion(place) for name, place in spots.items()}
    touches = [sample("touch", place=name, x=x, y=y) for name, (x, y) in spots.items()]
    least, *others = sorted(lost, key=lost.__getitem__)
    estimates = {"backlash_upper_bound": estimate(None, None, 0.05)}
    for name in others:
        x, y = truth.probed(spots[name])
        more = lost[name] - lost[least]
        estimates[f"backlash_difference@{x:g},{y:g}"] = estimate(more, more - 1e-9, more + 1e-9)
    found = compare([record("backlash", touches, **estimates)], truth, None)
    assert found[0].truth == max(lost.values())
    assert [one.name for one in found[1:]] == ["backlash_difference@x,y"] * 2
    assert all(one.inside for one in found)


def test_the_automatic_offset_is_not_blamed_for_the_switch_offset(truth: MachineTruth) -> None:
    tried = sample(
        "offset", x=X - truth.probe_offset[0], y=Y - truth.probe_offset[1], values={"switch_offset": 0.5}
    )
    off = truth.truth.probe.switch_offset - 0.5
    value = -0.1 + off
    found = by_name(
        compare([record("auto-z", [tried], offset=estimate(value, value - 1e-9, value + 1e-9))], truth, -0.1)
    )
    assert found["offset, switch_offset aside"].inside
    assert found["offset"].error == pytest.approx(off)


def test_the_adjustment_is_what_is_missing_between_the_paper_and_the_bed(truth: MachineTruth) -> None:
    # The paper of 0.1 mm dragged at 0.09 over the bed: 10 µm too near, so that 0.02 was said and 0.03 would be right
    felt = sample("paper", trigger_z=-0.3 + 0.09)
    found = by_name(
        compare([record("first-layer", [felt], adjustment=estimate(0.02, 0.0, 0.04))], truth, -0.3)
    )
    assert found["adjustment"].truth == pytest.approx(0.03)
    assert "adjustment" not in by_name(
        compare([record("first-layer", [felt], adjustment=estimate(0.02, 0.0, 0.04))], truth, None)
    )


def test_a_cancelled_run_claims_nothing(truth: MachineTruth) -> None:
    cancelled = record("probe-xy", [], x_offset=estimate(0.0, -1.0, 1.0)) | {"outcome": "cancelled"}
    assert compare([cancelled], truth, None) == []


@pytest.mark.parametrize(("pause", "rested"), [(46.0, True), (31.0, None), (29.0, False)])
def test_the_first_touch_stands_apart_only_after_a_rest(
    truth: MachineTruth, pause: float, rested: bool | None
) -> None:
    """Which of homing's touches was the last no record tells, so that little more than a rest says nothing."""
    before = record("z-offset", [sample("touch", t=1000.0), sample("paper", t=1010.0)])
    series = [sample("touch", t=1000.0 + pause + n) for n in range(10)]
    accuracy = record(
        "accuracy", series, first_sample_shift=estimate(0.0, -1.0, 1.0), range_of_ten=estimate(0.0, 0.0, 1.0)
    )
    accuracy["context"] = {"frame": {"homed_at": 1020.0, "levelled_at": None}}
    found = by_name(compare([before, accuracy], truth, None))
    shift = truth.truth.probe.first_sample_shift
    assert shift > 0.0
    if rested is None:
        assert "first_sample_shift" not in found
        return
    assert found["first_sample_shift"].truth == (shift if rested else 0.0)
    noise = truth.truth.probe.noise
    assert (found["range_of_ten"].truth > 3.09 * noise) is rested
