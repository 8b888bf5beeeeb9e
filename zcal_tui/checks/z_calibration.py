"""Running a command of [z_calibration]'s by its own name, and stopping it where that is possible."""

import asyncio
import uuid
from typing import Any

from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckCancelled
from zcal_tui.checks.travel import require_free
from zcal_tui.model.events import Notice
from zcal_tui.printer.printer import CommandFailed
from zcal_tui.printer.values import mapping
from zcal_tui.transport.failures import TransportError

OWN_FIELD = "attached_check_works"
"""A field that only the companion's own [z_calibration] publishes; others are given no parameter they do not know."""
POLL = 0.1
"""Seconds of wall time between two looks at whether the person has cancelled."""
ASK_AGAIN = 0.5
"""Seconds of wall time between two requests to stop: a wrapping macro may not have come to the command yet."""


async def run_command(context: Context, command: str) -> None:
    """Run a command of [z_calibration]'s to its end. When the person cancels it is asked to stop after its move, where
    the companion's own section is there to be asked; another client's command never is. Raises CheckCancelled,
    CheckFailed, CommandFailed, TransportError."""
    state = await require_free(context.printer)
    cancel = {"tag": uuid.uuid4().hex[:12], "since": state.eventtime}
    script = f"{command} TAG={cancel['tag']}" if OWN_FIELD in state.z_calibration else command
    running = asyncio.create_task(context.printer.gcode(script), name="z_calibration command")
    asking: asyncio.Task[None] | None = None
    try:
        while not running.done():
            await asyncio.wait({running}, timeout=POLL)
            if context.cancelled() and asking is None and not running.done():
                asking = asyncio.create_task(_ask_to_stop(context, command.split()[0], cancel))
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
            await asyncio.gather(_stop_once(context, cancel), return_exceptions=True)
    context.stop_if_cancelled()


async def _ask_to_stop(context: Context, name: str, cancel: dict[str, Any]) -> None:
    """Ask until something stops; say once where nothing can."""
    told = False
    while not await _stop_once(context, cancel):
        if not told:
            told = True
            context.emit(
                Notice(
                    f"{name} cannot be stopped at this moment: it goes on to its end unless it can be later, "
                    "then the toolhead is lifted."
                )
            )
        await asyncio.sleep(ASK_AGAIN)


async def _stop_once(context: Context, cancel: dict[str, Any]) -> bool:
    """Whether our command of [z_calibration] was asked to stop: by its tag, or where a macro around it has passed none
    on, as one that began since we gave it."""
    try:
        return mapping(await context.printer.call("z_calibration/cancel", cancel)).get("cancelled") is True
    except TransportError:
        return False
