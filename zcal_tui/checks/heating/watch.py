"""Watching heaters that a check has turned on: that they heat, reach their targets, and stay ours."""

from collections.abc import Mapping

from zcal_tui.checks.errors import CheckFailed
from zcal_tui.checks.heating.targets import NAMES
from zcal_tui.model.units import duration
from zcal_tui.printer.state import PrinterState

REACHED = 1.5
"""°C below the target at which it counts as reached."""
GAIN = 1.0
"""°C that a heater has to gain …"""
GAIN_TIME = 120.0
"""… in so many seconds; Klipper's own verify_heater asks for 2 °C in 20 or 60 s, and may be configured away."""
_SAME = 0.05


class HeatWatch:
    """Follows the heaters whose targets (°C) are set. Seconds are the printer's."""

    def __init__(self) -> None:
        self._targets: dict[str, float] = {}
        self._best: dict[str, tuple[float, float]] = {}
        self._reached: set[str] = set()

    def expect(self, targets: Mapping[str, float], state: PrinterState, now: float) -> None:
        """These targets were set just now."""
        for name, target in targets.items():
            self._targets[name] = target
            temperature = state.heaters[name].temperature
            self._best[name] = (now, temperature)
            self._reached.discard(name)
            if target <= temperature + REACHED:
                self._reached.add(name)

    @property
    def reached(self) -> bool:
        """Whether every heater has come to its target once; one that cools down has, too."""
        return self._reached >= self._targets.keys()

    def look(self, state: PrinterState, now: float) -> None:
        """Raises CheckFailed where a heater does not heat, or somebody else has set its target."""
        for name, target in self._targets.items():
            heater = state.heaters.get(name)
            if heater is None:
                raise CheckFailed(
                    f"The printer no longer reports its {NAMES[name]}.",
                    "Its configuration has changed.",
                    "Repeat it.",
                )
            if abs(heater.target - target) > _SAME:
                raise CheckFailed(
                    f"The {NAMES[name]}'s target is {heater.target:g} °C and not the {target:g} °C that were set.",
                    "Another screen, a web interface or a macro changed it, or idle_timeout switched the heaters off.",
                    "Repeat the check, and do not use the printer during it.",
                )
            if name in self._reached:
                continue
            if heater.temperature >= target - REACHED:
                self._reached.add(name)
                continue
            since, best = self._best[name]
            if heater.temperature >= best + GAIN:
                self._best[name] = (now, heater.temperature)
            elif now - since > GAIN_TIME:
                raise CheckFailed(
                    f"The {NAMES[name]} does not get warmer: {heater.temperature:.0f} °C for {duration(now - since)}, "
                    f"target {target:g} °C.",
                    "Its heater or thermistor is loose or not connected, or the heater is too weak.",
                    "The heaters are being turned back. Check the wiring before you heat again.",
                )


def in_words(state: PrinterState) -> str:
    """`bed 43 → 60 °C, nozzle 24 °C`."""
    parts = []
    for name, word in NAMES.items():
        heater = state.heaters.get(name)
        if heater is not None:
            target = f" → {heater.target:.0f}" if heater.target > 0 else ""
            parts.append(f"{word} {heater.temperature:.0f}{target} °C")
    return ", ".join(parts)
