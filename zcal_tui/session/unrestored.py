"""Puts back what a dead run has changed: by consent, on an idle printer, homed alike, where nobody changed it since."""

import logging
from collections.abc import Callable
from dataclasses import asdict, replace

from zcal_tui.checks.lease.process import gone, ourselves
from zcal_tui.checks.operator import Operator
from zcal_tui.model.events import Event, Notice
from zcal_tui.model.questions import Confirm
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number
from zcal_tui.results.homing_state import HomingState, restarted_between
from zcal_tui.results.store import Store
from zcal_tui.results.unrestored import Unrestored

logger = logging.getLogger(__name__)

SAME = 1e-6
"""mm within which an offset is zero."""


def heights_of(state: PrinterState) -> dict[str, float]:
    """The configured heights that a G-code offset adds to, by section and option."""
    return {
        f"{section}.{option}": value
        for section, options in state.settings.items()
        for option in ("z_offset", "position_endstop")
        if (value := number(options.get(option))) is not None
    }


def note_of(
    run: str, at: str, mesh: str | None, offset: tuple[float, float, float] | None, state: PrinterState
) -> Unrestored:
    """What this program is about to change in a printer of this state."""
    start = None if state.print_time is None else round(state.eventtime - state.print_time, 2)
    return Unrestored(
        run=run,
        at=at,
        mesh=mesh,
        offset=offset,
        homed_axes=state.homed_axes,
        homing=asdict(HomingState(state.eventtime, start)),
        heights=heights_of(state),
        process=ourselves(),
    )


def left_by_dead_run(store: Store, printer: str) -> Unrestored | None:
    """What a run of a program that has ended left changed. Blocks on the disk."""
    left = store.unrestored(printer)
    if left is None or (left.process and left.process != ourselves() and gone(left.process) is False):
        return None
    return left


def still_so(left: Unrestored, state: PrinterState) -> Unrestored | None:
    """What of it is still as the run left it; None where nothing is: Klipper was restarted, the printer was homed
    otherwise, the configured heights are others, or somebody has set a mesh and an offset since."""
    start = None if state.print_time is None else state.eventtime - state.print_time
    now = {"start": start, "eventtime": state.eventtime}
    if restarted_between(left.homing, now) is not False or left.homed_axes != state.homed_axes:
        return None
    if dict(left.heights) != heights_of(state):
        return None
    mesh = None if state.bed_mesh.active else left.mesh
    offset = None if max(map(abs, state.homing_origin)) > SAME else left.offset
    return None if mesh is None and offset is None else replace(left, mesh=mesh, offset=offset)


async def offer(
    store: Store,
    name: str,
    printer: Printer,
    operator: Operator,
    emit: Callable[[Event], None],
    left: Unrestored,
) -> None:
    """Report what a dead run left, and put it back by consent. Raises CheckCancelled, TransportError."""
    state = await printer.refresh()
    if not _may_move(state):
        emit(Notice(f"An earlier run ended without cleaning up: it {left.text}. Nothing is put back now."))
        return
    found = still_so(left, state)
    if found is None:
        emit(
            Notice(
                f"An earlier run ended without cleaning up: it {left.text}. Klipper was restarted, or somebody has "
                "changed it since, so nothing is put back."
            )
        )
        _forget(store, name)
        return
    commands = "\n".join(found.commands)
    if not operator.present:
        emit(
            Notice(
                f"An earlier run ended without cleaning up: it {found.text}. Nobody is here to agree, so nothing is "
                f"put back. By hand: {'; '.join(found.commands)}"
            )
        )
        return
    agreed = await operator.confirm(
        Confirm(
            "put-back",
            f"An earlier run ended without cleaning up: it {found.text}. Put it back?",
            f"The printer has not been restarted since {found.at}, and nothing else has changed it. Commands:\n"
            f"{commands}",
            yes="Put it back",
            no="Leave it",
        )
    )
    state = await printer.refresh()
    if not _may_move(state):
        emit(Notice("Nothing is put back now: the printer is not idle any more."))
        return
    if agreed and still_so(found, state) == found:
        await printer.gcode(commands)
        emit(Notice("What the earlier run had changed is put back."))
    _forget(store, name)


def _may_move(state: PrinterState) -> bool:
    return state.ready and not state.busy and not state.manual_probe.is_active


def _forget(store: Store, name: str) -> None:
    try:
        store.note_unrestored(name, None)
    except OSError as error:
        logger.warning("the note of an earlier run's changes cannot be removed: %s", error)
