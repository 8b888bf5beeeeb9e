"""Levels a bed with screws by consent: SCREWS_TILT_CALCULATE, turn the knobs, again, until all are within 1/16 turn."""

import math
from collections.abc import Mapping
from typing import Any

from zcal_tui.checks.base import Context
from zcal_tui.checks.dock.attach import probe_attached
from zcal_tui.checks.ready.finding import ReadyFinding, fine, warn
from zcal_tui.checks.travel import home_if_needed, require_free
from zcal_tui.model.events import Notice, Stage
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.questions import Confirm
from zcal_tui.printer.config_view import is_delta
from zcal_tui.printer.printer import CommandFailed
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import mapping, text

SECTION = "screws_tilt_adjust"
COMMAND = "SCREWS_TILT_CALCULATE"
ENOUGH = 1 / 16
"""Turns of a knob. Finer than that a hand cannot turn it, and an M4 knob moves the bed by 44 µm."""
MOST_ROUNDS = 10
SOURCE = "Klipper docs, Manual_Level"
_MINUTES = 60.0
"""Klipper shows a turn as the minutes of a clock."""


@dataclass(frozen=True, slots=True)
class KnobTurn:
    """How far one knob has to be turned: in turns, clockwise or not."""

    name: str
    turns: float
    clockwise: bool

    @property
    def line(self) -> str:
        """The turn, for people."""
        way = "clockwise" if self.clockwise else "counter-clockwise"
        return f"{self.name}: {self.turns:.2f} turns {way}"


def has_screws(state: PrinterState) -> bool:
    """Whether Klipper can measure this bed's screws."""
    return SECTION in state.settings


def knob_turns(settings: Mapping[str, Any], results: Mapping[str, Any]) -> tuple[KnobTurn, ...]:
    """The turns that SCREWS_TILT_CALCULATE reports, without the base screw. Entries that cannot be read are left
    out."""
    found = []
    for key, value in sorted(results.items()):
        entry = mapping(value)
        full, _, minutes = str(entry.get("adjust", "")).partition(":")
        if entry.get("is_base") or not full.isdigit() or not minutes.isdigit():
            continue
        name = text(settings.get(f"{key}_name")) or key
        turns = int(full) + int(minutes) / _MINUTES
        found.append(KnobTurn(name, turns, entry.get("sign") == "CW"))
    return tuple(found)


async def level_screws(context: Context, macros: tuple[str, str] | None) -> ReadyFinding | None:
    """Measure and turn by consent. None where the person leaves it. Raises CommandFailed where klippy has halted,
    CheckFailed, CheckCancelled, TransportError."""
    if not await _agreed(context):
        return None
    turns: tuple[KnobTurn, ...] = ()
    moved = False
    for number in range(1, MOST_ROUNDS + 1):
        try:
            turns = await _measure(context, macros)
        except CommandFailed as error:
            if not (await context.printer.refresh()).ready:
                raise
            explained = error.explanation
            context.emit(Notice(f"{COMMAND} failed: {explained.what} {explained.remedy}".rstrip()))
            turns = ()  # those of the round before are from before the knobs were turned
            break
        context.stop_if_cancelled()
        worst = max((turn.turns for turn in turns), default=math.inf)
        if worst <= ENOUGH or number == MOST_ROUNDS or not await _turned(context, turns):
            break
        moved = True
    if moved:
        await _home_again(context)
    return _finding(turns)


async def _home_again(context: Context) -> None:
    """Home Z after knobs were turned: the bed has moved, and Z 0 with it where the probe homes Z. Raises CommandFailed
    where klippy has halted, CheckFailed, TransportError."""
    await require_free(context.printer)
    command = "G28" if is_delta(context.printer.state) else "G28 Z"
    context.emit(Stage("home", "Homing Z again, because the bed has moved"))
    try:
        await context.printer.gcode(command)
    except CommandFailed as error:
        if not (await context.printer.refresh()).ready:
            raise
        explained = error.explanation
        context.emit(Notice(f"{command} failed: {explained.what} {explained.remedy}".rstrip()))
    await context.printer.refresh()


async def _agreed(context: Context) -> bool:
    return await context.operator.confirm(
        Confirm(
            "bed-screws",
            f"Measure the bed's screws now ({COMMAND})?",
            "The probe probes the bed above each screw and shows how far to turn its knob. It is repeated until every "
            "knob is within 1/16 turn. All axes are homed first, unless they are. A docked probe is attached for it "
            "and docked again. Z is homed again after knobs were turned.",
            yes="Measure",
            no="Leave it",
        )
    )


async def _measure(context: Context, macros: tuple[str, str] | None) -> tuple[KnobTurn, ...]:
    await home_if_needed(context)
    async with probe_attached(context, macros):
        if macros is not None:
            await require_free(context.printer)  # attaching takes a while
        context.emit(Stage("screws", f"Measuring the bed's screws ({COMMAND})"))
        await context.printer.gcode(COMMAND)
    status = await context.printer.query({SECTION: ["results"]})
    results = mapping(status.get(SECTION, {}).get("results"))
    return knob_turns(context.printer.state.settings.get(SECTION, {}), results)


async def _turned(context: Context, turns: tuple[KnobTurn, ...]) -> bool:
    """Whether the person has turned the knobs, so that it is measured again."""
    if not turns:
        return False
    lines = "\n".join(turn.line for turn in turns if turn.turns > ENOUGH)
    return await context.operator.confirm(
        Confirm(
            "bed-screws-again",
            "Turn these knobs, then measure again.",
            f"{lines}\nLook at each knob from above the screw's head, as [{SECTION}] says for its thread.",
            yes="Measure again",
            no="Leave it",
        )
    )


def _finding(turns: tuple[KnobTurn, ...]) -> ReadyFinding:
    if not turns:
        return warn(
            "bed-screws",
            "The bed's screws were not measured.",
            f"{COMMAND} reported no turns.",
            f"Run {COMMAND} in the console and read its answer.",
        )
    worst = max(turns, key=lambda turn: turn.turns)
    if worst.turns <= ENOUGH:
        return fine("bed-screws", "Every knob of the bed is within 1/16 turn.", "", "", SOURCE)
    return warn(
        "bed-screws",
        f"The bed is not level: {worst.line}. Limit: 1/16 turn.",
        "A tilted bed makes z_offset wrong for a probe beside the nozzle.",
        "Turn the knobs and measure them again.",
        source=SOURCE,
        lines=tuple(turn.line for turn in turns if turn.turns > ENOUGH),
    )
