"""The heaters that a check turns on, and how hot they may get."""

from collections.abc import Mapping

from zcal_tui.checks.errors import CheckRefused
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number

BED, NOZZLE = "heater_bed", "extruder"
NAMES: Mapping[str, str] = {BED: "bed", NOZZLE: "nozzle"}
TOUCHING_NOZZLE = 150.0
"""°C for a nozzle that is the probe itself: hotter, it oozes onto the bed and marks a soft sheet."""
HOT = 100.0
"""°C from which a nozzle has grown most of the way."""
MARGIN = 10.0
"""°C to keep below a heater's max_temp: Klipper halts when an overshoot passes it."""
HEATING_RATE: Mapping[str, float] = {BED: 0.12, NOZZLE: 1.2}
"""°C/s, our estimates for ordinary printers; only for the time that is predicted."""


def allowed(state: PrinterState, name: str, asked: float | None, usual: float) -> float:
    """The target (°C) of a heater: what was asked for, else the usual one as far as its limit allows. Raises
    CheckRefused above that."""
    highest = number(state.settings.get(name, {}).get("max_temp"))
    if highest is None:
        return usual if asked is None else asked
    if asked is None:
        return min(usual, highest - MARGIN)
    if asked > highest - MARGIN:
        raise CheckRefused(
            f"{asked:g} °C is too hot for the {NAMES[name]}.",
            f"Its max_temp is {highest:g} °C, and an overshoot beyond that halts the printer.",
            f"Use at most {highest - MARGIN:g} °C.",
        )
    return asked


def require_heater(state: PrinterState, name: str) -> None:
    """Raises CheckRefused where the printer has no such heater."""
    if name not in state.heaters:
        raise CheckRefused(
            f"This printer has no heated {NAMES[name]}.",
            f"Its configuration has no [{name}].",
            "Heat the other one, or leave it out.",
        )
    if name == NOZZLE and state.extruder not in ("", NOZZLE):
        raise CheckRefused(
            f"The nozzle in use is that of {state.extruder}, and only that of {NOZZLE} can be heated here.",
            "Another tool's nozzle would get hot, and this one would be measured cold.",
            "Select the first tool, or leave the nozzle cold.",
        )


def touches_with_nozzle(probe: ProbeConfig) -> bool:
    """Whether the nozzle itself is what touches the bed."""
    return probe.kind in ("load_cell_probe", "smart_effector") or (
        probe.x_offset == 0 and probe.y_offset == 0
    )


def require_no_ooze(probe: ProbeConfig, nozzle: float | None) -> None:
    """Raises CheckRefused where the nozzle is the probe and would touch the bed too hot."""
    if nozzle is not None and nozzle > TOUCHING_NOZZLE and touches_with_nozzle(probe):
        raise CheckRefused(
            f"{nozzle:g} °C is too hot for a nozzle that is the probe.",
            "Hotter it oozes onto the bed, marks a soft sheet, and touches with the filament first.",
            f"Use at most {TOUCHING_NOZZLE:g} °C.",
        )
