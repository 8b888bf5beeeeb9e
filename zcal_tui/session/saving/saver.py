"""Saves a check's values after the check has ended: only by consent, and without leaving anything pending unnoticed.

Klipper cannot unstage a value (only a RESTART discards it). So a value is staged after consent, right before the
SAVE_CONFIG that writes it. Values that one of Klipper's own commands staged during the check are written as well, or
discarded. The run's record shows each step before it is made.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from zcal_tui.checks.errors import CheckCancelled, CheckRefused
from zcal_tui.checks.operator import Operator
from zcal_tui.checks.preconditions import require_ready
from zcal_tui.model.events import ChangesUpdated, Event, Notice, Progress, Stage
from zcal_tui.model.policy import SavePolicy
from zcal_tui.model.questions import Confirm
from zcal_tui.model.record import DID_NOT_START, Change, Problem, one_line
from zcal_tui.printer.config_files import ConfigFiles, ConfigUnreadable
from zcal_tui.printer.errors.explain import explain
from zcal_tui.printer.pending_values import pending_lines
from zcal_tui.printer.printer import RESTART_LIMIT, NotRestarted, Printer, what_happened
from zcal_tui.printer.values import mapping
from zcal_tui.printer.zcal_module import ZcalModule
from zcal_tui.session.found_values import FoundValues
from zcal_tui.session.saving import text as save_text
from zcal_tui.session.saving.backup import Backup, NotRestorable, commands, find_backup, restore
from zcal_tui.session.saving.companions import companions
from zcal_tui.session.saving.config_diff import Unsavable
from zcal_tui.session.saving.consent import SaveConsent
from zcal_tui.session.saving.discard import (
    LINK_PATIENCE,
    discard,
    discard_soon,
    must_not_restart,
    pending_of_others,
    wait_for_state,
)
from zcal_tui.session.saving.live_offset import LiveOffset
from zcal_tui.session.saving.plan import SavePlan
from zcal_tui.session.saving.staging import (
    Stager,
    StagingFailed,
    ValueToStage,
    setting,
    staged,
    with_section_name,
)
from zcal_tui.transport.failures import NotReady, ReplyLost, TransportError

logger = logging.getLogger(__name__)

LOST_AFTER = 15.0
"""Seconds of wall time after which a klippy that is ready and has not restarted did not receive SAVE_CONFIG."""
TICK = 1.0
"""Seconds of wall time between two progress reports of a restart."""


class Saver:
    """Saves the changes of one run."""

    def __init__(
        self,
        printer: Printer,
        operator: Operator,
        files: ConfigFiles,
        emit: Callable[[Event], None],
        cancelled: Callable[[], bool],
        policy: SavePolicy,
        group: Sequence[FoundValues] = (),
    ) -> None:
        """`group` is what the values come from; from more than one run, the person can choose."""
        self._printer = printer
        self._operator = operator
        self._files = files
        self._emit = emit
        self._cancelled = cancelled
        self._policy = policy
        self._stager = Stager(printer, ZcalModule(printer))
        self._consent = SaveConsent(
            printer,
            operator,
            files,
            self._stager,
            emit,
            cancelled,
            policy,
            group,
            self._require_allowed,
            self._decline,
        )
        self._live_offset = LiveOffset(printer, operator, emit, cancelled)
        self._changes: tuple[Change, ...] = ()
        self._klipper_staged: frozenset[tuple[str, str]] = frozenset()

    async def save(self, changes: Sequence[Change]) -> Problem | None:
        """Save those of a run's changes that are proposed, or staged by Klipper itself, and that SAVE_CONFIG can write.

        What cannot be saved, or is declined, stays proposed, and a notice shows the lines to edit; what Klipper itself
        staged is then discarded. Returns the problem, if there was one.
        """
        self._set_changes(changes)
        self._add_companions()
        found = [
            change for change in self._changes if change.saves and change.state in ("proposed", "staged")
        ]
        # The last change of a value counts
        wanted = tuple({(change.section, change.option): change for change in found}.values())
        problem = await self._save(wanted) if wanted else None
        if problem is None:
            await self._discard()
        return problem

    def _add_companions(self) -> None:
        """Propose the second values that Klipper needs to start with the first."""
        state = self._printer.state
        found = tuple(with_section_name(change, state) for change in companions(self._changes, state))
        if found:
            self._changes = (*self._changes, *found)
            self._emit(ChangesUpdated(self._changes))

    async def discard(self, changes: Sequence[Change]) -> None:
        """Discard what one of Klipper's own commands staged in a run that failed; a notice shows the result."""
        self._set_changes(changes)
        await self._discard()

    def discard_soon(self, changes: Sequence[Change]) -> None:
        """The same without waiting, for a program that is ending."""
        staged_ones = [change for change in changes if change.state == "staged"]
        discard_soon(self._printer, self._emit, staged_ones)

    def interrupt(self) -> None:
        """The same for a save that is interrupted."""
        staged_ones = [change for change in self._changes if change.state == "staged"]
        by_klipper = [change for change in staged_ones if self._staged_by_klipper(change)]
        discard_soon(self._printer, self._emit, by_klipper, staged_ones)

    def _set_changes(self, changes: Sequence[Change]) -> None:
        self._changes = tuple(with_section_name(change, self._printer.state) for change in changes)
        self._klipper_staged = frozenset(
            (change.section, change.option) for change in self._changes if change.state == "staged"
        )

    async def _discard(self) -> None:
        unsaved = [c for c in self._changes if c.state == "staged" and self._staged_by_klipper(c)]
        if unsaved and await discard(self._printer, self._emit, unsaved, self._may_lose):
            self._set_state(unsaved, "declined")

    async def _may_lose(self, others: str) -> bool:
        """Ask whether a RESTART may also discard what another client has staged meanwhile."""
        if not self._operator.present or self._cancelled():
            return False
        question = Confirm(
            key="discard-others",
            text="Restart Klipper to discard what was staged, and another client's values with it?",
            detail=f"Pending of another client: {others}.\n{save_text.PENDING_MEANS}",
            yes="Restart and discard",
            no="Leave them pending",
            consent=True,
        )
        with contextlib.suppress(CheckCancelled):
            return await self._operator.confirm(question)
        return False

    def _staged_by_klipper(self, value: Change | ValueToStage) -> bool:
        """Whether one of Klipper's own commands staged it."""
        return (value.section, value.option) in self._klipper_staged

    async def _save(self, wanted: tuple[Change, ...]) -> Problem | None:
        try:
            await self._require_allowed()
            plan = await self._consent.plan_for(wanted, staged_by_klipper=bool(self._klipper_staged))
            backups = await self._backups() if plan is not None else None
            if plan is not None:
                await self._require_allowed()  # reading the files may have taken long
        except CheckCancelled:
            self._report_not_saved("you cancelled.", wanted)
        except CheckRefused as refused:
            self._report_not_saved(_sentences(refused.what, refused.cause), wanted)
        except Unsavable as unsavable:
            self._report_not_saved(_sentences(unsavable.what, unsavable.cause, unsavable.remedy), wanted)
        except TransportError as error:
            self._report_not_saved(_sentences("The printer cannot be reached.", str(error)), wanted)
        else:
            return await self._write(plan, backups) if plan is not None else None
        return None

    def _decline(self, values: Iterable[ValueToStage | Change]) -> None:
        """Record that values are not wanted. What Klipper itself staged is discarded later, and declined then."""
        self._set_state([value for value in values if not self._staged_by_klipper(value)], "declined")

    async def _require_allowed(self) -> None:
        """Refuse where nothing may be saved now. Raises CheckRefused, TransportError."""
        if self._policy == "never":
            raise CheckRefused("Saving is off (--save never).")
        if self._policy == "ask" and not self._operator.present:
            raise CheckRefused("Nobody can confirm it. `--save always` saves without asking.")
        if self._printer.state.ready:
            await self._printer.refresh()
        require_ready(self._printer.state)

    async def _write(self, plan: SavePlan, backups: frozenset[str] | None) -> Problem | None:
        """Stage, SAVE_CONFIG, read back."""
        # Written first: if the program is killed in between, the record shows that values may be pending
        self._set_state(plan.values, "staged")
        self._emit(Stage("save", "Staging the values in Klipper"))
        try:
            await self._stager.stage(plan.values)
        except (StagingFailed, TransportError) as error:
            return await self._not_written(plan, error)
        self._emit(Stage("save", "Klipper is writing printer.cfg and restarting"))
        try:
            if (reason := must_not_restart(await self._printer.refresh())) is not None:
                return await self._not_written(
                    plan, StagingFailed(f"SAVE_CONFIG was not sent because {reason}.")
                )
            await self._restart(plan.values)
        except NotReady as error:
            return await self._halted(plan, backups, error)
        except TransportError as error:
            return await self._not_written(plan, error)
        return await self._read_back(plan, backups)

    async def _restart(self, values: tuple[ValueToStage, ...]) -> None:
        """Send SAVE_CONFIG and wait until klippy is ready again without our values pending.

        Raises CommandFailed, NotReady, ReplyLost.
        """
        begun = time.monotonic()
        progress = asyncio.create_task(self._report_progress(begun), name="zcal restart progress")
        try:
            await self._printer.restart_and_wait("SAVE_CONFIG")
            # The connection may be lost and back before klippy begins to restart, or SAVE_CONFIG is lost with it
            reconnected = time.monotonic()
            while staged(self._printer.state, values) or not self._printer.state.ready:
                if self._printer.state.klippy in ("error", "shutdown"):
                    raise NotReady(self._printer.state.message)
                if not self._printer.state.ready:
                    reconnected = time.monotonic()
                waited = time.monotonic() - reconnected
                if waited > LOST_AFTER or time.monotonic() - begun > RESTART_LIMIT:
                    raise ReplyLost("Klipper did not restart: SAVE_CONFIG was lost with the connection.")
                await asyncio.sleep(TICK / 4)
        finally:
            progress.cancel()
            await asyncio.gather(progress, return_exceptions=True)

    async def _report_progress(self, begun: float) -> None:
        while True:
            await asyncio.sleep(TICK)
            seconds = round(time.monotonic() - begun)
            self._emit(Progress(seconds, round(RESTART_LIMIT), None))
            state = self._printer.state
            if not state.connected:
                self._emit(Stage("save", f"Waiting for Klipper to restart ({seconds} s)"))
            elif not state.ready:
                self._emit(Stage("save", f"Klipper is starting ({seconds} s)"))
            else:
                self._emit(Stage("save", f"Klipper has not restarted yet ({seconds} s)"))

    async def _read_back(self, plan: SavePlan, before: frozenset[str] | None) -> Problem | None:
        """Verify that klippy runs with the values now."""
        read = {value: setting(self._printer.state, value) for value in plan.values}
        self._set_state([value for value, found in read.items() if value.reads(found)], "saved")
        backup = await self._backup_since(before)
        wrong = [
            f"{value} (Klipper reads {_brief(found)})"
            for value, found in read.items()
            if not value.reads(found)
        ]
        if wrong:
            return Problem(
                "Klipper reads other values than those that were saved.",
                f"{'; '.join(wrong)}. Another file overrides them, or another program has changed them.",
                f"Check printer.cfg. {backup}",
            )
        values = ", ".join(str(value) for value in plan.values)
        self._emit(Notice(f"Saved and read back from Klipper: {values}. {backup}"))
        return await self._live_offset.problem_after(plan, backup)

    async def _halted(self, plan: SavePlan, before: frozenset[str] | None, error: NotReady) -> Problem:
        """klippy is in error or does not answer: what a person can do, and the offer to put the backup back."""
        explanation = explain(error.message or "Klipper did not start again.")
        path = await self._backup_path(before)
        named = save_text.backup_sentence(path)
        problem = Problem(
            "Klipper did not start again after saving.",
            f"{explanation.what} {explanation.cause}".strip(),
            f"{explanation.remedy} {named} `zcal-tui undo` puts the previous values back. "
            f"{await commands(self._printer, path)}".strip(),
            raw=error.message,
            key=DID_NOT_START,
        )
        if path is None or not self._operator.present or self._cancelled():
            return problem
        try:
            backup = await find_backup(self._printer, path, _written(plan))
            return await self._offer_to_restore(plan, backup, problem)
        except NotRestorable as why:
            return replace(problem, remedy=f"{problem.remedy} It was not put back: {why}")
        except CheckCancelled:
            return problem

    async def _offer_to_restore(self, plan: SavePlan, backup: Backup, problem: Problem) -> Problem:
        """Ask whether to put the backup back. Raises NotRestorable, CheckCancelled."""
        question = Confirm(
            key="restore-backup",
            text="Klipper does not start with the new printer.cfg. Put the backup back and restart?",
            detail=save_text.restore_detail(backup, problem),
            yes="Put it back",
            no="Leave it",
            consent=True,
            when_halted=True,
        )
        if not await self._operator.confirm(question):
            return problem
        state: object = None
        with contextlib.suppress(TransportError):  # where nothing answers, nothing runs
            state = mapping(await self._printer.call("info")).get("state")
        if state == "ready":  # after a power cycle while the question was open
            raise NotRestorable("Klipper runs with the new file now.")
        failed = await restore(backup)
        self._set_state(plan.values, "proposed")
        back = f"{backup.path} was put back as {backup.main.name}. The failed file is {failed}."
        self._emit(Stage("save", "Restarting Klipper with the previous printer.cfg"))
        try:
            await self._printer.restart_and_wait("RESTART")
        except TransportError as error:
            return replace(problem, remedy=f"{back} Klipper has not started since: {what_happened(error)}")
        return replace(
            problem,
            remedy=f"{back} Klipper runs with the previous values. To set the new ones by hand, edit: "
            f"{_listed(plan.values)}.",
        )

    async def _not_written(self, plan: SavePlan, error: StagingFailed | TransportError) -> Problem:
        """A failure between staging and restart: report what is pending, and offer to discard it."""
        explanation = explain(str(error))
        cause = _sentences(explanation.what, explanation.cause)
        remedy = explanation.remedy
        try:
            async with asyncio.timeout(LINK_PATIENCE):
                state = await wait_for_state(self._printer)
        except (TimeoutError, TransportError):
            return Problem(
                "The connection was lost while values were being saved.",
                cause,
                f"{_listed(plan.values)} may be pending in Klipper. {save_text.PENDING_MEANS} The next run shows "
                "what is pending.",
                raw=str(error),
            )
        if isinstance(error, NotRestarted):
            cause = _sentences(cause, save_text.why_no_restart(state))
        if not state.ready:
            self._set_state(plan.values, "proposed")
            return Problem(
                "Klipper halted while values were being saved.",
                cause,
                f"{remedy} Staged values are discarded when it restarts. To set them by hand, edit: "
                f"{_listed(plan.values)}.".strip(),
                raw=state.message,
            )
        ours = staged(state, plan.values)
        if not state.save_config.pending:
            if not all(value.reads(setting(state, value)) for value in plan.values):
                self._set_state(plan.values, "proposed")
                return Problem(
                    "The values were not saved. Nothing is pending.",
                    cause,
                    f"{remedy} To set them by hand, edit: {_listed(plan.values)}.".strip(),
                    raw=str(error),
                )
            self._set_state(plan.values, "saved")
            return Problem(
                "SAVE_CONFIG reported an error, but the values are saved.", cause, remedy, str(error)
            )
        self._set_state([value for value in plan.values if value not in ours], "proposed")
        pending = "; ".join(pending_lines(state.save_config.items))
        problem = Problem(
            "The values were not saved.",
            cause,
            f"{remedy} Pending in Klipper now: {pending}. {save_text.PENDING_MEANS}".strip(),
            raw=str(error),
        )
        return await self._offer_to_discard(plan, pending, problem)

    async def _offer_to_discard(self, plan: SavePlan, pending: str, problem: Problem) -> Problem:
        """Ask whether to RESTART, the only way to discard what is pending."""
        if must_not_restart(self._printer.state) is not None:
            return problem
        # Consent to Klipper's own staging command included its discarding
        others = pending_of_others(self._printer.state, plan.values)
        asked = bool(others) or not any(self._staged_by_klipper(value) for value in plan.values)
        if asked and (not self._operator.present or self._cancelled()):
            return problem
        question = Confirm(
            key="discard-pending",
            text="Nothing was written, but values are pending in Klipper. Restart Klipper to discard them?",
            detail=f"{problem.cause}\nPending: {pending}.\n{save_text.PENDING_MEANS}\n"
            + "\n".join(save_text.consequences(SavePlan(), self._printer.state)),
            yes="Restart and discard",
            no="Leave them pending",
            consent=True,
        )
        try:
            if asked and not await self._operator.confirm(question):
                return problem
            if (reason := must_not_restart(await self._printer.refresh())) is not None:
                return replace(
                    problem, cause=f"{problem.cause} It is not discarded because {reason}.".strip()
                )
            self._emit(Stage("save", "Restarting Klipper to discard the pending values"))
            state = await self._printer.restart_and_wait("RESTART")
        except (CheckCancelled, TransportError):
            logger.info("the pending values were not discarded", exc_info=True)
            return problem
        if state.save_config.pending:
            return problem
        self._set_state(plan.values, "proposed")
        return replace(
            problem,
            remedy=f"The pending values were discarded. To set them by hand, edit: {_listed(plan.values)}.",
        )

    async def _backups(self) -> frozenset[str] | None:
        try:
            return await self._files.backups()
        except ConfigUnreadable:
            return None

    async def _backup_path(self, before: frozenset[str] | None) -> str | None:
        """The backup that SAVE_CONFIG has just left; None if it cannot be found."""
        now = await self._backups()
        return max(now - before, default=None) if before is not None and now is not None else None

    async def _backup_since(self, before: frozenset[str] | None) -> str:
        """A sentence that names the backup of the file."""
        return save_text.backup_sentence(await self._backup_path(before))

    def _report_not_saved(self, why: str, changes: Sequence[Change]) -> None:
        self._emit(Notice(save_text.not_saved(why, changes)))

    def _set_state(self, values: Iterable[ValueToStage | Change], state: str) -> None:
        """Record the new state of these changes."""
        ours = {(value.section, value.option) for value in values}
        changed = tuple(
            replace(change, state=state)
            if (change.saves or change.state == "staged")
            and (change.section, change.option) in ours
            and change.state != state
            else change
            for change in self._changes
        )
        if changed != self._changes:
            self._changes = changed
            self._emit(ChangesUpdated(changed))


def _written(plan: SavePlan) -> str | None:
    """What SAVE_CONFIG was expected to write. With changes of included files as well, the main file's backup alone does
    not undo it. Raises NotRestorable."""
    if plan.prediction is None:
        return None
    if len(plan.prediction.changes) > 1:
        raise NotRestorable("SAVE_CONFIG has also changed included files.")
    return plan.prediction.changes[0].after


def _brief(found: object) -> object:
    return one_line(found) if isinstance(found, str) else found


def _listed(values: Iterable[ValueToStage]) -> str:
    return "; ".join(str(value) for value in values)


def _sentences(*parts: str) -> str:
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts if part)
