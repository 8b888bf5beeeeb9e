"""Puts back the values that printer.cfg had before the last save.

It runs like a check that measures nothing: it proposes the old values, and the saver shows the diff, asks, writes and
reads back as after any check. Its own save can be undone too. Where klippy does not start, nothing can be staged: the
old values are then written into printer.cfg itself (undo_in_file.py).
"""

import asyncio
from collections.abc import Iterable
from typing import Any, ClassVar

from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.preconditions import require_ready
from zcal_tui.model.check_info import WRITING_TITLES, title_and_name
from zcal_tui.model.check_info.info import CheckInfo, Needs, always_fits
from zcal_tui.model.events import ChangesUpdated, Notice, VerdictReached
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.policy import SavePolicy
from zcal_tui.model.record import UNDO, Change, Level, Record, Verdict
from zcal_tui.model.units import closer_farther
from zcal_tui.printer.config_files import ConfigFiles
from zcal_tui.printer.macros import sets_height_of_zero
from zcal_tui.printer.state import PrinterState
from zcal_tui.results.store import Store, entries
from zcal_tui.results.text import moment
from zcal_tui.session.saving.staging import DECIMALS, ValueToStage, setting
from zcal_tui.session.undo_in_file import is_kept, undo_in_file, unset

MESH_STAYS = (
    "The bed mesh {name}, which was saved with these values, is not put back: Klipper writes only a mesh that it has "
    "just made. Run BED_MESH_CALIBRATE after the restart, then SAVE_CONFIG."
)


@dataclass(frozen=True)
class UndoParameters:
    """It has none."""


class UndoDeclaration:
    """What is known about undoing before it runs."""

    info: ClassVar[CheckInfo] = CheckInfo(
        name=UNDO,
        title=WRITING_TITLES[UNDO],
        order=0,
        learn="What did printer.cfg contain before the last save?",
        explain="Shows the values before the last save of this printer, with the difference to printer.cfg as it is "
        "now. Writes them by consent, and reads them back.",
        needs=lambda capabilities: Needs(homed=False),
        unfit=always_fits,
        stops_rest=None,
        estimates=(),
        main=(),
        plots=(),
        depends_on={},
        stale_after={},
    )
    parameters: ClassVar[type] = UndoParameters


class Undo(UndoDeclaration):
    """Proposes the values before the last save of a printer."""

    def __init__(self, store: Store, printer: str, files: ConfigFiles, policy: SavePolicy) -> None:
        """`printer` is the name that the printer's runs are stored under."""
        self._store = store
        self._printer = printer
        self._files = files
        self._policy = policy

    async def run(self, context: Context, parameters: Any) -> None:
        """Propose the old values. Raises CheckRefused where there are none."""
        state = context.printer.state
        in_error = state.connected and state.klippy == "error"
        if not in_error:
            require_ready(state)
        record = await asyncio.to_thread(last_save, self._store, self._printer, unconfirmed=in_error)
        if record is None:
            raise CheckRefused(
                "There is no save to undo.",
                f"No stored run of {self._printer} has saved a value.",
                "Edit printer.cfg by hand, then RESTART.",
            )
        if in_error:
            await undo_in_file(context, record, self._files, self._policy)
            return
        saved = [change for change in record.changes if change.state == "saved"]
        for name in dict.fromkeys(change.section for change in saved if is_mesh(change)):
            context.emit(Notice(MESH_STAYS.format(name=name.partition(" ")[2])))
        saved = [change for change in saved if not is_mesh(change)]
        changed = [text for change in saved if (text := _changed_since(change, state))]
        for text in changed:
            context.emit(Notice(text))
        back = tuple(reversed_changes((c for c in saved if not _changed_since(c, state)), state))
        if not back:
            raise CheckRefused(
                "There is nothing to undo.",
                f"The values that {record.check} saved on {moment(record.started)} have been changed since.",
                "Edit printer.cfg by hand, then RESTART.",
            )
        of = f"{title_and_name(record.check)}, {moment(record.started)}"
        context.emit(ChangesUpdated(back))
        context.emit(VerdictReached(Verdict(Level.PASS, f"The last save was found: {of}.")))


def last_save(store: Store, printer: str, *, unconfirmed: bool = False) -> Record | None:
    """The newest record of a printer that has saved a value; None without one. Blocks on the disk.

    With `unconfirmed`, also one that was written and not read back, as after a start that failed.
    """
    states = ("saved", "staged") if unconfirmed else ("saved",)
    for run in entries(store, printer):
        if run.record is not None and any(change.state in states for change in run.record.changes):
            return run.record
    return None


def reversed_changes(saved: Iterable[Change], state: PrinterState) -> Iterable[Change]:
    """The changes that put back what these have replaced; a line to edit where SAVE_CONFIG cannot."""
    for change in saved:
        if is_mesh(change):
            continue
        old = change.old if change.old is not None else unset(change)
        if old is None and is_kept(change):
            continue
        if old is None:
            yield Change(
                change.section,
                change.option,
                change.new,
                "",
                effect="it was not set before: remove the line",
            )
            continue
        effect = ""
        if sets_height_of_zero(state, change.option):
            effect = closer_farther(float(change.new) - float(old))
        saves = change.option in DECIMALS
        yield Change(change.section, change.option, change.new, old, saves=saves, effect=effect)


def is_mesh(change: Change) -> bool:
    """Whether this is part of a saved bed mesh."""
    return change.section.lower().startswith("bed_mesh ")


def _changed_since(change: Change, state: PrinterState) -> str:
    """That klippy no longer runs with a saved value, as a sentence; empty while it does."""
    value = ValueToStage(change.section, change.option, change.new)
    now = setting(state, value)
    if value.reads(now):
        return ""
    return (
        f"[{change.section}] {change.option} is not put back: it was saved as {change.new} and is {now} now."
    )
