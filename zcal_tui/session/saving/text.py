"""The texts of a save: the question, its consequences, and what to do by hand."""

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from zcal_tui.model.check_info import title_and_name
from zcal_tui.model.record import Change, Problem
from zcal_tui.model.units import closer_farther, length
from zcal_tui.printer.config_view import macro_wraps
from zcal_tui.printer.macros import OffsetMacro
from zcal_tui.printer.pending_values import pending_lines
from zcal_tui.printer.state import PrinterState
from zcal_tui.session.saving.backup import Backup
from zcal_tui.session.saving.config_diff import Pending
from zcal_tui.session.saving.plan import ManualEdit, SavePlan
from zcal_tui.session.saving.staging import ValueToStage

TWIST_STALE = (
    "Run Z offset and BED_MESH_CALIBRATE again: they were probed with the old axis twist compensation."
)
_INVALID = {
    "z_offset": "Run BED_MESH_CALIBRATE again: a saved mesh was probed with the old z_offset.",
    "x_offset": "Measure z_offset and the bed mesh again: they were probed at other points.",
    "y_offset": "Measure z_offset and the bed mesh again: they were probed at other points.",
    "position_endstop": "Check the first layer: heights measured with the old endstop position change.",
    "calibrate": "Run BED_MESH_CALIBRATE again: a saved mesh was probed with the old sensor calibration.",
    "reg_drive_current": "Calibrate the sensor's heights after the restart: its frequencies change.",
    "position_min": "Moves can reach lower than before.",
    "z_compensations": TWIST_STALE,
    "zy_compensations": TWIST_STALE,
    "switch_offset": "The next CALIBRATE_Z uses it. Nothing else depends on it.",
}
"""What a new value makes invalid, by option."""
LONGEST_BLOCK, SHOWN_LINES = 30, 3
"""Consecutive added or removed lines above which a diff is shortened, and the lines shown at each end."""
COUNTS_TWICE = "A macro sets the Z offset by itself, so the same correction could count twice."
OWN_CONSENT = "A lower position_min needs your own consent, which --save always does not give."
EDITS_FIRST = "Run RESTART first and check that Klipper starts. --save always does not apply such edits."
PENDING_MEANS = "The next SAVE_CONFIG writes it, whoever runs it. RESTART discards it."


def line(change: Change) -> str:
    """A change as the line to edit: `[probe] z_offset: 1.245 (was 1.500)`."""
    was = f" (was {change.was})" if change.old is not None else ""
    return f"[{change.section}] {change.option}: {change.shown}{was}"


def line_with_effect(change: Change) -> str:
    """The same with what the change does to the nozzle."""
    return f"{line(change)}: {change.effect}" if change.effect else line(change)


def not_saved(why: str, changes: Iterable[Change]) -> str:
    """Why nothing was saved, and the lines to edit."""
    by_hand = "; ".join(line(change) for change in changes if change.state != "staged")
    return f"Not saved: {why}" + (f" To set it by hand, edit: {by_hand}." if by_hand else "")


def manual_edits(edits: Sequence[ManualEdit]) -> str:
    """The changes that SAVE_CONFIG cannot write, each with the reason."""
    lines = "; ".join(f"{line(edit.change)}: {edit.why}" for edit in edits)
    return f"SAVE_CONFIG cannot write this. Edit it by hand, then RESTART: {lines}"


def limit_detail(limit: Change) -> str:
    """The details of the question whether to lower position_min."""
    was = limit.was or "0, the default"
    return (
        f"{line(limit)}: {limit.effect}.\nKlipper would not start otherwise: position_min is {was}.\n"
        "Both values are written together. Without this, nothing is saved and both stay lines to edit."
    )


def offset_macros_detail(macros: Sequence[OffsetMacro], state: PrinterState) -> str:
    """The details of the question whether to save although macros set the Z offset."""
    z = state.homing_origin[2]
    now = f"The live Z offset is now {length(z, sign=True)}." if z else "No live Z offset is set now."
    return "\n".join(
        (
            "The new value corrects the height of Z 0. These macros set an offset on top of it:",
            *(f"  {macro}" for macro in macros),
            f"{now} If a macro stored it as a correction of the old value, it counts twice after the save.",
            "Set the stored offset to 0 first, or remove the line.",
        )
    )


def offset_problem(state: PrinterState, macros: Sequence[OffsetMacro], backup: str) -> Problem:
    """A live offset that is in force again after the restart, on top of the saved value."""
    z = state.homing_origin[2]
    named = "; ".join(str(macro) for macro in macros) or "No macro that sets it was found."
    return Problem(
        f"The value is saved, but a live Z offset of {length(z, sign=True)} is set again: {closer_farther(z)}.",
        f"It may count twice. {named}",
        "Do not print yet. SET_GCODE_OFFSET Z=0 clears the offset. Remove it from the macro or from its stored "
        f"variables, then check the first layer. {backup}",
    )


def pending_notice(state: PrinterState) -> str | None:
    """What is pending in Klipper; None if nothing is."""
    if not state.save_config.pending:
        return None
    values = "; ".join(pending_lines(state.save_config.items)) or "values that Klipper does not report"
    return f"Pending in Klipper, not written yet: {values}. {PENDING_MEANS}"


def question(plan: SavePlan) -> str:
    """The question."""
    *rest, last = [
        f"{change.option} ({change.shown})" if "\n" in change.new.strip() else f"{change.option} {change.new}"
        for change in plan.changes
    ]
    what = f"{', '.join(rest)} and {last}" if rest else last
    return f"Save {what} and restart Klipper?"


def refusal(changes: Sequence[Change]) -> str:
    """The label of the no to the question."""
    if any(change.old is None for change in changes):
        return "Do not save"
    return "Keep the old value" if len(changes) == 1 else "Keep the old values"


def part_question(check: str, changes: Sequence[Change]) -> str:
    """The question about what one check of a group found."""
    what = " and ".join(f"{change.option} {change.shown}" for change in changes)
    return f"{title_and_name(check)}: save {what}?"


def detail(plan: SavePlan, state: PrinterState) -> str:
    """The details of the question: what the restart clears, the values, what else is written, the file's diff, the
    backup, what the values invalidate."""
    clears, *invalid = consequences(plan, state)
    lines = [clears, *map(line_with_effect, plan.changes)]
    for section, option, text in _replaced(plan):
        lines.append(f"This replaces the pending [{section}] {option}: {text}.")
    if others := pending_lines(_others(plan, state)):
        lines.append(f"SAVE_CONFIG also writes these pending values: {'; '.join(others)}.")
    if plan.prediction is None:
        lines.append(f"The changes to printer.cfg cannot be shown. {plan.unreadable}")
    else:
        lines += ["", *shortened(plan.prediction.diff().split("\n")), ""]
    lines += [backup_announced(plan), *invalid]
    if plan.prediction is not None and plan.prediction.edited:
        lines.append(edits_applied(plan.prediction.edited))
    if macro_wraps(state, "SAVE_CONFIG"):
        lines.append(
            "SAVE_CONFIG is a macro on this printer: [gcode_macro SAVE_CONFIG] runs instead of Klipper's own."
        )
    if plan.foreign_ends:
        lines.append("Klipper will change the file's Windows line endings to Unix line endings.")
    if plan.lost_link:
        lines.append(
            f"printer.cfg is a link to {plan.lost_link}. Klipper will put a file in its place and leave that one as it "
            "is."
        )
    if plan.manual:
        lines.append(manual_edits(plan.manual))
    return "\n".join(lines)


def edits_applied(edited: Sequence[str]) -> str:
    """That the restart reads edits of the files."""
    return f"The restart also applies edits made since Klipper started: {'; '.join(edited)}."


def shortened(diff: Sequence[str]) -> Iterator[str]:
    """A diff whose long blocks, such as a replaced table, are cut to their beginning and end."""
    for sign, block in groupby(diff, key=lambda row: row[:1]):
        rows = list(block)
        if sign in ("+", "-") and len(rows) > LONGEST_BLOCK:
            hidden = len(rows) - 2 * SHOWN_LINES
            rows[SHOWN_LINES:-SHOWN_LINES] = [f"{sign} … {hidden} more lines …"]
        yield from rows


def consequences(plan: SavePlan, state: PrinterState) -> list[str]:
    """What the restart clears, and what the new values make invalid."""
    cleared = ["homing"]
    x, y, z = state.homing_origin
    if (x, y, z) != (0.0, 0.0, 0.0):
        cleared.append(f"the live G-code offset (Z {length(z, sign=True)}, with any automatic Z offset)")
    if state.bed_mesh.active:
        cleared.append("the loaded bed mesh")
    if hot := [name for name, heater in state.heaters.items() if heater.target > 0]:
        cleared.append(f"the target of {' and '.join(hot)}")
    invalid = [_INVALID[change.option] for change in plan.changes if change.option in _INVALID]
    if any(change.section.lower().startswith("bed_mesh ") for change in plan.changes):
        invalid = [text for text in invalid if text != _INVALID["z_offset"]]  # it was made for the new one
    return [f"Klipper restarts. This clears: {', '.join(cleared)}.", *dict.fromkeys(invalid)]


def backup_announced(plan: SavePlan) -> str:
    """The sentence that says, before the save, how Klipper will name the backup."""
    main = "printer.cfg" if plan.prediction is None else posixpath.basename(plan.prediction.changes[0].path)
    stem, dot, end = main.rpartition(".")
    return f"Klipper keeps the previous file as {stem or main}-DATE_TIME{dot}{end if dot else ''}."


def backup_sentence(path: str | None) -> str:
    """The sentence that names the backup."""
    if path is None:
        return "Klipper has kept a backup of the previous file; its name could not be read."
    return f"Backup of the previous file: {path}."


def why_no_restart(state: PrinterState) -> str:
    """The likely cause where SAVE_CONFIG was accepted and nothing restarted; empty if there is none to see."""
    if macro_wraps(state, "SAVE_CONFIG"):
        return "[gcode_macro SAVE_CONFIG] has replaced Klipper's command and has not run it."
    return state.busy_because if state.busy else ""


def restore_detail(backup: Backup, problem: Problem) -> str:
    """The details of the question whether to put the backup back."""
    return "\n".join(
        (
            problem.cause,
            f"Klipper's message: {problem.raw}",
            f"The backup is {backup.path}. Putting it back changes this:",
            "",
            *shortened(backup.diff().split("\n")),
            "",
            "The failed file is kept. Klipper then restarts.",
        )
    )


def _replaced(plan: SavePlan) -> list[tuple[str, str, str]]:
    """Pending values that ours replace."""
    return [
        (value.section, value.option, old)
        for value in plan.values
        if (old := (plan.others or {}).get(value.section, {}).get(value.option)) is not None
        and not value.reads(old)
    ]


def _others(plan: SavePlan, state: PrinterState) -> Pending:
    """What is pending besides our values. Without what Klipper has staged beside one of them and is as it was, such as
    the size of a mesh."""
    ours = {(value.section, value.option) for value in plan.values}
    with_ours = {change.section for change in plan.changes if change.state == "staged"}

    def is_new(section: str, option: str, text: str) -> bool:
        if (section, option) in ours:
            return False
        return section not in with_ours or not ValueToStage(section, option, text).reads(
            state.config.get(section, {}).get(option)
        )

    rest = {
        section: {option: text for option, text in options.items() if is_new(section, option, text)}
        for section, options in (plan.others or {}).items()
    }
    return {
        section: options for section, options in rest.items() if options or not (plan.others or {})[section]
    }
