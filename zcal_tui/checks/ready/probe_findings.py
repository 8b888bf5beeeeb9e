"""What the probe's switch says: open in the air, and another reading when it hangs in its dock."""

from zcal_tui.checks.base import Context
from zcal_tui.checks.dock.attach import fetched
from zcal_tui.checks.dock.probe_switch import SOURCE, UNNOTICED, reading
from zcal_tui.checks.ready.finding import ReadyFinding, fail, fine, warn
from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.sampler import reads_triggered


async def probe_switch(
    context: Context, macros: tuple[str, str] | None, *, docked: bool
) -> ReadyFinding | None:
    """Look at the switch, fetching a docked probe by `macros` if given; `docked` says that it lives in a dock. None
    where there is no probe, none that can be asked, or one that says nothing before it is deployed. Raises
    CommandFailed, TransportError, CheckCancelled."""
    probe = probe_config(context.printer.state)
    if probe is None or probe.kind in ("probe_eddy_current", "scanner", "load_cell_probe"):
        return None
    before = await reading(context)
    if before is None:
        return None
    if not docked:
        if before and probe.prepares:
            return None  # it is stowed, and tells nothing
        if before:
            triggered = reads_triggered(probe)
            return fail("probe-switch", triggered.what, triggered.cause, triggered.remedy)
        return fine("probe-switch", "The probe reads open in the air.")
    if macros is None:
        word = "triggered" if before else "open"
        return warn(
            "probe-switch",
            f"The docked probe reads {word}; it was not fetched to see it change.",
            "Whether its wiring can tell a probe that fell off is not known.",
            "Home the printer and let this check fetch it.",
        )
    async with fetched(context, macros) as switch:
        context.stop_if_cancelled()
    if switch.on is None:
        return None
    if (fault := switch.fault) is not None:
        return fail("probe-switch", fault.what, fault.cause, fault.remedy, source=fault.source)
    if switch.undecided:
        return warn(
            "probe-switch",
            f"The probe reads open after {switch.fetch} as before it.",
            f"Either it hung on the toolhead already, or it is wired normally open: {UNNOTICED}",
            "Name the macro that puts it back with --detach, so that this check can see its switch change.",
            source=SOURCE,
        )
    return fine(
        "probe-switch",
        "The probe's switch reads open on the toolhead and triggered in the dock (normally closed).",
    )
