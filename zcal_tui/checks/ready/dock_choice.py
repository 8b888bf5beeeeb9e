"""Asks which macros attach and dock a probe whose macros have no usual name, and keeps the answer for the printer."""

from zcal_tui.checks.base import Context
from zcal_tui.checks.dock.known_macros import candidates
from zcal_tui.checks.dock.probe_switch import has_switch, reading
from zcal_tui.checks.ready.finding import ReadyFinding, fine
from zcal_tui.checks.ready.parameters import ReadyParameters
from zcal_tui.checks.ready.probe_findings import at_the_bed
from zcal_tui.model.events import Notice
from zcal_tui.model.questions import Choose, Option
from zcal_tui.printer.config_view import probe_config

LONGEST = 12
"""Macros that are offered."""
_NONE = "none"


def shown(kept: tuple[str, str]) -> str:
    """The macros of a dock, for people."""
    return f"{kept[0]} and {kept[1]}" if kept[1] else kept[0]


def kept_finding(context: Context, parameters: ReadyParameters) -> ReadyFinding | None:
    """The macros that were chosen for this printer, with the way to remove them; None where none are in use."""
    if context.kept_dock is None or parameters.forget_dock:
        return None
    if (parameters.attach, parameters.detach) != (context.kept_dock[0], context.kept_dock[1] or _NONE):
        return None
    return fine(
        "dock",
        f"The probe is attached and docked by {shown(context.kept_dock)}, as chosen for this printer.",
        "",
        "To choose others, run Ready with --forget-dock.",
    )


async def choose_macros(context: Context) -> tuple[str, str] | None:
    """Ask for the macros of a probe that reads triggered in the air, as a docked one does; None where there is no such
    probe, no macro, or nobody to ask. Raises CommandFailed, TransportError, CheckCancelled."""
    state = context.printer.state
    probe = probe_config(state)
    names = candidates(state.settings)[:LONGEST]
    if not context.operator.present or not has_switch(probe) or probe is None or probe.wrapped or not names:
        return None
    if at_the_bed(state, probe) or not await reading(context):
        return None
    attach = await _choose(
        context,
        "dock-attach",
        "Which macro attaches the probe?",
        f"[{probe.section}] reads triggered, as a docked probe does. No macro with a usual name was found.",
        names,
        "None: the probe is fixed to the toolhead",
    )
    if attach == _NONE:
        return None
    others = tuple(name for name in names if name != attach)
    detach = await _choose(
        context,
        "dock-detach",
        "Which macro docks the probe again?",
        f"It is run after {attach} and each measurement, and the probe's switch is read after it.",
        others,
        "None: it is taken off by hand",
    )
    return attach, "" if detach == _NONE else detach


async def _choose(
    context: Context, key: str, text: str, detail: str, names: tuple[str, ...], none: str
) -> str:
    options = (*(Option(name, name) for name in names), Option(_NONE, none))
    return await context.operator.choose(Choose(key, text, options, detail))


def keep(context: Context, macros: tuple[str, str]) -> None:
    """Keep macros that were seen to attach the probe."""
    context.keep_dock(macros)
    context.emit(
        Notice(f"{shown(macros)} are kept for this printer. `zcal-tui ready --forget-dock` removes them.")
    )
