"""One run of a check, from its start to its record: stored as it runs, ended cleanly whatever happens."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from zcal_tui.checks.base import Check, Context
from zcal_tui.checks.errors import CheckCancelled, CheckFailed, CheckRefused, PrinterTakenOver
from zcal_tui.checks.lease.temporary_settings import LEASE, TemporarySettings
from zcal_tui.checks.operator import NeedsPerson
from zcal_tui.model.events import Event, Notice, RunEnded, RunProblem, RunStarted, VerdictReached
from zcal_tui.model.questions import Answer
from zcal_tui.model.record import DID_NOT_START, NEEDS_PERSON, Level, Outcome, Problem, Record, Verdict
from zcal_tui.model.view import RunView, begin, fold
from zcal_tui.printer.config_files import ConfigFiles
from zcal_tui.printer.errors.explain import explain
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.zcal_module import ZcalModule
from zcal_tui.printer.zcal_sampler import sampler_for
from zcal_tui.required_packages import missing_package
from zcal_tui.results import docks, operators
from zcal_tui.results.context import context_facts
from zcal_tui.results.store import StillRunning, Store, new_run_id, now_iso
from zcal_tui.results.unrestored import Unrestored
from zcal_tui.session.consents import Consents
from zcal_tui.session.event_log import EventLog
from zcal_tui.session.found_values import FoundValues
from zcal_tui.session.operator import SessionOperator
from zcal_tui.session.port import RunOptions
from zcal_tui.session.saving.save_group import save_verdict
from zcal_tui.session.saving.saver import Saver
from zcal_tui.session.saving.text import PENDING_MEANS, not_saved, pending_notice
from zcal_tui.session.snapshot_store import SnapshotStore
from zcal_tui.session.unrestored import left_by_dead_run, note_of, offer
from zcal_tui.stats.operator_scatter import OperatorScatter
from zcal_tui.transport.failures import GcodeError, NotReady, ReplyLost, TransportError, Unreachable

logger = logging.getLogger(__name__)

DOWN_PATIENCE = 2.0
"""Seconds to wait for klippy's reason for a shutdown, which arrives after the failed command."""


class CheckRun:
    """A running check. Created on the session's thread, for one run."""

    def __init__(
        self,
        check: Check,
        parameters: Any,
        printer: Printer,
        store: Store,
        snapshots: SnapshotStore,
        options: RunOptions,
        files: ConfigFiles,
        lease: float = LEASE,
        group: tuple[FoundValues, ...] = (),
        *,
        leased: bool = True,
        consents: Consents | None = None,
    ) -> None:
        """`group` is what the run saves, where that is its purpose: the values of these runs, to choose from. `leased`
        is False for a run in what another client has begun: nothing is held, and nothing of it is ended when this
        program is gone. `consents` is what the person has agreed to in advance."""
        self._check = check
        self._group = group
        self._lease = lease
        self._leased = leased
        self._parameters = parameters
        self._printer = printer
        self._store = store
        self._show = snapshots.event
        self._snapshots = snapshots
        self._last: Mapping[str, Record] = {}
        """The last results, as they were when the run began."""
        self._options = options
        resumed = options.resume  # of an `all`, it is none of this check's
        self._resumed = resumed if resumed is not None and resumed.check == check.info.name else None
        self._files = files
        self._operator = SessionOperator(
            snapshots, printer, self._emit, present=options.present, consents=consents
        )
        self._log = EventLog(snapshots.event)
        self._view: RunView | None = None
        """What the events so far amount to, those that still wait for the disk included."""
        self._printer_name = ""
        self._kept_dock: docks.DockMacros | None = None
        self._cancelled = False
        self._holder: TemporarySettings | None = None
        self._older: Unrestored | None = None
        """What a dead run has changed, as far as it was not put back."""

    def cancel(self) -> None:
        """Ask the check to stop at the next safe point."""
        self._cancelled = True
        self._operator.cancel()

    async def abandon(self, limit: float) -> tuple[str, ...]:
        """Send what makes the printer safe, without waiting for the G-code queue, for `limit` seconds at most; the run
        is cancelled by its task afterwards. Returns what may be left on or changed."""
        self._cancelled = True
        return () if self._holder is None else await self._holder.abandon(limit)

    def answer(self, number: int, answer: Answer) -> None:
        """Pass on a person's answer to the question of that number."""
        self._operator.answer(number, answer)

    async def go(self, printer_name: str, address: str) -> RunEnded:
        """Run it and return its last event, stored but not shown yet. Never raises: a failure is the run's outcome."""
        self._last = self._snapshots.snapshot.last
        await self._take_kept_dock(printer_name)
        started = self._started(printer_name, address)
        try:
            return await self._run(printer_name, started)
        except Exception as error:  # as below: whoever waits for the end must get one
            logger.exception("run %s could not be stored", started.id)
            return RunEnded(
                replace(
                    self._record(started),
                    finished=now_iso(),
                    outcome=Outcome.ERROR,
                    problem=_internal_error(error),
                )
            )

    async def _take_kept_dock(self, printer_name: str) -> None:
        """Name the macros that a person chose for this printer's dock, unless the parameters name others."""
        self._printer_name = printer_name
        self._kept_dock = (await asyncio.to_thread(docks.kept_docks, self._store.folder)).get(printer_name)
        if self._kept_dock is not None and getattr(self._parameters, "attach", "") == "auto":
            attach, detach = self._kept_dock
            kept = {"attach": attach}
            if self._parameters.detach == "auto":
                kept["detach"] = detach or "none"
            self._parameters = replace(self._parameters, **kept)

    def _keep_dock(self, macros: docks.DockMacros | None) -> None:
        try:
            docks.keep_dock(self._store.folder, self._printer_name, macros)
        except OSError as error:
            self._emit(Notice(f"The macros of the dock are not kept: {error.strerror or error}."))

    def _started(self, printer_name: str, address: str) -> RunStarted:
        state = self._printer.state
        resumed = self._resumed
        continued = {} if resumed is None else {"continues": resumed.id}
        return RunStarted(
            id=new_run_id(self._check.info.name),
            check=self._check.info.name,
            started=now_iso(),
            printer=printer_facts(state, printer_name, address),
            context=context_facts(state, self._snapshots.snapshot.frame)
            | continued
            | {operators.NAME: self._options.operator},
            parameters=asdict(self._parameters),
        )

    async def _run(self, printer_name: str, started: RunStarted) -> RunEnded:
        try:
            self._log.open(self._store.begin(printer_name, started.id))
        except OSError as error:
            self._emit(started)
            self._log.not_stored = str(error.strerror or error)
            self._emit(Notice(f"This run is not stored: {error.filename}: {error.strerror}."))
        else:
            self._emit(started)
        if (pending := pending_notice(self._printer.state)) is not None:
            self._emit(Notice(pending))
        mismatch = _another_printer(self._resumed, printer_name)
        outcome, problem = (
            (Outcome.REFUSED, mismatch)
            if mismatch is not None
            else await self._check_it(printer_name, started)
        )
        saver = self._saver()
        if outcome is Outcome.FINISHED:
            problem = await self._save_it(saver, started)
            if self._group:
                self._emit(VerdictReached(save_verdict(self._record(started).changes)))
        else:
            await self._discard_it(saver, started)
            self._name_unsaved(started)
        if problem is not None:
            if problem.key == DID_NOT_START:
                self._emit(VerdictReached(_did_not_start(self._record(started).verdict, problem)))
            self._emit(RunProblem(problem))
        record = replace(self._record(started), finished=now_iso(), outcome=outcome)
        ended = RunEnded(record)
        self._log.keep(ended)
        ended = self._with_missing(ended)
        self._log.close()
        self._close_resumed(record)
        return ended

    def _close_resumed(self, record: Record) -> None:
        """Close the run that this one resumed, unless this one did not start."""
        resumed = self._resumed
        if resumed is None or record.outcome is Outcome.REFUSED:
            return
        try:
            self._store.close(resumed, f"This run was interrupted. Run {record.id} resumed it.")
        except (OSError, StillRunning) as error:
            logger.warning("run %s could not be closed: %s", resumed.id, error)

    async def _check_it(self, name: str, started: RunStarted) -> tuple[Outcome, Problem | None]:
        printer = self._printer
        zcal = ZcalModule(printer)
        holder = TemporarySettings(
            printer,
            zcal,
            self._emit,
            self._lease,
            lambda: self._cancelled,
            unrestored=lambda mesh, offset: self._note_unrestored(name, started, mesh, offset),
        )
        self._holder = holder
        scatter = OperatorScatter(self._options.operator)
        if self._check.info.name in operators.CHECKS:
            scatter = await asyncio.to_thread(operators.learned, self._store, scatter.name)
        context = Context(
            printer=printer,
            sampler=sampler_for(printer, zcal),
            clock=printer.clock,
            emit=self._emit,
            cancelled=lambda: self._cancelled,
            operator=self._operator,
            zcal=zcal,
            holder=holder,
            earlier=self._earlier,
            scatter=scatter,
            resumed=self._resumed,
            keep_dock=self._keep_dock,
            kept_dock=self._kept_dock,
            may_save=self._options.save != "never",
        )
        ended: GcodeError | NotReady | ReplyLost | Unreachable
        try:
            async with holder.lease() if self._leased else contextlib.nullcontext():
                try:
                    if self._leased:
                        await self._offer_to_put_back(name)
                    await self._check.run(context, self._parameters)
                except PrinterTakenOver:
                    raise  # that the lease ran out is its cause, and said there
                except (CheckFailed, GcodeError) as error:
                    if await holder.ran_out():
                        raise _lease_ran_out(error) from error
                    raise
        except CheckCancelled:
            return Outcome.CANCELLED, None
        except NeedsPerson as needed:
            return Outcome.REFUSED, Problem(needed.what, needed.cause, needed.remedy, key=NEEDS_PERSON)
        except CheckFailed as failed:
            return Outcome.ERROR, Problem(failed.what, failed.cause, failed.remedy)
        except CheckRefused as refused:
            return Outcome.REFUSED, Problem(refused.what, refused.cause, refused.remedy)
        except (GcodeError, NotReady, ReplyLost, Unreachable) as error:
            ended = error
        except TransportError as error:
            return Outcome.ERROR, Problem(str(error))
        except asyncio.CancelledError:
            return Outcome.CANCELLED, Problem("The program ended while the check was running.")
        except Exception as error:  # the run's boundary: an internal error must not end the session
            logger.exception("check %s failed", self._check.info.name)
            return Outcome.ERROR, _internal_error(error)
        else:
            return Outcome.FINISHED, None
        try:
            if isinstance(ended, GcodeError | NotReady):
                return await self._failed(ended)
            return await self._lost(ended)
        except asyncio.CancelledError:
            return Outcome.CANCELLED, Problem("The program ended while the check was running.", str(ended))

    async def _offer_to_put_back(self, name: str) -> None:
        """Report what a dead run has changed, and put it back by consent."""
        if not self._printer.state.ready:
            return
        left = await asyncio.to_thread(left_by_dead_run, self._store, name)
        if left is None:
            return
        await offer(self._store, name, self._printer, self._operator, self._emit, left)
        self._older = self._store.unrestored(name)
        self._snapshots.update(unrestored="")

    def _note_unrestored(
        self, name: str, started: RunStarted, mesh: str | None, offset: tuple[float, float, float] | None
    ) -> None:
        note = self._older
        if mesh is not None or offset is not None:
            note = note_of(started.id, started.started, mesh, offset, self._printer.state)
            if (older := self._older) is not None:
                note = replace(note, mesh=mesh or older.mesh, offset=offset or older.offset)
        try:
            self._store.note_unrestored(name, note)
        except OSError as error:
            logger.warning("what the run changes is not noted", exc_info=True)
            self._emit(
                Notice(
                    "If zcal-tui is killed, the next start cannot report what this run had changed: "
                    f"{error.strerror or error}."
                )
            )

    def _saver(self) -> Saver:
        return Saver(
            self._printer,
            self._operator,
            self._files,
            self._emit,
            lambda: self._cancelled,
            self._options.save,
            self._group,
        )

    async def _discard_it(self, saver: Saver, started: RunStarted) -> None:
        """Discard what Klipper itself staged in a check that failed."""
        changes = self._record(started).changes
        task = asyncio.current_task()
        try:
            if task is not None and task.cancelling():
                saver.discard_soon(changes)
            else:
                await saver.discard(changes)
        except asyncio.CancelledError:
            saver.discard_soon(changes)
        except Exception:  # the run's boundary, as above
            logger.exception("what Klipper staged in %s could not be discarded", self._check.info.name)

    def _name_unsaved(self, started: RunStarted) -> None:
        """Say which values a run that broke off after its result had found."""
        left = [c for c in self._record(started).changes if c.saves and c.state == "proposed"]
        if left:
            self._emit(Notice(not_saved("the run broke off after it had found this.", left)))

    async def _save_it(self, saver: Saver, started: RunStarted) -> Problem | None:
        """Save the values found, after the check has restored everything it changed."""
        changes = self._record(started).changes
        if self._options.collect and not any(change.state == "staged" for change in changes):
            return None  # the group's save is still to come
        try:
            return await saver.save(changes)
        except asyncio.CancelledError:
            saver.interrupt()
            return Problem(
                "The program ended while values were being saved.",
                "",
                f"The values marked staged may be pending in Klipper. {PENDING_MEANS}",
            )
        except Exception as error:  # the run's boundary, as above
            logger.exception("what %s found could not be saved", self._check.info.name)
            return _internal_error(error)

    def _earlier(self, check: str) -> Record | None:
        record = self._last.get(check)
        return record if record is not None and record.outcome is Outcome.FINISHED else None

    async def _failed(self, error: GcodeError | NotReady) -> tuple[Outcome, Problem]:
        """A command failed. After a shutdown, klippy's state says more than the command's error."""
        state = await self._printer_state_after_failure()
        raw = error.message
        if state.klippy in ("shutdown", "error") and state.message:
            raw = state.message
        explanation = explain(raw)
        return Outcome.ERROR, Problem(explanation.what, explanation.cause, explanation.remedy, raw=raw)

    async def _printer_state_after_failure(self) -> PrinterState:
        try:
            async with asyncio.timeout(DOWN_PATIENCE):
                await self._printer.wait_for(lambda state: state.klippy in ("shutdown", "error"))
        except (TimeoutError, TransportError):
            pass
        return self._printer.state

    async def _lost(self, error: ReplyLost | Unreachable) -> tuple[Outcome, Problem]:
        logger.info("the connection was lost: %s", error)
        return Outcome.LOST, Problem(
            "The connection to the printer was lost during the check.",
            self._printer.state.link if not self._printer.state.connected else str(error),
            "Check that klippy and the network are up, then repeat the check. The printer completes the commands it "
            "has received, then stops. All samples are stored.",
        )

    def _record(self, started: RunStarted) -> Record:
        """The record so far; an empty one before the start."""
        return (self._view if self._view is not None else begin(started)).record

    def _emit(self, event: Event) -> None:
        """Store an event, then show it: what a person has seen is never lost."""
        if isinstance(event, RunStarted):
            self._view = begin(event)
        elif self._view is not None:
            self._view = fold(self._view, event)
        self._log.emit(event)

    def _with_missing(self, ended: RunEnded) -> RunEnded:
        """The run's end with what is not on disk, if anything."""
        record = ended.record
        reason = self._log.not_stored
        if not reason:
            return ended
        missing = f"the whole run ({reason})"
        if self._log.missing is not None:
            events, samples = self._log.missing
            missing = (
                f"{samples} of {len(record.samples)} samples and {events - samples} other events, the verdict among "
                f"them ({reason})"
            )
        self._show(Notice(f"Not stored: {missing}. Copy the result from here."))
        return RunEnded(replace(record, context={**record.context, "not_stored": missing}))


def _lease_ran_out(error: CheckFailed | GcodeError) -> CheckFailed:
    """The failure of a check whose lease ran out; what failed after that is a consequence."""
    after = error.what if isinstance(error, CheckFailed) else explain(error.message).what
    return CheckFailed(
        "The lease of the printer expired during the check.",
        "zcal-tui could not renew it: this computer slept, or the connection was interrupted. The [zcal] module turned "
        f"off the heaters and undid what the check had changed. What failed after that: {after}",
        "Keep this computer awake and connected, then repeat the check.",
    )


def _internal_error(error: Exception) -> Problem:
    if isinstance(error, ImportError) and (missing := missing_package(error)) is not None:
        return Problem("The run ended early. All samples are stored.", missing.what, missing.remedy)
    return Problem(
        "Internal error. All samples are stored.",
        f"{type(error).__name__}: {error}",
        "Report it with the log file.",
    )


def _did_not_start(verdict: Verdict | None, problem: Problem) -> Verdict:
    """The verdict of a check after whose save Klipper did not start: whatever was measured comes second."""
    measured = () if verdict is None else (verdict.summary, *verdict.reasons)
    return Verdict(Level.FAIL, problem.what, (problem.cause, *measured))


def printer_facts(state: PrinterState, name: str, address: str) -> dict[str, Any]:
    """The identity of the printer: what is the same in every run unless somebody changes it."""
    return {
        "name": name,
        "address": address,
        "app": state.app,
        "software_version": state.software_version,
        "hostname": state.hostname,
    }


def _another_printer(resumed: Record | None, name: str) -> Problem | None:
    """Why a run cannot be resumed on this printer; None if it was made on this one."""
    before = None if resumed is None else resumed.printer.get("name")
    if before in (None, "", name):
        return None
    return Problem(
        f"The interrupted run was made on {before}, but this printer is {name}.",
        "A run can only be resumed on its own printer.",
        f"Connect to {before} (--printer), or start the check again here.",
    )
