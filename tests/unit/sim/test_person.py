"""The person: feel for paper, eye for a mark."""

import statistics

import pytest

from zcal_tui.sim.person import Person
from zcal_tui.sim.truth import build_truth


def person(seed: int = 1, **traits: float) -> Person:
    return Person(build_truth({"person": traits}), seed)


def test_paper_is_free_drags_or_is_stuck() -> None:
    exact = person(paper=0.1, bias=0.02, sigma=0.0, window=0.01)
    felt = [exact.feel(gap) for gap in (0.2, 0.131, 0.129, 0.12, 0.111, 0.109, -0.5)]
    assert felt == ["free", "free", "drags", "drags", "drags", "stuck", "stuck"]


def test_one_test_has_one_error_and_the_next_another() -> None:
    unsure = person(sigma=0.02, paper=0.1)
    assert unsure.target_gap == unsure.target_gap
    gaps = []
    for _ in range(400):
        gaps.append(unsure.target_gap)
        unsure.new_test()
    assert statistics.stdev(gaps) == pytest.approx(0.02, rel=0.15)
    assert statistics.mean(gaps) == pytest.approx(0.1, abs=0.004)


def test_the_same_seed_gives_the_same_person() -> None:
    assert person(5, sigma=0.02).target_gap == person(5, sigma=0.02).target_gap
    assert person(5, sigma=0.02).target_gap != person(6, sigma=0.02).target_gap


def test_a_mark_is_seen_where_it_is_but_for_the_eye() -> None:
    assert person(eye=0.0).see((1.0, -2.0)) == (1.0, -2.0)
    looking = person(eye=0.2)
    seen = []
    for _ in range(400):
        seen.append(looking.see((1.0, -2.0)))
        looking.new_test()
    assert statistics.stdev(x for x, _ in seen) == pytest.approx(0.2, rel=0.15)
    assert statistics.mean(y for _, y in seen) == pytest.approx(-2.0, abs=0.04)


def test_changes_act_at_once() -> None:
    changing = person(sigma=0.0, paper=0.1)
    changing.set_truth(build_truth({"person": {"sigma": 0.0, "paper": 0.2}}))
    assert changing.target_gap == pytest.approx(0.2)
