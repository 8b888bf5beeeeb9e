"""When one more paper test is offered."""

import pytest

from tests.unit.fakes.person import Person
from zcal_tui.checks.another_test import another_test
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.verdicts.z_zero import MOST_TESTS


def error(value: float, half: float) -> Interval:
    return Interval(value, value - half, value + half, 0.95)


@pytest.mark.parametrize("answer", [True, False])
async def test_it_is_offered_where_the_tests_do_not_decide(answer: bool) -> None:
    person = Person(answer)
    assert await another_test(person, error(-0.012, 0.018), 2) is answer
    (question,) = person.asked
    assert "By 2 tests Z 0 is off by −12 µm ± 18 µm. The limit is ± 25 µm." in question.detail


@pytest.mark.parametrize(
    ("value", "half", "tests"),
    [(0.0, 0.019, 2), (0.06, 0.02, 2), (0.0, 0.03, MOST_TESTS), (0.0, 0.024, MOST_TESTS)],
)
async def test_nobody_is_asked_where_they_decide_or_are_enough(value: float, half: float, tests: int) -> None:
    assert not await another_test(Person(), error(value, half), tests)


async def test_few_tests_have_to_be_clearer() -> None:
    """1.3 times the interval has to be within the limit, or outside, while more tests may follow."""
    assert await another_test(Person(True), error(0.0, 0.020), 2)
    assert await another_test(Person(True), error(0.05, 0.020), MOST_TESTS - 1)
    assert not await another_test(Person(True), error(0.05, 0.020), MOST_TESTS)
