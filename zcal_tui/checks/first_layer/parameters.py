"""The parameters of `first-layer`."""

from zcal_tui.checks.parameters import attach_parameter, detach_parameter, home_parameter, parameter
from zcal_tui.model.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class FirstLayerParameters:
    """How the first layer's height is checked."""

    tests: int = parameter(
        2,
        "number of paper tests at the end; one more is offered while they do not decide",
        minimum=1,
        maximum=10,
    )
    x: float | None = parameter(None, "X of the bed point; default: where the mesh is zero", unit="mm")
    y: float | None = parameter(None, "Y of the bed point; default: where the mesh is zero", unit="mm")
    calibrate: bool = parameter(
        True,
        "run CALIBRATE_Z first, as a print does, where [z_calibration] is configured and its offset is not applied",
    )
    paper: float = parameter(0.1, "thickness of the paper", unit="mm", minimum=0.02, maximum=0.5)
    zero: str = parameter(
        "auto",
        "the meaning of Z 0: nozzle contact, or where the paper drags; auto uses contact where CALIBRATE_Z measures "
        "the nozzle before each print, else paper, as Klipper's paper test does",
        choices=("auto", "contact", "paper"),
    )
    hot: bool = parameter(False, "allow a nozzle above 150 °C, which scorches paper and oozes")
    home: bool = home_parameter()
    attach: str = attach_parameter()
    detach: str = detach_parameter()
