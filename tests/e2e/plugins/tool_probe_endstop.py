"""A stand-in for klipper-toolchanger's [tool_probe_endstop]: the printer's probe, with the active tool's offsets.

As there, the probe object is named tool_probe_endstop, its section has no z_offset, and its status names the active
tool's section. It extends the probe of the Klipper of 2023.
"""

import importlib
from typing import Any


def load_config(config: Any) -> Any:
    """What klippy calls for the section."""
    probe = importlib.import_module(".probe", __package__)
    config.get("crash_gcode", "")
    tools = config.get_prefix_sections("tool_probe ")
    measuring = probe.PrinterProbe(tools[0], probe.ProbeEndstopWrapper(tools[0]))
    return ToolProbeEndstop(config, measuring, [section.get_name() for section in tools])


class ToolProbeEndstop:
    """The probe of the first tool, which measures for all of them."""

    def __init__(self, config: Any, measuring: Any, tools: list[str]) -> None:
        printer = config.get_printer()
        self._measuring = measuring
        self._tools = {(found := printer.load_object(config, name)).tool: found for name in tools}
        self._active = self._tools[0]
        self._status = measuring.get_status
        measuring.name = config.get_name()
        measuring.get_status = self.get_status
        printer.lookup_object("gcode").register_command("SET_ACTIVE_TOOL_PROBE", self._select)
        printer.add_object("probe", measuring)

    def _select(self, gcmd: Any) -> None:
        tool = self._tools.get(gcmd.get_int("T"))
        if tool is None:
            raise gcmd.error(f"SET_ACTIVE_TOOL_PROBE no tool probe for tool {gcmd.get_int('T')}")
        self._active = tool
        self._measuring.x_offset, self._measuring.y_offset = tool.offsets
        self._measuring.z_offset = tool.z_offset

    def get_status(self, eventtime: float) -> dict[str, Any]:
        """The probe's status, and the active tool's section."""
        return {**self._status(eventtime), "active_tool_probe": self._active.name}
