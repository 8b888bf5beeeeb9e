"""One more paper test, offered while the tests so far do not decide whether Z 0 is within its limit."""

from zcal_tui.checks.operator import Operator
from zcal_tui.model import limits
from zcal_tui.model.questions import Confirm
from zcal_tui.model.units import length
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.verdicts.z_zero import MOST_TESTS, z_zero_level


async def another_test(operator: Operator, error: Interval, tests: int) -> bool:
    """Whether the person does one more test; `error` (mm) is that of Z 0 by the `tests` so far. Never asked where they
    decide, or are as many as a run takes."""
    if tests >= MOST_TESTS or z_zero_level(error, tests) != "unknown":
        return False
    return await operator.confirm(
        Confirm(
            "another-test",
            "The paper tests so far do not decide. Do one more?",
            f"{error_text(error, tests)} The limit is ± {limits.Z_ACCURACY.text}. A run takes {MOST_TESTS} tests at "
            "most.",
            yes="One more test",
            no="Judge now",
        )
    )


def error_text(error: Interval, tests: int) -> str:
    """The error of Z 0 with its uncertainty, as a sentence."""
    half = ((error.high or 0.0) - (error.low or 0.0)) / 2
    count = "one test" if tests == 1 else f"{tests} tests"
    return f"By {count} Z 0 is off by {length(error.value, sign=True)} ± {length(half)}."
