"""What every test layer shares: marks set by folder, and programs that a test needs."""

from pathlib import Path

import pytest

from tests.programs import require

HERE = Path(__file__).parent
KLIPPY_FOLDERS = (HERE / "e2e", HERE / "extra")
"""Each test in these starts a real klippy on a simulated printer."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the klippy folders as end-to-end, and those of the Klipper modules as core."""
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in KLIPPY_FOLDERS):
            item.add_marker(pytest.mark.e2e)
        if item.path.is_relative_to(HERE / "extra"):
            item.add_marker(pytest.mark.core)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip or fail a test whose programs are not installed."""
    for mark in item.iter_markers("needs"):
        for program in mark.args:
            require(program)
