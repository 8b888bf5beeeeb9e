"""The parameters of `bias`."""

from zcal_tui.checks.parameters import attach_parameter, detach_parameter, home_parameter, parameter
from zcal_tui.model.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class BiasParameters:
    """How the location bias is measured."""

    points: int | None = parameter(
        None,
        "number of places; default: the corners (on a delta: near each tower)",
        minimum=2,
        maximum=9,
    )
    places: str = parameter("", 'bed points to use instead, as "x,y;x,y" in mm')
    rounds: int = parameter(2, "rounds over all places before the first verdict", minimum=2, maximum=12)
    max_rounds: int = parameter(
        12, "largest number of rounds, if the data do not decide earlier", minimum=2, maximum=12
    )
    max_tests: int = parameter(
        21, "largest number of paper tests, if the data do not decide earlier", minimum=4, maximum=108
    )
    gauge: str = parameter(
        "paper",
        "what shows the contact: paper, a feeler gauge, or a nozzle that senses contact (both finer than paper)",
        choices=("paper", "feeler", "contact"),
    )
    touches: int = parameter(5, "probe samples at each place in each round", minimum=3, maximum=20)
    home: bool = home_parameter()
    attach: str = attach_parameter()
    detach: str = detach_parameter()
