"""The parameters of `probe-xy`."""

from zcal_tui.checks.parameters import attach_parameter, detach_parameter, home_parameter, parameter
from zcal_tui.model.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ProbeXyParameters:
    """How the probe's X and Y offsets are measured."""

    repeats: int = parameter(
        3, "number of marks; from three on their own scatter counts", minimum=1, maximum=9
    )
    x: float | None = parameter(None, "toolhead position for the mark; default: middle of the bed", unit="mm")
    y: float | None = parameter(None, "toolhead position for the mark; default: middle of the bed", unit="mm")
    home: bool = home_parameter()
    attach: str = attach_parameter()
    detach: str = detach_parameter()
