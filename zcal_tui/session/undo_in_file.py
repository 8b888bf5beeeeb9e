"""Puts the values before the last save back into printer.cfg while klippy does not start.

klippy stages nothing then, so the file is written as its SAVE_CONFIG would: on this machine's disk, or through
Moonraker's file server. Only the saved values change; edits made since stay. The failed file is kept. Where the file
cannot be written, the commands to type are shown.
"""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.klipper_config.configuration import parse
from zcal_tui.klipper_config.files import ConfigText
from zcal_tui.model.check_info import title_and_name
from zcal_tui.model.events import ChangesUpdated, Notice, Stage, VerdictReached
from zcal_tui.model.policy import SavePolicy
from zcal_tui.model.questions import Confirm
from zcal_tui.model.record import Change, Level, Record, Verdict
from zcal_tui.printer.axis_twist import LISTS
from zcal_tui.printer.config_files import ConfigFiles, ConfigUnreadable
from zcal_tui.printer.errors.explain import explain
from zcal_tui.results.text import moment
from zcal_tui.session.saving import text as save_text
from zcal_tui.session.saving.axis_twist import axis_of, neutral
from zcal_tui.session.saving.backup import commands
from zcal_tui.session.saving.config_diff import Prediction, Unsavable, predict
from zcal_tui.session.saving.plan import fork
from zcal_tui.session.saving.staging import ValueToStage, setting
from zcal_tui.transport.failures import NotReady, TransportError

UNSET = {"x_offset": "0", "y_offset": "0", "position_min": "0", "z_backlash": "0"}
"""What an option counts as that is not set in printer.cfg: SAVE_CONFIG can write that, but cannot remove a line."""


def unset(change: Change) -> str | None:
    """What to write back for an option that was not set before the save; None where its line has to be removed."""
    return UNSET.get(change.option) or neutral(change.option, change.new)


def is_kept(change: Change) -> bool:
    """Whether an option that was not set before stays: the ends of a compensation's list, which is put to zero."""
    return axis_of(change.option) is not None and change.option not in LISTS


async def undo_in_file(context: Context, record: Record, files: ConfigFiles, policy: SavePolicy) -> None:
    """Put the old values back and restart klippy, by consent. Raises CheckRefused, CheckFailed, CheckCancelled."""
    printer = context.printer
    context.emit(Stage("undo", "Reading printer.cfg"))
    try:
        config = await files.read()
        back = tuple(_old_values(context, record, config))
        prediction = _predicted(context, config, back)
    except (ConfigUnreadable, Unsavable) as error:
        raise await _by_hand(context, files, str(error)) from error
    of = f"{title_and_name(record.check)}, {moment(record.started)}"
    context.emit(ChangesUpdated(back))
    context.emit(VerdictReached(Verdict(Level.PASS, f"The last save was found: {of}.")))
    if not await _consent(context, policy, prediction, back):
        return
    if printer.state.klippy != "error":  # restarted by somebody while the question was open
        raise CheckRefused("Klipper has started meanwhile.", "", "Run undo again: it then saves as usual.")
    context.emit(ChangesUpdated(_in_state(back, "staged")))
    try:
        kept = await files.replace(prediction.changes[0].before, prediction.changes[0].after)
    except ConfigUnreadable as error:
        context.emit(ChangesUpdated(back))
        raise await _by_hand(context, files, str(error)) from error
    context.emit(Notice(f"printer.cfg is written. The file as it was is {kept}."))
    context.emit(Stage("undo", "Restarting Klipper with the previous values"))
    try:
        state = await printer.restart_and_wait("RESTART")
    except (NotReady, TransportError) as error:
        context.emit(ChangesUpdated(back))  # not read back; and nothing is staged that could be discarded
        why = explain(printer.state.message or str(error))
        raise CheckFailed(
            "The values are put back, but Klipper still does not start.",
            f"{why.what} {why.cause}".strip(),
            f"{why.remedy} The file before this change is {kept}.".strip(),
        ) from error
    right = tuple(change for change in back if _value(change).reads(setting(state, _value(change))))
    context.emit(ChangesUpdated(tuple(_in_state((c,), "saved")[0] if c in right else c for c in back)))
    if right != back:
        wrong = ", ".join(f"[{c.section}] {c.option}" for c in back if c not in right)
        raise CheckFailed(
            "Klipper reads other values than those that were put back.",
            f"Another file may override {wrong}.",
            "Check printer.cfg.",
        )
    values = ", ".join(f"{change.option} {change.shown}" for change in back)
    context.emit(VerdictReached(Verdict(Level.PASS, f"Klipper runs with the previous values: {values}.")))


def _old_values(context: Context, record: Record, config: ConfigText) -> Iterator[Change]:
    """The changes that put back what the file still has as it was saved; a notice names the rest. Raises
    CheckRefused without any."""
    sections = {name.lower(): section for name, section in parse(config).sections.items()}
    found = False
    for change in record.changes:
        if change.state not in ("saved", "staged"):
            continue
        section = sections.get(change.section.lower())
        now = None if section is None else section.get(change.option)
        old = change.old if change.old is not None else unset(change)
        if old is None and is_kept(change):
            continue
        if not _value(change).reads(now):
            context.emit(
                Notice(
                    f"[{change.section}] {change.option} is not put back: it was saved as {change.shown} and is "
                    f"{now} in printer.cfg now."
                )
            )
        elif old is None:
            context.emit(
                Notice(f"[{change.section}] {change.option} was not set before: remove the line by hand.")
            )
        else:
            found = True
            yield Change(change.section, change.option, change.new, old)
    if not found:
        raise CheckRefused(
            "There is nothing to undo.",
            f"printer.cfg no longer has the values that {record.check} saved on {moment(record.started)}.",
            "Edit printer.cfg by hand, then RESTART.",
        )


def _predicted(context: Context, config: ConfigText, back: Sequence[Change]) -> Prediction:
    """What is written. Raises Unsavable where more than printer.cfg would have to change."""
    values: dict[str, Mapping[str, str]] = {}
    for change in back:
        values[change.section] = {**values.get(change.section, {}), change.option: change.new}
    prediction = predict(config, values, {}, fork(context.printer.state))
    if prediction.conflicts:
        conflict = prediction.conflicts[0]
        raise Unsavable(
            f"{conflict.file} sets {conflict.option} in line {conflict.line}.", "", "Edit that line."
        )
    if len(prediction.changes) != 1:
        raise Unsavable("Included files would have to change, too.", "", "")
    return prediction


async def _consent(
    context: Context, policy: SavePolicy, prediction: Prediction, back: tuple[Change, ...]
) -> bool:
    message = context.printer.state.message
    detail = "\n".join(
        (
            f"Klipper's message: {message}",
            *map(save_text.line, back),
            "",
            *save_text.shortened(prediction.diff().split("\n")),
            "",
            "The file as it is now is kept. Klipper then restarts.",
        )
    )
    if policy == "never":
        context.emit(Notice(f"Nothing is written (--save never).\n{detail}"))
        return False
    if policy == "always":
        context.emit(Notice(f"Putting back without asking (--save always).\n{detail}"))
        return True
    question = Confirm(
        key="undo-in-file",
        text="Klipper does not start. Put the previous values back into printer.cfg and restart it?",
        detail=detail,
        yes="Put them back",
        no="Leave it",
        consent=True,
        when_halted=True,
    )
    if await context.operator.confirm(question):
        return True
    context.emit(ChangesUpdated(_in_state(back, "declined")))
    return False


async def _by_hand(context: Context, files: ConfigFiles, why: str) -> CheckRefused:
    """What to type where this program cannot write the file."""
    path = None
    with contextlib.suppress(ConfigUnreadable):
        path = max(await files.backups(), default=None)
    return CheckRefused(
        "printer.cfg cannot be changed from here.", why, await commands(context.printer, path)
    )


def _value(change: Change) -> ValueToStage:
    return ValueToStage(change.section, change.option, change.new)


def _in_state(changes: Sequence[Change], state: str) -> tuple[Change, ...]:
    return tuple(replace(change, state=state) for change in changes)
