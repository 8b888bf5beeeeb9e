"""The pace of a simulated printer's clock, for a test that acts in the middle of something."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.simulated import PrinterSim

SLOW = 4.0
"""Of the printer's seconds in one of the tester's. At twenty, one second in which a busy computer does not get to the
test or to the program is fifteen touches."""


@contextmanager
def slowly(printer: PrinterSim, speed: float = SLOW) -> Iterator[None]:
    """Have the printer's time pass slowly meanwhile."""
    before = printer.control.request("time")["speed"]
    printer.control.request("speed", value=speed)
    try:
        yield
    finally:
        printer.control.request("speed", value=before)
