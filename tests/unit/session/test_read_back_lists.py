"""Values that Klipper staged as text and reads back as lists of numbers: models of scanners, meshes."""

import pytest

from zcal_tui.session.saving.staging import ValueToStage

COEFFICIENTS = "1.7634967015341494,-2.18,3.2319263750567307e-07"


@pytest.mark.parametrize(
    ("text", "read", "same"),
    [
        (COEFFICIENTS, (1.7634967015341494, -2.18, 3.2319263750567307e-07), True),
        (COEFFICIENTS, (1.7634967015341494, -2.18, 3.24e-07), False),
        (COEFFICIENTS, (1.7634967015341494, -2.18), False),
        ("\n0.01, 0.02\n0.03, 0.04", [[0.01, 0.02], [0.03, 0.04]], True),
        ("\n0.01, 0.02\n0.03, 0.04", [[0.01, 0.02], [0.03, 0.05]], False),
        ("a, b", ["a", "b"], False),
    ],
)
def test_a_list_that_is_read_back_is_compared_number_by_number(text: str, read: object, same: bool) -> None:
    assert ValueToStage("cartographer scan_model default", "coefficients", text).reads(read) is same
