"""Runs the full calibration (`all`): one check after the other, each with its own record, and one record for all."""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

from zcal_tui.checks.base import Check
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.errors import CheckCancelled
from zcal_tui.checks.full_calibration import (
    RUNS_ALONE,
    FullCalibrationParameters,
    chosen,
    not_applicable,
    repeats,
    stops_rest,
)
from zcal_tui.checks.parameters import build, specs
from zcal_tui.model.events import ChangesUpdated, Event, Notice, RunEnded, RunProblem, RunStarted
from zcal_tui.model.policy import SavePolicy
from zcal_tui.model.questions import HEAT, Answer, Confirm
from zcal_tui.model.record import (
    DID_NOT_START,
    READY_CHECK,
    SAVE,
    WHOLE,
    Change,
    Level,
    Outcome,
    Problem,
    Record,
    RecordPart,
    Verdict,
)
from zcal_tui.printer.capabilities import capabilities_of
from zcal_tui.printer.pending_values import pending_lines
from zcal_tui.printer.printer import Printer, what_happened
from zcal_tui.printer.state import PrinterState
from zcal_tui.results.context import context_facts
from zcal_tui.results.store import Journal, Store, new_run_id, now_iso
from zcal_tui.results.variant import has_result
from zcal_tui.session.advance_consent import (
    HEATING,
    HOMING,
    NOT_NOW,
    SAVING,
    START,
    advance_question,
    switches_of,
)
from zcal_tui.session.consents import CLEAN, OOZES, TAPED, Consents
from zcal_tui.session.discarded_result import DISCARDED, discard_result
from zcal_tui.session.found_values import FoundValues
from zcal_tui.session.operator import SessionOperator
from zcal_tui.session.result_card import CONTINUE, DISCARD, REPEAT, STOP, result_card
from zcal_tui.session.resume import (
    close_resumed,
    kinds_staged,
    left_staged,
    resumed_runs,
    valid_parts,
    without_done,
)
from zcal_tui.session.run import CheckRun, printer_facts
from zcal_tui.session.saving.amend import amend_found
from zcal_tui.session.saving.discard import discard
from zcal_tui.session.saving.text import not_saved
from zcal_tui.session.saving.waiting import WaitingValues, still_valid, still_waiting, with_states
from zcal_tui.session.snapshot_store import SnapshotStore
from zcal_tui.transport.failures import NotReady, TransportError

PAPER_OFF = "Take the paper off the bed before you continue."

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
        make_save: Callable[[tuple[FoundValues, ...]], CheckRun],
        *,
        present: bool,
        save: SavePolicy = "ask",
        resumed: Record | None = None,
        consents: Consents | None = None,
    ) -> None:
        """`make_run` makes a check's run, which leaves its values to the group's save; `make_save` makes that save.
        `resumed` is the interrupted `all` to resume. With `consents` the person is asked once in advance, and a result
        card is shown after each check."""
        self._parameters = parameters
        self._resumed = resumed
        self._printer = printer
        self._store = store
        self._snapshots = snapshots
        self._show = snapshots.event
        self._make_run = make_run
        self._make_save = make_save
        self._policy = save
        self._waiting = WaitingValues()
        self._settled: tuple[Change, ...] = ()
        """The values that were saved, or offered to be."""
        self._failed_save: Record | None = None
        self._kept: tuple[Change, ...] = ()
        """The values in the stored record."""
        self._present = present
        self._consents = consents
        self._homes = self._heats = True
        self._operator = SessionOperator(snapshots, printer, self._emit, present=present)
        """Asks between the checks."""
        self._stopped = False
        """The person has stopped the plan on a result card."""
        self._run: CheckRun | None = None
        self._cancelled = False
        self._parts: list[RecordPart] = []
        self._skipped: list[str] = []
        self._unmeasured = False
        """Whether a check that this printer can do was skipped for want of a person."""
        self._prepared: frozenset[str] = frozenset()
        """The homing and levelling in force when `ready` ended. A restart or an idle timeout undoes them; then `ready`
        runs again."""
        self._journal: Journal | None = None
        self._not_stored = False

    def cancel(self) -> None:
        """Cancel the running check and all that follow."""
        self._cancelled = True
        self._operator.cancel()
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
        else:
            self._operator.answer(number, answer)

    async def go(self, printer_name: str, address: str) -> RunEnded:
        """Run all checks. Returns the last event, stored but not shown. Never raises: failures are in the records."""
        resumed, continued = self._resumed, {}
        state = self._printer.state
        context = context_facts(state, self._snapshots.snapshot.frame)
        before: tuple[Record, ...] = ()
        done: tuple[Record, ...] = ()
        invalid: tuple[str, ...] = ()
        if resumed is not None:
            continued = {"continues": resumed.id}
            before = await asyncio.to_thread(resumed_runs, self._store, printer_name, resumed)
            done, invalid = await asyncio.to_thread(valid_parts, self._store, printer_name, before, context)
            self._parameters = without_done(self._parameters, before, done)
        started = RunStarted(
            id=new_run_id(WHOLE),
            check=WHOLE,
            started=now_iso(),
            printer=printer_facts(state, printer_name, address),
            context={**context, **continued},
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
        stop_watching = self._printer.subscribe(self._watch)
        try:
            why = await self._ask_in_advance()
            if begun := why is None:
                if resumed is not None:
                    if self._journal is not None:  # only now, so that one of the two can always be resumed
                        interrupted = await asyncio.to_thread(
                            close_resumed, self._store, printer_name, before
                        )
                        self._snapshots.update(interrupted=interrupted)
                    self._take_over_waiting(done, invalid)
                    await self._discard_left(printer_name, before)
                why = await self._all(printer_name, address)
        finally:
            stop_watching()
        why = await self._save_rest(printer_name, address, why)
        record = self._record(started, why)
        if not begun:
            record = replace(record, context=context)  # it has resumed nothing
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
            if why is None and check.info.heats and not self._heats:
                why = "You switched heating off."
            if why is not None:
                self._skipped.append(f"{check.info.title}: {why}")
                capabilities = capabilities_of(self._printer.state)
                self._unmeasured |= not_applicable(check.info, capabilities, person=True) is None
                self._emit(Notice(f"{check.info.title} is skipped. {why}"))
                continue
            alone = check.info.name in RUNS_ALONE
            if self._waiting.needed_by(check.info, self._printer.state) or (alone and self._waiting.all):
                why = await self._save_group(printer_name, address)
                if why is not None or self._cancelled:
                    return why or "It was cancelled."
            while True:
                # Also before a repetition: a result card may be open for hours
                if check.info.name != READY_CHECK and self._prepared - _prepared(self._printer.state):
                    again = await self._one(CHECKS[READY_CHECK], printer_name, address)
                    if (stop := stops_rest(again)) is not None:
                        return stop
                record = await self._one(check, printer_name, address)
                answer: str | None = CONTINUE
                if not alone or record.outcome is not Outcome.FINISHED:
                    answer = await self._card(printer_name, record)
                if answer != REPEAT and not (answer == CONTINUE and repeats(record)):
                    break
            if answer == STOP:
                self._stopped = True
                return "You stopped it."
            if answer is None:
                return "Klipper has halted."
            if (stop := stops_rest(record)) is not None:
                return stop
        return None

    async def _card(self, printer_name: str, record: Record) -> str | None:
        """Show the result of a check, and carry out what the person answers. Returns the answer: to continue where
        nobody is asked, None where the printer halts meanwhile."""
        if self._consents is None or self._cancelled:
            return CONTINUE
        if record.check in TAPED:
            self._consents.forget(CLEAN)
        last = self._snapshots.snapshot.last.get(record.check)
        kept = last if last is not None and last.id != record.id and not has_result(record) else None
        run = self._snapshots.snapshot.run
        notices = () if run is None or record.check != SAVE else run.notices
        if any(sample.kind == "paper" for sample in record.samples):
            notices = (*notices, PAPER_OFF)
        if (leave := self._may_leave(record.check)) is not None:
            notices = (*notices, leave)
        card = result_card(record, kept=kept, waits=self._waiting.changes, notices=notices)
        try:
            answer = await self._operator.choose(card)
        except CheckCancelled:
            return CONTINUE  # seen by whoever goes on
        except NotReady:
            return None
        if answer == REPEAT:
            self._consents.forget(HEAT)  # it named the time of one run
        if answer == DISCARD:
            self._waiting.discard(record)
            self._follow_waiting()
            await self._discard(printer_name, record)
        return answer

    def _may_leave(self, check: str) -> str | None:
        """What to say where everything after this check runs alone; None before, and without the module's lease."""
        capabilities = capabilities_of(self._printer.state)
        order = [each.info for each in chosen(self._parameters)]
        names = [info.name for info in order]
        rest = order[names.index(check) + 1 :] if check in names else []
        rest = [
            info
            for info in rest
            if not_applicable(info, capabilities, person=True) is None and (self._heats or not info.heats)
        ]
        if not rest or not capabilities.zcal or any(info.name not in RUNS_ALONE for info in rest):
            return None
        minutes = sum(info.needs(capabilities).minutes for info in rest)
        return f"After that you can leave: {minutes:.0f} min, guarded by the [zcal] module. A bell rings at the end."

    def _watch(self, state: PrinterState) -> None:
        """The tip of the nozzle may be dirty again after heat, and nobody knows after a restart."""
        hot = any(
            heater.temperature > OOZES
            for name, heater in state.heaters.items()
            if name.startswith("extruder")
        )
        if self._consents is not None and (hot or not state.ready):
            self._consents.forget(CLEAN)

    async def _ask_in_advance(self) -> str | None:
        """Ask once for what the calibration will do. Returns why it does not start."""
        if self._consents is None:
            return None
        capabilities, state = capabilities_of(self._printer.state), self._printer.state
        checks = [
            check
            for check in chosen(self._parameters)
            if not_applicable(check.info, capabilities, person=True) is None
        ]
        switches = switches_of(checks, state)
        if not switches:
            return None
        on = dict.fromkeys(switches, True)
        while True:
            try:
                answer = await self._operator.choose(advance_question(switches, on, checks, capabilities))
            except CheckCancelled:
                return "It was cancelled."
            except NotReady:
                return "Klipper has halted."
            if answer == NOT_NOW:
                self._stopped = True
                return "You stopped it."
            if answer == START:
                break
            on[answer] = not on[answer]
        for name, switch in switches.items():
            for question in switch.questions:
                if on[name]:
                    self._consents.agree(question, switch.facts)
                else:
                    self._consents.refuse(question)
        self._homes, self._heats = on.get(HOMING, True), on.get(HEATING, True)
        if not on.get(SAVING, True):
            self._policy = "never"
        return None

    async def _discard(self, printer_name: str, record: Record) -> None:
        """Store a result as discarded by the person; the one before it counts again."""
        await discard_result(self._store, self._snapshots, printer_name, record, self._notice)
        self._parts[-1] = RecordPart(record.id, record.check, Outcome.CANCELLED, None, DISCARDED)

    def _take_over_waiting(self, done: tuple[Record, ...], invalid: tuple[str, ...]) -> None:
        """Find the values that the interrupted calibration had measured and not saved."""
        found, dropped = still_waiting(done, self._printer.state)
        for text in (*invalid, *dropped):
            self._emit(Notice(text))
        self._waiting = WaitingValues(found)
        self._follow_waiting()

    async def _discard_left(self, printer_name: str, before: tuple[Record, ...]) -> None:
        """Offer to discard what the interrupted check has left staged: it was never checked, and no calibration starts
        while a value is pending."""
        kinds = await asyncio.to_thread(kinds_staged, self._store, printer_name, before)
        if not kinds:
            return
        try:
            await self._printer.gcode("M400")  # its command may still run, and stages at its end
            state = await self._printer.refresh()
        except TransportError as error:
            self._emit(
                Notice(f"What the interrupted calibration left staged is not known: {what_happened(error)}")
            )
            return
        left = left_staged(kinds, state.save_config.items)
        if not left:
            return
        lines = "; ".join(pending_lines({change.section: {change.option: change.new} for change in left}))
        question = Confirm(
            "discard-left",
            "The interrupted calibration left values staged that were never checked. Discard them?",
            f"{lines}\nKlipper restarts. Homing and the live G-code offset are then lost.",
            yes="Discard",
            no="Leave them",
            consent=True,
        )
        with contextlib.suppress(CheckCancelled, NotReady):
            if await self._operator.confirm(question):
                await discard(self._printer, self._emit, left, self._may_lose)

    async def _may_lose(self, lines: str) -> bool:
        """Others' pending values are not lost for this."""
        return False

    def _follow_waiting(self) -> None:
        """Put what waits into the stored record and the snapshot."""
        self._snapshots.update(waiting=self._waiting.all)
        changes = (*self._settled, *self._waiting.changes)
        if changes != self._kept:
            self._kept = changes
            self._keep(
                ChangesUpdated(changes)
            )  # not shown: the snapshot's run is the check that has just ended

    async def _save_group(self, printer_name: str, address: str) -> str | None:
        """Save what waits, with one SAVE_CONFIG. Returns why the calibration must stop; None where it may go on."""
        if self._policy != "never" and self._printer.state.ready:
            self._drop_changed()
        found = self._waiting.all
        if not found:
            return None
        if self._policy == "never":
            changes, why = self._waiting.changes, None
        else:
            run = self._run = self._make_save(found)
            try:
                ended = await run.go(printer_name, address)
            finally:
                self._run = None
            changes = with_states(self._waiting.changes, ended.record.changes)
            more = ended.record.changes[len(changes) :]
            if (why := _stops_after_save(ended.record)) is not None:
                self._failed_save = ended.record
            await amend_found(
                self._store, self._snapshots, printer_name, found, ended.record.changes, self._notice
            )
            self._show(ended)
            if why is None and await self._card(printer_name, ended.record) == STOP:
                self._stopped = True
                why = "You stopped it."
            changes = (*changes, *more)
        self._settled = (*self._settled, *changes)
        self._waiting.clear()
        self._follow_waiting()
        return why

    def _drop_changed(self) -> None:
        """Drop the values whose setting somebody else has changed since they were measured."""
        found, dropped = still_valid(self._waiting.all, self._printer.state)
        for text in dropped:
            self._emit(Notice(text))
        if dropped:
            self._waiting = WaitingValues(found)
            self._follow_waiting()

    async def _save_rest(self, printer_name: str, address: str, stopped: str | None) -> str | None:
        """Save what waits at the end. Where the printer cannot, or the person has cancelled, name it."""
        if not self._waiting.all:
            return stopped
        if not self._cancelled and self._printer.state.ready:
            return await self._save_group(printer_name, address) or stopped
        why = "you cancelled." if self._cancelled else "the printer is not ready."
        if self._policy != "never":
            self._emit(Notice(not_saved(why, self._waiting.changes)))
        self._settled = (*self._settled, *self._waiting.changes)
        self._waiting.clear()
        self._follow_waiting()
        return stopped

    async def _one(self, check: Check, printer_name: str, address: str) -> Record:
        own = {"home": "no"} if not self._homes and _may_home(check) else {}
        self._run = self._make_run(check, build(check.parameters, own))
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
        self._waiting.add(record)
        self._follow_waiting()
        return record

    def _record(self, started: RunStarted, stopped: str | None) -> Record:
        last_parts = {part.check: part for part in self._parts}
        reasons = [f"{_title(part.check)}: {part.summary or part.outcome}" for part in last_parts.values()]
        levels = [part.level for part in last_parts.values() if part.level is not None]
        if levels and (self._unmeasured or len(levels) < len(last_parts)):
            levels.append(Level.UNKNOWN)  # what was skipped or has no verdict has not passed
        reasons += [f"{text} (skipped)" for text in self._skipped]
        problem = None
        outcome = Outcome.FINISHED
        if stopped is not None:
            last = self._parts[-1] if self._parts else None
            outcome = last.outcome if last is not None else Outcome.CANCELLED
            if self._cancelled or self._stopped:
                outcome = Outcome.CANCELLED
            if outcome is Outcome.CANCELLED:
                problem = Problem(_cancelled(last))
            elif (failed := self._failed_save) is not None:
                outcome = Outcome.FINISHED if failed.outcome is Outcome.REFUSED else failed.outcome
                problem = failed.problem or Problem("The values were not saved.", stopped)
                if problem.key == DID_NOT_START:
                    levels.append(Level.FAIL)
                    reasons.append(problem.what)
            else:
                what = (
                    f"It stopped after {_title(last.check)}: {last.summary}" if last else "No check was run."
                )
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
            verdict=Verdict(worst, _summary(self._parts, worst, len(self._skipped)), tuple(reasons))
            if levels
            else None,
            problem=problem,
            changes=self._settled,
            parts=tuple(self._parts),
        )

    def _notice(self, text: str) -> None:
        self._emit(Notice(text))

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


def _may_home(check: Check) -> bool:
    """Whether a check has the parameter `home`."""
    return any(spec.name == "home" for spec in specs(check.parameters))


def _stops_after_save(record: Record) -> str | None:
    """Why the calibration stops after a group's save that ended like this."""
    if record.problem is not None or record.outcome is not Outcome.FINISHED:
        return "What was found could not be saved, so later checks would use the old values."
    return None


def _title(check: str) -> str:
    """A check's title."""
    return CHECKS[check].info.title


def _cancelled(last: RecordPart | None) -> str:
    if last is None:
        return "Cancelled before the first check."
    if last.outcome is Outcome.CANCELLED:
        return f"Cancelled during {_title(last.check)}."
    return f"Cancelled after {_title(last.check)}."


def _prepared(state: PrinterState) -> frozenset[str]:
    """The homing and levelling in force, which a restart undoes."""
    in_force = {
        "homed": state.homed(),
        "quad_gantry_level": state.quad_gantry_level_applied,
        "z_tilt": state.z_tilt_applied,
    }
    return frozenset(name for name, applied in in_force.items() if applied)


def _summary(parts: list[RecordPart], worst: Level, skipped: int) -> str:
    """How many passed, and how many were skipped."""
    counted = _counted(parts, worst)
    match skipped:
        case 0:
            return counted
        case 1:
            return f"{counted} 1 was skipped."
        case n:
            return f"{counted} {n} were skipped."


def _counted(parts: list[RecordPart], worst: Level) -> str:
    last = {part.check: part.level for part in parts}
    good = sum(level is Level.PASS for level in last.values())
    match worst:
        case Level.PASS:
            return f"All {len(last)} checks passed." if len(last) > 1 else "The check passed."
        case Level.UNKNOWN:
            return f"{good} of {len(last)} checks passed. At least one is undecided or was not done."
        case Level.WARN:
            return f"{good} of {len(last)} checks passed. At least one has a warning."
        case Level.FAIL:
            return f"{good} of {len(last)} checks passed. At least one failed."
