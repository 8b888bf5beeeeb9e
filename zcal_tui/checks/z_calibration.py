"""Running a command of [z_calibration]'s by its own name, and stopping it where that is possible."""

import asyncio

from zcal_tui.checks.base import CheckCancelled, Context
from zcal_tui.checks.travel import require_free
from zcal_tui.model.events import Notice
from zcal_tui.printer.printer import CommandFailed
from zcal_tui.printer.reading import mapping
from zcal_tui.transport.failures import TransportError

POLL = 0.1
"""Seconds of wall time between two looks at whether the person has cancelled."""
ASK_AGAIN = 0.5
"""Seconds of wall time between two requests to stop: a wrapping macro may not have come to the command yet."""


async def run_command(context: Context, command: str) -> None:
    """Run a command of [z_calibration]'s to its end. When the person cancels it is asked to stop after its move, where
    the companion is there to be asked. Raises CheckCancelled, CheckFailed, CommandFailed, TransportError."""
    await require_free(context.printer)
    running = asyncio.create_task(context.printer.gcode(command), name="z_calibration command")
    asking: asyncio.Task[None] | None = None
    try:
        while not running.done():
            await asyncio.wait({running}, timeout=POLL)
            if context.cancelled() and asking is None and not running.done():
                asking = asyncio.create_task(_ask_to_stop(context, command.split()[0]))
        try:
            await running
        except CommandFailed as error:
            if context.cancelled():
                raise CheckCancelled from error
            raise
    finally:
        ended = running.done()
        for task in (running, asking):
            if task is not None and not task.done():
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        if not ended and context.printer.state.ready:
            await asyncio.gather(_stop_once(context), return_exceptions=True)
    context.stop_if_cancelled()


async def _ask_to_stop(context: Context, name: str) -> None:
    """Ask until something stops; say once where nothing can."""
    told = False
    while not await _stop_once(context):
        if not told:
            told = True
            context.emit(
                Notice(
                    f"{name} cannot be stopped at this moment: it goes on to its end unless it can be later, "
                    "then the toolhead is lifted."
                )
            )
        await asyncio.sleep(ASK_AGAIN)


async def _stop_once(context: Context) -> bool:
    """Whether a command of [z_calibration] was asked to stop."""
    endpoint = "zcal/cancel" if context.companion.version is not None else "z_calibration/cancel"
    try:
        return mapping(await context.printer.call(endpoint)).get("cancelled") is True
    except TransportError:
        return False
