"""Fetching a probe that lives in a dock, and putting it back, by the macros the printer has for it."""

import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import replace

from zcal_tui.checks.base import Context
from zcal_tui.checks.dock.probe_switch import (
    UNNOTICED,
    ProbeSwitch,
    SwitchFault,
    reading,
    reads_put_away,
    remember,
    tells,
    was_seen_to_change,
)
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.travel import hands_off, lift_before_macro
from zcal_tui.model.events import Notice, Stage
from zcal_tui.model.questions import Confirm
from zcal_tui.printer.config_view import macro_wraps, probe_config
from zcal_tui.printer.state import PrinterState
from zcal_tui.transport.failures import TransportError

KNOWN_MACROS = (
    ("attach_probe_lock", "dock_probe_unlock"),
    ("attach_probe", "detach_probe"),
    ("attach_probe", "dock_probe"),
    ("probe_pickup", "probe_return"),
)
"""Names under which printers fetch and put back a dockable probe (Klicky, protoloft's examples, …)."""

OWN_DOCK = "dockable_probe"
OWN_COMMANDS = ("ATTACH_PROBE", "DETACH_PROBE")
"""Kalico's section for a probe in a dock, and its commands. They look by themselves whether anything has to be done,
and whether it was (Kalico docs, Dockable_Probe)."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def dock_macros(
    state: PrinterState, attach: str, detach: str, command: str = "PROBE_ACCURACY"
) -> tuple[str, str] | None:
    """The commands that fetch the probe and put it back; None where nothing has to be fetched.

    `auto` finds the printer's macros; it finds none where the `command` that is to probe is itself wrapped by a macro
    that does it. Raises CheckRefused for a name that is no G-code name.
    """
    if attach == "none":
        return None
    if attach != "auto":
        for name in (attach, detach):
            if name not in ("auto", "none", "") and not _NAME.fullmatch(name):
                raise CheckRefused(
                    f"{name!r} is no G-code command.",
                    "A macro's name has letters, digits and underscores only.",
                    "Give the name of the macro that fetches the probe, or none.",
                )
        return attach.upper(), "" if detach in ("auto", "none") else detach.upper()
    if macro_wraps(state, command):
        return None
    probe = probe_config(state)
    if probe is None or probe.prepares:
        return None
    return usual_macros(state)


def stow_macros(state: PrinterState, attach: str, detach: str) -> tuple[str, str] | None:
    """The commands that fetch the probe and put it away, also where each command that probes does so by itself: such a
    probe may hang on the toolhead all the same, locked there or after a dock that failed. None where it has no dock
    that is known. Raises CheckRefused for a name that is no G-code name."""
    probe = probe_config(state)
    if attach != "auto" or probe is None:
        return dock_macros(state, attach, detach)
    if probe.kind == OWN_DOCK:
        return OWN_COMMANDS
    return None if probe.prepares else usual_macros(state)


def usual_macros(state: PrinterState) -> tuple[str, str] | None:
    """The printer's macros that fetch a probe and put it back, by their usual names; None where it has none."""
    for fetch, back in KNOWN_MACROS:
        if f"gcode_macro {fetch}" in state.settings and f"gcode_macro {back}" in state.settings:
            return fetch.upper(), back.upper()
    return None


@contextlib.asynccontextmanager
async def probe_attached(context: Context, macros: tuple[str, str] | None) -> AsyncIterator[None]:
    """The probe on the toolhead for the time of an `async with` block, fetched and put back by `macros`, if any.

    That a macro has run is not taken for a probe: its switch has to be seen to read open on the toolhead and triggered
    off it, where this printer can show both. Raises CheckFailed where it is not, CheckRefused, TransportError.
    """
    if macros is None:
        await _require_shown_by_wrapped(context)
        yield
        return
    async with fetched(context, macros) as switch:
        if switch.fault is not None:
            raise _refusal(switch.fault)
        if switch.undecided:
            await _require_word(context, switch)
        yield


@contextlib.asynccontextmanager
async def fetched(context: Context, macros: tuple[str, str]) -> AsyncIterator[ProbeSwitch]:
    """A docked probe fetched by `macros`, with what its switch has said, for the time of an `async with` block; put
    back after it unless it hung there before. Whoever takes it looks at the readings. Raises CheckFailed,
    CheckCancelled, TransportError."""
    fetch, back = macros
    telling = tells(probe_config(context.printer.state))
    # Fetched in any case, since only the macro can know; put back only where it did not hang there before.
    switch = ProbeSwitch(fetch, back, before=await reading(context) if telling else None)
    hung_there = switch.before is False
    await lift_before_macro(context.printer)
    context.emit(Stage("attach", f"Fetching the probe ({fetch})"))
    try:
        await context.printer.gcode(fetch)
        if telling:
            switch = await _looked_at(context, switch)
            hung_there = switch.hung_there
        yield switch
    finally:
        reason = hands_off(context.printer.state)
        if back and not hung_there and reason is not None:
            context.emit(Notice(f"The probe may still hang on the toolhead: {reason}."))
        elif back and not hung_there:
            context.emit(Stage("detach", f"Putting the probe back ({back})"))
            try:
                await lift_before_macro(context.printer)
                await context.printer.gcode(back)
            except (TransportError, CheckRefused) as error:
                context.emit(Notice(f"The probe was not put back: {error}"))


async def _looked_at(context: Context, switch: ProbeSwitch) -> ProbeSwitch:
    """What the switch says after the probe was fetched. One that reads open as before is put back once a run, to see
    whether it ever reads triggered."""
    switch = replace(switch, on=await reading(context))
    if switch.before and switch.on is False:
        remember(context)
    if not switch.undecided:
        return switch
    if was_seen_to_change(context):
        return replace(switch, off=True)
    if not switch.back:
        return switch
    context.stop_if_cancelled()
    away = await reads_put_away(context, switch.back)
    if away:
        await lift_before_macro(context.printer)
        context.emit(Stage("attach", f"Fetching it again, as it was found ({switch.fetch})"))
        await context.printer.gcode(switch.fetch)
    return replace(switch, off=away, on=await reading(context) if away else switch.on)


async def _require_word(context: Context, switch: ProbeSwitch) -> None:
    """Nothing puts the probe back, and it reads open before it was fetched and after: only a person can tell whether it
    hangs on the toolhead. Raises CheckFailed, CheckCancelled."""
    seen = f"The probe's switch reads open after {switch.fetch} as before it."
    doubt = (
        f"Either it hung on the toolhead already, or it is wired normally open: {UNNOTICED} Name the macro that puts "
        "it back with --detach, and its switch can be seen to change."
    )
    if not context.operator.present:
        raise CheckFailed(
            f"{seen} Nothing was touched.",
            doubt,
            "If you see it hang on the toolhead, say so with --attach none.",
        )
    if not await context.operator.confirm(
        Confirm(
            "probe-on",
            "Does the probe hang on the toolhead now?",
            f"{seen} {doubt}",
            yes="It hangs there",
            no="It does not",
            danger=True,
        )
    ):
        raise CheckFailed(
            "The probe is not on the toolhead.",
            f"{switch.fetch} has not fetched it, and its switch reads open all the same: it is wired normally open, or "
            "its wires touch.",
            "Look at the dock and at that macro, and wire the switch normally closed.",
        )
    remember(context)


async def _require_shown_by_wrapped(context: Context) -> None:
    """A macro of the printer's that fetches the probe within PROBE_ACCURACY trusts its switch like any other: one that
    reads open is put back first, by the macros with the usual names, to see it change. It stays in its dock, whence the
    macro fetches it: fetched by us it might be locked to the toolhead. Raises CheckFailed, CheckCancelled,
    TransportError."""
    state = context.printer.state
    probe = probe_config(state)
    macros = usual_macros(state)
    if (
        probe is None
        or not probe.wrapped
        or not tells(probe)
        or macros is None
        or was_seen_to_change(context)
    ):
        return
    now = await reading(context)
    if now is None:
        return
    if now:
        remember(context)
        return
    context.stop_if_cancelled()
    away = await reads_put_away(context, macros[1])
    if away:
        context.emit(Notice(f"The probe hung on the toolhead; {macros[1]} has put it into its dock."))
    if away is False:
        fault = ProbeSwitch(*macros, before=False, on=False, off=False).fault
        assert fault is not None
        raise _refusal(fault)


def _refusal(fault: SwitchFault) -> CheckFailed:
    return CheckFailed(f"{fault.what} Nothing was touched.", fault.cause, fault.remedy)
