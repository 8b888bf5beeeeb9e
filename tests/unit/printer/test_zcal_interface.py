"""Which versions of the [zcal] module are understood."""

import pytest

from zcal_tui.printer.zcal_interface import SAY, speaks


@pytest.mark.parametrize(
    ("version", "least", "understood"),
    [
        ("1.1.0", (1, 1), True),
        ("1.2.0", (1, 1), True),
        ("1.10.0", SAY, True),
        ("1.1.9", SAY, False),
        ("1.0.5", (1, 1), False),
        ("2.1.0", (1, 1), False),
        ("", (1, 1), False),
        (None, (1, 1), False),
        (1.2, (1, 1), False),
    ],
)
def test_the_first_number_is_the_same_and_the_second_enough(
    version: object, least: tuple[int, int], understood: bool
) -> None:
    assert speaks(version, least) is understood
