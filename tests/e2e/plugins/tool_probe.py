"""A stand-in for klipper-toolchanger's [tool_probe]: the offsets of one tool's probe."""

from typing import Any


class ToolProbe:
    """The offsets of a tool."""

    def __init__(self, config: Any) -> None:
        self.name: str = config.get_name()
        self.tool: int = config.getint("tool")
        self.offsets: tuple[float, float] = (
            config.getfloat("x_offset", 0.0),
            config.getfloat("y_offset", 0.0),
        )
        self.z_offset: float = config.getfloat("z_offset")


def load_config_prefix(config: Any) -> ToolProbe:
    """What klippy calls for each section."""
    return ToolProbe(config)
