"""Whether the macro that starts a print calibrates Z, in the right place, and keeps what it found.

The right place is the one in protoloft's z_calibration docs, "How to use it". Macros are read as text: conditions are
not followed, but called macros are read too. The findings are advice, not proof. Pure.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.macros import MacroCommand, macro_commands, start_macros

DEEPEST = 6
"""How many macros deep calls are followed."""
HEATS_NOZZLE = frozenset({"M104", "M109"})
HEATS_BED = frozenset({"M140", "M190"})
LEVELS = frozenset({"QUAD_GANTRY_LEVEL", "Z_TILT_ADJUST"})
SNIPPET = "SET_GCODE_OFFSET Z_ADJUST={params.Z_ADJUST|default(0.0)|float} MOVE=1"
"""How to shift an offset from the slicer without replacing it."""
ORDER = (
    "home all axes; heat bed and nozzle; level the gantry (attach the probe, level, dock it); purge and clean the "
    "nozzle; CALIBRATE_Z; an adjustment, if any; the intro line; print"
)

_TAKES_OFF = re.compile(r"\bZ\s*=\s*-?0+(\.0*)?(\s|$)", re.IGNORECASE)


@dataclass(frozen=True)
class PrintStart:
    """The macro that starts a print, macros that it calls unfolded; CALIBRATE_Z stays one command."""

    name: str
    commands: tuple[MacroCommand, ...]

    @property
    def calibrates(self) -> int | None:
        """The index of the last CALIBRATE_Z among the commands."""
        found = [i for i, command in enumerate(self.commands) if command.word == "CALIBRATE_Z"]
        return found[-1] if found else None

    @property
    def calibrates_hot(self) -> bool | None:
        """Whether the nozzle is heated before CALIBRATE_Z; None where the macro does not show it, as where the slicer
        heats."""
        at = self.calibrates
        if at is None:
            return None
        if any(command.word in HEATS_NOZZLE for command in self.commands[:at]):
            return True
        return False if any(command.word in HEATS_NOZZLE for command in self.commands[at:]) else None


def print_start(settings: Mapping[str, Mapping[str, Any]]) -> PrintStart | None:
    """The macro as these settings have it; None where no macro has one of the usual names."""
    for name in start_macros(settings):
        if isinstance(settings.get(f"gcode_macro {name}", {}).get("gcode"), str):
            return PrintStart(name.upper(), tuple(_unfold(settings, name, DEEPEST)))
    return None


def _unfold(settings: Mapping[str, Mapping[str, Any]], name: str, depth: int) -> Iterator[MacroCommand]:
    gcode = settings.get(f"gcode_macro {name}", {}).get("gcode")
    if not isinstance(gcode, str):
        return
    for command in macro_commands(gcode):
        called = command.word.lower()
        known = f"gcode_macro {called}" in settings
        if command.word != "CALIBRATE_Z" and depth > 0 and known and called != name:
            yield from _unfold(settings, called, depth - 1)
        else:
            yield command


def findings(settings: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """What to change in it so that the calibrated offset is there when the print begins; sentences for people."""
    macro = print_start(settings)
    if macro is None:
        missing = "No macro that starts a print was found (PRINT_START, START_PRINT). "
        return (f"{missing}Call CALIBRATE_Z before each print, in this order: {ORDER}.",)
    at = macro.calibrates
    if at is None:
        where = (
            "Put the line CALIBRATE_Z where Z is homed the second time, after levelling and cleaning the "
            "nozzle, in place of that homing."
        )
        text = f"{macro.name} does not call CALIBRATE_Z: a print starts without the offset. {where} The order: {ORDER}."
        return (text, *_absolute(macro.name, macro.commands))
    before, after = macro.commands[:at], macro.commands[at + 1 :]
    return (
        *_shifted_before(macro.name, before),
        *_absolute(macro.name, after),
        *_homed_after(macro.name, after),
        *_restored(macro.name, before, after),
        *_levelled_after(macro.name, after),
        *_cold(macro),
        *_cold_bed(macro.name, before, after),
    )


def _shifted_before(name: str, before: tuple[MacroCommand, ...]) -> Iterator[str]:
    """CALIBRATE_Z replaces whatever offset is in force; one that is only taken off before it does no harm."""
    for command in before:
        shifts = command.names("Z_ADJUST") or (command.names("Z") and not _TAKES_OFF.search(command.line))
        if command.word == "SET_GCODE_OFFSET" and shifts:
            yield (
                f"{name} has `{command.line}` before CALIBRATE_Z, which replaces that offset. If prints need it, "
                f"put it after CALIBRATE_Z, as {SNIPPET}"
            )


def _absolute(name: str, commands: tuple[MacroCommand, ...]) -> Iterator[str]:
    for command in commands:
        if command.word == "SET_GCODE_OFFSET" and command.names("Z"):
            yield (
                f"{name} has `{command.line}`, which replaces the offset of CALIBRATE_Z. Remove it. To shift "
                f"the offset from the slicer use, after CALIBRATE_Z: {SNIPPET}"
            )


def _homed_after(name: str, after: tuple[MacroCommand, ...]) -> Iterator[str]:
    for command in after:
        axes = set(re.findall(r"\b[XYZ]", command.line[len(command.word) :].upper()))
        if command.word == "G28" and (not axes or "Z" in axes):
            yield (
                f"{name} homes Z after CALIBRATE_Z (`{command.line}`). The offset counts from the homing before it: "
                "remove that homing, or calibrate after it."
            )
            return


def _restored(name: str, before: tuple[MacroCommand, ...], after: tuple[MacroCommand, ...]) -> Iterator[str]:
    saved = {_state_name(command) for command in before if command.word == "SAVE_GCODE_STATE"}
    saved -= {_state_name(command) for command in before if command.word == "RESTORE_GCODE_STATE"}
    for command in after:
        if command.word == "RESTORE_GCODE_STATE" and _state_name(command) in saved:
            yield (
                f"{name} saves the G-code state before CALIBRATE_Z and restores it after (`{command.line}`): "
                "that brings the old offset back. Save the state after CALIBRATE_Z, or restore it before."
            )
            return


def _state_name(command: MacroCommand) -> str:
    found = re.search(r"\bNAME\s*=\s*(\S+)", command.line, re.IGNORECASE)
    return found[1].lower() if found is not None else "default"


def _levelled_after(name: str, after: tuple[MacroCommand, ...]) -> Iterator[str]:
    for command in after:
        if command.word in LEVELS:
            yield f"{name} levels the gantry after CALIBRATE_Z ({command.word}): calibrate after levelling."
            return


def _cold(macro: PrintStart) -> Iterator[str]:
    if macro.calibrates_hot is False:
        yield (
            f"{macro.name} calls CALIBRATE_Z before the nozzle is heated, so that it measures the cold nozzle and "
            "misses what the hot one grows (about 0.1 mm). Heat the nozzle first, to 150 °C at least, and clean it."
        )


def _cold_bed(name: str, before: tuple[MacroCommand, ...], after: tuple[MacroCommand, ...]) -> Iterator[str]:
    if any(command.word in HEATS_BED for command in after) and not any(
        command.word in HEATS_BED for command in before
    ):
        yield (
            f"{name} calls CALIBRATE_Z before the bed is heated: a bed that grows or bends afterwards is at another "
            "height than the one that was probed. Heat it first."
        )
