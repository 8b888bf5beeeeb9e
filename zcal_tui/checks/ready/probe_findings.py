"""What the probe's switch says: open in the air, and another reading when it hangs in its dock."""

from zcal_tui.checks.attach import probe_attached
from zcal_tui.checks.base import Context
from zcal_tui.checks.ready.finding import Finding, fail, fine, warn
from zcal_tui.checks.travel import lift_before_macro
from zcal_tui.model.events import Stage
from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.printer import CommandFailed

_SOURCE = "the z_calibration plugin's documentation, Requirements"
_UNNOTICED = (
    "a probe that fell off or was not picked up cannot be noticed, and the nozzle would go down without it."
)
_NO_QUERY = ("does not support QUERY_PROBE", "Unknown command")


async def probe_switch(context: Context, macros: tuple[str, str] | None, *, docked: bool) -> Finding | None:
    """Look at the switch, fetching a docked probe by `macros` if given; `docked` says that it lives in a dock. None
    where there is no probe, none that can be asked, or one that says nothing before it is deployed. Raises
    CommandFailed, TransportError, CheckCancelled."""
    probe = probe_config(context.printer.state)
    if probe is None or probe.kind in ("probe_eddy_current", "scanner", "load_cell_probe"):
        return None
    before = await _reading(context)
    if before is None:
        return None
    if not docked:
        if before and probe.prepares:
            return None  # it is stowed, and tells nothing
        if before:
            return fail(
                "probe-switch",
                f"The probe ({probe.section}) reads as triggered although nothing is touched.",
                "It may be off the toolhead, touch something, or its pin is inverted.",
                "Look whether QUERY_PROBE says open in the air and TRIGGERED when pressed by hand; put ! before the "
                "pin or take it away.",
            )
        return fine("probe-switch", "The probe reads open in the air.")
    if macros is None:
        word = "triggered" if before else "open"
        return warn(
            "probe-switch",
            f"The docked probe reads {word}; it was not fetched to see it change.",
            "Whether its wiring can tell a probe that fell off is not known.",
            "Home the printer and let this check fetch it.",
        )
    context.emit(Stage("attach", f"Fetching the probe to see its switch change ({macros[0]})"))
    async with probe_attached(context, macros):
        context.stop_if_cancelled()
        on = await _reading(context)
    if on:
        return fail(
            "probe-switch",
            f"The probe reads triggered although {macros[0]} has fetched it.",
            "It was not picked up, its cable or contacts are loose, or its pin is inverted.",
            "Fetch it by hand and look whether QUERY_PROBE says open.",
        )
    if not before and not macros[1]:
        return warn(
            "probe-switch",
            f"The probe reads open after {macros[0]} as before it.",
            f"Either it hung on the toolhead already, or it is wired normally open: {_UNNOTICED}",
            "Name the macro that puts it back with --detach, so that this check can see its switch change.",
            source=_SOURCE,
        )
    if not before and not await _reads_triggered_docked(context, macros):
        return fail(
            "probe-switch",
            "The probe reads open both on the toolhead and in its dock.",
            f"That is how a switch reads that is wired normally open: {_UNNOTICED}",
            "Wire it normally closed, so that a missing probe reads as triggered.",
            source=_SOURCE,
        )
    return fine(
        "probe-switch",
        "The probe's switch reads open on the toolhead and triggered in the dock (normally closed).",
    )


async def _reads_triggered_docked(context: Context, macros: tuple[str, str]) -> bool:
    """Put back a probe that reads open before it was fetched, to see its switch change; it may have hung on the
    toolhead, and does so again afterwards."""
    fetch, back = macros
    await lift_before_macro(context.printer)
    context.emit(Stage("detach", f"Putting the probe back to see its switch change ({back})"))
    try:
        await context.printer.gcode(back)
    except CommandFailed:  # a macro that looks at the switch itself takes it for still attached
        if not context.printer.state.ready:
            raise
    docked = await _reading(context)
    if docked:
        await lift_before_macro(context.printer)
        context.emit(Stage("attach", f"Fetching it again, as it was found ({fetch})"))
        await context.printer.gcode(fetch)
    return bool(docked)


async def _reading(context: Context) -> bool | None:
    """Whether the switch reads triggered; None where this probe cannot be asked."""
    try:
        await context.printer.gcode("QUERY_PROBE")
    except CommandFailed as error:
        if any(text in error.message for text in _NO_QUERY):
            return None
        raise
    state = await context.printer.refresh()
    return None if state.probe is None else state.probe.last_query
