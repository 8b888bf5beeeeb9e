"""The temperatures of a whole run, more often than it touches: what the heights follow late is what was before."""

from zcal_tui.checks.heating.targets import BED, NOZZLE
from zcal_tui.printer.state import PrinterState
from zcal_tui.stats.thermal import Temperatures

FRAME = "z_thermal_adjust"
"""The section whose sensor is on the frame."""
APART = 2.0
"""Seconds of the printer's time between two entries."""


class TemperatureHistory:
    """Grows with the printer's states."""

    def __init__(self) -> None:
        self._t: list[float] = []
        self._bed: list[float] = []
        self._nozzle: list[float] = []
        self._frame: list[tuple[float, float]] = []

    def note(self, state: PrinterState) -> None:
        """Take a state's temperatures, unless one was taken a moment ago."""
        if self._t and state.eventtime - self._t[-1] < APART:
            return
        self._t.append(state.eventtime)
        self._bed.append(temperature_of(state, BED))
        self._nozzle.append(temperature_of(state, NOZZLE))
        if (frame := state.sensors.get(FRAME)) is not None:
            self._frame.append((state.eventtime, frame))

    def taken(self) -> Temperatures:
        """What there is so far."""
        return Temperatures(tuple(self._t), tuple(self._bed), tuple(self._nozzle))

    def frame(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """The times at which the frame's sensor was read, and what it read (°C)."""
        return tuple(t for t, _ in self._frame), tuple(value for _, value in self._frame)


def temperature_of(state: PrinterState, name: str) -> float:
    """A heater's temperature in °C; 0, always the same, for one that the printer has not."""
    heater = state.heaters.get(name)
    return 0.0 if heater is None else heater.temperature
