"""What is heated, to where and how long: the phases of a temperature run."""

from collections.abc import Mapping

from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.heating.targets import (
    BED,
    HEATING_RATE,
    NAMES,
    NOZZLE,
    TOUCHING_NOZZLE,
    allowed,
    require_heater,
    touches_with_nozzle,
)
from zcal_tui.checks.temperature.parameters import TemperatureParameters
from zcal_tui.model import limits
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number
from zcal_tui.stats.thermal import Phase

USUAL: Mapping[str, float] = {BED: 60.0, NOZZLE: 200.0}
MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class PhasePlan:
    """One phase. `targets` (°C) are set at its beginning; then it lasts from `least` to `most` seconds after they are
    reached (in the first and the last phase: after it began), as soon as the height has settled."""

    name: Phase
    title: str
    targets: Mapping[str, float]
    least: float
    most: float
    heating: float = 0.0
    """Seconds that reaching them takes, about."""

    @property
    def longest(self) -> float:
        """Seconds it takes at most, about."""
        return self.heating + self.most


def phases_of(
    state: PrinterState, probe: ProbeConfig, parameters: TemperatureParameters
) -> tuple[PhasePlan, ...]:
    """The phases of a run. Raises CheckRefused for what this printer cannot do, and where it is not cold."""
    wanted = _targets(state, probe, parameters)
    for name, target in wanted.items():
        _require_cold(state, name, target)
    cold = parameters.baseline * MINUTE
    phases = [PhasePlan("baseline", "Cold", {}, cold, cold)]
    if BED in wanted:
        phases.append(_hot(state, "bed", "Bed only", {BED: wanted[BED]}, parameters))
    if NOZZLE in wanted:
        title = "Bed and nozzle" if BED in wanted else "Nozzle only"
        phases.append(_hot(state, "nozzle", title, {NOZZLE: wanted[NOZZLE]}, parameters))
    if parameters.back > 0:
        before = {name: state.heaters[name].target for name in wanted}
        most = parameters.back * MINUTE
        phases.append(PhasePlan("back", "Cooling down", before, min(limits.LEAST_SOAK.value, most), most))
    return tuple(phases)


def look_interval(state: PrinterState, parameters: TemperatureParameters) -> float:
    """Seconds from look to look: a third of idle_timeout at most, which would switch heaters and motors off."""
    timeout = number(state.settings.get("idle_timeout", {}).get("timeout")) or 600.0
    return min(parameters.every, timeout / 3.0)


def _hot(
    state: PrinterState,
    name: Phase,
    title: str,
    targets: Mapping[str, float],
    parameters: TemperatureParameters,
) -> PhasePlan:
    most = parameters.soak * MINUTE
    heating = max(
        max(0.0, target - state.heaters[heater].temperature) / HEATING_RATE[heater]
        for heater, target in targets.items()
    )
    return PhasePlan(name, title, targets, min(limits.LEAST_SOAK.value, most), most, heating)


def _targets(state: PrinterState, probe: ProbeConfig, parameters: TemperatureParameters) -> dict[str, float]:
    """°C by heater, in the order of heating."""
    asked = {BED: parameters.bed, NOZZLE: parameters.nozzle}
    chosen = {"both": (BED, NOZZLE), "bed": (BED,), "nozzle": (NOZZLE,)}[parameters.heat]
    present = [name for name in chosen if name in state.heaters]
    if parameters.heat != "both" or not present:
        for name in chosen:
            if name not in state.heaters:
                raise CheckRefused(
                    f"This printer has no heated {NAMES[name]}.",
                    f"Its configuration has no [{name}].",
                    "Heat the other one, or leave --heat out.",
                )
    targets = {}
    for name in present:
        usual = TOUCHING_NOZZLE if name == NOZZLE and touches_with_nozzle(probe) else USUAL[name]
        require_heater(state, name)
        targets[name] = allowed(state, name, asked[name], usual)
    return targets


def _require_cold(state: PrinterState, name: str, target: float) -> None:
    heater = state.heaters[name]
    warmest = max(heater.temperature, heater.target)
    if target - warmest < limits.LEAST_RISE.value:
        raise CheckRefused(
            f"The {NAMES[name]} is too warm to start: {heater.temperature:.0f} °C"
            + (f", target {heater.target:.0f} °C." if heater.target > 0 else "."),
            f"The first phase must be at room temperature, for comparison with {target:g} °C.",
            "Turn the heaters off (TURN_OFF_HEATERS), wait until the printer is cold, then start again.",
        )
