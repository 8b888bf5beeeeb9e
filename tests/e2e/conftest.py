"""Fixtures that start real klippys on simulated printers; the interface's test helpers are put on the import path."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulated import Starter, printers

sys.path.append(str(Path(__file__).parents[1] / "tui"))


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
