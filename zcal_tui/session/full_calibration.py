"""Runs the full calibration (`all`): one check after the other, each with its own record, and one record for all."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from zcal_tui.checks.base import Check
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.full_calibration import (
    FullCalibrationParameters,
    chosen,
    not_applicable,
    stops_rest,
)
from zcal_tui.checks.parameters import build
from zcal_tui.model.events import Event, Notice, RunEnded, RunProblem, RunStarted
from zcal_tui.model.questions import Answer
from zcal_tui.model.record import READY_CHECK, WHOLE, Level, Outcome, Problem, Record, RecordPart, Verdict
from zcal_tui.printer.capabilities import capabilities_of
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.state import PrinterState
from zcal_tui.results.context import context_facts
from zcal_tui.results.store import Journal, Store, new_run_id, now_iso
from zcal_tui.session.resume import close_resumed, without_done
from zcal_tui.session.run import CheckRun, printer_facts
from zcal_tui.session.snapshot_store import SnapshotStore

logger = logging.getLogger(__name__)

WEIGHT = {Level.PASS: 0, Level.WARN: 1, Level.UNKNOWN: 2, Level.FAIL: 3}
"""Undecided weighs more than a warning, so that a script sees it."""


class FullCalibrationRun:
    """A running full calibration. It is used like a `CheckRun` and created on the session's thread."""

    def __init__(
        self,
        parameters: FullCalibrationParameters,
        printer: Printer,
        store: Store,
        snapshots: SnapshotStore,
        make_run: Callable[[Check, Any], CheckRun],
        *,
        present: bool,
        resumed: Record | None = None,
    ) -> None:
        """`resumed` is the interrupted `all` to resume."""
        self._parameters = parameters
        self._resumed = resumed
        self._printer = printer
        self._store = store
        self._snapshots = snapshots
        self._show = snapshots.event
        self._make_run = make_run
        self._present = present
        self._run: CheckRun | None = None
        self._cancelled = False
        self._parts: list[RecordPart] = []
        self._skipped: list[str] = []
        self._prepared: frozenset[str] = frozenset()
        """The homing and levelling in force when `ready` ended. A restart or an idle timeout undoes them; then `ready`
        runs again."""
        self._journal: Journal | None = None
        self._not_stored = False

    def cancel(self) -> None:
        """Cancel the running check and all that follow."""
        self._cancelled = True
        if self._run is not None:
            self._run.cancel()

    async def abandon(self, limit: float) -> tuple[str, ...]:
        """`CheckRun.abandon` of the running check."""
        self._cancelled = True
        return () if self._run is None else await self._run.abandon(limit)

    def answer(self, number: int, answer: Answer) -> None:
        """Pass on a person's answer to the question of that number."""
        if self._run is not None:
            self._run.answer(number, answer)

    async def go(self, printer_name: str, address: str) -> RunEnded:
        """Run all checks. Returns the last event, stored but not shown. Never raises: failures are in the records."""
        resumed, continued = self._resumed, {}
        if resumed is not None:
            continued = {"continues": resumed.id}
            self._parameters = await asyncio.to_thread(
                without_done, self._store, printer_name, resumed, self._parameters
            )
        state = self._printer.state
        started = RunStarted(
            id=new_run_id(WHOLE),
            check=WHOLE,
            started=now_iso(),
            printer=printer_facts(state, printer_name, address),
            context={**context_facts(state, self._snapshots.snapshot.frame), **continued},
            parameters=asdict(self._parameters),
        )
        try:
            self._journal = self._store.begin(printer_name, started.id)
        except OSError as error:
            logger.warning("the record of the full calibration is not stored", exc_info=True)
            self._show(started)
            self._show(
                Notice(f"The record of this full calibration is not stored: {error.strerror or error}.")
            )
        else:
            self._emit(started)
            if resumed is not None:  # only now, so that one of the two can always be resumed
                interrupted = await asyncio.to_thread(close_resumed, self._store, printer_name, resumed)
                self._snapshots.update(interrupted=interrupted)
        why = await self._all(printer_name, address)
        record = self._record(started, why)
        if record.problem is not None:
            self._emit(RunProblem(record.problem))
        ended = RunEnded(record)
        self._keep(ended)
        if self._journal is not None:
            self._journal.close()
        return ended

    async def _all(self, printer_name: str, address: str) -> str | None:
        """Run every check in turn. Returns why it stopped early; None if it did not."""
        for check in chosen(self._parameters):
            if self._cancelled:
                return "It was cancelled."
            why = not_applicable(check.info, capabilities_of(self._printer.state), person=self._present)
            if why is not None:
                self._skipped.append(f"{check.info.title}: {why}")
                self._emit(Notice(f"{check.info.title} is skipped. {why}"))
                continue
            if check.info.name != READY_CHECK and self._prepared - _prepared(self._printer.state):
                again = await self._one(CHECKS[READY_CHECK], printer_name, address)
                if (stop := stops_rest(again)) is not None:
                    return stop
            record = await self._one(check, printer_name, address)
            if (stop := stops_rest(record)) is not None:
                return stop
        return None

    async def _one(self, check: Check, printer_name: str, address: str) -> Record:
        self._run = self._make_run(check, build(check.parameters, {}))
        try:
            ended = await self._run.go(printer_name, address)
        finally:
            self._run = None
        record = ended.record
        verdict = record.verdict
        summary = verdict.summary if verdict is not None else record.problem.what if record.problem else ""
        level = None if verdict is None or record.outcome is not Outcome.FINISHED else verdict.level
        self._parts.append(RecordPart(record.id, record.check, record.outcome, level, summary))
        if check.info.name == READY_CHECK:
            self._prepared = _prepared(self._printer.state)
        self._show(ended)
        return record

    def _record(self, started: RunStarted, stopped: str | None) -> Record:
        last_levels = {part.check: part.level for part in self._parts}
        levels = [level for level in last_levels.values() if level is not None]
        reasons = [f"{part.check}: {part.summary or part.outcome}" for part in self._parts]
        reasons += [f"{text} (skipped)" for text in self._skipped]
        problem = None
        outcome = Outcome.FINISHED
        if stopped is not None:
            last = self._parts[-1] if self._parts else None
            outcome = last.outcome if last is not None else Outcome.CANCELLED
            if self._cancelled:
                outcome = Outcome.CANCELLED
            if outcome is Outcome.CANCELLED:
                problem = Problem(_cancelled(last))
            else:
                what = f"It stopped after {last.check}: {last.summary}" if last else "No check was run."
                problem = Problem(what, stopped, "Fix that, then start again.")
        worst = max(levels, key=WEIGHT.__getitem__, default=Level.UNKNOWN)
        return Record(
            id=started.id,
            check=WHOLE,
            printer=started.printer,
            started=started.started,
            finished=now_iso(),
            outcome=outcome,
            context=started.context,
            parameters=started.parameters,
            verdict=Verdict(worst, _summary(self._parts, worst), tuple(reasons)) if levels else None,
            problem=problem,
            parts=tuple(self._parts),
        )

    def _emit(self, event: Event) -> None:
        self._keep(event)
        self._show(event)

    def _keep(self, event: Event) -> None:
        if self._journal is None:
            return
        try:
            self._journal.write(event)
        except OSError as error:
            logger.warning("the record of the full calibration is not stored", exc_info=True)
            if not self._not_stored:
                self._not_stored = True
                self._show(
                    Notice(
                        f"The record of this full calibration is not stored: {error.strerror or error}. Free some "
                        "space: what is missing is written with the next event."
                    )
                )


def _cancelled(last: RecordPart | None) -> str:
    if last is None:
        return "Cancelled before the first check."
    if last.outcome is Outcome.CANCELLED:
        return f"Cancelled during {last.check}."
    return f"Cancelled after {last.check}."


def _prepared(state: PrinterState) -> frozenset[str]:
    """The homing and levelling in force, which a restart undoes."""
    in_force = {
        "homed": state.homed(),
        "quad_gantry_level": state.quad_gantry_level_applied,
        "z_tilt": state.z_tilt_applied,
    }
    return frozenset(name for name, applied in in_force.items() if applied)


def _summary(parts: list[RecordPart], worst: Level) -> str:
    last = {part.check: part.level for part in parts}
    good = sum(level is Level.PASS for level in last.values())
    match worst:
        case Level.PASS:
            return f"All {len(last)} checks passed." if len(last) > 1 else "The check passed."
        case Level.UNKNOWN:
            return f"{good} of {len(last)} checks passed. At least one is undecided."
        case Level.WARN:
            return f"{good} of {len(last)} checks passed. At least one has a warning."
        case Level.FAIL:
            return f"{good} of {len(last)} checks passed. At least one failed."
