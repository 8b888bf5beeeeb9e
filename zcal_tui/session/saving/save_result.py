"""Saves what one run found, once the person asks for it on the result. It runs like the save of a group."""

from collections.abc import Callable
from dataclasses import replace

from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.preconditions import require_ready
from zcal_tui.model.events import Notice, RunEnded
from zcal_tui.model.questions import Answer
from zcal_tui.model.record import Change, Record
from zcal_tui.printer.printer import Printer
from zcal_tui.results.store import Store
from zcal_tui.session.found_values import FoundValues
from zcal_tui.session.run import CheckRun
from zcal_tui.session.saving.amend import amend_found
from zcal_tui.session.saving.save_group import SaveGroup, SaveGroupParameters
from zcal_tui.session.saving.staging import ValueToStage, setting
from zcal_tui.session.saving.waiting import savable, still_valid
from zcal_tui.session.snapshot import Snapshot
from zcal_tui.session.snapshot_store import SnapshotStore

REPEAT = "Repeat the check to measure again."


def found_by(record: Record | None) -> tuple[FoundValues, ...]:
    """What a run found and has not saved."""
    changes = () if record is None else savable(record)
    return () if record is None or not changes else (FoundValues(record.check, record, changes),)


def result_to_save(snapshot: Snapshot, run: str) -> Record | None:
    """The last result of a check by its run's id; None where another one counts now."""
    return next((record for record in snapshot.last.values() if record.id == run), None)


class SaveResult(SaveGroup):
    """Proposes what a run found, as far as it still holds."""

    def __init__(self, record: Record | None, why_stale: Callable[[], str | None]) -> None:
        """`record` is the run that found it, None where it is not the last result of its check."""
        super().__init__(found_by(record))
        self._known = record is not None
        self._why_stale = why_stale

    async def run(self, context: Context, parameters: SaveGroupParameters) -> None:
        """Propose the values. Raises CheckRefused where none of them may be saved."""
        require_ready(context.printer.state)
        state = await context.printer.refresh()
        if not self._known:
            raise CheckRefused(
                "These values are not saved.",
                f"Run {parameters.run} is no longer the last result of its check.",
                REPEAT,
            )
        if (why := self._why_stale()) is not None:
            raise CheckRefused("These values are not saved.", f"The result is stale: {why}.", REPEAT)
        self.found, dropped = still_valid(self.found, state)
        if not self.found:
            raise CheckRefused("There is nothing to save.", " ".join(dropped), REPEAT)
        for text in dropped:
            context.emit(Notice(text))
        await super().run(context, parameters)


class SaveResultRun:
    """The running save of a result. It is used like the `CheckRun` that it wraps."""

    def __init__(
        self,
        record: Record | None,
        run: CheckRun,
        printer: Printer,
        store: Store,
        snapshots: SnapshotStore,
    ) -> None:
        self._found = found_by(record)
        self._run = run
        self._printer = printer
        self._store = store
        self._snapshots = snapshots

    def cancel(self) -> None:
        """`CheckRun.cancel`."""
        self._run.cancel()

    async def abandon(self, limit: float) -> tuple[str, ...]:
        """`CheckRun.abandon`."""
        return await self._run.abandon(limit)

    def answer(self, number: int, answer: Answer) -> None:
        """`CheckRun.answer`."""
        self._run.answer(number, answer)

    async def go(self, printer_name: str, address: str) -> RunEnded:
        """`CheckRun.go`; then what has become of the values is stored in the record of the run that found them."""
        ended = await self._run.go(printer_name, address)
        await amend_found(
            self._store,
            self._snapshots,
            printer_name,
            self._found,
            (*self._settled(ended.record), *self._in_force()),
            self._snapshots.console,
        )
        return ended

    def _settled(self, saved: Record) -> tuple[Change, ...]:
        """What was written or may be. What was declined stays proposed: the result still offers it."""
        return tuple(change for change in saved.changes if change.state not in ("declined", "proposed"))

    def _in_force(self) -> tuple[Change, ...]:
        """The values with which Klipper runs already, as after a save that was interrupted before its end."""
        state = self._printer.state
        changes = [change for values in self._found for change in values.changes]
        wanted = {change: ValueToStage(change.section, change.option, change.new) for change in changes}
        return tuple(
            replace(change, state="saved")
            for change, value in wanted.items()
            if state.ready and value.reads(setting(state, value))
        )
