"""One run of a check, from its start to its record: kept on disk as it goes, ended cleanly whatever happens."""

import asyncio
import logging
from dataclasses import asdict, replace
from typing import Any

from zcal_tui.checks.base import Check, Context
from zcal_tui.checks.errors import CheckCancelled, CheckFailed, CheckRefused
from zcal_tui.checks.lease.temporary_settings import LEASE, TemporarySettings
from zcal_tui.checks.operator import NeedsPerson
from zcal_tui.model.events import Event, Notice, RunEnded, RunProblem, RunStarted
from zcal_tui.model.questions import Answer
from zcal_tui.model.record import NEEDS_PERSON, Outcome, Problem, Record
from zcal_tui.model.view import begin
from zcal_tui.printer.config_files import ConfigFiles
from zcal_tui.printer.errors.explain import explain
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.zcal_module import ZcalModule
from zcal_tui.printer.zcal_sampler import sampler_for
from zcal_tui.results.context import context_facts
from zcal_tui.results.store import Journal, StillRunning, Store, new_run_id, now_iso
from zcal_tui.session.operator import SessionOperator
from zcal_tui.session.port import RunOptions
from zcal_tui.session.saving.saver import Saver
from zcal_tui.session.saving.text import PENDING_MEANS, pending_notice
from zcal_tui.session.snapshot_store import SnapshotStore
from zcal_tui.transport.failures import GcodeError, NotReady, ReplyLost, TransportError, Unreachable

logger = logging.getLogger(__name__)

DOWN_PATIENCE = 2.0
"""Seconds to wait for klippy's own word on why it went down, which arrives after the failed command."""


class CheckRun:
    """A check under way. Made on the session's thread, for one run."""

    def __init__(
        self,
        check: Check,
        parameters: Any,
        printer: Printer,
        store: Store,
        board: SnapshotStore,
        options: RunOptions,
        files: ConfigFiles,
        lease: float = LEASE,
    ) -> None:
        self._check = check
        self._lease = lease
        self._parameters = parameters
        self._printer = printer
        self._store = store
        self._show = board.event
        self._board = board
        self._last = board.snapshot.last
        self._options = options
        resumed = options.resume  # of an `all`, it is none of this check's
        self._resumed = resumed if resumed is not None and resumed.check == check.info.name else None
        self._files = files
        self._operator = SessionOperator(board, printer, self._emit, present=options.present)
        self._journal: Journal | None = None
        self._cancelled = False

    def cancel(self) -> None:
        """Ask the check to stop at the next place where that is safe."""
        self._cancelled = True
        self._operator.cancel()

    def answer(self, number: int, answer: Answer) -> None:
        """A person's answer to the question of that number."""
        self._operator.answer(number, answer)

    async def go(self, printer_name: str, address: str) -> RunEnded:
        """Run it and return its last event, kept but not shown yet. Never raises: what went wrong is the run's
        outcome."""
        started = self._started(printer_name, address)
        try:
            return await self._run(printer_name, started)
        except Exception as error:  # as below: who waits for the end must hear of one
            logger.exception("run %s could not be kept", started.id)
            return RunEnded(
                replace(
                    self._record(started),
                    finished=now_iso(),
                    outcome=Outcome.ERROR,
                    problem=_our_fault(error),
                )
            )

    def _started(self, printer_name: str, address: str) -> RunStarted:
        state = self._printer.state
        resumed = self._resumed
        continued = {} if resumed is None else {"continues": resumed.id}
        return RunStarted(
            id=new_run_id(self._check.info.name),
            check=self._check.info.name,
            started=now_iso(),
            printer=printer_facts(state, printer_name, address),
            context=context_facts(state, self._board.snapshot.frame) | continued,
            parameters=asdict(self._parameters),
        )

    async def _run(self, printer_name: str, started: RunStarted) -> RunEnded:
        try:
            self._journal = self._store.begin(printer_name, started.id)
        except OSError as error:
            self._show(started)
            self._emit(Notice(f"This run is not kept: {error.filename}: {error.strerror}."))
        else:
            self._emit(started)
        if (pending := pending_notice(self._printer.state)) is not None:
            self._emit(Notice(pending))
        mistaken = _another_printer(self._resumed, printer_name)
        outcome, problem = (Outcome.REFUSED, mistaken) if mistaken is not None else await self._check_it()
        saver = self._saver()
        if outcome is Outcome.FINISHED:
            problem = await self._save_it(saver, started)
        else:
            await self._discard_it(saver, started)
        if problem is not None:
            self._emit(RunProblem(problem))
        record = replace(self._record(started), finished=now_iso(), outcome=outcome)
        ended = RunEnded(record)
        self._keep(ended)
        if self._journal is not None:
            self._journal.close()
        self._close_resumed(record)
        return ended

    def _close_resumed(self, record: Record) -> None:
        """The run that this one went on with is not to be offered again, unless nothing came of this one."""
        resumed = self._resumed
        if resumed is None or record.outcome is Outcome.REFUSED:
            return
        try:
            self._store.close(resumed, f"It was interrupted; run {record.id} went on with it.")
        except (OSError, StillRunning) as error:
            logger.warning("run %s could not be closed: %s", resumed.id, error)

    async def _check_it(self) -> tuple[Outcome, Problem | None]:
        printer = self._printer
        zcal = ZcalModule(printer)
        holder = TemporarySettings(printer, zcal, self._emit, self._lease, lambda: self._cancelled)
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
            resumed=self._resumed,
        )
        try:
            async with holder.lease():
                await self._check.run(context, self._parameters)
        except CheckCancelled:
            return Outcome.CANCELLED, None
        except NeedsPerson as needed:
            return Outcome.REFUSED, Problem(needed.what, needed.cause, needed.remedy, key=NEEDS_PERSON)
        except CheckFailed as failed:
            return Outcome.ERROR, Problem(failed.what, failed.cause, failed.remedy)
        except CheckRefused as refused:
            return Outcome.REFUSED, Problem(refused.what, refused.cause, refused.remedy)
        except (GcodeError, NotReady) as error:
            return await self._failed(error)
        except (ReplyLost, Unreachable) as error:
            return await self._lost(error)
        except TransportError as error:
            return Outcome.ERROR, Problem(str(error))
        except asyncio.CancelledError:
            return Outcome.CANCELLED, Problem("The program was ended while the check ran.")
        except Exception as error:  # the run's boundary: a fault of ours must not take the session with it
            logger.exception("check %s failed", self._check.info.name)
            return Outcome.ERROR, _our_fault(error)
        return Outcome.FINISHED, None

    def _saver(self) -> Saver:
        return Saver(
            self._printer,
            self._operator,
            self._files,
            self._emit,
            lambda: self._cancelled,
            self._options.save,
        )

    async def _discard_it(self, saver: Saver, started: RunStarted) -> None:
        """Have Klipper drop what it has staged by itself in a check that did not end well."""
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

    async def _save_it(self, saver: Saver, started: RunStarted) -> Problem | None:
        """Save what was found, now that everything which the check borrowed is back."""
        try:
            return await saver.save(self._record(started).changes)
        except asyncio.CancelledError:
            saver.interrupt()
            return Problem(
                "The program was ended while values were being saved.",
                "",
                f"What the record calls staged may be pending in Klipper. {PENDING_MEANS}",
            )
        except Exception as error:  # the run's boundary, as above
            logger.exception("what %s found could not be saved", self._check.info.name)
            return _our_fault(error)

    def _earlier(self, check: str) -> Record | None:
        record = self._last.get(check)
        return record if record is not None and record.outcome is Outcome.FINISHED else None

    async def _failed(self, error: GcodeError | NotReady) -> tuple[Outcome, Problem]:
        """The printer refused. Where it went down, its state says more than the command's error."""
        state = await self._printer_state_after_failure()
        raw = error.message
        if state.klippy in ("shutdown", "error") and state.message:
            raw = state.message
        told = explain(raw)
        return Outcome.ERROR, Problem(told.what, told.cause, told.remedy, raw=raw)

    async def _printer_state_after_failure(self) -> PrinterState:
        try:
            async with asyncio.timeout(DOWN_PATIENCE):
                await self._printer.wait_for(lambda state: state.klippy in ("shutdown", "error"))
        except (TimeoutError, TransportError):
            pass
        return self._printer.state

    async def _lost(self, error: ReplyLost | Unreachable) -> tuple[Outcome, Problem]:
        logger.info("the link was lost: %s", error)
        return Outcome.LOST, Problem(
            "The connection to the printer was lost in the middle of the check.",
            self._printer.state.link if not self._printer.state.connected else str(error),
            "The printer finishes what it was told and then stands still. See that klippy and the network are "
            "up, then repeat the check; the samples so far are kept.",
        )

    def _record(self, started: RunStarted) -> Record:
        """The record so far, as the snapshot has folded it from what was shown; an empty one before the start is."""
        view = self._board.snapshot.run
        return (view if view is not None and view.record.id == started.id else begin(started)).record

    def _emit(self, event: Event) -> None:
        """On disk first, then shown: what a person has seen is never lost."""
        self._keep(event)
        self._show(event)

    def _keep(self, event: Event) -> None:
        if self._journal is not None:
            try:
                self._journal.write(event)
            except OSError as error:
                journal, self._journal = self._journal, None
                journal.close()
                self._show(Notice(f"This run is not kept any further: {error.strerror or error}."))


def _our_fault(error: Exception) -> Problem:
    return Problem(
        "This program made a mistake; the samples so far are kept.",
        f"{type(error).__name__}: {error}",
        "Please report it, with the log file.",
    )


def printer_facts(state: PrinterState, name: str, address: str) -> dict[str, Any]:
    """Which printer it was: what stays the same from run to run unless somebody changes it."""
    return {
        "name": name,
        "address": address,
        "app": state.app,
        "software_version": state.software_version,
        "hostname": state.hostname,
    }


def _another_printer(resumed: Record | None, name: str) -> Problem | None:
    """Why a run cannot be gone on with on this printer; None where it is the one it was made on."""
    before = None if resumed is None else resumed.printer.get("name")
    if before in (None, "", name):
        return None
    return Problem(
        f"This is {name}, and the interrupted run was made on {before}.",
        "The session is connected to another printer than the run was.",
        f"Connect to {before} (--printer), or start the check anew here.",
    )
