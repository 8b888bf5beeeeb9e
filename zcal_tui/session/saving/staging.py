"""Stages values for SAVE_CONFIG: with the [zcal] module, else by the live G-code offset and Z_OFFSET_APPLY_….

Without the module, Klipper stages only what a G-code offset can express (Klipper docs, G-Codes, Z_OFFSET_APPLY_PROBE
and Z_OFFSET_APPLY_ENDSTOP: value' = value − offset). The offset is set without a move, and restored at once.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Change, one_line
from zcal_tui.printer.axis_twist import LISTS, list_text, parse_list
from zcal_tui.printer.axis_twist import SECTION as TWIST_SECTION
from zcal_tui.printer.config_view import macro_wraps, probe_config, towers_without_endstop, z_rail
from zcal_tui.printer.printer import CommandFailed, Printer
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number
from zcal_tui.printer.zcal_interface import (
    INTERFACE,
    STAGES_AXIS_TWIST,
    STAGES_POSITION_MIN,
    STAGES_SCAN_MODEL,
    STAGES_TOOL_PROBE,
    speaks,
)
from zcal_tui.printer.zcal_module import ZcalModule
from zcal_tui.session.saving import axis_twist

DECIMALS = {
    "x_offset": 3,
    "y_offset": 3,
    "z_offset": 3,
    "position_endstop": 3,
    "position_min": 3,
    "switch_offset": 3,
    "model_offset": 3,
    "z_backlash": 5,
    "z_compensations": 6,
    "zy_compensations": 6,
    "compensation_start_x": 3,
    "compensation_end_x": 3,
    "compensation_start_y": 3,
    "compensation_end_y": 3,
}
"""The options that can be staged, and the decimals they are written with (docs/zcal.md, ZCAL_STAGE). Those of
[axis_twist_compensation] are only staged together."""
SAME_DISTANCE = 0.00099
"""mm by which the changes of three towers may differ and still count as equal: DELTA_CALIBRATE writes six decimals,
staged values have three."""
TOWERS = ("stepper_a", "stepper_b", "stepper_c")


class StagingFailed(Exception):
    """Klipper did not stage the values it was sent; `str()` says what it staged instead."""


@dataclass(frozen=True)
class ValueToStage:
    """A value to save. `text` is its text in printer.cfg."""

    section: str
    option: str
    text: str

    @property
    def wanted(self) -> float | None:
        """The value as a number; None if it is something else."""
        return _number(self.text)

    def reads(self, found: object) -> bool:
        """Whether a text or number that was read back is this value; line endings and spaces do not count."""
        if isinstance(found, list | tuple):
            return _same_numbers(self.text, found)
        wanted, read = self.wanted, _number(found)
        if wanted is None:
            return isinstance(found, str) and found.split() == self.text.split()
        least = 0.6 * 10.0 ** -DECIMALS.get(self.option, 6)
        return read is not None and abs(read - wanted) <= least

    def __str__(self) -> str:
        return f"[{self.section}] {self.option}: {one_line(self.text)}"


def value_of(change: Change) -> ValueToStage:
    """The value of a change; one that Klipper staged itself is unchanged. Raises ValueError if it cannot be staged."""
    if change.state == "staged":
        return ValueToStage(change.section, change.option, change.new)
    decimals = DECIMALS.get(change.option)
    if decimals is None:
        raise ValueError(f"{change.option} cannot be staged")
    if change.option in LISTS:
        return ValueToStage(change.section, change.option, list_text(parse_list(change.new)))
    try:
        wanted = float(change.new)
    except ValueError as error:
        raise ValueError(f"{change.new} is not a number") from error
    return ValueToStage(change.section, change.option, f"{wanted:.{decimals}f}")


class Stager:
    """Stages values the way this printer supports."""

    def __init__(self, printer: Printer, zcal: ZcalModule) -> None:
        self._printer = printer
        self._zcal = zcal

    def obstacle(self, change: Change, among: Sequence[Change]) -> str | None:
        """Why a change cannot be staged together with `among`, as a sentence; None if it can."""
        try:
            value = value_of(change)
        except ValueError as error:
            return f"{error}."
        state = self._printer.state
        if change.state == "staged":
            if value.reads(_pending(state, value)):
                return None
            return "It is no longer staged: Klipper was restarted, or the value was replaced."
        if (old := changed_since(change, state)) is not None:
            return f"It was {change.was} when it was measured, and is {old} now. Measure it again."
        if value.option in ("z_offset", "position_endstop") and setting(state, value) is None:
            return f"[{value.section}] has no {value.option} in Klipper's configuration."
        if value.section.lower() == TWIST_SECTION and (why := axis_twist.obstacle(state, change, among)):
            return why
        if self._zcal.can("settings", "state"):
            if not speaks(state.zcal.get("version"), _least_version(value)):
                return "This version of the [zcal] module cannot stage it. Update the module."
            return None
        if macro_wraps(state, "SET_GCODE_OFFSET"):
            return "SET_GCODE_OFFSET is a macro here, which may store the offset that staging has to set for a moment."
        if value.option == "z_offset":
            return _without_probe(state, value)
        if value.option == "position_endstop":
            return _without_endstop(state, value, among)
        return "Klipper has no command to stage it without the [zcal] module."

    async def stage(self, values: Sequence[ValueToStage]) -> None:
        """Stage all of these and verify it; values that are already pending are not sent again.

        Raises StagingFailed, CommandFailed, TransportError; some values may be staged then.
        """
        fresh = [value for value in values if not value.reads(_pending(self._printer.state, value))]
        if self._zcal.can("settings", "state"):
            twist = [value for value in fresh if value.section.lower() == TWIST_SECTION]
            texts = {value.option: value.text for value in twist}
            for request in axis_twist.requests(self._printer.state, texts):
                await self._zcal.stage_axis_twist(*request)
            for value in fresh:
                if value in twist:
                    continue
                await self._zcal.stage(value.section, value.option, value.wanted or 0.0)
        else:
            await self._apply(fresh)
        state = await self._printer.refresh()
        wrong = [value for value in values if not value.reads(_pending(state, value))]
        if wrong:
            found = ", ".join(
                f"{value} was staged as {_pending(state, value) or 'nothing'}" for value in wrong
            )
            raise StagingFailed(f"Klipper staged other values than requested: {found}.")

    async def _apply(self, values: Sequence[ValueToStage]) -> None:
        """Stage by the G-code offset, which the same script restores: klippy completes it even if the connection is
        lost."""
        restore = f"SET_GCODE_OFFSET Z={self._printer.state.homing_origin[2]:.6f} MOVE=0"
        for command, offset in _offsets(self._printer.state, values).items():
            try:
                await self._printer.gcode(f"SET_GCODE_OFFSET Z={offset:.6f} MOVE=0\n{command}\n{restore}")
            except CommandFailed:
                await self._printer.gcode(restore)
                raise


def changed_since(change: Change, state: PrinterState) -> object:
    """What klippy runs with, where that is neither the value from which a change was measured nor the new one; else
    None. A new value may be relative to the old one."""
    new, old = ValueToStage(change.section, change.option, change.new), change.old
    now = setting(state, new)
    if now is None or old is None or new.reads(now) or replace(new, text=old).reads(now):
        return None
    return now


def staged(state: PrinterState, values: Iterable[ValueToStage]) -> tuple[ValueToStage, ...]:
    """Which of the values are pending in Klipper, by its status."""
    return tuple(value for value in values if value.reads(_pending(state, value)))


def _pending(state: PrinterState, value: ValueToStage) -> str | None:
    return state.save_config.items.get(value.section, {}).get(value.option)


def with_section_name(change: Change, state: PrinterState) -> Change:
    """The change with its section's name as in printer.cfg: klippy's settings have it in lower case."""
    named = next((name for name in state.config if name.lower() == change.section.lower()), change.section)
    return change if named == change.section else replace(change, section=named)


def _least_version(value: ValueToStage) -> tuple[int, int]:
    """The version of the [zcal] module that stages it."""
    if value.section.lower() == TWIST_SECTION:
        return STAGES_AXIS_TWIST
    if value.option == "position_min":
        return STAGES_POSITION_MIN
    if value.section.lower().startswith("tool_probe "):
        return STAGES_TOOL_PROBE
    of_model = value.option == "model_offset" or " scan_model " in value.section
    return STAGES_SCAN_MODEL if of_model else INTERFACE


def _without_probe(state: PrinterState, value: ValueToStage) -> str | None:
    if value.section.lower().startswith("tool_probe"):
        return "Z_OFFSET_APPLY_PROBE stages it for [tool_probe_endstop], which no tool uses."
    probe = probe_config(state)
    if (
        probe is None
        or probe.section != value.section.lower()
        or state.has_command("Z_OFFSET_APPLY_PROBE") is False
    ):
        return "Only the probe's own z_offset can be staged without the [zcal] module."
    return None


def _without_endstop(state: PrinterState, value: ValueToStage, among: Sequence[Change]) -> str | None:
    if state.has_command("Z_OFFSET_APPLY_ENDSTOP") is False or setting(state, value) is None:
        return "This endstop's position cannot be staged without the [zcal] module."
    if value.section not in TOWERS:
        rail = z_rail(state)
        if rail is None or rail.section != value.section.lower() or "stepper_a" in state.settings:
            return "Only the position of the Z endstop can be staged without the [zcal] module."
        return None
    if unset := towers_without_endstop(state):
        names = " and ".join(f"[{name}]" for name in unset)
        return f"Z_OFFSET_APPLY_ENDSTOP would shut Klipper down without a position_endstop in {names}."
    offsets = [_offset(state, value_of(change)) for change in among if change.option == "position_endstop"]
    if len(offsets) != len(TOWERS) or max(offsets) - min(offsets) > SAME_DISTANCE:
        return "The towers' endstops can only be staged with equal changes without the [zcal] module."
    return None


def _offsets(state: PrinterState, values: Sequence[ValueToStage]) -> Mapping[str, float]:
    """The commands, each with the G-code offset that stages its value.

    The towers share one: the middle of theirs, which rounds to each wanted position.
    """
    commands = {"z_offset": "Z_OFFSET_APPLY_PROBE", "position_endstop": "Z_OFFSET_APPLY_ENDSTOP"}
    found: dict[str, list[float]] = {}
    for value in values:
        found.setdefault(commands[value.option], []).append(_offset(state, value))
    return {command: (min(offsets) + max(offsets)) / 2 for command, offsets in found.items()}


def _offset(state: PrinterState, value: ValueToStage) -> float:
    return (number(setting(state, value)) or 0.0) - (value.wanted or 0.0)


def setting(state: PrinterState, value: ValueToStage) -> object:
    """The value that klippy runs with; None if it has no such option."""
    return state.settings.get(value.section.lower(), {}).get(value.option)


def _same_numbers(written: str, read: object) -> bool:
    """Whether a text that was written is the list of numbers that klippy has read, whatever its lines."""
    words = written.replace(",", " ").split()
    flat = list(_flat(read))
    if len(words) != len(flat):
        return False
    numbers = [(_number(word), number(value)) for word, value in zip(words, flat, strict=True)]
    return all(
        wrote is not None and got is not None and math.isclose(wrote, got, rel_tol=1e-6, abs_tol=1e-12)
        for wrote, got in numbers
    )


def _flat(values: object) -> Iterator[object]:
    if isinstance(values, list | tuple):
        for value in values:
            yield from _flat(value)
    else:
        yield values


def _number(found: object) -> float | None:
    try:
        return number(float(found)) if isinstance(found, str) else number(found)
    except ValueError:
        return None
