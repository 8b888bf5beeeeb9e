"""Another program that works with the printer: when it has let go of it."""

import asyncio

from zcal_tui.checks.lease.process import gone
from zcal_tui.checks.lease.temporary_settings import other_holder
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import mapping

POLL = 0.5
"""Seconds between two looks."""


def another_works(state: PrinterState) -> bool:
    """Whether another program holds the lease, and is not known to have ended."""
    return other_holder(state) is not None and not gone(
        mapping(mapping(state.zcal.get("lease")).get("process"))
    )


async def another_has_let_go(printer: Printer) -> None:
    """Wait until another program has worked with the printer, and has released it or ended."""
    for works in (True, False):
        while another_works(printer.state) is not works:  # noqa: ASYNC110  a killed program sends no event
            await asyncio.sleep(POLL)
