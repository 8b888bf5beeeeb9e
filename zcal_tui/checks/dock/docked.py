"""Docks a probe so that the nozzle can be lowered onto the bed."""

import contextlib
from collections.abc import AsyncIterator

from zcal_tui.checks.base import Context
from zcal_tui.checks.dock.attach import OWN_COMMANDS, OWN_DOCK
from zcal_tui.checks.dock.probe_switch import has_switch, reading
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.travel import hands_off, lift_before_macro
from zcal_tui.model.events import Notice, Stage
from zcal_tui.model.questions import Confirm
from zcal_tui.model.units import length
from zcal_tui.printer.config_view import ProbeConfig, probe_config
from zcal_tui.printer.printer import what_happened
from zcal_tui.transport.failures import TransportError

USUAL_TRAVEL = 4.0
"""mm that a probe can usually be pressed in beyond its trigger."""


async def require_travel(context: Context, macros: tuple[str, str] | None, probe: ProbeConfig) -> None:
    """Ask whether a probe that stays attached can be pressed in as far as the nozzle has to go. Raises CheckRefused
    where it cannot."""
    stays = macros is None or not macros[1]
    if not stays or probe.prepares or probe.wrapped or probe.z_offset <= USUAL_TRAVEL:
        return
    can = await context.operator.confirm(
        Confirm(
            "probe-travel",
            f"Can the probe be pressed in by {length(probe.z_offset)}?",
            "It stays attached, and the nozzle touches the bed that far below its trigger. A probe with less travel "
            "breaks or lifts the toolhead.",
            yes="Yes, it can",
            no="No, it cannot",
            danger=True,
        )
    )
    if not can:
        raise CheckRefused(
            "The probe would be pressed into the bed before the nozzle touches it.",
            "No macro that docks it is known: --attach is none, or printer.cfg has none with a usual name.",
            "Name the macros with --attach and --detach.",
        )


@contextlib.asynccontextmanager
async def probe_docked(context: Context, macros: tuple[str, str] | None) -> AsyncIterator[None]:
    """The probe docked for the time of an `async with` block, by `macros` (attach.stow_macros), and attached again
    after it where it was seen to be attached before.

    A probe that reaches far below the nozzle may have less travel than the nozzle has to go. Raises CheckFailed where
    it was not docked, CheckCancelled, TransportError.
    """
    if macros is None or not macros[1]:
        await _require_off(context)
        yield
        return
    attach, detach = macros
    if macros == OWN_COMMANDS and _kind(context) == OWN_DOCK:
        await lift_before_macro(context.printer)
        await context.printer.gcode(detach)  # which checks by itself whether it has to
        yield
        return
    was_attached = await _is_attached(context)
    if was_attached:
        context.emit(Stage("detach", f"Docking the probe, so that the nozzle can touch the bed ({detach})"))
        await lift_before_macro(context.printer)
        await context.printer.gcode(detach)
        was_attached = await _require_away(context, detach)
    try:
        yield
    finally:
        if was_attached:
            await _attach_again(context, attach)


async def _require_off(context: Context) -> None:
    """Have the person check the probe where probing commands attach it by themselves, no macro that docks it is known,
    and its switch reads open, as when attached. Raises CheckFailed, CheckCancelled, TransportError."""
    probe = probe_config(context.printer.state)
    if probe is None or not probe.wrapped or not has_switch(probe) or not await _is_attached(context):
        return
    if not await context.operator.confirm(
        Confirm(
            "probe-away",
            "Is the probe out of the nozzle's way?",
            "Its switch reads open, as when it is attached. A dockable probe must be docked now, or it is pressed into "
            "the bed before the nozzle touches it. A fixed probe, or one whose switch always reads open, may stay.",
            yes="Out of the way",
            no="It is not",
            danger=True,
        )
    ):
        raise CheckFailed(
            "The probe is still attached.",
            "No macro that docks it is known: printer.cfg has none with a usual name.",
            "Dock it by hand, or name the macros with --attach and --detach, then repeat the check.",
        )


def _kind(context: Context) -> str | None:
    probe = probe_config(context.printer.state)
    return None if probe is None else probe.kind


async def _require_away(context: Context, detach: str) -> bool:
    """Whether the probe was attached before. Raises CheckFailed unless it is docked now: by its switch or, where that
    always reads the same (wired normally open), by what the person sees. Then its state before is unknown, and the
    dock is the safe place."""
    if not await _is_attached(context):
        return True
    away = await context.operator.confirm(
        Confirm(
            "probe-away",
            "Is the probe off the toolhead?",
            f"{detach} has run, but the probe's switch reads the same as before. With some wirings it always does. If "
            "the probe is still attached, it is pressed into the bed before the nozzle touches it.",
            yes="It is off",
            no="Still attached",
            danger=True,
        )
    )
    if not away:
        raise CheckFailed(
            "The probe is still attached.",
            f"{detach} did not dock it.",
            "Check the dock and that macro, dock the probe by hand, then repeat the check.",
        )
    return False


async def _attach_again(context: Context, attach: str) -> None:
    if (reason := hands_off(context.printer.state)) is not None:
        context.emit(Notice(f"The probe was not attached again: {reason}."))
        return
    context.emit(Stage("attach", f"Attaching the probe again ({attach})"))
    try:
        await lift_before_macro(context.printer)
        await context.printer.gcode(attach)
    except (TransportError, CheckRefused) as error:
        context.emit(Notice(f"The probe was not attached again: {what_happened(error)}"))


async def _is_attached(context: Context) -> bool:
    """Whether the probe's switch reads open, which in the usual wiring means that it is attached."""
    return await reading(context) is False
