"""A toolchanger's z_offset belongs to one tool; the others are compared with it."""

from zcal_tui.checks.z_offset.tools import tool_advice
from zcal_tui.model.events import AdviceGiven
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.state import PrinterState

TOOLS = {
    "tool_probe t0": {"z_offset": -1.25},
    "tool_probe t1": {"z_offset": -0.9},
    "tool_probe t2": {"z_offset": -1.1},
}


def advice(section: str, tools: dict[str, dict[str, float]]) -> list[str]:
    state = PrinterState(settings=tools)
    events = tool_advice(state, ProbeConfig(section, "probe"), -1.0)
    return [event.text for event in events if isinstance(event, AdviceGiven)]


def test_the_other_tools_are_listed_with_their_differences() -> None:
    first, second = advice("tool_probe t0", TOOLS)
    assert "[tool_probe t1] -0.900 mm (+100 µm)" in first
    assert "[tool_probe t2] -1.100 mm (−100 µm)" in first
    assert "t0] -1.25" not in first
    assert "each other tool" in second


def test_one_tool_or_another_probe_needs_no_comparison() -> None:
    assert advice("tool_probe t0", {"tool_probe t0": {"z_offset": -1.25}}) == []
    assert advice("probe", {**TOOLS, "probe": {"z_offset": 1.0}}) == []
