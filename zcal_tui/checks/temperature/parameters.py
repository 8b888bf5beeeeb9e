"""The parameters of `temperature`."""

from zcal_tui.checks.parameters import attach_parameter, detach_parameter, home_parameter, parameter
from zcal_tui.model.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class TemperatureParameters:
    """How the temperature bias is measured."""

    heat: str = parameter("both", "what to heat", choices=("both", "bed", "nozzle"))
    bed: float | None = parameter(
        None, "the bed's printing temperature; default: 60", unit="°C", minimum=30, maximum=150
    )
    nozzle: float | None = parameter(
        None,
        "the nozzle's printing temperature; default: 200 (150 where the nozzle is the probe)",
        unit="°C",
        minimum=50,
        maximum=350,
    )
    baseline: float = parameter(3.0, "how long to probe cold", unit="min", minimum=0.5, maximum=60)
    soak: float = parameter(
        20.0,
        "longest time to stay hot, bed alone and then both; shorter once the height has settled",
        unit="min",
        minimum=1,
        maximum=240,
    )
    back: float = parameter(
        30.0, "longest time to measure the cooling; 0 skips it", unit="min", minimum=0, maximum=240
    )
    # With half a minute to rest in between, so that touching itself does not move the height
    every: float = parameter(45.0, "interval between measurements", unit="s", minimum=5, maximum=600)
    touches: int = parameter(5, "probe samples at each measurement", minimum=2, maximum=10)
    x: float | None = parameter(None, "toolhead position; default: middle of the bed", unit="mm")
    y: float | None = parameter(None, "toolhead position; default: middle of the bed", unit="mm")
    home: bool = home_parameter()
    attach: str = attach_parameter()
    detach: str = detach_parameter()
    dock_between: bool = parameter(
        False,
        "dock the probe between measurements, as for a printer that attaches it for each use; default: it stays "
        "attached, since attaching adds scatter",
    )
