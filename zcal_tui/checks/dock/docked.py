"""A dockable probe out of the way, so that the nozzle can be lowered onto the bed."""

import contextlib
from collections.abc import AsyncIterator

from zcal_tui.checks.base import Context
from zcal_tui.checks.dock.attach import OWN_COMMANDS, OWN_DOCK
from zcal_tui.checks.dock.probe_switch import reading, tells
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.travel import hands_off, lift_before_macro
from zcal_tui.model.events import Notice, Stage
from zcal_tui.model.questions import Confirm
from zcal_tui.model.units import length
from zcal_tui.printer.config_view import ProbeConfig, probe_config
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
    """The probe in its dock for the time of an `async with` block, by `macros` (attach.stow_macros); a probe that was
    seen to hang on the toolhead before hangs there again afterwards.

    A probe that hangs far below the nozzle may have less travel than the nozzle has to go. Raises CheckFailed where it
    was not put away, CheckCancelled, TransportError.
    """
    if macros is None or not macros[1]:
        await _require_off(context)
        yield
        return
    fetch, back = macros
    if macros == OWN_COMMANDS and _kind(context) == OWN_DOCK:
        await lift_before_macro(context.printer)
        await context.printer.gcode(back)  # which looks by itself whether it has to
        yield
        return
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


async def _require_off(context: Context) -> None:
    """Have the person look where commands fetch the probe by themselves, no macro is known that puts it away, and its
    switch reads open, as on the toolhead. Raises CheckFailed, CheckCancelled, TransportError."""
    probe = probe_config(context.printer.state)
    if probe is None or not probe.wrapped or not tells(probe) or not await _hangs(context):
        return
    if not await context.operator.confirm(
        Confirm(
            "probe-away",
            "Is the probe out of the nozzle's way?",
            "Its switch reads open, as one does that hangs on the toolhead. A dockable probe has to be in its dock "
            "now, or it is pressed into the bed before the nozzle gets there. One that is fixed to the toolhead, or "
            "wired so that it always reads open, may stay as it is.",
            yes="It is",
            no="It is not",
            danger=True,
        )
    ):
        raise CheckFailed(
            "The probe is still on the toolhead.",
            "No macros are known that put it back: none with a usual name are in printer.cfg.",
            "Put it back by hand, or name them with --attach and --detach, then repeat the check.",
        )


def _kind(context: Context) -> str | None:
    probe = probe_config(context.printer.state)
    return None if probe is None else probe.kind


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
