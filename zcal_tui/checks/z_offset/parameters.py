"""How the Z offset is measured: what a person may choose."""

from dataclasses import dataclass

from zcal_tui.checks.parameters import attach_parameter, detach_parameter, home_parameter, parameter


@dataclass(frozen=True, slots=True)
class ZOffsetParameters:
    """How the Z offset is measured."""

    what: str = parameter(
        "auto",
        "which value: the probe's z_offset, or the Z endstop's position; auto takes the probe where there is one",
        choices=("auto", "probe", "endstop"),
    )
    touches: int = parameter(8, "touches of the probe before the paper test", minimum=3, maximum=50)
    repeats: int = parameter(
        2, "how often to do the paper test; a second one shows a slip of the first", minimum=1, maximum=10
    )
    x: float | None = parameter(None, "the bed point, X; else where a mesh counts as zero", unit="mm")
    y: float | None = parameter(None, "the bed point, Y; else where a mesh counts as zero", unit="mm")
    home: bool = home_parameter()
    attach: str = attach_parameter()
    detach: str = detach_parameter()
