"""Moves between measurements: homed first, up before sideways, inside the axes."""

import contextlib

from zcal_tui.checks.base import CheckRefused, Context
from zcal_tui.model.events import Notice, Stage
from zcal_tui.printer.config_view import is_delta
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.state import Xyz
from zcal_tui.transport.failures import GcodeError, TransportError

TRAVEL_SPEED = 60.0
"""mm/s sideways: unhurried, and slower where the printer's own limits are lower."""
LIFT_SPEED = 8.0
_STATE = "ZCAL_TRAVEL"
_RESTORE = f"RESTORE_GCODE_STATE NAME={_STATE} MOVE=0"


async def home_if_needed(context: Context, *, allowed: bool = True) -> bool:
    """Home all axes unless all are homed; True where it did. Raises CheckRefused where that is not allowed."""
    if context.printer.state.homed():
        return False
    if not allowed:
        raise CheckRefused(
            "The printer is not homed.",
            "Nothing may move before it knows where it is.",
            "Home it first (G28), or allow the check to do so.",
        )
    context.emit(Stage("home", "Homing all axes"))
    await context.printer.gcode("G28")
    state = await context.printer.wait_for(lambda state: state.homed(), limit=10.0)
    context.stop_if_cancelled()
    return state.homed()


def require_inside(printer: Printer, x: float, y: float) -> None:
    """Raises CheckRefused unless the toolhead can stand at x, y."""
    low, high = printer.state.axis_minimum, printer.state.axis_maximum
    if low is None or high is None:
        return
    for axis, value, least, most in (("X", x, low[0], high[0]), ("Y", y, low[1], high[1])):
        if not least <= value <= most:
            raise CheckRefused(
                f"{axis} {value:g} is outside the axis.",
                f"The toolhead goes from {least:g} to {most:g} mm there.",
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
    try:
        await printer.gcode("\n".join([*lines, "M400"]))
    except GcodeError:
        if printer.state.ready:
            with contextlib.suppress(TransportError):  # the move's own error is the one to tell
                await printer.gcode(_RESTORE)
        raise
    await printer.gcode(_RESTORE)


async def lift_and_leave(context: Context, clearance: float) -> None:
    """Lift off the bed at the end of a check, on every path out on which the printer still takes commands. Does not
    raise, so that what ended the check is what is told."""
    if not context.printer.state.ready:
        return
    try:
        await travel(context.printer, clearance=clearance)
    except (TransportError, CheckRefused) as error:
        context.emit(Notice(f"The toolhead was not lifted: {error}"))


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
