"""A dockable probe out of the way, so that the nozzle can be lowered onto the bed."""

import contextlib
from collections.abc import AsyncIterator

from zcal_tui.checks.base import Context
from zcal_tui.checks.ending import CheckFailed, CheckRefused
from zcal_tui.checks.switch import reading
from zcal_tui.checks.travel import hands_off, lift_before_macro
from zcal_tui.model.events import Notice, Stage
from zcal_tui.model.questions import Confirm
from zcal_tui.model.units import length
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.transport.failures import TransportError

USUAL_TRAVEL = 4.0
"""mm that the switch of a probe can usually be pressed beyond its trigger."""


async def require_travel(context: Context, macros: tuple[str, str] | None, probe: ProbeConfig) -> None:
    """Ask whether a probe that stays on the toolhead can be pressed as far as the nozzle has to go. Raises CheckRefused
    where it cannot."""
    stays = macros is None or not macros[1]
    if not stays or probe.prepares or probe.wrapped or probe.z_offset <= USUAL_TRAVEL:
        return
    can = await context.operator.confirm(
        Confirm(
            "probe-travel",
            f"Can the probe be pressed in by {length(probe.z_offset)}?",
            "It stays on the toolhead, and the nozzle touches the bed that far below its trigger. A probe with less "
            "travel breaks or lifts the toolhead.",
            yes="It can",
            no="It cannot",
            danger=True,
        )
    )
    if not can:
        raise CheckRefused(
            "The probe would be pressed into the bed before the nozzle gets there.",
            "No macros are known that put it back: --attach is none, or none with a usual name are in printer.cfg.",
            "Name them with --attach and --detach.",
        )


@contextlib.asynccontextmanager
async def probe_put_away(context: Context, macros: tuple[str, str] | None) -> AsyncIterator[None]:
    """The probe in its dock for the time of an `async with` block, if `macros` (fetch, put back) move it at all; a
    probe that was seen to hang on the toolhead before hangs there again afterwards.

    A probe that hangs far below the nozzle may have less travel than the nozzle has to go. Raises CheckFailed where it
    was not put away, TransportError.
    """
    if macros is None or not macros[1]:
        yield
        return
    fetch, back = macros
    hung_there = await _hangs(context)
    if hung_there:
        context.emit(
            Stage("detach", f"Putting the probe back, so that the nozzle can touch the bed ({back})")
        )
        await lift_before_macro(context.printer)
        await context.printer.gcode(back)
        hung_there = await _require_away(context, back)
    try:
        yield
    finally:
        if hung_there:
            await _fetch_again(context, fetch)


async def _require_away(context: Context, back: str) -> bool:
    """Whether the probe was on the toolhead before. Raises CheckFailed unless it is off now, by its switch or, where
    that reads the same on and off (wired normally open), by what the person sees; then nobody knows where it was, and
    the dock is the safe place."""
    if not await _hangs(context):
        return True
    away = await context.operator.confirm(
        Confirm(
            "probe-away",
            "Is the probe off the toolhead?",
            f"{back} has run, but the probe's switch reads the same as before. With some wirings it always does. If "
            "the probe is still on, it is pressed into the bed before the nozzle gets there.",
            yes="It is off",
            no="It is still on",
            danger=True,
        )
    )
    if not away:
        raise CheckFailed(
            "The probe is still on the toolhead.",
            f"{back} did not put it back.",
            "Look at the dock and at that macro, put the probe back by hand, then repeat the check.",
        )
    return False


async def _fetch_again(context: Context, fetch: str) -> None:
    if (reason := hands_off(context.printer.state)) is not None:
        context.emit(Notice(f"The probe was not fetched again: {reason}."))
        return
    context.emit(Stage("attach", f"Fetching the probe again ({fetch})"))
    try:
        await lift_before_macro(context.printer)
        await context.printer.gcode(fetch)
    except (TransportError, CheckRefused) as error:
        context.emit(Notice(f"The probe was not fetched again: {error}"))


async def _hangs(context: Context) -> bool:
    """Whether the probe's switch reads open, which in the usual wiring means that it hangs on the toolhead."""
    return await reading(context) is False
