"""How backlash is measured: what a person may choose."""

from dataclasses import dataclass

from zcal_tui.checks.parameters import attach_parameter, detach_parameter, home_parameter, parameter


@dataclass(frozen=True, slots=True)
class BacklashParameters:
    """How backlash is measured. Without a place: near each Z drive where they are known, else in the middle."""

    here: bool = parameter(False, "measure where the toolhead stands now, and nowhere else")
    x: float | None = parameter(None, "measure with the toolhead there, and nowhere else", unit="mm")
    y: float | None = parameter(None, "measure with the toolhead there, and nowhere else", unit="mm")
    drives: bool = parameter(False, "measure near each Z drive; refused where the configuration shows none")
    grid: int | None = parameter(None, "measure on a grid of N × N places", minimum=2, maximum=7)
    calibrate: bool = parameter(
        False, "measure at the zero reference position and propose z_backlash, which zcal's own moves use"
    )
    iterations: int = parameter(10, "pairs of measurements at each visit to a place", minimum=2, maximum=100)
    rounds: int = parameter(2, "visits to each place", minimum=2, maximum=20)
    method: str = parameter(
        "auto",
        "scan: a sensor that measures standing still, come to from above and from below; release: where a switch opens "
        "on the way up against where it closed on the way down",
        choices=("auto", "scan", "release"),
    )
    delta: float | None = parameter(
        None,
        "scan: how far away the approaches begin, instead of backlash_delta of [zcal]",
        unit="mm",
        minimum=0.1,
        maximum=2.0,
    )
    speed: float | None = parameter(
        None, "speed of the measuring moves in Z, instead of 2", unit="mm/s", minimum=0.1, maximum=20.0
    )
    switch_hysteresis: float | None = parameter(
        None,
        "release: how much higher the switch opens than it closes, if you know it, instead of switch_hysteresis of "
        "[zcal]",
        unit="mm",
        minimum=0.0,
        maximum=2.0,
    )
    home: bool = home_parameter()
    attach: str = attach_parameter()
    detach: str = detach_parameter()
