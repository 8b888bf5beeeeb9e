"""How the temperature bias is measured: what a person may choose."""

from dataclasses import dataclass

from zcal_tui.checks.parameters import attach_parameter, detach_parameter, home_parameter, parameter


@dataclass(frozen=True, slots=True)
class TemperatureParameters:
    """How the temperature bias is measured."""

    heat: str = parameter("both", "what to heat", choices=("both", "bed", "nozzle"))
    bed: float | None = parameter(
        None, "the bed's printing temperature instead of 60", unit="°C", minimum=30, maximum=150
    )
    nozzle: float | None = parameter(
        None,
        "the nozzle's printing temperature instead of 200 (150 where the nozzle is the probe)",
        unit="°C",
        minimum=50,
        maximum=350,
    )
    baseline: float = parameter(3.0, "how long to touch cold", unit="min", minimum=0.5, maximum=60)
    soak: float = parameter(
        20.0,
        "how long to stay hot at most, bed alone and then both; shorter when it has settled",
        unit="min",
        minimum=1,
        maximum=240,
    )
    back: float = parameter(
        30.0, "how long to watch it cool down at most; 0 leaves it out", unit="min", minimum=0, maximum=240
    )
    # With half a minute to rest in between, so that touching itself does not move the height
    every: float = parameter(45.0, "time from one look to the next", unit="s", minimum=5, maximum=600)
    touches: int = parameter(5, "touches at each look", minimum=2, maximum=10)
    x: float | None = parameter(None, "where the toolhead stands; else the middle of the bed", unit="mm")
    y: float | None = parameter(None, "where the toolhead stands; else the middle of the bed", unit="mm")
    home: bool = home_parameter()
    attach: str = attach_parameter()
    detach: str = detach_parameter()
    dock_between: bool = parameter(
        False,
        "put a docked probe back between looks, as a printer does that fetches it for each use; else it stays on, "
        "since each fetch scatters",
    )
