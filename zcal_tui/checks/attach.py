"""Fetching a probe that lives in a dock, and putting it back, by the macros the printer has for it."""

import contextlib
import re
from collections.abc import AsyncIterator

from zcal_tui.checks.base import CheckRefused, Context
from zcal_tui.checks.travel import hands_off, lift_before_macro
from zcal_tui.model.events import Notice, Stage
from zcal_tui.printer.config_view import macro_wraps, probe_config
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.state import PrinterState
from zcal_tui.transport.failures import TransportError

KNOWN_MACROS = (
    ("attach_probe_lock", "dock_probe_unlock"),
    ("attach_probe", "detach_probe"),
    ("attach_probe", "dock_probe"),
    ("probe_pickup", "probe_return"),
)
"""Names under which printers fetch and put back a dockable probe (Klicky, seed 3's CALIBRATE_Z example, …)."""

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
    for fetch, back in KNOWN_MACROS:
        if f"gcode_macro {fetch}" in state.settings and f"gcode_macro {back}" in state.settings:
            return fetch.upper(), back.upper()
    return None


@contextlib.asynccontextmanager
async def probe_attached(context: Context, macros: tuple[str, str] | None) -> AsyncIterator[None]:
    """The probe on the toolhead for the time of an `async with` block, fetched and put back by `macros`, if any. Raises
    CheckFailed, TransportError."""
    if macros is None:
        yield
        return
    fetch, back = macros
    # Fetched in any case, since only the macro can know; put back only where it did not hang there before.
    hung_there = await _reads_open(context.printer)
    await lift_before_macro(context.printer)
    context.emit(Stage("attach", f"Fetching the probe ({fetch})"))
    try:
        await context.printer.gcode(fetch)
        yield
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


async def _reads_open(printer: Printer) -> bool:
    """Whether the probe's switch reads open, which in the usual wiring means that it hangs on the toolhead."""
    await printer.gcode("QUERY_PROBE")
    status = await printer.query({"probe": ["last_query"]})
    return status.get("probe", {}).get("last_query") in (False, 0)
