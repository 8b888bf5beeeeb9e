"""What every test layer shares: tests that start a real klippy are marked by their folder."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
KLIPPY_FOLDERS = (HERE / "e2e", HERE / "extra")
"""Each test in these starts a real klippy on a simulated printer."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the klippy folders as end-to-end."""
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in KLIPPY_FOLDERS):
            item.add_marker(pytest.mark.e2e)
