"""What a person is told about saving: the question, what follows from it, and what to do by hand."""

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from zcal_tui.model.record import Change, one_line
from zcal_tui.model.units import length
from zcal_tui.printer.config_files import KALICO_BACKUPS
from zcal_tui.printer.state import PrinterState
from zcal_tui.session.saving.config_diff import Pending
from zcal_tui.session.saving.plan import Left, SavePlan

_INVALID = {
    "z_offset": "A saved bed mesh was made with the old z_offset: make it again (BED_MESH_CALIBRATE).",
    "x_offset": "z_offset and the bed mesh were measured at other places: find z_offset, then the mesh, again.",
    "y_offset": "z_offset and the bed mesh were measured at other places: find z_offset, then the mesh, again.",
    "position_endstop": "Heights measured from the old endstop position change with it: check the first layer.",
    "calibrate": "A saved bed mesh was made with the sensor calibrated as before: make it again (BED_MESH_CALIBRATE).",
    "reg_drive_current": "The sensor's frequencies change with it: calibrate the heights after the restart.",
    "switch_offset": "The next CALIBRATE_Z uses it; nothing else follows from it.",
}
"""What a new value makes invalid, by option."""
LONGEST_RUN, SHOWN_OF_IT = 30, 3
"""Lines that are added or taken away in a row: from how many on a diff is cut, and what is shown at both ends."""
PENDING_MEANS = "The next SAVE_CONFIG of anybody writes it; RESTART discards it."


def line(change: Change) -> str:
    """A change as the line to edit: `[probe] z_offset: 1.245 (was 1.500)`."""
    was = f" (was {change.was})" if change.old is not None else ""
    return f"[{change.section}] {change.option}: {change.shown}{was}"


def not_saved(why: str, changes: Iterable[Change]) -> str:
    """That nothing was saved, why, and the lines to edit."""
    by_hand = "; ".join(line(change) for change in changes if change.state != "staged")
    return f"Not saved: {why}" + (f" To do it by hand, edit: {by_hand}." if by_hand else "")


def left_over(left: Sequence[Left]) -> str:
    """The changes that SAVE_CONFIG cannot write, each with what stands in its way."""
    told = "; ".join(f"{line(item.change)}: {item.why}" for item in left)
    return f"SAVE_CONFIG cannot write this; edit it by hand, then RESTART: {told}"


def pending_lines(pending: Pending) -> list[str]:
    """Pending values, one each."""
    lines = []
    for section, options in pending.items():
        if not options:
            lines.append(f"[{section}] is removed")
        for option, value in options.items():
            lines.append(f"[{section}] {option}: {one_line(value)}")
    return lines


def pending_notice(state: PrinterState) -> str | None:
    """What somebody left pending in Klipper, None where nothing is."""
    if not state.save_config.pending:
        return None
    told = "; ".join(pending_lines(state.save_config.items)) or "values that this Klipper does not name"
    return f"Pending in Klipper, not written yet: {told}. {PENDING_MEANS}"


def question(plan: SavePlan) -> str:
    """What is asked."""
    what = " and ".join(
        f"{change.option} ({change.shown})" if "\n" in change.new.strip() else f"{change.option} {change.new}"
        for change in plan.changes
    )
    return f"Save {what} and restart Klipper?"


def detail(plan: SavePlan, state: PrinterState) -> str:
    """What the answer is about: the values, what else is written, the change of the file, what follows."""
    lines = [f"{line(change)}{_effect(change)}" for change in plan.changes]
    for section, option, text in _replaced(plan):
        lines.append(f"It replaces the pending [{section}] {option}: {text}.")
    if others := pending_lines(_others(plan)):
        lines.append("Pending from others, and written with it: " + "; ".join(others) + ".")
    if plan.prediction is None:
        lines.append(f"What becomes of printer.cfg cannot be shown. {plan.unreadable}")
    else:
        lines += ["", *shortened(plan.prediction.diff().split("\n")), ""]
        if plan.prediction.edited:
            lines.append(
                "Edited since Klipper started, and in force from the restart on: "
                + "; ".join(plan.prediction.edited)
                + "."
            )
    if plan.foreign_ends:
        lines.append("Klipper writes the file with Unix line ends; it has Windows line ends now.")
    lines += consequences(plan, state)
    if plan.left:
        lines.append(left_over(plan.left))
    return "\n".join(lines)


def shortened(diff: Sequence[str]) -> Iterator[str]:
    """A diff whose long runs, such as a table that is replaced, are cut to their beginning and end."""
    for sign, run in groupby(diff, key=lambda row: row[:1]):
        rows = list(run)
        if sign in ("+", "-") and len(rows) > LONGEST_RUN:
            left = len(rows) - 2 * SHOWN_OF_IT
            rows[SHOWN_OF_IT:-SHOWN_OF_IT] = [f"{sign} … {left} more lines …"]
        yield from rows


def consequences(plan: SavePlan, state: PrinterState) -> list[str]:
    """What the restart takes away, and what the new values make invalid."""
    lost = ["homing"]
    x, y, z = state.homing_origin
    if (x, y, z) != (0.0, 0.0, 0.0):
        lost.append(f"the live G-code offset (Z {length(z, sign=True)}; an automatic Z offset is part of it)")
    if state.bed_mesh.active:
        lost.append("the loaded bed mesh")
    if hot := [name for name, heater in state.heaters.items() if heater.target > 0]:
        lost.append(f"the temperature of {' and '.join(hot)}")
    invalid = [_INVALID[change.option] for change in plan.changes if change.option in _INVALID]
    return [f"Klipper restarts. Lost with it: {', '.join(lost)}.", *dict.fromkeys(invalid)]


def backup_pattern(main: str, app: str) -> str:
    """Where the backup is, where it cannot be looked for."""
    folder, name = posixpath.split(main or "printer.cfg")
    dated = name.removesuffix(".cfg") + "-YYYYMMDD_HHMMSS" + (".cfg" if name.endswith(".cfg") else "")
    return posixpath.join(folder, KALICO_BACKUPS, dated) if app == "Kalico" else posixpath.join(folder, dated)


def _effect(change: Change) -> str:
    return f": {change.effect}" if change.effect else ""


def _replaced(plan: SavePlan) -> list[tuple[str, str, str]]:
    """Pending values that ours take the place of."""
    return [
        (value.section, value.option, old)
        for value in plan.values
        if (old := (plan.others or {}).get(value.section, {}).get(value.option)) is not None
        and not value.reads(old)
    ]


def _others(plan: SavePlan) -> Pending:
    """What is pending beside ours."""
    ours = {(value.section, value.option) for value in plan.values}
    kept = {
        section: {option: text for option, text in options.items() if (section, option) not in ours}
        for section, options in (plan.others or {}).items()
    }
    return {
        section: options for section, options in kept.items() if options or not (plan.others or {})[section]
    }
