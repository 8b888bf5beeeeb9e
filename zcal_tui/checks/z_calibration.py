"""Runs a command of [z_calibration] by its own name, and stops it where that is possible."""

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
"""A field that only our own [z_calibration] publishes; other plugins get no parameters that they do not have."""
POLL = 0.1
"""Seconds of wall time between two checks whether the person has cancelled."""
ASK_AGAIN = 0.5
"""Seconds of wall time between two requests to stop: a macro around the command may not have reached it yet."""


async def run_command(context: Context, command: str) -> None:
    """Run a command of [z_calibration] to its end. A cancel stops it after the current move, where the section is our
    own; another client's command is never stopped. Raises CheckCancelled, CheckFailed, CommandFailed,
    TransportError."""
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
    """Ask until it stops; emit one notice while it cannot."""
    noticed = False
    while not await _stop_once(context, cancel):
        if not noticed:
            noticed = True
            context.emit(
                Notice(
                    f"{name} cannot be stopped now. It stops as soon as it can, at the latest at its end. Then the "
                    "toolhead is lifted."
                )
            )
        await asyncio.sleep(ASK_AGAIN)


async def _stop_once(context: Context, cancel: dict[str, Any]) -> bool:
    """Whether our command of [z_calibration] accepted the request to stop. It is found by its tag or, where a macro
    around it has not passed the tag on, by its start time."""
    try:
        return mapping(await context.printer.call("z_calibration/cancel", cancel)).get("cancelled") is True
    except TransportError:
        return False
