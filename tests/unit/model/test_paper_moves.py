"""The rules of the paper test's moves, which the check and the screens share."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zcal_tui.model.paper_moves import (
    MAX_BISECT,
    automatic_step,
    can_accept,
    needs_consent,
    out_of_reach,
    target_of,
)
from zcal_tui.model.questions import PaperStep

STEP = PaperStep("paper", "", 1.0, 0.95, 1.1, 5.0, -2.0, 0.0, 0.0025)


@given(st.floats(-5.0, 5.0), st.floats(0.001, 3.0), st.floats(0.001, 3.0))
def test_a_bisecting_step_stays_inside_its_bracket_and_is_never_long(
    z: float, down: float, up: float
) -> None:
    lower, upper = z - down, z + up
    question = replace(STEP, height=z, lower=lower, upper=upper)
    for word, edge in (("-", lower), ("+", upper)):
        half, whole = target_of(question, word), target_of(question, word * 2)
        assert half is not None and whole is not None
        assert 0.0 < abs(half - z) <= abs(whole - z) <= MAX_BISECT + 1e-9
        assert abs(whole - z) <= abs(edge - z) + 1e-9


def test_half_steps_are_klippers() -> None:
    assert target_of(STEP, "-") == pytest.approx(0.975)
    assert target_of(STEP, "+") == pytest.approx(1.05)
    assert target_of(replace(STEP, lower=None), "-") == pytest.approx(0.8)
    assert target_of(replace(STEP, upper=5.0), "+") == pytest.approx(1.2), "never farther than 0.2 mm"


@pytest.mark.parametrize("word", ["", "x", "+-", "+++", "nan", "inf", "-1e9", "1 2", "-0.1\nM112"])
def test_what_is_no_step_is_none(word: str) -> None:
    assert target_of(STEP, word) is None


def test_a_small_step_below_the_expected_bed_needs_consent_like_a_long_one() -> None:
    near = replace(STEP, height=-0.09)
    assert needs_consent(near, -0.11) and needs_consent(STEP, -0.11)
    assert not needs_consent(near, -0.1) and not needs_consent(near, 0.2)
    assert not needs_consent(replace(near, expected=None), -1.0)


def test_a_consent_holds_down_to_where_it_was_given_and_for_small_steps_half_a_millimetre() -> None:
    agreed = replace(STEP, height=-0.3, agreed=-0.3)
    assert not needs_consent(agreed, -0.4), "a small step"
    assert needs_consent(agreed, -0.45), "a long one"
    assert needs_consent(replace(agreed, height=-0.45), -0.51)
    deeper = replace(STEP, height=-0.9, agreed=-0.6)
    assert not needs_consent(deeper, -1.0) and needs_consent(replace(deeper, height=-1.05), -1.11)


def test_only_a_height_below_the_start_and_within_the_axis_is_taken() -> None:
    assert can_accept(STEP) and not can_accept(replace(STEP, height=STEP.start))
    assert out_of_reach(STEP, -2.001) and not out_of_reach(STEP, -2.0)


def test_the_automatic_step_goes_farther_where_the_contact_was_just_measured() -> None:
    near = replace(STEP, height=0.3, expected=0.0)
    assert automatic_step(near) == pytest.approx(0.21)
    assert automatic_step(replace(near, measured=True)) == pytest.approx(0.27), "and never onto the paper"
    assert automatic_step(replace(near, height=0.03, measured=True)) == pytest.approx(0.03)
    far = replace(STEP, height=5.0, expected=0.0)
    assert automatic_step(replace(far, measured=True)) == automatic_step(far), "the longest step stays"
