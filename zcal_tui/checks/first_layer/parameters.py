"""How the first layer's height is checked: what a person may choose."""

from dataclasses import dataclass

from zcal_tui.checks.parameters import attach_parameter, detach_parameter, home_parameter, parameter


@dataclass(frozen=True, slots=True)
class FirstLayerParameters:
    """How the first layer's height is checked."""

    tests: int = parameter(1, "how often to feel the paper at the end", minimum=1, maximum=10)
    x: float | None = parameter(None, "the bed point, X; else where a mesh counts as zero", unit="mm")
    y: float | None = parameter(None, "the bed point, Y; else where a mesh counts as zero", unit="mm")
    calibrate: bool = parameter(
        True,
        "on a printer with [z_calibration] whose offset is not in force: run CALIBRATE_Z first, as a print does",
    )
    paper: float = parameter(0.1, "thickness of the paper", unit="mm", minimum=0.02, maximum=0.5)
    zero: str = parameter(
        "auto",
        "what Z 0 is to be: contact of nozzle and bed, or where a sheet of paper drags; auto takes contact where "
        "CALIBRATE_Z measures the nozzle before each print, else paper, as Klipper's paper test does",
        choices=("auto", "contact", "paper"),
    )
    hot: bool = parameter(False, "with a nozzle above 150 °C too, where paper is scorched and filament oozes")
    home: bool = home_parameter()
    attach: str = attach_parameter()
    detach: str = detach_parameter()
