"""The parameters of `z-offset`."""

from zcal_tui.checks.heating.parameters import bed_parameter, nozzle_parameter, soak_parameter
from zcal_tui.checks.parameters import attach_parameter, detach_parameter, home_parameter, parameter
from zcal_tui.model.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class ZOffsetParameters:
    """How the Z offset is measured."""

    what: str = parameter(
        "auto",
        "the value to measure: the probe's z_offset or the Z endstop's position; auto prefers the probe",
        choices=("auto", "probe", "endstop"),
    )
    calibrate: str = parameter(
        "none",
        "run the scanner's own calibration instead: scan (by paper), touch, auto (by contact), drive-current or tap, "
        "as far as the probe has it",
        choices=("none", "scan", "touch", "auto", "drive-current", "tap"),
    )
    touches: int = parameter(8, "probe samples before the paper test", minimum=3, maximum=50)
    repeats: int = parameter(
        2, "number of paper tests; a second one reveals a mistake in the first", minimum=1, maximum=10
    )
    x: float | None = parameter(None, "X of the bed point; default: where the mesh is zero", unit="mm")
    y: float | None = parameter(None, "Y of the bed point; default: where the mesh is zero", unit="mm")
    bed: float | None = bed_parameter()
    nozzle: float | None = nozzle_parameter()
    soak: float = soak_parameter()
    home: bool = home_parameter()
    attach: str = attach_parameter()
    detach: str = detach_parameter()
