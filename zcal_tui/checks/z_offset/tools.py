"""The z_offsets of a toolchanger's tools, compared."""

from collections.abc import Iterator

from zcal_tui.model.events import AdviceGiven, Event
from zcal_tui.model.units import length
from zcal_tui.printer.config_view import ProbeConfig, tool_probes
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number


def tool_advice(state: PrinterState, probe: ProbeConfig, found: float) -> Iterator[Event]:
    """What follows for the other tools: their z_offset now, and its difference from the one just found."""
    tools = tool_probes(state)
    others = [name for name in tools if name != probe.section]
    if probe.section not in tools or not others:
        return
    values = {name: number(state.settings[name].get("z_offset")) or 0.0 for name in others}
    listed = ", ".join(
        f"[{name}] {value:.3f} mm ({length(value - found, sign=True)})" for name, value in values.items()
    )
    yield AdviceGiven(f"This is the z_offset of [{probe.section}] alone. Of the other tools: {listed}.")
    yield AdviceGiven("Select each other tool and run Z offset (`z-offset`) again.")
