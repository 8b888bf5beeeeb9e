"""What the switch of a docked probe says: it has to read one way on the toolhead and the other off it.

Wired normally open, or with a broken or shorted wire, it reads the same on and off. Then nothing can notice a probe
that was not picked up or fell off, and the nozzle goes into the bed where the probe was to touch (protoloft's
z_calibration, "Requirements"). A macro that fetches the probe may look at the same switch, and do nothing.
"""

from dataclasses import dataclass

from zcal_tui.checks.base import Context
from zcal_tui.checks.travel import lift_before_macro
from zcal_tui.model.events import Stage
from zcal_tui.printer.config_view import ProbeConfig, probe_config
from zcal_tui.printer.printer import CommandFailed

SOURCE = "the z_calibration plugin's documentation, Requirements"
UNNOTICED = (
    "a probe that fell off or was not picked up cannot be noticed, and the nozzle would go down without it."
)
_NO_QUERY = ("does not support QUERY_PROBE", "Unknown command")


@dataclass(frozen=True, slots=True)
class SwitchFault:
    """Why a switch cannot be trusted: what was seen, the likely cause, what to do."""

    what: str
    cause: str
    remedy: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class ProbeSwitch:
    """The readings of a docked probe's switch, True for triggered; None where it was not looked at or cannot be asked.

    `before` its macro `fetch` ran, `on` after that, `off` after the macro `back` that puts it away.
    """

    fetch: str
    back: str
    before: bool | None = None
    on: bool | None = None
    off: bool | None = None

    @property
    def hung_there(self) -> bool:
        """Whether the probe hung on the toolhead before it was fetched, as far as is known."""
        return self.before is False and self.on is not True

    @property
    def undecided(self) -> bool:
        """Whether it was only ever seen open: on the toolhead, or wired so that it always is."""
        return self.before is False and self.on is False and self.off is None

    @property
    def fault(self) -> SwitchFault | None:
        """Why it cannot be trusted; None where it can, or where that is not known."""
        if self.on:
            return SwitchFault(
                f"The probe reads triggered although {self.fetch} has fetched it.",
                "It was not picked up or fell off, its cable or contacts are loose, it is wired normally open, or its "
                "pin is inverted.",
                "Fetch it by hand and look whether QUERY_PROBE says open, and TRIGGERED when it is pressed or taken "
                "off; put ! before the pin or take it away.",
            )
        if self.before is False and self.on is False and self.off is False:
            return SwitchFault(
                f"The probe reads open both after {self.fetch} and after {self.back}.",
                "That is how a switch reads that is wired normally open, or whose wires touch: " + UNNOTICED,
                "Wire it normally closed, so that a missing probe reads as triggered. A switch on an arm that stays "
                "connected belongs into activate_gcode and deactivate_gcode of the probe's section.",
                SOURCE,
            )
        return None


def tells(probe: ProbeConfig | None) -> bool:
    """Whether a switch is there that reads another way off the toolhead: none that Klipper deploys by itself, and none
    that measures a distance or a force."""
    if probe is None or probe.prepares:
        return False
    return probe.kind not in ("probe_eddy_current", "scanner", "load_cell_probe")


async def reading(context: Context) -> bool | None:
    """Whether the probe's switch reads triggered; None where this probe cannot be asked. Raises CommandFailed,
    TransportError."""
    try:
        await context.printer.gcode("QUERY_PROBE")
    except CommandFailed as error:
        if any(text in error.message for text in _NO_QUERY):
            return None
        raise
    state = await context.printer.refresh()
    return None if state.probe is None else state.probe.last_query


async def reads_put_away(context: Context, back: str) -> bool | None:
    """Put back a probe that reads open, to see its switch change. Returns what it reads put away; None where nothing
    can be put back, since the printer is not homed."""
    if not context.printer.state.homed():
        return None
    await lift_before_macro(context.printer)
    context.emit(Stage("detach", f"Putting the probe back to see its switch change ({back})"))
    try:
        await context.printer.gcode(back)
    except CommandFailed:  # a macro that looks at the switch itself takes it for still attached
        if not context.printer.state.ready:
            raise
    away = await reading(context)
    if away:
        remember(context)
    return away


def was_seen_to_change(context: Context) -> bool:
    """Whether this run has seen the probe's switch read triggered while the probe was off."""
    return _section(context) in context.switches_seen


def remember(context: Context) -> None:
    """The probe's switch was seen to change, or the person has said where the probe is."""
    context.switches_seen.add(_section(context))


def _section(context: Context) -> str:
    probe = probe_config(context.printer.state)
    return "" if probe is None else probe.section
