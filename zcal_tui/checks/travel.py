"""Moves between measurements: homed first, up before sideways, inside the axes."""

import contextlib

from zcal_tui.checks.base import CheckFailed, CheckRefused, Context
from zcal_tui.model.events import Notice, Stage
from zcal_tui.printer.config_view import is_delta
from zcal_tui.printer.geometry import area
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.state import PrinterState, Xyz
from zcal_tui.transport.failures import GcodeError, TransportError

TRAVEL_SPEED = 60.0
"""mm/s sideways: unhurried, and slower where the printer's own limits are lower."""
LIFT_SPEED = 8.0
JOG_SPEED = 20.0
"""mm/s of moves that a person makes while looking at the nozzle."""
_STATE = "ZCAL_TRAVEL"
_RESTORE = f"RESTORE_GCODE_STATE NAME={_STATE} MOVE=0"


async def home_if_needed(context: Context, *, allowed: bool = True) -> None:
    """Home all axes unless all are homed. Raises CheckRefused where that is not allowed, CheckFailed where G28 does
    not home them all."""
    if context.printer.state.homed():
        return
    if not allowed:
        raise CheckRefused(
            "The printer is not homed.",
            "Nothing may move before it knows where it is.",
            "Home it first (G28), or allow the check to do so.",
        )
    context.emit(Stage("home", "Homing all axes"))
    await context.printer.gcode("G28")
    state = await context.printer.refresh()
    if not state.homed():
        raise CheckFailed(
            "G28 has ended, but not every axis is homed.",
            f"Homed are: {state.homed_axes or 'none'}. A G28 macro or a homing_override may leave some out.",
            "Home the others by hand, then start again.",
        )
    context.stop_if_cancelled()


def require_inside(printer: Printer, x: float, y: float) -> None:
    """Raises CheckRefused unless the toolhead can stand at x, y."""
    allowed = area(printer.state)
    if allowed is None or allowed.contains((x, y)):
        return
    reach = f"X {allowed.low[0]:g} to {allowed.high[0]:g}, Y {allowed.low[1]:g} to {allowed.high[1]:g}"
    if allowed.radius is not None:
        reach = f"{allowed.radius:g} mm around the middle"
    raise CheckRefused(
        f"X {x:g} Y {y:g} is out of the toolhead's reach.",
        f"It reaches {reach}.",
        "Choose a place inside, or leave it out: then the middle of the bed is taken.",
    )


async def travel(
    printer: Printer, *, x: float | None = None, y: float | None = None, clearance: float
) -> None:
    """Lift to at least `clearance` (mm, toolhead Z), then go sideways. G-code's own state (G90/G91, speed) is left
    as it was found. A delta, whose arms do not reach sideways near the top, comes down to half its height first."""
    await printer.refresh()  # pushed updates lag, and a height that is out of date could save the lift
    at = position(printer)
    lines = [f"SAVE_GCODE_STATE NAME={_STATE}", "G90"]
    highest = printer.state.axis_maximum
    if at[2] < clearance:
        lines.append(f"G1 Z{clearance:.3f} F{LIFT_SPEED * 60:.0f}")
    elif is_delta(printer.state) and highest is not None and at[2] > max(clearance, highest[2] / 2):
        lines.append(f"G1 Z{max(clearance, highest[2] / 2):.3f} F{TRAVEL_SPEED * 60:.0f}")
    sideways = "".join(f" {axis}{value:.3f}" for axis, value in (("X", x), ("Y", y)) if value is not None)
    if sideways:
        lines.append(f"G1{sideways} F{TRAVEL_SPEED * 60:.0f}")
    await _move(printer, lines)


async def go_to(
    printer: Printer,
    x: float | None = None,
    y: float | None = None,
    z: float | None = None,
    *,
    speed: float = LIFT_SPEED,
) -> None:
    """Go straight to a place (mm), as a person who looks on asks for, or down to a height that was just measured.
    The caller knows that nothing is in the way. G-code's own state is left as it was found."""
    words = "".join(
        f" {axis}{value:.4f}" for axis, value in (("X", x), ("Y", y), ("Z", z)) if value is not None
    )
    await _move(printer, [f"SAVE_GCODE_STATE NAME={_STATE}", "G90", f"G1{words} F{speed * 60:.0f}"])


async def _move(printer: Printer, lines: list[str]) -> None:
    """Run moves to their end and put G-code's state back."""
    try:
        # In one script, so that the state is put back even if the link goes meanwhile
        await printer.gcode("\n".join([*lines, "M400", _RESTORE]))
    except GcodeError:
        if printer.state.ready:
            with contextlib.suppress(TransportError):  # the move's own error is the one to tell
                await printer.gcode(_RESTORE)
        raise
    await printer.refresh()  # where it stands now, for whoever asks next


async def lift_and_leave(context: Context, clearance: float) -> None:
    """Lift off the bed at the end of a check, on every path out on which the printer still takes commands. Does not
    raise, so that what ended the check is what is told."""
    if (reason := hands_off(context.printer.state)) is not None:
        context.emit(Notice(f"The toolhead was not lifted: {reason}."))
        return
    try:
        await travel(context.printer, clearance=clearance)
    except (TransportError, CheckRefused) as error:
        context.emit(Notice(f"The toolhead was not lifted: {error}"))


def hands_off(state: PrinterState) -> str | None:
    """Why nothing may be moved any more, None where it may."""
    if not state.ready:
        return "the printer does not take commands"
    return "a print was started" if state.busy else None


def position(printer: Printer) -> Xyz:
    """Where the toolhead stands. Raises CheckRefused where the printer does not tell."""
    at = printer.state.position
    if at is None:
        raise CheckRefused(
            "The printer does not tell where its toolhead is.",
            "Its status has no position.",
            "Home it and try again.",
        )
    return at
