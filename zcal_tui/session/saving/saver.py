"""Saves what a check has found, once it has ended: never without a yes, and nothing pending behind anybody's back.

Klipper cannot take a staged value back (only a RESTART does), so a value is staged right before the SAVE_CONFIG that
writes it, and after the yes. What a command of Klipper's own has staged in the check is written like the rest, or
discarded. What becomes of each step is in the run's record before the step is made.
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
from zcal_tui.model.record import Change, Problem, one_line
from zcal_tui.printer.config_files import ConfigFiles, ConfigUnreadable
from zcal_tui.printer.errors.explain import explain
from zcal_tui.printer.printer import RESTART_LIMIT, Printer
from zcal_tui.printer.zcal_module import ZcalModule
from zcal_tui.session.saving import text as save_words
from zcal_tui.session.saving.config_diff import Unsavable
from zcal_tui.session.saving.discard import (
    LINK_PATIENCE,
    discard,
    discard_soon,
    must_not_restart,
    state_again,
)
from zcal_tui.session.saving.plan import SavePlan, make_plan
from zcal_tui.session.saving.staging import Stager, StagingFailed, ValueToStage, setting, spelled, staged
from zcal_tui.transport.failures import NotReady, ReplyLost, TransportError

logger = logging.getLogger(__name__)

LOST_AFTER = 20.0
"""Seconds of wall time after which a klippy that is there and has not restarted did not get SAVE_CONFIG."""
TICK = 1.0
"""Seconds of wall time between two words on a restart under way."""


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
    ) -> None:
        self._printer = printer
        self._operator = operator
        self._files = files
        self._emit = emit
        self._cancelled = cancelled
        self._policy = policy
        self._staging = Stager(printer, ZcalModule(printer))
        self._changes: tuple[Change, ...] = ()
        self._by_klipper: frozenset[tuple[str, str]] = frozenset()

    async def save(self, changes: Sequence[Change]) -> Problem | None:
        """Save those of a run's changes that are proposed, or staged by Klipper itself, and that SAVE_CONFIG can write.
        Returns what went wrong.

        What cannot be saved, or is not wanted, stays proposed, and a notice says the lines to edit; what Klipper has
        staged is discarded then.
        """
        self._take(changes)
        found = [
            change for change in self._changes if change.saves and change.state in ("proposed", "staged")
        ]
        # The last word on a value counts
        wanted = tuple({(change.section, change.option): change for change in found}.values())
        problem = await self._save(wanted) if wanted else None
        if problem is None:
            await self._discard()
        return problem

    async def discard(self, changes: Sequence[Change]) -> None:
        """Have Klipper drop what a command of its own has staged in a run that did not end well; a notice says what
        came of it."""
        self._take(changes)
        await self._discard()

    def discard_soon(self, changes: Sequence[Change]) -> None:
        """The same without waiting for it, for a program that is being ended."""
        staged_ones = [change for change in changes if change.state == "staged"]
        discard_soon(self._printer, self._emit, staged_ones)

    def break_off(self) -> None:
        """The same for a saving that is broken off."""
        self.discard_soon([change for change in self._changes if self._is_klippers(change)])

    def _take(self, changes: Sequence[Change]) -> None:
        self._changes = tuple(spelled(change, self._printer.state) for change in changes)
        self._by_klipper = frozenset(
            (change.section, change.option) for change in self._changes if change.state == "staged"
        )

    async def _discard(self) -> None:
        left = [change for change in self._changes if change.state == "staged" and self._is_klippers(change)]
        if left and await discard(self._printer, self._emit, left):
            self._set_state(left, "declined")

    def _is_klippers(self, value: Change | ValueToStage) -> bool:
        """Whether a command of Klipper's own has staged it."""
        return (value.section, value.option) in self._by_klipper

    async def _save(self, wanted: tuple[Change, ...]) -> Problem | None:
        try:
            await self._see_that_it_may()
            plan = await self._agree(wanted)
            backups = await self._backups() if plan is not None else None
            if plan is not None:
                await self._see_that_it_may()  # the files may have taken long to read
        except CheckCancelled:
            self._leave("you cancelled.", wanted)
        except CheckRefused as refused:
            self._leave(_sentence(refused.what, refused.cause), wanted)
        except Unsavable as unsavable:
            self._leave(_sentence(unsavable.what, unsavable.cause, unsavable.remedy), wanted)
        except TransportError as error:
            self._leave(_sentence("The printer cannot be reached.", str(error)), wanted)
        else:
            return await self._write(plan, backups) if plan is not None else None
        return None

    async def _see_that_it_may(self) -> None:
        """Raises CheckRefused, TransportError."""
        if self._policy == "never":
            raise CheckRefused("You asked to save nothing.")
        if self._policy == "ask" and not self._operator.present:
            raise CheckRefused("Nobody is there to be asked (--save always saves without asking).")
        if self._printer.state.ready:
            await self._printer.refresh()
        require_ready(self._printer.state)

    async def _agree(self, wanted: tuple[Change, ...]) -> SavePlan | None:
        """The plan that the person has said yes to, and that still holds; None where there is none.

        A person may think for hours: what was shown is worked out again after the answer, and asked again where it
        would come out otherwise. Raises CheckCancelled, CheckRefused, Unsavable, TransportError.
        """
        self._emit(Stage("save", "Working out what SAVE_CONFIG would write"))
        agreed: SavePlan | None = None
        while True:
            await self._see_that_it_may()
            plan = await make_plan(wanted, self._printer.state, self._staging, self._files)
            if not plan.changes:
                self._emit(Notice(save_words.left_over(plan.left)))
                return None
            if plan == agreed:
                break
            if not await self._consent(plan, again=agreed is not None):
                self._set_state([v for v in plan.values if not self._is_klippers(v)], "declined")
                return None
            agreed = plan
        if self._cancelled():
            raise CheckCancelled
        if plan.left:
            self._emit(Notice(save_words.left_over(plan.left)))
        return plan

    async def _consent(self, plan: SavePlan, *, again: bool) -> bool:
        detail = save_words.detail(plan, self._printer.state)
        if self._policy == "always":
            self._emit(Notice(f"Saving without asking (--save always).\n{detail}"))
            return True
        if again:
            detail = f"Something changed while you were asked; this is how it stands now.\n{detail}"
        return await self._operator.confirm(
            Confirm(
                key="save",
                text=save_words.question(plan),
                detail=detail,
                yes="Save and restart",
                no="Do not save",
                facts={v.option: v.wanted for v in plan.values if v.wanted is not None},
            )
        )

    async def _write(self, plan: SavePlan, backups: frozenset[str] | None) -> Problem | None:
        """Stage, SAVE_CONFIG, read back."""
        # Said before it is done: a program that is killed in between leaves a record that says so
        self._set_state(plan.values, "staged")
        self._emit(Stage("save", "Handing the values to Klipper"))
        try:
            await self._staging.stage(plan.values)
        except (StagingFailed, TransportError) as error:
            return await self._stuck(plan, error)
        self._emit(Stage("save", "Klipper writes printer.cfg and restarts"))
        try:
            if (reason := must_not_restart(await self._printer.refresh())) is not None:
                return await self._stuck(plan, StagingFailed(f"SAVE_CONFIG was not given: {reason}."))
            await self._restart(plan.values)
        except NotReady as error:
            return await self._halted(backups, error)
        except TransportError as error:
            return await self._stuck(plan, error)
        return await self._read_back(plan, backups)

    async def _restart(self, values: tuple[ValueToStage, ...]) -> None:
        """SAVE_CONFIG, and klippy back with nothing of ours pending. Raises CommandFailed, NotReady, ReplyLost."""
        begun = time.monotonic()
        telling = asyncio.create_task(self._tell_time(begun), name="zcal restart progress")
        try:
            await self._printer.restart_and_wait("SAVE_CONFIG")
            # A link that was cut meanwhile may be back before klippy has begun to restart, or SAVE_CONFIG went with it
            back = time.monotonic()
            while staged(self._printer.state, values) or not self._printer.state.ready:
                if self._printer.state.klippy in ("error", "shutdown"):
                    raise NotReady(self._printer.state.message)
                if not self._printer.state.ready:
                    back = time.monotonic()
                if time.monotonic() - back > LOST_AFTER or time.monotonic() - begun > RESTART_LIMIT:
                    raise ReplyLost("Klipper has not restarted: SAVE_CONFIG was lost with the link.")
                await asyncio.sleep(TICK / 4)
        finally:
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)

    async def _tell_time(self, begun: float) -> None:
        while True:
            await asyncio.sleep(TICK)
            gone = round(time.monotonic() - begun)
            self._emit(Progress(gone, round(RESTART_LIMIT), None))
            state = self._printer.state
            if not state.connected:
                self._emit(Stage("save", f"Klipper is gone, as it should, and not back yet ({gone} s)"))
            elif not state.ready:
                self._emit(Stage("save", f"Klipper is starting ({gone} s)"))

    async def _read_back(self, plan: SavePlan, before: frozenset[str] | None) -> Problem | None:
        """Whether klippy runs with the values now."""
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
                "Klipper does not read what was saved.",
                f"{'; '.join(wrong)}. Another file or another program has changed it meanwhile.",
                f"Look at printer.cfg. {backup}",
            )
        told = ", ".join(str(value) for value in plan.values)
        self._emit(Notice(f"Saved, and read back from Klipper: {told}. {backup}"))
        return None

    async def _halted(self, before: frozenset[str] | None, error: NotReady) -> Problem:
        """klippy is in error or gone: what a person does without us."""
        told = explain(error.message or "Klipper did not come back.")
        backup = await self._backup_since(before)
        return Problem(
            "Klipper did not come back after saving.",
            f"{told.what} {told.cause}".strip(),
            f"{told.remedy} To go back by hand: {backup} Copy it over printer.cfg, then RESTART.".strip(),
            raw=error.message,
        )

    async def _stuck(self, plan: SavePlan, error: StagingFailed | TransportError) -> Problem:
        """Something went wrong between the first staging and the restart: say what is pending, offer to discard it."""
        told = explain(str(error))
        cause = _sentence(told.what, told.cause)
        remedy = told.remedy
        try:
            async with asyncio.timeout(LINK_PATIENCE):
                state = await state_again(self._printer)
        except (TimeoutError, TransportError):
            return Problem(
                "The printer was lost while values were being saved.",
                cause,
                f"{_listed(plan.values)} may be pending in Klipper. {save_words.PENDING_MEANS} The next run says what "
                "is pending.",
                raw=str(error),
            )
        if not state.ready:
            self._set_state(plan.values, "proposed")
            return Problem(
                "Klipper halted while values were being saved.",
                cause,
                f"{remedy} What was handed to it is dropped when it starts again. To do it by hand, edit: "
                f"{_listed(plan.values)}.".strip(),
                raw=state.message,
            )
        ours = staged(state, plan.values)
        if not state.save_config.pending:
            if not all(value.reads(setting(state, value)) for value in plan.values):
                self._set_state(plan.values, "proposed")
                return Problem(
                    "The values were not saved; nothing is pending.",
                    cause,
                    f"{remedy} To do it by hand, edit: {_listed(plan.values)}.".strip(),
                    raw=str(error),
                )
            self._set_state(plan.values, "saved")
            return Problem(
                "SAVE_CONFIG ended in an error, but the values are saved.", cause, remedy, str(error)
            )
        self._set_state([value for value in plan.values if value not in ours], "proposed")
        pending = "; ".join(save_words.pending_lines(state.save_config.items))
        problem = Problem(
            "The values were not saved.",
            cause,
            f"{remedy} Pending in Klipper now: {pending}. {save_words.PENDING_MEANS}".strip(),
            raw=str(error),
        )
        return await self._offer_to_discard(plan, pending, problem)

    async def _offer_to_discard(self, plan: SavePlan, pending: str, problem: Problem) -> Problem:
        """Ask whether to RESTART, which is all that takes back what is pending."""
        if must_not_restart(self._printer.state) is not None:
            return problem
        asked = not any(self._is_klippers(value) for value in plan.values)  # of its own it is agreed to
        if asked and (not self._operator.present or self._cancelled()):
            return problem
        question = Confirm(
            key="discard-pending",
            text="Nothing was written, but values are pending in Klipper. Restart Klipper to discard them?",
            detail=f"{problem.cause}\nPending: {pending}.\n{save_words.PENDING_MEANS}\n"
            + "\n".join(save_words.consequences(SavePlan(), self._printer.state)),
            yes="Restart and discard",
            no="Leave them pending",
        )
        try:
            if asked and not await self._operator.confirm(question):
                return problem
            if (reason := must_not_restart(await self._printer.refresh())) is not None:
                return replace(problem, cause=f"{problem.cause} It is not discarded: {reason}.".strip())
            self._emit(Stage("save", "Klipper restarts, to discard what is pending"))
            state = await self._printer.restart_and_wait("RESTART")
        except (CheckCancelled, TransportError):
            logger.info("what is pending was not discarded", exc_info=True)
            return problem
        if state.save_config.pending:
            return problem
        self._set_state(plan.values, "proposed")
        return replace(
            problem,
            remedy=f"What was pending is discarded. To do it by hand, edit: {_listed(plan.values)}.",
        )

    async def _backups(self) -> frozenset[str] | None:
        try:
            return await self._files.backups()
        except ConfigUnreadable:
            return None

    async def _backup_since(self, before: frozenset[str] | None) -> str:
        """A sentence that says where the file is as it was."""
        now = await self._backups()
        if before is not None and now is not None and (new := sorted(now - before)):
            return f"The file as it was before: {new[-1]}"
        main = ""
        with contextlib.suppress(ConfigUnreadable):
            main = (await self._files.read()).main
        pattern = save_words.backup_pattern(main, self._printer.state.app)
        return f"The file as it was before: {pattern}, with the time of saving."

    def _leave(self, why: str, changes: Sequence[Change]) -> None:
        self._emit(Notice(save_words.not_saved(why, changes)))

    def _set_state(self, values: Iterable[ValueToStage | Change], state: str) -> None:
        """Note what has become of changes."""
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


def _brief(found: object) -> object:
    return one_line(found) if isinstance(found, str) else found


def _listed(values: Iterable[ValueToStage]) -> str:
    return "; ".join(str(value) for value in values)


def _sentence(*parts: str) -> str:
    return " ".join(part if part.endswith((".", "!", "?")) else f"{part}." for part in parts if part)
