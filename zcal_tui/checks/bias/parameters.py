"""How the location bias is measured: what a person may choose."""

from dataclasses import dataclass

from zcal_tui.checks.parameters import attach_parameter, detach_parameter, home_parameter, parameter


@dataclass(frozen=True, slots=True)
class BiasParameters:
    """How the location bias is measured."""

    points: int | None = parameter(
        None,
        "number of places instead of the corners and the centre (near each tower and the centre on a delta)",
        minimum=2,
        maximum=9,
    )
    places: str = parameter("", 'bed points to measure at instead, as "x,y;x,y" in mm')
    rounds: int = parameter(2, "rounds over all places before a verdict is looked for", minimum=2, maximum=12)
    max_rounds: int = parameter(
        6, "the most rounds, where the data do not decide before", minimum=2, maximum=12
    )
    touches: int = parameter(5, "touches of the probe at each place in each round", minimum=3, maximum=20)
    home: bool = home_parameter()
    attach: str = attach_parameter()
    detach: str = detach_parameter()
