"""The plan of a save: which values are written, and how. It is made again right before anything is staged."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from zcal_tui.klipper_config.configuration import parse
from zcal_tui.klipper_config.files import ConfigText
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Change
from zcal_tui.printer.config_files import ConfigBroken, ConfigFiles, ConfigUnreadable, finds_backup
from zcal_tui.printer.start_bounds import StartProblem, Texts, bounds_of, overlaid
from zcal_tui.printer.state import PrinterState
from zcal_tui.session.saving import axis_twist
from zcal_tui.session.saving.companions import lowers_limit
from zcal_tui.session.saving.config_diff import Conflict, Fork, Pending, Prediction, Unsavable, predict
from zcal_tui.session.saving.staging import Stager, ValueToStage, value_of

ROOM = 1024 * 1024
"""Bytes that have to stay free beside the new file and its backup: logs grow meanwhile."""


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
    lost_link: str = ""
    """The file that printer.cfg links to, where SAVE_CONFIG puts a file in the link's place."""

    @property
    def values(self) -> tuple[ValueToStage, ...]:
        """The values to stage."""
        return tuple(value_of(change) for change in self.changes)


async def make_plan(
    changes: Sequence[Change],
    state: PrinterState,
    staging: Stager,
    files: ConfigFiles,
    refused: Sequence[ManualEdit] = (),
) -> SavePlan:
    """How these changes can be saved; `refused` are those that must not be. Raises Unsavable if SAVE_CONFIG could write
    nothing at all."""
    manual = [ManualEdit(change, why) for change in changes if (why := staging.obstacle(change, changes))]
    plan = _without(state, SavePlan(tuple(changes), (), state.save_config.items), (*refused, *manual))
    if not plan.changes:
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

        def would_run(values: Sequence[ValueToStage]) -> Texts:
            return overlaid(state.config, _together(state, values))

        return replace(_startable(plan, state, would_run), unreadable=str(error))
    require_hidden_backup(config, state)
    _require_room(config, await files.free())
    lost_link = "" if state.app == "Kalico" else config.link_to  # Kalico writes through a link
    plan = replace(plan, foreign_ends=config.foreign_ends, lost_link=lost_link)
    others = predict(config, state.save_config.items, state.config, fork(state)).conflicts
    prediction = predict(config, _together(state, plan.values), state.config, fork(state))
    ours = [
        ManualEdit(change, conflict_text(conflict))
        for conflict in prediction.conflicts
        for change in plan.changes
        if (change.section, change.option) == (conflict.section, conflict.option)
    ]
    if foreign := [conflict for conflict in others if not _is_ours(conflict, plan.changes)]:
        raise Unsavable(
            "SAVE_CONFIG would fail because of a value that is already pending.",
            f"[{foreign[0].section}] {foreign[0].option}: {conflict_text(foreign[0])}",
            "Edit that line, or discard the pending values with RESTART.",
        )

    def predicted(values: Sequence[ValueToStage]) -> Texts:
        return _after(config, predict(config, _together(state, values), state.config, fork(state)))

    plan = _startable(_without(state, plan, ours), state, predicted)
    if not plan.changes:
        return plan
    return replace(plan, prediction=predict(config, _together(state, plan.values), state.config, fork(state)))


def _require_room(config: ConfigText, free: int | None) -> None:
    """Refuse where the new file and the backup may not fit on the disk. Raises Unsavable.

    Klipper then writes nothing, but Kalico empties printer.cfg first.
    """
    needed = 2 * len(config.texts[config.main].encode("utf-8", "surrogateescape")) + ROOM
    if free is not None and free < needed:
        raise Unsavable(
            f"The disk with printer.cfg is nearly full: {free // 1024} KiB are free.",
            "SAVE_CONFIG writes the file and a backup. A file that is cut off would keep Klipper from starting.",
            "Delete old logs, backups or prints, then save again.",
        )


def require_hidden_backup(config: ConfigText, state: PrinterState) -> None:
    """Refuse where an include line finds the backup that SAVE_CONFIG leaves. Raises Unsavable."""
    found = finds_backup(config, state.app)
    if found is not None:
        raise Unsavable(
            f"SAVE_CONFIG would leave its backup of printer.cfg where [include {found[1]}] finds it.",
            f"The line is in {found[0]}. Klipper would read the backup too: it would not start, or use the old values.",
            "Rename the files that the line is for, or narrow its pattern, then RESTART.",
        )


def _without(state: PrinterState, plan: SavePlan, edits: Sequence[ManualEdit]) -> SavePlan:
    """The plan with these changes as lines to edit, and with them those that are only saved together with them."""
    left = tuple(change for change in plan.changes if all(change != edit.change for edit in edits))
    torn = [ManualEdit(change, why) for change in left if (why := axis_twist.obstacle(state, change, left))]
    if torn:
        return _without(state, plan, (*edits, *torn))
    if any(edit.change.state == "staged" for edit in edits):
        # Klipper has staged it itself: as long as it is pending, SAVE_CONFIG would write it, or refuse everything
        left = ()
    # What cannot be saved must not be staged: it would make SAVE_CONFIG refuse the rest as well
    return replace(plan, changes=left, manual=(*plan.manual, *edits))


def _startable(
    plan: SavePlan, state: PrinterState, would_run: Callable[[Sequence[ValueToStage]], Texts]
) -> SavePlan:
    """The plan without the values with which Klipper would not start. Raises Unsavable if others' values are such."""
    bounds = bounds_of(state)

    def problems(changes: Sequence[Change]) -> tuple[StartProblem, ...]:
        return bounds.problems(would_run(replace(plan, changes=tuple(changes)).values))

    while plan.changes:
        found = problems(plan.changes)
        edits = [
            ManualEdit(change, _start_text(problem))
            for change in plan.changes
            for problem in found
            if (change.section.lower(), change.option) == (problem.section, problem.option)
        ]
        if not edits and found:
            raise Unsavable(
                f"Klipper would not start with [{found[0].section}] {found[0].option}, which is pending or was edited.",
                found[0].why,
                "Correct that value first. RESTART discards a pending one.",
            )
        for change in plan.changes if not edits else ():
            rest = [other for other in plan.changes if other != change]
            if lowers_limit(change, state) and not problems(rest):
                edits.append(
                    ManualEdit(change, "It is only needed together with the value that is not saved.")
                )
        if not edits:
            return plan
        plan = _without(state, plan, edits)
    return plan


def _start_text(problem: StartProblem) -> str:
    other = problem.companion
    if other is None:
        return problem.why
    return f"{problem.why} Set [{other.section}] {other.option}: {other.new} as well."


def _after(config: ConfigText, prediction: Prediction) -> Texts:
    """The configuration that Klipper reads after a save."""
    texts = {**config.texts, **{change.path: change.after for change in prediction.changes}}
    sections = parse(ConfigText(config.main, texts, config.included)).sections
    return {
        name: {option: found.value for option, found in section.options.items()}
        for name, section in sections.items()
    }


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
