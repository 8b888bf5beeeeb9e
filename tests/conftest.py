"""What every test layer shares: marks set by folder, and programs that a test needs."""

import gc
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.programs import require
from tests.run import KLIPPY_FOLDERS

HERE = Path(__file__).parent


YOUNG, MIDDLE, OLD = 10_000, 10, 5
"""When garbage is looked for (gc.set_threshold). A test with the interface makes thousands of objects that stay until
its end: with Python's thresholds looking for garbage among them took a quarter of its CPU time."""


def pytest_collection_finish() -> None:
    """Look for garbage less often, and no longer among the modules and the tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist reads the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of the klippy folders as end-to-end, and those of the Klipper modules as core.

    Tests that share a printer stay on one worker, in their order: each worker would start one of its own.
    """
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in KLIPPY_FOLDERS):
            item.add_marker(pytest.mark.e2e)
            if shares_a_printer(item):
                item.add_marker(pytest.mark.xdist_group(item.path.relative_to(HERE.parent).as_posix()))
        if item.path.is_relative_to(HERE / "extra"):
            item.add_marker(pytest.mark.core)


def shares_a_printer(item: pytest.Item) -> bool:
    """Whether a fixture of the test is kept for its module."""
    if not isinstance(item, pytest.Function):
        return False
    fixtures = item._fixtureinfo.name2fixturedefs.values()
    return any(definition.scope == "module" for definitions in fixtures for definition in definitions)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Escape what a test logged or printed and no encoding has: a worker could not send its report."""
    report = yield
    report.sections = [
        (title, text.encode("utf-8", "backslashreplace").decode("utf-8")) for title, text in report.sections
    ]
    return report


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip or fail a test whose programs are not installed."""
    for mark in item.iter_markers("needs"):
        for program in mark.args:
            require(program)
