"""The axis twist compensation that Klipper runs with. Pure.

Klipper adds a value to each height that is probed, interpolated along X, and along Y where it can. Source:
klippy/extras/axis_twist_compensation.py of Klipper and of Kalico.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number

SECTION = "axis_twist_compensation"
Axis = Literal["x", "y"]
LISTS: Mapping[str, Axis] = {"z_compensations": "x", "zy_compensations": "y"}
"""The options that hold a list, and its axis."""
FEWEST = 3
"""Values of a list: the fewest that Klipper's own calibration takes."""


@dataclass(frozen=True, slots=True)
class TwistOptions:
    """The options of one axis on this Klipper. A list needs both ends: without them Klipper stops at the next probe."""

    values: str
    start: str
    end: str
    fixed_ends: bool
    """Whether the ends are those of Klipper's own calibration, as in versions that know X only."""


@dataclass(frozen=True, slots=True)
class Compensation:
    """A list of values (mm) at even spacing between two toolhead coordinates (mm)."""

    values: tuple[float, ...]
    start: float
    end: float

    def at(self, coordinate: float) -> float:
        """What is added there; beyond the ends the outer values' line continues."""
        place = (coordinate - self.start) / ((self.end - self.start) / (len(self.values) - 1))
        index = max(0, min(len(self.values) - 2, math.floor(place)))
        low, high = self.values[index : index + 2]
        return low + (place - index) * (high - low)

    def coordinates(self) -> tuple[float, ...]:
        """Where the values are."""
        spacing = (self.end - self.start) / (len(self.values) - 1)
        return tuple(self.start + number * spacing for number in range(len(self.values)))


def twist_options(state: PrinterState, axis: Axis) -> TwistOptions | None:
    """The options of an axis; None where printer.cfg has no such section, or this Klipper does not compensate it."""
    own = state.settings.get(SECTION)
    if own is None:
        return None
    if "zy_compensations" in own:
        name = "z_compensations" if axis == "x" else "zy_compensations"
        return TwistOptions(name, f"compensation_start_{axis}", f"compensation_end_{axis}", fixed_ends=False)
    if axis == "x":
        return TwistOptions("z_compensations", "calibrate_start_x", "calibrate_end_x", fixed_ends=True)
    return None


def compensation(state: PrinterState, axis: Axis) -> Compensation | None:
    """The compensation of an axis that Klipper runs with; None without one."""
    names = twist_options(state, axis)
    own = state.settings.get(SECTION, {})
    if names is None or not own.get(names.values):
        return None
    values = [number(value) for value in own[names.values]]
    start, end = number(own.get(names.start)), number(own.get(names.end))
    if None in values or len(values) < 2 or start is None or end is None or start == end:
        return None
    return Compensation(tuple(value or 0.0 for value in values), start, end)


def list_text(values: Sequence[float]) -> str:
    """A list as it is written in printer.cfg."""
    return ", ".join(f"{round(value, 6) + 0.0:.6f}" for value in values)


def parse_list(text: str) -> tuple[float, ...]:
    """The values in such a text. Raises ValueError."""
    return tuple(float(part) for part in text.split(","))


def end_text(value: Any) -> str | None:
    """An end as it is written in printer.cfg; None where it is not set."""
    found = number(value)
    return None if found is None else f"{found:.3f}"
