"""The session: the printer's I/O and the running check, on the thread of a `SessionLoop`.

A terminal that stops reading blocks a Textual app's event loop. Nothing on this thread waits for a user interface, so
the check continues, the connection stays up and no sample is lost.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import Callable, Coroutine
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from zcal_tui.model.events import Event
from zcal_tui.model.questions import Answer
from zcal_tui.model.record import MANUAL_PROBE, SAVE, UNDO, WHOLE, Problem, Record
from zcal_tui.required_packages import missing_package
from zcal_tui.results.changes import Changed
from zcal_tui.results.store import StillRunning, Store, now_iso
from zcal_tui.session.loop import SessionLoop
from zcal_tui.session.port import RunOptions, SessionBusy
from zcal_tui.session.snapshot import LinkState, Snapshot
from zcal_tui.session.snapshot_store import SnapshotStore
from zcal_tui.session.target import PrinterTarget

if TYPE_CHECKING:
    from zcal_tui.checks.base import Check
    from zcal_tui.printer.printer import Printer
    from zcal_tui.session.connection import PrinterConnection
    from zcal_tui.session.found_values import FoundValues
    from zcal_tui.session.full_calibration import FullCalibrationRun
    from zcal_tui.session.run import CheckRun
    from zcal_tui.session.saving.save_result import SaveResultRun

logger = logging.getLogger(__name__)

CLOSE_PATIENCE = 30.0
"""Seconds that a running check gets to end when the session closes: a few samples, then its clean-up."""
NAME_POLL = 0.5
"""Seconds between checks for the printer's name while klippy is starting."""
CLEAN_UP_PATIENCE = 10.0
"""Seconds to lift and dock the probe after a check was interrupted."""
ABANDON_LIMIT, UNWIND_LIMIT = 1.0, 0.3
"""Seconds to send what makes the printer safe when leaving at once; for the run to store its end after that, and to
close the connection."""
UNKNOWN_LEFT = ("unknown: what the check had changed",)
"""What may be left on where abandoning a run failed."""
UNWINDINGS = 6
"""Steps of a run's clean-up that are cancelled then."""
LINK_CLOSE_PATIENCE = 15.0
"""Seconds to close the connection, a simulated printer included."""


class Session:
    """Implements `SessionPort`. Without a `loop` it has one of its own; one that is given may be shared by many
    sessions, and is stopped by whoever made it."""

    def __init__(self, target: PrinterTarget, store: Store, loop: SessionLoop | None = None) -> None:
        self._target = target
        self._store = store
        self._snapshots = SnapshotStore()
        self._owns_loop = loop is None
        self._host = loop if loop is not None else SessionLoop()
        self._loop = self._host.loop
        self._connection: PrinterConnection | None = None
        self._results_of: str | None = None
        """The printer whose stored results are in the snapshot."""
        self._busy = False
        self._run: CheckRun | FullCalibrationRun | SaveResultRun | None = None
        self._run_task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._started = False
        self._closing = False
        self._left: tuple[str, ...] | None = None
        self._leaving = False

    @property
    def snapshot(self) -> Snapshot:
        return self._snapshots.snapshot

    @property
    def store(self) -> Store:
        return self._store

    def start(self) -> None:
        with self._lock:
            if self._started or self._closing:
                return
            self._started = True
        self._host.start()
        self._loop.call_soon_threadsafe(lambda: self._spawn(self._connect()))

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        return self._snapshots.listen(listener)

    def start_check(self, name: str, parameters: Any, options: RunOptions | None = None) -> None:
        with self._lock:
            if self._busy:
                raise SessionBusy("Another check is running. Wait for it or cancel it.")
            printer = self._connection.printer if self._connection else None
            if printer is None or self._closing:
                raise SessionBusy("No printer is connected.")
            self._busy = True
        self._loop.call_soon_threadsafe(self._begin_run, name, parameters, options or RunOptions())

    def answer(self, number: int, answer: Answer) -> None:
        self._loop.call_soon_threadsafe(self._take_answer, number, answer)

    def cancel(self) -> None:
        self._loop.call_soon_threadsafe(self._cancel_run)

    def emergency_stop(self) -> None:
        if self._closed.is_set():
            return
        self._spawn_threadsafe(self._call("emergency_stop", "EMERGENCY STOP"))

    def send_gcode(self, script: str) -> None:
        self._spawn_threadsafe(self._call("gcode/script", script, script=script))

    def announce(self, line: str) -> None:
        self._spawn_threadsafe(self._announce(line))

    def firmware_restart(self) -> None:
        self._spawn_threadsafe(self._call("gcode/firmware_restart", "FIRMWARE_RESTART"))

    def close_interrupted(self, record: Record) -> None:
        self._loop.call_soon_threadsafe(self._close_interrupted, record)

    def discard_result(self, record: Record) -> None:
        self._spawn_threadsafe(self._discard_result(record))

    def note_changed(self, what: str) -> None:
        self._loop.call_soon_threadsafe(self._note_changed, what)

    @property
    def closed(self) -> bool:
        return self._closed.is_set()

    def begin_close(self, patience: float = CLOSE_PATIENCE) -> None:
        with self._lock:
            first, self._closing = not self._closing, True
        if not first:
            return
        if self._started:
            self._loop.call_soon_threadsafe(lambda: self._spawn(self._shut_down(patience)))
        else:
            self._end()

    @property
    def left(self) -> tuple[str, ...] | None:
        return self._left

    def begin_leave(self) -> None:
        with self._lock:
            first, self._leaving, self._closing = not self._leaving, True, True
        if not first:
            return
        if self._started and not self._closed.is_set():
            self._loop.call_soon_threadsafe(lambda: self._spawn(self._leave()))
        else:
            self._left = ()
            self._end()

    def close(self, patience: float = CLOSE_PATIENCE) -> None:
        self.begin_close(patience)
        if self._host.is_own_thread or self._leaving:
            return
        limit = patience + CLEAN_UP_PATIENCE + 10.0
        if self._closed.wait(limit) and self._owns_loop:
            self._host.wait_stopped(limit)

    def _end(self) -> None:
        """Nothing of this session runs any more."""
        self._closed.set()
        if self._owns_loop:
            self._host.stop()

    # Everything below runs on the session's thread.

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._finish)
        return task

    def _spawn_threadsafe(self, work: Coroutine[Any, Any, None]) -> None:
        self._loop.call_soon_threadsafe(self._spawn, work)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("a task of the session failed", exc_info=error)
            self._snapshots.console(f"!! internal error: {error!r}")

    async def _connect(self) -> None:
        # Imported on this thread, while the user interface shows its first frame
        from zcal_tui.session.connection import PrinterConnection

        self._connection = PrinterConnection(self._target, self._snapshots)
        try:
            await self._connection.open()
            await self._load_last()
            if (printer := self._connection.printer) is not None:
                self._spawn(self._follow_others(printer))
        except Exception as error:  # the task's boundary: whoever waits for the connection must get the error
            logger.exception("connecting failed")
            missing = missing_package(error) if isinstance(error, ImportError) else None
            problem = Problem(
                "Connecting to the printer failed.",
                missing.what if missing is not None else f"{type(error).__name__}: {error}",
                missing.remedy if missing is not None else "See the log.",
            )
            self._snapshots.link(state=LinkState.FAILED, problem=problem)

    async def _load_last(self) -> None:
        """Read the stored results; again once klippy has reported the printer's name, under which they are stored."""
        while self._results_of != self._snapshots.snapshot.filed_under:
            await self._read_results(self._snapshots.snapshot.filed_under)
            while not self._snapshots.snapshot.printer.hostname:  # noqa: ASYNC110  it has no event of its own
                await asyncio.sleep(NAME_POLL)

    async def _follow_others(self, printer: "Printer") -> None:
        """Read the stored results again whenever another program has let go of the printer: on this computer, it stores
        them where we do."""
        from zcal_tui.session.other_program import another_has_let_go  # as above

        while True:
            await another_has_let_go(printer)
            try:
                await self._read_results(self._snapshots.snapshot.filed_under)
            except OSError:
                logger.warning("the results of another program cannot be read", exc_info=True)

    async def _read_results(self, printer: str) -> None:
        """Put what is stored of a printer into the snapshot; what this session has measured since stays."""
        from zcal_tui.checks.catalogue import CHECKS  # as above
        from zcal_tui.session.unrestored import left_by_dead_run

        last = await asyncio.to_thread(self._store.last, printer, tuple(CHECKS))
        interrupted = await asyncio.to_thread(self._store.interrupted, printer)
        changed = await asyncio.to_thread(self._store.changes, printer)
        left = await asyncio.to_thread(left_by_dead_run, self._store, printer)
        for check, known in self._snapshots.snapshot.last.items():
            if check not in last or known.started >= last[check].started:
                last[check] = known
        self._snapshots.update(
            last=last,
            interrupted=interrupted,
            changed=changed,
            unrestored="" if left is None else left.text,
        )
        self._results_of = printer

    def _begin_run(self, name: str, parameters: Any, options: RunOptions) -> None:
        from zcal_tui.checks.catalogue import CHECKS  # as above
        from zcal_tui.session.consents import Consents
        from zcal_tui.session.run import CheckRun

        consents = Consents() if name == WHOLE and options.present else None
        assert self._connection is not None
        printer = self._connection.printer
        assert printer is not None
        self._snapshots.update(cancelling=False)
        files = self._connection.config_files()

        def make(
            check: "Check",
            chosen: Any,
            *,
            collect: bool = False,
            group: "tuple[FoundValues, ...]" = (),
            leased: bool = True,
        ) -> CheckRun:
            return CheckRun(
                check,
                chosen,
                printer,
                self._store,
                self._snapshots,
                replace(options, collect=collect),
                files,
                self._target.lease,
                group,
                leased=leased,
                consents=consents,
            )

        if name == WHOLE:
            from zcal_tui.session.full_calibration import FullCalibrationRun  # as above
            from zcal_tui.session.saving.save_group import SaveGroup, SaveGroupParameters

            self._run = FullCalibrationRun(
                parameters,
                printer,
                self._store,
                self._snapshots,
                partial(make, collect=True),
                lambda group: make(SaveGroup(group), SaveGroupParameters(), group=group),
                present=options.present,
                save=options.save,
                resumed=options.resume,
                consents=consents,
            )
        elif name == UNDO:
            from zcal_tui.session.undo import Undo  # as above

            undo = Undo(self._store, self._snapshots.snapshot.filed_under, files, options.save)
            self._run = make(undo, parameters)
        elif name == SAVE:
            from zcal_tui.session.saving.save_result import (  # as above
                SaveResult,
                SaveResultRun,
                found_by,
                result_to_save,
            )

            record = result_to_save(self._snapshots.snapshot, parameters.run)

            def why_stale() -> str | None:
                return None if record is None else self._snapshots.snapshot.stale.get(record.check)

            saving = make(SaveResult(record, why_stale), parameters, group=found_by(record))
            self._run = SaveResultRun(record, saving, printer, self._store, self._snapshots)
        elif name == MANUAL_PROBE:
            from zcal_tui.checks.manual_probe.run import ManualProbeTakeover  # as above

            self._run = make(ManualProbeTakeover(), parameters, leased=False)
        else:
            self._run = make(CHECKS[name], parameters, collect=options.collect)
        self._run_task = self._spawn(self._go(self._run))

    async def _go(self, run: "CheckRun | FullCalibrationRun | SaveResultRun") -> None:
        ended = None
        try:
            if self._results_of != (printer := self._snapshots.snapshot.filed_under):
                # A check may ask for earlier results from its first step on
                try:
                    await self._read_results(printer)
                except OSError as error:  # whoever waits for the end of this run must get one
                    logger.warning("earlier results cannot be read", exc_info=True)
                    self._snapshots.console(f"!! Earlier results cannot be read: {error}")
            snapshot = self._snapshots.snapshot
            ended = await run.go(snapshot.filed_under, snapshot.link.address)
        finally:
            self._run = None
            self._snapshots.update(cancelling=False)
            with self._lock:
                self._busy = False
            # Sent last: a listener may start the next check at once
            if ended is not None:
                self._snapshots.event(ended)

    def _take_answer(self, number: int, answer: Answer) -> None:
        if self._run is not None:
            self._run.answer(number, answer)

    def _cancel_run(self) -> None:
        if self._run is not None:
            self._run.cancel()
            self._snapshots.update(cancelling=True)

    def _close_interrupted(self, record: Record) -> None:
        try:
            self._store.close(record)
        except (OSError, StillRunning) as error:
            logger.warning("run %s could not be closed: %s", record.id, error)
            return
        self._snapshots.closed(record.id)
        if record.check == WHOLE:  # its parts were closed with it
            self._snapshots.update(interrupted=self._store.interrupted(self._snapshots.snapshot.filed_under))

    async def _discard_result(self, record: Record) -> None:
        from zcal_tui.session.discarded_result import discard_result

        printer = self._snapshots.snapshot.filed_under
        await discard_result(self._store, self._snapshots, printer, record, self._snapshots.console)

    def _note_changed(self, what: str) -> None:
        change = Changed(what, now_iso())
        try:
            self._store.changed(self._snapshots.snapshot.filed_under, change)
        except OSError as error:
            logger.warning("the change of the %s is not stored: %s", what, error)
        self._snapshots.update(changed=(*self._snapshots.snapshot.changed, change))

    async def _announce(self, line: str) -> None:
        from zcal_tui.printer.zcal_interface import SAY, speaks

        printer = self._connection.printer if self._connection else None
        if printer is not None and speaks(printer.state.zcal.get("version"), SAY):
            await self._call("zcal/say", line, text=line)
        else:
            await self._call("gcode/script", f"M118 {line}", script=f"M118 {line}")

    async def _call(self, method: str, shown: str, **params: Any) -> None:
        """A request from a person; its result is shown on the console."""
        from zcal_tui.transport.failures import GcodeError, TransportError  # as above

        self._snapshots.console(shown, sent=True)
        printer = self._connection.printer if self._connection else None
        if printer is None:
            self._snapshots.console("!! not connected to a printer")
            return
        try:
            await printer.call(method, params)
        except GcodeError:
            pass  # klippy prints its error on the console itself
        except TransportError as error:
            self._snapshots.console(f"!! {error}")

    async def _leave(self) -> None:
        """Send what makes the printer safe and abandon everything else."""
        left: tuple[str, ...] = () if self._run is None else UNKNOWN_LEFT
        try:
            if self._run is not None:
                left = await self._run.abandon(ABANDON_LIMIT)
                if self._run_task is not None:
                    # Its clean-up waits for the printer, too, one step after the other
                    for _ in range(UNWINDINGS):
                        self._run_task.cancel()
                        await asyncio.wait({self._run_task}, timeout=UNWIND_LIMIT / UNWINDINGS)
        finally:
            self._left = left
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(UNWIND_LIMIT):
                    await self._end_rest()
            self._loop.call_soon(self._end)

    async def _end_rest(self) -> None:
        """Cancel whatever else runs, and close the connection."""
        me = asyncio.current_task()
        others = [task for task in self._tasks if task is not me]
        for task in others:
            task.cancel()
        if others:
            await asyncio.wait(others, timeout=5.0)
        if self._connection is not None:
            try:
                async with asyncio.timeout(LINK_CLOSE_PATIENCE):
                    await self._connection.close()
            except TimeoutError:
                logger.warning("the connection did not close within %s s", LINK_CLOSE_PATIENCE)

    async def _shut_down(self, patience: float) -> None:
        if self._run is not None and self._run_task is not None:
            self._run.cancel()
            _, pending = await asyncio.wait({self._run_task}, timeout=patience)
            for task in pending:
                task.cancel()
            if pending:
                await asyncio.wait(pending, timeout=CLEAN_UP_PATIENCE)
        if self._leaving:
            return  # a second signal came: what it sends must not be cancelled here, and it ends the rest
        await self._end_rest()
        self._loop.call_soon(self._end)
