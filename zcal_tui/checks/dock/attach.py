"""Attaches a docked probe, and docks it again, with the printer's own macros."""

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import replace

from zcal_tui.checks.base import Context
from zcal_tui.checks.dock.known_macros import usual_pair
from zcal_tui.checks.dock.probe_switch import (
    UNNOTICED,
    ProbeSwitch,
    SwitchFault,
    has_switch,
    note_change,
    reading,
    reading_docked,
    seen_to_change,
)
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.travel import hands_off, lift_before_macro
from zcal_tui.model.events import Notice, Stage
from zcal_tui.model.questions import Confirm
from zcal_tui.printer.config_view import macro_wraps, probe_config
from zcal_tui.printer.macros import does_nothing
from zcal_tui.printer.printer import CommandFailed, what_happened
from zcal_tui.printer.state import PrinterState
from zcal_tui.transport.failures import TransportError

OWN_DOCK = "dockable_probe"
OWN_COMMANDS = ("ATTACH_PROBE", "DETACH_PROBE")
"""Kalico's section for a docked probe, and its commands. They check by themselves whether the probe has to be moved,
and whether it was (Kalico docs, Dockable_Probe)."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def dock_macros(
    state: PrinterState, attach: str, detach: str, command: str = "PROBE_ACCURACY"
) -> tuple[str, str] | None:
    """The commands that attach and dock the probe; None where the probe is not docked.

    `auto` finds the printer's macros, but none where the probing `command` itself is wrapped by a macro that attaches
    the probe. Raises CheckRefused for a name that is not a G-code command.
    """
    if attach == "none":
        return None
    if attach != "auto":
        for name in (attach, detach):
            if name not in ("auto", "none", "") and not _NAME.fullmatch(name):
                raise CheckRefused(
                    f"{name!r} is not a G-code command.",
                    "The name of a macro has only letters, digits and underscores.",
                    "Give the name of the macro that attaches the probe, or none.",
                )
        if does_nothing(state.settings, attach):
            raise CheckRefused(
                f"The macro {attach.upper()} does not attach the probe.",
                "It has no command that moves anything. Such macros are placeholders for slicers or other firmware.",
                "Name the macro that attaches the probe, or none where the probe is not docked.",
            )
        return attach.upper(), "" if detach in ("auto", "none") else detach.upper()
    if macro_wraps(state, command):
        return None
    probe = probe_config(state)
    if probe is None or probe.prepares:
        return None
    return usual_macros(state)


def stow_macros(state: PrinterState, attach: str, detach: str) -> tuple[str, str] | None:
    """The commands that attach and dock the probe, also where each probing command does so by itself: such a probe may
    still be attached, locked there or after a failed docking. None where no dock is known. Raises CheckRefused for a
    name that is not a G-code command."""
    probe = probe_config(state)
    if attach != "auto" or probe is None:
        return dock_macros(state, attach, detach)
    if probe.kind == OWN_DOCK:
        return OWN_COMMANDS
    return None if probe.prepares else usual_macros(state)


def usual_macros(state: PrinterState) -> tuple[str, str] | None:
    """The printer's macros that attach and dock a probe; None where none is known."""
    return usual_pair(state.settings)


@contextlib.asynccontextmanager
async def probe_attached(context: Context, macros: tuple[str, str] | None) -> AsyncIterator[None]:
    """The probe attached for the time of an `async with` block, by `macros`, if any, and docked after it.

    A macro that has run does not prove an attached probe. Its switch must be seen to read open when attached and
    triggered when docked, where the printer can show both. Raises CheckFailed otherwise, CheckRefused,
    TransportError.
    """
    if macros is None:
        await _require_seen_to_change(context)
        yield
        return
    async with attached(context, macros) as switch:
        if switch.fault is not None:
            raise _refusal(switch.fault)
        if switch.undecided:
            await _require_confirmed(context, switch)
        yield


@contextlib.asynccontextmanager
async def attached(context: Context, macros: tuple[str, str]) -> AsyncIterator[ProbeSwitch]:
    """A docked probe attached by `macros` for the time of an `async with` block, with the readings of its switch, which
    the caller must judge. Docked after it unless it was attached before. Raises CheckFailed, CheckCancelled,
    TransportError."""
    attach, detach = macros
    has_reading = has_switch(probe_config(context.printer.state))
    # Always run: only the macro knows the probe's state. Docked again only where it was not attached before.
    switch = ProbeSwitch(attach, detach, before=await reading(context) if has_reading else None)
    was_attached = switch.before is False
    await lift_before_macro(context.printer)
    context.emit(Stage("attach", f"Attaching the probe ({attach})"))
    try:
        await _run(context, attach, switch)
        if has_reading:
            switch = await _with_reading(context, switch)
            was_attached = switch.was_attached
        yield switch
    finally:
        reason = hands_off(context.printer.state)
        if detach and not was_attached and reason is not None:
            context.emit(Notice(f"The probe may still be attached: {reason}."))
        elif detach and not was_attached:
            context.emit(Stage("detach", f"Docking the probe ({detach})"))
            try:
                await lift_before_macro(context.printer)
                await context.printer.gcode(detach)
                if seen_to_change(context) and await reading(context) is False:
                    context.emit(
                        Notice(f"The probe still reads open after {detach}: check whether it is docked.")
                    )
            except (TransportError, CheckRefused) as error:
                context.emit(Notice(f"The probe was not docked ({detach}): {what_happened(error)}"))


async def _run(context: Context, attach: str, switch: ProbeSwitch) -> None:
    """Run the macro that attaches the probe. Some refuse with an error of their own where it is attached already: that
    is no failure where the switch reads open before and after. Raises CheckFailed, TransportError."""
    try:
        await context.printer.gcode(attach)
    except CommandFailed as error:
        if not (await context.printer.refresh()).ready:
            raise
        explained = error.explanation
        if switch.before is False and await reading(context) is False:
            context.emit(
                Notice(f"{attach} refused: {explained.what} The probe reads open, as when it is attached.")
            )
            return
        raise CheckFailed(
            f"{attach} failed: {explained.what} Nothing was probed.",
            explained.cause or "The macro stopped before the probe was attached.",
            explained.remedy or f"Correct the dock or that macro, then run {attach} by hand once.",
        ) from error


async def _with_reading(context: Context, switch: ProbeSwitch) -> ProbeSwitch:
    """The readings after the probe was attached. A probe that reads open as before is docked once a run, to see whether
    its switch ever reads triggered."""
    switch = replace(switch, on=await reading(context))
    if switch.before and switch.on is False:
        note_change(context)
    if not switch.undecided:
        return switch
    if seen_to_change(context):
        return replace(switch, off=True)
    if not switch.detach:
        return switch
    context.stop_if_cancelled()
    away = await reading_docked(context, switch.detach)
    if away:
        await lift_before_macro(context.printer)
        context.emit(Stage("attach", f"Attaching the probe again, as it was before ({switch.attach})"))
        await context.printer.gcode(switch.attach)
    return replace(switch, off=away, on=await reading(context) if away else switch.on)


async def _require_confirmed(context: Context, switch: ProbeSwitch) -> None:
    """No macro docks the probe, and it reads open before and after it was attached. Only a person can see whether it is
    attached. Raises CheckFailed, CheckCancelled."""
    seen = f"The probe's switch reads open both before and after {switch.attach}."
    doubt = (
        f"Either it was attached already, or it is wired normally open. {UNNOTICED} Name the macro that docks it with "
        "--detach to see its switch change."
    )
    if not context.operator.present:
        raise CheckFailed(
            f"{seen} Nothing was probed.",
            doubt,
            "If you see that it is attached, use --attach none.",
        )
    if not await context.operator.confirm(
        Confirm(
            "probe-on",
            "Is the probe attached to the toolhead now?",
            f"{seen} {doubt}",
            yes="Attached",
            no="Not attached",
            danger=True,
        )
    ):
        raise CheckFailed(
            "The probe is not attached.",
            f"{switch.attach} did not attach it, and its switch still reads open. It is wired normally open, or its "
            "wires are shorted.",
            "Check the dock and that macro, and wire the switch normally closed.",
        )
    note_change(context)


async def _require_seen_to_change(context: Context) -> None:
    """A macro that attaches the probe within PROBE_ACCURACY trusts its switch too. A probe that reads open is docked
    first, by the macros with the usual names, to see its switch change. It stays docked for that macro: attached by us
    it might be locked to the toolhead. Raises CheckFailed, CheckCancelled, TransportError."""
    state = context.printer.state
    probe = probe_config(state)
    macros = usual_macros(state)
    if (
        probe is None
        or not probe.wrapped
        or not has_switch(probe)
        or macros is None
        or seen_to_change(context)
    ):
        return
    now = await reading(context)
    if now is None:
        return
    if now:
        note_change(context)
        return
    context.stop_if_cancelled()
    away = await reading_docked(context, macros[1])
    if away:
        context.emit(Notice(f"The probe was attached; {macros[1]} has docked it."))
    if away is False:
        fault = ProbeSwitch(*macros, before=False, on=False, off=False).fault
        assert fault is not None
        raise _refusal(fault)


def _refusal(fault: SwitchFault) -> CheckFailed:
    return CheckFailed(f"{fault.what} Nothing was probed.", fault.cause, fault.remedy)
