"""Moves between measurements: homed first, up before sideways, inside the axis limits."""

import contextlib

from zcal_tui.checks.base import Context
from zcal_tui.checks.clearance import safe_clearance
from zcal_tui.checks.errors import CheckFailed, CheckRefused, PrinterTakenOver
from zcal_tui.checks.lease.temporary_settings import other_holder
from zcal_tui.model.events import Notice, Stage
from zcal_tui.printer.config_view import is_delta
from zcal_tui.printer.geometry import area
from zcal_tui.printer.printer import Printer, what_happened
from zcal_tui.printer.state import PrinterState, Xyz
from zcal_tui.transport.failures import GcodeError, TransportError

TRAVEL_SPEED = 60.0
"""mm/s sideways; slower where the printer's own limits are lower."""
LIFT_SPEED = 8.0
JOG_SPEED = 20.0
"""mm/s of jogs, during which a person watches the nozzle."""
_STATE = "ZCAL_TRAVEL"
_RESTORE = f"RESTORE_GCODE_STATE NAME={_STATE} MOVE=0"


async def home_if_needed(context: Context, *, allowed: bool = True) -> None:
    """Home all axes unless all are homed. Settings are changed only after this. Raises CheckRefused where homing is not
    allowed, CheckFailed where G28 does not home all axes, or where another client has taken over the printer."""
    if (await require_free(context.printer)).homed():
        return
    if not allowed:
        raise CheckRefused(
            "The printer is not homed.",
            "Nothing may move before homing.",
            "Home it (G28), or allow the check to do so (--home).",
        )
    context.emit(Stage("home", "Homing all axes"))
    before = context.printer.state
    await context.printer.gcode("G28")
    state = await context.printer.refresh()
    if heated := heated_since(before, state):
        context.emit(
            Notice(
                f"G28 turned on a heater: {', '.join(heated)}. The printer's own homing macro did it. "
                "zcal-tui does not turn it off."
            )
        )
    if not state.homed():
        raise CheckFailed(
            "G28 has finished, but not every axis is homed.",
            f"Homed axes: {state.homed_axes or 'none'}. A G28 macro or a homing_override may leave some out.",
            "Home the other axes, then start again.",
        )
    context.stop_if_cancelled()


def heated_since(before: PrinterState, now: PrinterState) -> list[str]:
    """The heaters whose targets have been raised between two states: `heater_bed 60 °C`."""
    found = []
    for name, heater in now.heaters.items():
        earlier = before.heaters.get(name)
        if heater.target > (0.0 if earlier is None else earlier.target):
            found.append(f"{name} {heater.target:.0f} °C")
    return found


def require_inside(printer: Printer, x: float, y: float) -> None:
    """Raises CheckRefused unless the toolhead can reach x, y."""
    allowed = area(printer.state)
    if allowed is None or allowed.contains((x, y)):
        return
    reach = f"X {allowed.low[0]:g} to {allowed.high[0]:g}, Y {allowed.low[1]:g} to {allowed.high[1]:g}"
    if allowed.radius is not None:
        reach = f"{allowed.radius:g} mm around the centre"
    raise CheckRefused(
        f"The toolhead cannot reach X {x:g} Y {y:g}.",
        f"It reaches {reach}.",
        "Choose a position inside, or leave it out to use the middle of the bed.",
    )


async def require_ours(printer: Printer) -> PrinterState:
    """Check the printer's state right before an action: the check may have waited for a person or for heat, and other
    clients reach the printer too. Returns the state. Raises CheckFailed where a print is running or paused, or another
    program holds the lease."""
    state = await printer.refresh()
    if state.busy:
        raise disturbed(state)
    if (other := other_holder(state)) is not None:
        raise PrinterTakenOver(
            "Another program took over the printer during the check.",
            f"{other} holds the lease. Ours expired because zcal-tui could not renew it.",
            "Let it finish or end it, then repeat the check. The samples so far are kept.",
        )
    return state


def disturbed(state: PrinterState) -> CheckFailed:
    """The failure of a check during which a print was started, or the printer paused."""
    if state.job:
        return CheckFailed(
            "A print was started during the check.",
            "Another screen, a web interface or a macro started it. Nothing was moved since.",
            "Let the print end, then repeat the check. The samples so far are kept.",
        )
    return CheckFailed(
        "The printer was paused (PAUSE) during the check.",
        "A filament sensor, a macro or another screen paused it. There is no print to resume.",
        "Run CLEAR_PAUSE or RESUME, then repeat the check. The samples so far are kept.",
    )


async def require_free(printer: Printer) -> PrinterState:
    """`require_ours`, before a move outside a paper test. Raises CheckFailed also where a manual probe is open; it is
    another client's, since ours is closed before anything else moves."""
    state = await require_ours(printer)
    if state.manual_probe.is_active:
        raise CheckFailed(
            "A manual probe (paper test) is open that this program did not start.",
            "Another screen or a web interface opened it during the check.",
            "Finish it there with ACCEPT or ABORT, then repeat the check.",
        )
    return state


async def travel(
    printer: Printer, *, x: float | None = None, y: float | None = None, clearance: float
) -> None:
    """Lift to at least `clearance` (mm, toolhead Z), then go sideways. G-code's own state (G90/G91, speed) stays
    unchanged. A delta, whose arms do not reach sideways near the top, comes down to half its height first."""
    await require_free(printer)  # pushed updates lag, and a height that is out of date could save the lift
    at = position(printer)
    lines = []
    highest = printer.state.axis_maximum
    if at[2] < clearance:
        lines.append(_straight(printer.state, z=clearance, speed=LIFT_SPEED))
    elif is_delta(printer.state) and highest is not None and at[2] > max(clearance, highest[2] / 2):
        lines.append(_straight(printer.state, z=max(clearance, highest[2] / 2), speed=TRAVEL_SPEED))
    if x is not None or y is not None:
        lines.append(_straight(printer.state, x=x, y=y, speed=TRAVEL_SPEED))
    await _move(printer, lines)


async def lift_before_macro(printer: Printer) -> None:
    """Lift before a macro of the printer moves sideways, for instance to a dock: not every macro lifts by itself. Does
    nothing on an unhomed printer. Raises CheckFailed, TransportError."""
    state = await require_free(printer)
    clearance = safe_clearance(state)
    if state.homed() and position(printer)[2] < clearance:
        await travel(printer, clearance=clearance)


async def go_to(
    printer: Printer,
    x: float | None = None,
    y: float | None = None,
    z: float | None = None,
    *,
    speed: float = LIFT_SPEED,
) -> None:
    """Go straight to a position (mm, toolhead): a jog that a person watches, or down to a height that was just
    measured. The caller knows that nothing is in the way. G-code's own state stays unchanged. Raises CheckFailed,
    TransportError."""
    state = await require_free(printer)
    await _move(printer, [_straight(state, x=x, y=y, z=z, speed=speed)])


async def come_down(printer: Printer, height: float, *, speed: float = LIFT_SPEED) -> None:
    """Bring the nozzle straight down to a height that is known to be above the bed (mm, toolhead Z); never up. Raises
    CheckFailed, TransportError."""
    await require_free(printer)
    if position(printer)[2] > height:
        await go_to(printer, z=height, speed=speed)


def _straight(
    state: PrinterState,
    x: float | None = None,
    y: float | None = None,
    z: float | None = None,
    *,
    speed: float,
) -> str:
    """The G-code for a straight move to a toolhead position: without what the live offset, G92, and for Z the mesh and
    other transforms add there."""
    shift = state.gcode_zero or state.homing_origin
    above = shift[2]
    if state.gcode_zero is not None and state.position is not None and state.gcode_position is not None:
        above = state.position[2] - state.gcode_position[2]
    places = (("X", x, shift[0]), ("Y", y, shift[1]), ("Z", z, above))
    words = "".join(f" {axis}{value - off:.4f}" for axis, value, off in places if value is not None)
    return f"G1{words} F{speed * 60:.0f}"


async def _move(printer: Printer, lines: list[str]) -> None:
    """Run moves to their end and restore G-code's state."""
    try:
        # In one script, so that the state is restored even if the link is lost
        await printer.gcode("\n".join([f"SAVE_GCODE_STATE NAME={_STATE}", "G90", *lines, "M400", _RESTORE]))
    except GcodeError:
        if printer.state.ready:
            with contextlib.suppress(TransportError):  # the move's own error is the one to show
                await printer.gcode(_RESTORE)
        raise
    await printer.refresh()  # the position, for the next reader


async def lift_and_leave(context: Context, clearance: float) -> None:
    """Lift off the bed at the end of a check, on every path out on which the printer still accepts commands. Raises
    nothing, so that the error that ended the check is shown."""
    if (reason := hands_off(context.printer.state)) is not None:
        context.emit(Notice(f"The toolhead was not lifted: {reason}."))
        return
    try:
        if not (await context.printer.refresh()).homed("z"):
            context.emit(Notice("The toolhead was not lifted: Z is no longer homed, as after a restart."))
            return
        await travel(context.printer, clearance=clearance)
    except (TransportError, CheckRefused) as error:
        context.emit(Notice(f"The toolhead was not lifted: {what_happened(error)}"))


def hands_off(state: PrinterState) -> str | None:
    """Why nothing may be moved any more; None where it may."""
    if not state.ready:
        return "the printer does not accept commands"
    if state.manual_probe.is_active:  # ours is closed before anything is moved
        return "another client has opened a manual probe (paper test)"
    if (other := other_holder(state)) is not None:
        return f"{other} has taken over the printer"
    if state.busy:
        return "a print was started" if state.job else "the printer was paused (PAUSE)"
    return None


def position(printer: Printer) -> Xyz:
    """The toolhead's position. Raises CheckRefused where the printer does not report it."""
    at = printer.state.position
    if at is None:
        raise CheckRefused(
            "The printer does not report the position of its toolhead.",
            "Its status has no position.",
            "Home it, then try again.",
        )
    return at
