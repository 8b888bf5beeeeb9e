"""The plan of a save: which values are written, and how. It is made again right before anything is staged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from zcal_tui.model.record import Change
from zcal_tui.printer.config_files import ConfigBroken, ConfigFiles, ConfigUnreadable
from zcal_tui.printer.state import PrinterState
from zcal_tui.session.saving.config_diff import Conflict, Fork, Pending, Prediction, Unsavable, predict
from zcal_tui.session.saving.staging import Stager, ValueToStage, value_of


@dataclass(frozen=True)
class ManualEdit:
    """A change that SAVE_CONFIG cannot write, and why. The person has to edit the file."""

    change: Change
    why: str


@dataclass(frozen=True)
class SavePlan:
    """What will be staged and written. Two plans are equal if they would do the same."""

    changes: tuple[Change, ...] = ()
    manual: tuple[ManualEdit, ...] = ()
    others: Pending | None = None
    """Values that others left pending."""
    prediction: Prediction | None = None
    unreadable: str = ""
    """Why there is no prediction."""
    foreign_ends: bool = False
    """Whether the file's Windows line endings will become Unix line endings."""

    @property
    def values(self) -> tuple[ValueToStage, ...]:
        """The values to stage."""
        return tuple(value_of(change) for change in self.changes)


async def make_plan(
    changes: Sequence[Change], state: PrinterState, staging: Stager, files: ConfigFiles
) -> SavePlan:
    """How these changes can be saved. Raises Unsavable if SAVE_CONFIG could write nothing at all."""
    manual = [ManualEdit(change, why) for change in changes if (why := staging.obstacle(change, changes))]
    able = [change for change in changes if all(change != other.change for other in manual)]
    plan = SavePlan(tuple(able), tuple(manual), state.save_config.items)
    if not able:
        return plan
    try:
        config = await files.read()
    except ConfigBroken as error:
        raise Unsavable(
            "Klipper cannot read its configuration files as they are now.",
            str(error),
            "Fix that first. Until then, any restart ends in a Klipper error.",
        ) from error
    except ConfigUnreadable as error:
        return replace(plan, unreadable=str(error))
    plan = replace(plan, foreign_ends=config.foreign_ends)
    others = predict(config, state.save_config.items, state.config, fork(state)).conflicts
    prediction = predict(config, _together(state, plan.values), state.config, fork(state))
    ours = [
        ManualEdit(change, conflict_text(conflict))
        for conflict in prediction.conflicts
        for change in able
        if (change.section, change.option) == (conflict.section, conflict.option)
    ]
    if foreign := [conflict for conflict in others if not _is_ours(conflict, able)]:
        raise Unsavable(
            "SAVE_CONFIG would fail because of a value that is already pending.",
            f"[{foreign[0].section}] {foreign[0].option}: {conflict_text(foreign[0])}",
            "Edit that line, or discard the pending values with RESTART.",
        )
    if not ours:
        return replace(plan, prediction=prediction)
    if any(item.change.state == "staged" for item in ours):
        # Klipper has staged it itself: as long as it is pending, SAVE_CONFIG refuses everything
        return replace(plan, changes=(), manual=(*plan.manual, *ours))
    # What cannot be saved must not be staged: it would make SAVE_CONFIG refuse the rest as well
    able = [change for change in able if all(change != other.change for other in ours)]
    plan = replace(plan, changes=tuple(able), manual=(*plan.manual, *ours))
    if not able:
        return plan
    return replace(plan, prediction=predict(config, _together(state, plan.values), state.config, fork(state)))


def _together(state: PrinterState, values: Sequence[ValueToStage]) -> Pending:
    """All pending values once ours are staged, in the order in which klippy will write them."""
    pending: dict[str, Mapping[str, str]] = dict(state.save_config.items)
    for value in values:
        pending[value.section] = {**pending.get(value.section, {}), value.option: value.text}
    return pending


def fork(state: PrinterState) -> Fork:
    """How this klippy's SAVE_CONFIG differs from Klipper's own; Kalico's does."""
    if state.app != "Kalico":
        return Fork()
    options = state.settings.get("danger_options", {})
    return Fork(equal_may_stay=True, edits_includes=options.get("autosave_includes") is True)


def _is_ours(conflict: Conflict, changes: Sequence[Change]) -> bool:
    return any((change.section, change.option) == (conflict.section, conflict.option) for change in changes)


def conflict_text(conflict: Conflict) -> str:
    """Why SAVE_CONFIG cannot write a value, as the end of a sentence that names it."""
    return (
        f"{conflict.file}, which SAVE_CONFIG does not edit, sets it in line {conflict.line} "
        f"({conflict.option}: {conflict.value})."
    )
