"""The switch of a docked probe: it must read open when the probe is attached and triggered when it is docked.

Wired normally open, or with a broken or shorted wire, it always reads the same. Then a probe that was not picked up or
fell off cannot be detected, and the nozzle goes into the bed (protoloft's z_calibration, "Requirements"). A macro that
attaches the probe may read the same switch, and do nothing.
"""

from zcal_tui.checks.base import Context
from zcal_tui.checks.travel import lift_before_macro
from zcal_tui.model.events import Stage
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.config_view import ProbeConfig, probe_config
from zcal_tui.printer.printer import CommandFailed

SOURCE = "the z_calibration plugin's documentation, Requirements"
UNNOTICED = (
    "Then a probe that fell off or was not picked up cannot be detected, "
    "and the nozzle would go down without it."
)
_NO_QUERY = ("does not support QUERY_PROBE", "Unknown command")


@dataclass(frozen=True, slots=True)
class SwitchFault:
    """Why a switch cannot be trusted: what was seen, the likely cause, the remedy."""

    what: str
    cause: str
    remedy: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ProbeSwitch:
    """The readings of a docked probe's switch, True for triggered; None where it was not read or cannot be.

    `before` its macro `attach` ran, `on` after that, `off` after the macro `detach` that docks it.
    """

    attach: str
    detach: str
    before: bool | None = None
    on: bool | None = None
    off: bool | None = None

    @property
    def was_attached(self) -> bool:
        """Whether the probe was attached before its macro ran, as far as is known."""
        return self.before is False and self.on is not True

    @property
    def undecided(self) -> bool:
        """Whether it was only seen open: the probe is attached, or the switch always reads open."""
        return self.before is False and self.on is False and self.off is None

    @property
    def fault(self) -> SwitchFault | None:
        """Why it cannot be trusted; None where it can, or where that is unknown."""
        if self.on:
            return SwitchFault(
                f"The probe reads triggered after {self.attach}.",
                "It was not picked up or fell off, its cable or contacts are loose, it is wired normally open, or its "
                "pin is inverted.",
                "Check the dock and the macro. Then attach the probe by hand: QUERY_PROBE must report open, and "
                "TRIGGERED when it is pressed or removed. Only if it is the other way round, correct the wiring or the "
                "! before the pin.",
            )
        if self.before is False and self.on is False and self.off is False:
            return SwitchFault(
                f"The probe reads open both after {self.attach} and after {self.detach}.",
                "The switch is wired normally open, or its wires are shorted. " + UNNOTICED,
                "Wire it normally closed, so that a missing probe reads triggered. Move an arm that stays connected by "
                "activate_gcode and deactivate_gcode of the probe's section.",
                SOURCE,
            )
        return None


def has_switch(probe: ProbeConfig | None) -> bool:
    """Whether the probe has a switch that changes when it is docked: not one that Klipper deploys by itself, and not
    one that measures a distance or a force."""
    if probe is None or probe.prepares:
        return False
    return probe.kind not in ("probe_eddy_current", "scanner", "load_cell_probe")


async def reading(context: Context) -> bool | None:
    """Whether the probe's switch reads triggered; None where this probe cannot report it. Raises CommandFailed,
    TransportError."""
    try:
        await context.printer.gcode("QUERY_PROBE")
    except CommandFailed as error:
        if any(text in error.message for text in _NO_QUERY):
            return None
        raise
    state = await context.printer.refresh()
    return None if state.probe is None else state.probe.last_query


async def reading_docked(context: Context, back: str) -> bool | None:
    """Dock a probe that reads open, to see its switch change. Returns the reading when docked; None where it cannot be
    docked because the printer is not homed."""
    if not context.printer.state.homed():
        return None
    await lift_before_macro(context.printer)
    context.emit(Stage("detach", f"Docking the probe to see its switch change ({back})"))
    try:
        await context.printer.gcode(back)
    except CommandFailed:  # a macro that reads the switch itself finds the probe still attached
        if not context.printer.state.ready:
            raise
    away = await reading(context)
    if away:
        note_change(context)
    return away


def seen_to_change(context: Context) -> bool:
    """Whether this run has seen the probe's switch read triggered while the probe was docked."""
    return _section(context) in context.switches_seen


def note_change(context: Context) -> None:
    """Note that the probe's switch was seen to change, or that the person has confirmed where the probe is."""
    context.switches_seen.add(_section(context))


def _section(context: Context) -> str:
    probe = probe_config(context.printer.state)
    return "" if probe is None else probe.section
