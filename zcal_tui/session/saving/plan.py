"""What would be saved, and how: worked out anew right before anything is done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from zcal_tui.model.record import Change
from zcal_tui.printer.config_files import ConfigBroken, ConfigFiles, ConfigUnreadable
from zcal_tui.printer.state import PrinterState
from zcal_tui.session.saving.config_diff import Conflict, Fork, Pending, Prediction, Unsavable, predict
from zcal_tui.session.saving.staging import Stager, ValueToStage, value_of


@dataclass(frozen=True)
class Left:
    """A change that SAVE_CONFIG cannot write, and why."""

    change: Change
    why: str


@dataclass(frozen=True)
class SavePlan:
    """What will be staged and written. Two plans are equal where the same would happen."""

    changes: tuple[Change, ...] = ()
    left: tuple[Left, ...] = ()
    others: Pending | None = None
    """What is pending already, left by others."""
    prediction: Prediction | None = None
    unreadable: str = ""
    """Why there is no prediction."""
    foreign_ends: bool = False
    """Whether the file's Windows line ends will become newlines."""

    @property
    def values(self) -> tuple[ValueToStage, ...]:
        """What is to be staged."""
        return tuple(value_of(change) for change in self.changes)


async def make_plan(
    changes: Sequence[Change], state: PrinterState, staging: Stager, files: ConfigFiles
) -> SavePlan:
    """How these changes can be saved. Raises Unsavable where SAVE_CONFIG could write nothing at all."""
    left = [Left(change, why) for change in changes if (why := staging.obstacle(change, changes))]
    able = [change for change in changes if all(change != other.change for other in left)]
    plan = SavePlan(tuple(able), tuple(left), state.save_config.items)
    if not able:
        return plan
    try:
        config = await files.read()
    except ConfigBroken as error:
        raise Unsavable(
            "Klipper could not read its configuration as it is on disk now.",
            str(error),
            "Mend that first: after any restart Klipper would be in error.",
        ) from error
    except ConfigUnreadable as error:
        return replace(plan, unreadable=str(error))
    plan = replace(plan, foreign_ends=config.foreign_ends)
    others = predict(config, state.save_config.items, state.config, fork(state)).conflicts
    prediction = predict(config, _together(state, plan.values), state.config, fork(state))
    ours = [
        Left(change, conflict_text(conflict))
        for conflict in prediction.conflicts
        for change in able
        if (change.section, change.option) == (conflict.section, conflict.option)
    ]
    if foreign := [conflict for conflict in others if not _is_ours(conflict, able)]:
        raise Unsavable(
            "Klipper would refuse to save, because of a value that is pending already.",
            f"[{foreign[0].section}] {foreign[0].option}: {conflict_text(foreign[0])}",
            "Edit that line, or discard what is pending with RESTART.",
        )
    if not ours:
        return replace(plan, prediction=prediction)
    if any(item.change.state == "staged" for item in ours):
        # Klipper has staged it itself: as long as it is pending, SAVE_CONFIG refuses everything
        return replace(plan, changes=(), left=(*plan.left, *ours))
    # What cannot be saved must not be staged: it would make SAVE_CONFIG refuse the rest as well
    able = [change for change in able if all(change != other.change for other in ours)]
    plan = replace(plan, changes=tuple(able), left=(*plan.left, *ours))
    if not able:
        return plan
    return replace(plan, prediction=predict(config, _together(state, plan.values), state.config, fork(state)))


def _together(state: PrinterState, values: Sequence[ValueToStage]) -> Pending:
    """What is pending once ours is staged, in the order in which klippy will write it."""
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
        f"it stands in {conflict.file}, line {conflict.line} ({conflict.option}: {conflict.value}), a file that "
        "SAVE_CONFIG does not edit."
    )
