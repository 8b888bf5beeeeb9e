"""Asks for consent to a save: what will be written, what the restart clears, and what needs a yes of its own."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

from zcal_tui.checks.errors import CheckCancelled, CheckRefused
from zcal_tui.checks.operator import Operator
from zcal_tui.model.events import Event, Notice, Stage
from zcal_tui.model.policy import SavePolicy
from zcal_tui.model.questions import Choose, Confirm, Option
from zcal_tui.model.record import Change
from zcal_tui.printer.config_files import ConfigFiles
from zcal_tui.printer.macros import OffsetMacro, offset_macros, sets_height_of_zero
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.state import PrinterState
from zcal_tui.session.found_values import FoundValues
from zcal_tui.session.saving import text as save_text
from zcal_tui.session.saving.companions import companions, lowers_limit
from zcal_tui.session.saving.plan import ManualEdit, SavePlan, make_plan
from zcal_tui.session.saving.staging import Stager, ValueToStage

ALL, CHOOSE, NONE = "save", "choose", "none"
"""The answers to the question whether to save a group of values."""


class SaveConsent:
    """The questions before one save."""

    def __init__(
        self,
        printer: Printer,
        operator: Operator,
        files: ConfigFiles,
        stager: Stager,
        emit: Callable[[Event], None],
        cancelled: Callable[[], bool],
        policy: SavePolicy,
        group: Sequence[FoundValues],
        require_allowed: Callable[[], Awaitable[None]],
        decline: Callable[[Iterable[ValueToStage | Change]], None],
    ) -> None:
        """`require_allowed` raises where nothing may be saved now; `decline` records that values are not wanted."""
        self._printer = printer
        self._operator = operator
        self._files = files
        self._stager = stager
        self._emit = emit
        self._cancelled = cancelled
        self._policy = policy
        self._group = tuple(group)
        self._require_allowed = require_allowed
        self._decline = decline

    async def plan_for(self, wanted: tuple[Change, ...], *, staged_by_klipper: bool) -> SavePlan | None:
        """The plan that the person agreed to and that is still valid; None if there is none.

        A person may take hours to answer, so the plan is made again after the answer. If it differs, the person is
        asked again. `staged_by_klipper`: some values are staged already.

        Raises CheckCancelled, CheckRefused, Unsavable, TransportError.
        """
        self._emit(Stage("save", "Checking what SAVE_CONFIG would write"))
        agreed: SavePlan | None = None
        lowered: dict[Change, bool] = {}
        shifted: dict[tuple[OffsetMacro, ...], bool] = {(): True}
        applied: tuple[str, ...] = ()
        while True:
            await self._require_allowed()
            state = self._printer.state
            macros = offset_macros(state)
            refused = [ManualEdit(limit, save_text.OWN_CONSENT) for limit, yes in lowered.items() if not yes]
            if shifted.get(macros) is False:
                why = f"{save_text.COUNTS_TWICE} {macros[0]}"
                refused += [ManualEdit(c, why) for c in wanted if sets_height_of_zero(state, c.option)]
            plan = await make_plan(wanted, state, self._stager, self._files, refused)
            if (limit := _unasked(plan, lowered, state)) is not None:
                lowered[limit] = await self._consent_to_lower(limit)
                continue
            if macros not in shifted and any(sets_height_of_zero(state, c.option) for c in plan.changes):
                shifted[macros] = await self._consent_to_macros(macros)
                continue
            if not plan.changes:
                self._emit(Notice(save_text.manual_edits(plan.manual)))
                return None
            edited = plan.prediction.edited if plan.prediction is not None else ()
            if edited != applied and self._policy == "always" and not staged_by_klipper:
                await self._require_consent_to_edits(edited)
                applied = edited
                continue
            if plan == agreed:
                break
            answer = await self._consent(plan, again=agreed is not None)
            if answer == CHOOSE:
                wanted, agreed = await self._chosen(wanted, plan), None
                self._group = ()  # what is left is shown again, to be saved or not
                if wanted:
                    continue
                answer = NONE
            if answer == NONE:
                self._decline(plan.values)
                return None
            agreed = plan
        if self._cancelled():
            raise CheckCancelled
        if plan.manual:
            self._emit(Notice(save_text.manual_edits(plan.manual)))
        return plan

    async def _consent_to_lower(self, limit: Change) -> bool:
        """Ask for a lower position_min. `--save always` does not answer this: it lets moves go lower."""
        if not self._operator.present:
            return False
        return await self._operator.confirm(
            Confirm(
                key="lower-position-min",
                text=f"Lower position_min of [{limit.section}] to {limit.new}?",
                detail=save_text.limit_detail(limit),
                yes="Lower it",
                no="Leave it",
                consent=True,
                facts={limit.option: float(limit.new)},
            )
        )

    async def _consent_to_macros(self, macros: tuple[OffsetMacro, ...]) -> bool:
        """Ask whether to save although macros set the Z offset by themselves. `--save always` does not answer this."""
        if not self._operator.present:
            return False
        return await self._operator.confirm(
            Confirm(
                key="offset-macros",
                text="Macros on this printer set the Z offset by themselves. Save the value all the same?",
                detail=save_text.offset_macros_detail(macros, self._printer.state),
                yes="Save it",
                no="Do not save",
                consent=True,
            )
        )

    async def _require_consent_to_edits(self, edited: tuple[str, ...]) -> None:
        """Ask whether the restart may apply edits of the files, which may keep Klipper from starting. `--save always`
        does not answer this. Raises CheckRefused, CheckCancelled."""
        if edited and not (
            self._operator.present
            and await self._operator.confirm(
                Confirm(
                    key="apply-edits",
                    text="printer.cfg was edited since Klipper started. Save and apply these edits too?",
                    detail=save_text.edits_applied(edited),
                    yes="Save and apply",
                    no="Do not save",
                    consent=True,
                )
            )
        ):
            raise CheckRefused(save_text.edits_applied(edited), save_text.EDITS_FIRST)

    async def _consent(self, plan: SavePlan, *, again: bool) -> str:
        """ALL, CHOOSE or NONE."""
        detail = save_text.detail(plan, self._printer.state)
        if self._policy == "always":
            self._emit(Notice(f"Saving without asking (--save always).\n{detail}"))
            return ALL
        if again:
            detail = f"Something has changed since you were asked. This is the new state.\n{detail}"
        facts = {v.option: v.wanted for v in plan.values if v.wanted is not None}
        question = save_text.question(plan)
        if len(self._parts(plan.changes)) > 1:
            options = (
                Option(ALL, "Save and restart"),
                Option(CHOOSE, "Choose values"),
                Option(NONE, save_text.refusal(plan.changes)),
            )
            return await self._operator.choose(Choose("save", question, options, detail, facts, consent=True))
        saves = await self._operator.confirm(
            Confirm(
                "save",
                question,
                detail,
                "Save and restart",
                save_text.refusal(plan.changes),
                facts=facts,
                consent=True,
            )
        )
        return ALL if saves else NONE

    def _parts(self, changes: Sequence[Change]) -> list[tuple[str, tuple[Change, ...]]]:
        """The changes of each of the group's runs that are among these, with the check's name."""
        found = []
        for values in self._group:
            own = {(change.section.lower(), change.option) for change in values.changes}
            if part := tuple(c for c in changes if (c.section.lower(), c.option) in own):
                found.append((values.check, part))
        return found

    async def _chosen(self, wanted: tuple[Change, ...], plan: SavePlan) -> tuple[Change, ...]:
        """Ask about the values of each run; the changes that are left. Raises CheckCancelled."""
        dropped: list[Change] = []
        for check, part in self._parts(plan.changes):
            question = Confirm(
                key="save-part",
                text=save_text.part_question(check, part),
                detail="\n".join(save_text.line_with_effect(change) for change in part),
                yes="Save",
                no=save_text.refusal(part),
                consent=True,
            )
            if not await self._operator.confirm(question):
                dropped += part
        left = [change for change in wanted if change not in dropped]
        # A second value is only needed with its first
        needed = {(c.section.lower(), c.option) for c in companions(left, self._printer.state)}
        given = {
            (change.section.lower(), change.option) for values in self._group for change in values.changes
        }
        for change in tuple(left):
            key = (change.section.lower(), change.option)
            if key not in given and key not in needed:
                left.remove(change)
                dropped.append(change)
        self._decline(dropped)
        return tuple(left)


def _unasked(plan: SavePlan, answers: Mapping[Change, bool], state: PrinterState) -> Change | None:
    """A change that needs a consent of its own and has not got an answer yet."""
    return next((c for c in plan.changes if lowers_limit(c, state) and c not in answers), None)
