"""Outliers among the values of several visits."""

import numpy as np
import pytest

from zcal_tui.stats.visits import Visit, visit_outliers

STEP = 0.00125


def visits(
    rng: np.random.Generator, *, between: float = 0.002, count: int = 15, each: int = 4
) -> list[Visit]:
    """Visits to three places in turn, which scatter by `between` (mm); values scatter by 2.8 µm."""
    return [
        Visit(str(n % 3), tuple(rng.normal(rng.normal(0.02, between), 0.0028, each).tolist()))
        for n in range(count)
    ]


def off(visit: Visit, shifts: dict[int, float]) -> Visit:
    return Visit(visit.place, tuple(value + shifts.get(i, 0.0) for i, value in enumerate(visit.values)))


def named(found: list[Visit]) -> set[tuple[int, int]]:
    return {(one.visit, one.value) for one in visit_outliers(found, STEP)}


@pytest.mark.parametrize("size", [0.02, 0.05, -0.05, 0.2])
def test_several_do_not_hide_each_other(size: float) -> None:
    found = visits(np.random.default_rng(1))
    for n in (0, 3, 7, 8, 14):
        found[n] = off(found[n], {2: size})
    assert named(found) == {(0, 2), (3, 2), (7, 2), (8, 2), (14, 2)}
    assert all(one.distance == pytest.approx(size, abs=0.01) for one in visit_outliers(found, STEP))


@pytest.mark.parametrize("size", [0.05, -0.05])
def test_two_of_four_are_told_from_the_others_by_the_place(size: float) -> None:
    found = visits(np.random.default_rng(2))
    found[4] = off(found[4], {0: size, 3: size})
    assert named(found) == {(4, 0), (4, 3)}


def test_a_visit_that_differs_as_a_whole_is_no_outlier() -> None:
    found = visits(np.random.default_rng(3))
    found[4] = off(found[4], dict.fromkeys(range(4), 0.05))
    assert named(found) == set()


def test_a_place_that_loses_more_is_none() -> None:
    found = [
        off(visit, dict.fromkeys(range(4), 0.04 * (visit.place == "2")))
        for visit in visits(np.random.default_rng(4))
    ]
    assert named(found) == set()


def test_two_steps_are_normal() -> None:
    step = 0.0125
    found = [Visit("here", (0.0, 0.0, 0.0, 0.0))] * 9 + [Visit("here", (0.0, 2 * step, 0.0, 0.0))]
    assert visit_outliers(found, step) == ()
    found[-1] = Visit("here", (0.0, 3 * step, 0.0, 0.0))
    assert [(one.visit, one.value) for one in visit_outliers(found, step)] == [(9, 1)]


def test_values_that_are_all_alike_have_none() -> None:
    assert visit_outliers([Visit("here", (0.02,) * 4)] * 5, 0.0) == ()


def test_few_or_single_values_have_none() -> None:
    assert visit_outliers([Visit("here", (0.0, 0.001, 0.5))], STEP) == ()
    assert visit_outliers([Visit("here", (0.5 * (n == 3),)) for n in range(15)], STEP) == ()


def test_a_visit_needs_a_value() -> None:
    with pytest.raises(ValueError, match="at least one value"):
        visit_outliers([Visit("here", ())], STEP)


def test_without_outliers_one_is_named_in_few_runs() -> None:
    rng = np.random.default_rng(5)
    runs = 600
    alarms = sum(bool(visit_outliers(visits(rng), STEP)) for _ in range(runs))
    # 5 % is what the verdict states
    assert alarms / runs <= 0.05
