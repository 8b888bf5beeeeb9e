"""Conditions of versions."""

import pytest

from zcal_tui.tools.version_conditions import satisfies


@pytest.mark.parametrize(
    ("version", "wanted", "met"),
    [
        ("8.2", ">=8.2,<9", True),
        ("8.2.0", ">=8.2,<9", True),
        ("9.0.0", ">=8.2,<9", False),
        ("8.1.9", "<9,>=8.2", False),
        ("10.1", ">=9", True),
        ("2.2.1rc1", ">=2.2.1", True),
        ("0.10.3", "~=0.10.1", True),
        ("0.11", "~=0.10.1", False),
        ("1.0", "", True),
    ],
)
def test_conditions_of_versions(version: str, wanted: str, met: bool) -> None:
    assert satisfies(version, wanted) is met
