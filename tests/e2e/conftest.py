"""Fixtures that start real klippys on simulated printers."""

from collections.abc import Iterator

import pytest

from tests.e2e import klippers
from tests.e2e.simulated import Starter, printers


@pytest.fixture(scope="module")
def eddy_probe() -> None:
    """Skips where this klippy has no eddy current probe."""
    klippers.skip_without_eddy_probe()


@pytest.fixture
def printer_sim() -> Iterator[Starter]:
    """Starts simulated printers (`simulated.start_printer`) for one test, and stops them."""
    with printers() as start:
        yield start


@pytest.fixture(scope="module")
def module_printer_sim() -> Iterator[Starter]:
    """The same for all tests of a module, which share the printers."""
    with printers() as start:
        yield start
