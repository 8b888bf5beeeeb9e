"""Lines that correct for heat: the frame's coefficient of [z_thermal_adjust], and the nozzle's for a macro. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from zcal_tui.model.events import AdviceGiven
from zcal_tui.model.record import Change
from zcal_tui.model.units import micrometres
from zcal_tui.printer.values import number
from zcal_tui.stats.intervals import Interval

SECTION = "z_thermal_adjust"
SOURCE = "Klipper docs, Config_Reference, z_thermal_adjust"
LARGEST = 1.0
"""mm/°C: the largest temp_coeff that Klipper starts with."""


def coefficient(section: Mapping[str, Any]) -> float:
    """mm/°C by which Klipper moves Z with the frame's temperature; 0, its default, moves nothing."""
    return number(section.get("temp_coeff")) or 0.0


def frame_advice(growth: Interval | None, section: Mapping[str, Any]) -> Iterator[AdviceGiven]:
    """What follows from the frame's coefficient, the change of the trigger height for every °C of the section's sensor.

    Where the frame lifts the toolhead as it warms up, the height falls, and Z has to move down: the signs differ. No
    change is proposed that the measurement does not tell from the value that is set.
    """
    if growth is None:
        yield AdviceGiven(
            f"temp_coeff of [{SECTION}] could not be measured: its sensor hardly warmed up, or only together with the "
            "bed. A longer heat (--soak) shows more."
        )
        return
    if growth.low is None or growth.high is None:
        return
    value, low, high = -growth.value, -growth.high, -growth.low
    old = coefficient(section)
    interval = f"{value:.5f} mm/°C (95%: {low:.5f} to {high:.5f})"
    if low <= old <= high:
        yield AdviceGiven(f"temp_coeff of [{SECTION}] is {old:g}, measured: {interval}. No change needed.")
        return
    if abs(value) > LARGEST:
        return
    direction = "down" if value > 0 else "up"
    yield AdviceGiven(
        f"Set temp_coeff in [{SECTION}], then RESTART: {interval}. Z then moves {direction} as the frame gets hotter. "
        f"The trigger height includes the probe's own heat, so check it with a print. ({SOURCE})",
        (
            Change(
                SECTION,
                "temp_coeff",
                f"{old:g}" if "temp_coeff" in section else None,
                f"{value:.5f}",
                effect=f"95%: {low:.5f} to {high:.5f}",
            ),
        ),
    )


def nozzle_advice(coefficient: Interval | None, *, touches: bool) -> Iterator[AdviceGiven]:
    """The nozzle's coefficient (mm/°C), and the macro's line where the nozzle itself is the probe: there it is the
    nozzle's own growth."""
    if coefficient is None or coefficient.low is None or coefficient.high is None or coefficient.covers(0.0):
        return
    size = micrometres(coefficient.value, digits=2, sign=True)
    bounds = " to ".join(micrometres(end, digits=2, sign=True) for end in (coefficient.low, coefficient.high))
    if not touches:
        yield AdviceGiven(
            f"Nozzle coefficient: {size} per °C (95%: {bounds}). It belongs to the probe, not to the nozzle's length: "
            "probe with the nozzle as hot as it was when z_offset was measured."
        )
        return
    yield AdviceGiven(
        f"Nozzle coefficient: {size} per °C (95%: {bounds}). Where a macro probes with a colder nozzle than it prints "
        f"with, add this line after probing: SET_GCODE_OFFSET Z_ADJUST={{{coefficient.value:.6f} * (print_temp - "
        "probe_temp)}, with its own variables for both temperatures."
    )
