"""Simulated printers with [z_calibration] in their configuration."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.extra.z_calibration.calibrated import Starter, starting


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Starter]:
    """Starts calibrated printers (`calibrated.starting`) for one test."""
    with starting(tmp_path) as starter:
        yield starter


@pytest.fixture(scope="module")
def module_start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Starter]:
    """The same for all tests of a module."""
    with starting(tmp_path_factory.mktemp("profile")) as starter:
        yield starter
