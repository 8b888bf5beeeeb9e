"""Takes back what a command of Klipper's own has staged in a check: by a RESTART, which is all that can.

Some commands stage what they find by themselves (PROBE_EDDY_CURRENT_CALIBRATE). The person is asked before such a
command is given; where the values are not saved then, they must not stay behind for the next SAVE_CONFIG of anybody.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence

from zcal_tui.checks.lease.temporary_settings import other_holder
from zcal_tui.model.events import Event, Notice, Stage
from zcal_tui.model.record import Change
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.state import PrinterState
from zcal_tui.session.saving.text import PENDING_MEANS, pending_lines
from zcal_tui.transport.failures import ReplyLost, TransportError, Unreachable

logger = logging.getLogger(__name__)

LINK_PATIENCE = 30.0
"""Seconds of wall time to wait for a link that was cut while a value may be pending."""
LOOK = 0.25
"""Seconds of wall time between two looks whether the printer says something again."""

_SENT: set["asyncio.Task[None]"] = set()
"""Restarts that nobody waits for: the loop keeps no task alive by itself."""


async def discard(printer: Printer, emit: Callable[[Event], None], changes: Sequence[Change]) -> bool:
    """Have klippy restart if any of these is pending; whether none is any more. What stays is told. Raises nothing but
    what ends the task."""
    try:
        async with asyncio.timeout(LINK_PATIENCE):
            state = await state_again(printer)
        if state.ready:
            # A link that was cut may have left the command running, which stages at its end
            await printer.gcode("M400")
            state = await printer.refresh()
    except (TimeoutError, TransportError) as error:
        if printer.state.connected and not printer.state.ready:
            return _dropped(emit)
        emit(Notice(f"{_told(changes)} may be pending in Klipper: {error}. {PENDING_MEANS}"))
        return False
    if not state.ready:
        return _dropped(emit)
    if not any(change.option in state.save_config.items.get(change.section, {}) for change in changes):
        return True
    if (reason := must_not_restart(state)) is not None:
        emit(
            Notice(
                f"{_told(changes)} is pending in Klipper, which is not restarted: {reason}. {PENDING_MEANS}"
            )
        )
        return False
    emit(Stage("save", "Klipper restarts, to discard what it has staged"))
    told = "; ".join(pending_lines(state.save_config.items))
    try:
        after = await printer.restart_and_wait("RESTART")
    except TransportError as error:
        emit(Notice(f"Klipper was told to RESTART, to discard what was pending ({told}): {error}"))
        return not printer.state.save_config.pending
    if after.save_config.pending:
        emit(Notice(f"Pending in Klipper after the restart: {told}. {PENDING_MEANS}"))
        return False
    emit(Notice(f"Discarded by a RESTART: {told}. The printer has to be homed again."))
    return True


def discard_soon(printer: Printer, emit: Callable[[Event], None], changes: Sequence[Change]) -> None:
    """The same for a program that has no time left: klippy restarts as soon as what it does has ended, also when the
    link is gone by then."""
    if not changes:
        return
    if not printer.state.ready or must_not_restart(printer.state) is not None:
        emit(Notice(f"{_told(changes)} may be pending in Klipper. {PENDING_MEANS}"))
        return
    task = asyncio.create_task(_restart(printer), name="zcal restart")
    _SENT.add(task)
    task.add_done_callback(_SENT.discard)
    emit(
        Notice(
            f"Klipper restarts as soon as the command that it is at has ended, which discards {_told(changes)}."
        )
    )


async def state_again(printer: Printer) -> PrinterState:
    """What the printer says now, once it says something again; that it has halted included. Raises TransportError."""
    while True:
        state = printer.state
        if state.connected and state.klippy in ("error", "shutdown"):
            return state
        if state.ready:
            # A link that has just been cut may not have been noticed yet
            with contextlib.suppress(ReplyLost, Unreachable):
                return await printer.refresh()
        await asyncio.sleep(LOOK)


async def _restart(printer: Printer) -> None:
    try:
        await printer.call("gcode/restart")
    except TransportError:
        logger.info("the restart was not answered, as when the link goes with it", exc_info=True)


def _dropped(emit: Callable[[Event], None]) -> bool:
    emit(Notice("Klipper has halted; what it had staged is dropped when it starts again."))
    return True


def must_not_restart(state: PrinterState) -> str | None:
    """Why klippy must not be restarted now, None where it may."""
    if state.busy:
        return "a print was started" if state.job else "the printer was paused (PAUSE)"
    if (other := other_holder(state)) is not None:
        return f"{other} has taken over the printer"
    return "somebody's paper test is open" if state.manual_probe.is_active else None


def _told(changes: Sequence[Change]) -> str:
    return ", ".join(f"[{change.section}] {change.option}" for change in changes)
