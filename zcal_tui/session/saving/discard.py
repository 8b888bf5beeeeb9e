"""Discards what one of Klipper's own commands staged during a check. Only a RESTART can do that.

Some commands stage their result by themselves (PROBE_EDDY_CURRENT_CALIBRATE). They run by consent only. If the values
are not saved afterwards, they must not stay pending for somebody else's SAVE_CONFIG.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from zcal_tui.checks.lease.process import gone
from zcal_tui.checks.lease.temporary_settings import other_holder
from zcal_tui.model.events import Event, Notice, Stage
from zcal_tui.model.record import Change
from zcal_tui.printer.pending_values import pending_lines
from zcal_tui.printer.printer import Printer, what_happened
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import mapping
from zcal_tui.session.saving.staging import ValueToStage
from zcal_tui.session.saving.text import PENDING_MEANS
from zcal_tui.transport.failures import ReplyLost, TransportError, Unreachable

logger = logging.getLogger(__name__)

Pending = Mapping[str, Mapping[str, str]]

LINK_PATIENCE = 30.0
"""Seconds of wall time to wait for a lost connection while a value may be pending."""
POLL = 0.25
"""Seconds of wall time between two checks whether the printer answers again."""

_RESTARTS: set["asyncio.Task[None]"] = set()
"""Restarts that nobody waits for: the loop holds only weak references to tasks."""


async def discard(
    printer: Printer,
    emit: Callable[[Event], None],
    changes: Sequence[Change],
    agree: Callable[[str], Awaitable[bool]],
) -> bool:
    """Restart klippy if any of these values is pending; a notice names what stays pending. `agree` is asked whether
    others' values, which it is given as a text, may be lost with them.

    Returns whether none is pending any more. Raises nothing but asyncio.CancelledError.
    """
    try:
        async with asyncio.timeout(LINK_PATIENCE):
            state = await wait_for_state(printer)
        if state.ready:
            # After a lost connection the command may still be running; it stages at its end
            await printer.gcode("M400")
            state = await printer.refresh()
    except (TimeoutError, TransportError) as error:
        if printer.state.connected and not printer.state.ready:
            return _halted(emit)
        why = str(error) or "the printer does not answer"
        emit(Notice(f"{_named(changes)} may be pending in Klipper: {why}. {PENDING_MEANS}"))
        return False
    if not state.ready:
        return _halted(emit)
    if not any(change.option in state.save_config.items.get(change.section, {}) for change in changes):
        return True
    try:
        reason = must_not_restart(state) or await _kept_by_others(printer, changes, agree)
    except TransportError as error:
        emit(Notice(f"{_named(changes)} may be pending in Klipper: {what_happened(error)} {PENDING_MEANS}"))
        return False
    if reason is not None:
        emit(
            Notice(
                f"{_named(changes)} stays pending. Klipper is not restarted because {reason}. {PENDING_MEANS}"
            )
        )
        return False
    state = printer.state
    emit(Stage("save", "Restarting Klipper to discard the staged values"))
    values = "; ".join(pending_lines(state.save_config.items))
    try:
        after = await printer.restart_and_wait("RESTART")
    except TransportError as error:
        emit(
            Notice(
                f"RESTART was sent to discard pending values ({values}), but not confirmed: {what_happened(error)}"
            )
        )
        return not printer.state.save_config.pending
    if after.save_config.pending:
        emit(Notice(f"Still pending in Klipper after the restart: {values}. {PENDING_MEANS}"))
        return False
    emit(Notice(f"Klipper was restarted to discard: {values}. Home the printer again."))
    return True


def pending_of_others(state: PrinterState, ours: Iterable[Change | ValueToStage]) -> Pending:
    """What is pending in other sections than these values': a RESTART would discard it as well."""
    own = {value.section for value in ours}
    return {name: options for name, options in state.save_config.items.items() if name not in own}


async def _kept_by_others(
    printer: Printer, changes: Sequence[Change], agree: Callable[[str], Awaitable[bool]]
) -> str | None:
    """Why others' pending values forbid a restart, as a clause; None where there are none, or all may be lost. A person
    may take long to agree, so the printer is looked at again. Raises TransportError."""
    agreed: Pending = {}
    while (others := pending_of_others(printer.state, changes)) and others != agreed:
        lines = "; ".join(pending_lines(others))
        if not await agree(lines):
            return f"it would discard what another client has staged ({lines})"
        agreed = others
        if (reason := must_not_restart(await printer.refresh())) is not None:
            return reason
    return None


def discard_soon(
    printer: Printer, emit: Callable[[Event], None], changes: Sequence[Change], ours: Sequence[Change] = ()
) -> None:
    """The same without waiting, for a program that is ending: klippy restarts as soon as its current command ends, even
    if the connection is closed by then. Not where others' values are pending; `ours` are not, beside `changes`."""
    if not changes:
        return
    others = pending_of_others(printer.state, (*changes, *ours))
    forbidden = must_not_restart(printer.state) is not None or others
    if not printer.state.ready or forbidden:
        emit(Notice(f"{_named(changes)} may be pending in Klipper. {PENDING_MEANS}"))
        return
    task = asyncio.create_task(_restart(printer), name="zcal restart")
    _RESTARTS.add(task)
    task.add_done_callback(_RESTARTS.discard)
    emit(Notice(f"Klipper restarts when its current command ends. This discards {_named(changes)}."))


async def wait_for_state(printer: Printer) -> PrinterState:
    """The printer's state once it answers again, halted or ready. Raises TransportError."""
    while True:
        state = printer.state
        if state.connected and state.klippy in ("error", "shutdown"):
            return state
        if state.ready:
            # A connection that was just lost may not have been noticed yet
            with contextlib.suppress(ReplyLost, Unreachable):
                return await printer.refresh()
        await asyncio.sleep(POLL)


async def _restart(printer: Printer) -> None:
    try:
        await printer.call("gcode/restart")
    except TransportError:
        logger.info("the restart was not answered, as when the connection is lost with it", exc_info=True)


def _halted(emit: Callable[[Event], None]) -> bool:
    emit(Notice("Klipper has halted. Its staged values are discarded when it restarts."))
    return True


def must_not_restart(state: PrinterState) -> str | None:
    """Why klippy must not be restarted now, as a clause; None if it may."""
    if state.busy:
        return "a print was started" if state.job else "the printer was paused (PAUSE)"
    if (other := other_holder(state)) is not None and not _has_ended(state):
        return f"{other} has taken over the printer"
    return "a paper test of another client is open" if state.manual_probe.is_active else None


def _has_ended(state: PrinterState) -> bool:
    """Whether the program that holds the lease has certainly ended."""
    return gone(mapping(mapping(state.zcal.get("lease")).get("process"))) is True


def _named(changes: Sequence[Change]) -> str:
    return ", ".join(f"[{change.section}] {change.option}" for change in changes)
