"""How the probe's X and Y offsets are measured: what a person may choose."""

from dataclasses import dataclass

from zcal_tui.checks.parameters import attach_parameter, detach_parameter, home_parameter, parameter


@dataclass(frozen=True, slots=True)
class ProbeXyParameters:
    """How the probe's X and Y offsets are measured."""

    repeats: int = parameter(
        1, "how often to mark and jog; more tell how well you see it", minimum=1, maximum=9
    )
    x: float | None = parameter(None, "where the toolhead stands for the mark; else mid-bed", unit="mm")
    y: float | None = parameter(None, "where the toolhead stands for the mark; else mid-bed", unit="mm")
    home: bool = home_parameter()
    attach: str = attach_parameter()
    detach: str = detach_parameter()
