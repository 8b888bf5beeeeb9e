"""The finding about the probe's switch: open in the air, triggered in the dock."""

from zcal_tui.checks.base import Context
from zcal_tui.checks.clearance import ABOVE_PROBED, ABOVE_TRIGGER
from zcal_tui.checks.dock.attach import attached
from zcal_tui.checks.dock.probe_switch import SOURCE, UNNOTICED, reading
from zcal_tui.checks.ready.finding import ReadyFinding, fail, fine, warn
from zcal_tui.printer.config_view import ProbeConfig, probe_config
from zcal_tui.printer.sampler import reads_triggered
from zcal_tui.printer.state import PrinterState


async def probe_switch(
    context: Context, macros: tuple[str, str] | None, *, docked: bool
) -> ReadyFinding | None:
    """Read the switch; a docked probe is attached by `macros` if given. `docked`: the probe has a dock. None where
    there is no probe, none with a readable switch, or one that reads nothing before it is deployed. Raises
    CommandFailed, TransportError, CheckCancelled."""
    probe = probe_config(context.printer.state)
    if probe is None or probe.kind in ("probe_eddy_current", "scanner", "load_cell_probe"):
        return None
    before = await reading(context)
    if before is None:
        return None
    if not docked:
        if before and probe.prepares:
            return None  # it is stowed, and its reading means nothing
        if before and at_the_bed(context.printer.state, probe):
            return warn(
                "probe-switch",
                f"The probe [{probe.section}] reads triggered, and at this height it touches the bed.",
                "Homing with the probe may end there. It is unknown whether the probe reads open in the air.",
                f"Raise the toolhead by {ABOVE_TRIGGER:g} mm and repeat the check.",
            )
        if before:
            triggered = reads_triggered(probe)
            return fail("probe-switch", triggered.what, triggered.cause, triggered.remedy)
        return fine("probe-switch", "The probe reads open in the air.")
    if macros is None:
        word = "triggered" if before else "open"
        return warn(
            "probe-switch",
            f"The docked probe reads {word}. It was not attached to see its switch change.",
            "It is unknown whether its wiring can detect a probe that fell off.",
            "Home the printer and let this check attach it.",
        )
    async with attached(context, macros) as switch:
        context.stop_if_cancelled()
    if switch.on is None:
        return None
    if (fault := switch.fault) is not None:
        return fail("probe-switch", fault.what, fault.cause, fault.remedy, source=fault.source)
    if switch.undecided:
        return warn(
            "probe-switch",
            f"The probe reads open both before and after {switch.attach}.",
            f"Either it was attached already, or it is wired normally open. {UNNOTICED}",
            "Name the macro that docks it with --detach, so that this check can see its switch change.",
            source=SOURCE,
        )
    return fine(
        "probe-switch",
        "The probe's switch reads open when attached and triggered when docked (normally closed).",
    )


def at_the_bed(state: PrinterState, probe: ProbeConfig) -> bool:
    """Whether the toolhead is where the probe triggers, by z_offset."""
    return (
        state.homed("z") and state.position is not None and state.position[2] < probe.z_offset + ABOVE_PROBED
    )
