"""The parameters of `backlash`."""

from zcal_tui.checks.parameters import attach_parameter, detach_parameter, home_parameter, parameter
from zcal_tui.model.lazy_dataclass import dataclass

PAIRS, PLUGIN_PAIRS = 4, 10
"""Pairs at each visit. A plugin's own command tests each visit by itself, for which it takes ten."""


@dataclass(frozen=True, slots=True)
class BacklashParameters:
    """How backlash is measured. Without a position: near each Z drive where these are known, else in the middle."""

    here: bool = parameter(False, "measure only at the present position")
    x: float | None = parameter(None, "measure only at this toolhead position", unit="mm")
    y: float | None = parameter(None, "measure only at this toolhead position", unit="mm")
    drives: bool = parameter(False, "measure near each Z drive; refused where printer.cfg shows none")
    grid: int | None = parameter(None, "measure on a grid of N × N places", minimum=2, maximum=7)
    calibrate: bool = parameter(
        False,
        "measure at the zero reference position and propose z_backlash, which the [zcal] module's moves use",
    )
    iterations: int | None = parameter(
        None,
        f"pairs of measurements at each visit; default {PAIRS}, with a plugin's own command {PLUGIN_PAIRS}",
        minimum=2,
        maximum=100,
    )
    rounds: int = parameter(5, "visits to each place", minimum=2, maximum=20)
    method: str = parameter(
        "auto",
        "scan: a distance sensor, approached from above and from below; release: where a switch opens on the way up, "
        "compared with where it closed on the way down",
        choices=("auto", "scan", "release"),
    )
    delta: float | None = parameter(
        None,
        "scan: length of the approaches, instead of backlash_delta of [zcal]",
        unit="mm",
        minimum=0.1,
        maximum=2.0,
    )
    speed: float | None = parameter(
        None, "speed of the measuring moves in Z, instead of 2", unit="mm/s", minimum=0.1, maximum=20.0
    )
    switch_hysteresis: float | None = parameter(
        None,
        "release: how much higher the switch opens than it closes, if known, instead of switch_hysteresis of [zcal]",
        unit="mm",
        minimum=0.0,
        maximum=2.0,
    )
    home: bool = home_parameter()
    attach: str = attach_parameter()
    detach: str = detach_parameter()

    def pairs(self, *, plugin: bool) -> int:
        """Pairs of measurements at each visit, by the [zcal] module or by a plugin's command."""
        if self.iterations is not None:
            return self.iterations
        return PLUGIN_PAIRS if plugin else PAIRS
