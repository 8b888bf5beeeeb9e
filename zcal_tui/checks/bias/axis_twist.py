"""Values of [axis_twist_compensation] from a location bias along one axis. Pure.

Klipper adds the compensation to each height that is probed, interpolated by the toolhead's position; it is the mean
z_offset minus that of the place (klippy/extras/axis_twist_compensation.py). So it is positive where z_offset is small.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from zcal_tui.model.events import AdviceGiven, Event
from zcal_tui.model.record import Change
from zcal_tui.model.units import length
from zcal_tui.printer.places import Place
from zcal_tui.printer.state import PrinterState

SECTION = "axis_twist_compensation"
VALUES = 3
"""Values along the axis: the fewest that Klipper's own calibration takes."""
SOURCE = "Klipper docs, Axis_Twist_Compensation"

Axis = Literal["x", "y"]


@dataclass(frozen=True, slots=True)
class Twist:
    """By how much z_offset grows towards larger X or Y, mm, over the places."""

    axis: Axis
    size: float


def twist_advice(state: PrinterState, places: Sequence[Place], twist: Twist) -> Iterator[Event]:
    """The values to set, or what has to be done before they can be proposed."""
    own = state.settings.get(SECTION)
    low, high = _reach(places, twist.axis)
    if own is None:
        left, right, middle = _bed(places)
        yield AdviceGiven(
            f"To compensate what remains, add [{SECTION}] with calibrate_start_x: {left:g}, calibrate_end_x: {right:g} "
            f"and calibrate_y: {middle:g}. RESTART, then run Location bias again: it proposes the values."
        )
        return
    two_axes = "zy_compensations" in own
    if twist.axis == "y" and not two_axes:
        yield AdviceGiven(f"This Klipper's [{SECTION}] compensates X only. Update Klipper to compensate Y.")
        return
    option = "z_compensations" if twist.axis == "x" else "zy_compensations"
    if own.get(option):
        yield AdviceGiven(
            f"[{SECTION}] has {option} already, which may be part of what was measured. Remove them, RESTART, and run "
            "Location bias again. It then proposes new values."
        )
        return
    changes = _changes(own, option, twist, (low, high), two_axes=two_axes)
    yield AdviceGiven(
        f"Compensate {length(abs(twist.size))} along {twist.axis.upper()}: set all of these in [{SECTION}] together, "
        f"then RESTART. A list without its start and end stops Klipper at the next probe. ({SOURCE})",
        changes,
    )
    yield AdviceGiven(
        "Then run Z offset (`z-offset`) and make the bed mesh again: both are stale. With the [zcal] module "
        "Location bias "
        "measures without the compensation and finds the same again."
    )


def compensations(size: float, count: int = VALUES) -> tuple[float, ...]:
    """The values at even spacing, from the low end of the axis to the high one; their mean is 0."""
    return tuple(size * (0.5 - number / (count - 1)) for number in range(count))


def _changes(
    own: Mapping[str, Any], option: str, twist: Twist, reach: tuple[float, float], *, two_axes: bool
) -> tuple[Change, ...]:
    # Versions that know X only take the ends of the calibration for those of the list
    word = "compensation" if two_axes else "calibrate"
    ends = (f"{word}_start_{twist.axis}", f"{word}_end_{twist.axis}")
    listed = ", ".join(f"{value + 0.0:.6f}" for value in compensations(twist.size))
    values = {option: listed, ends[0]: f"{reach[0]:.3f}", ends[1]: f"{reach[1]:.3f}"}
    return tuple(
        Change(SECTION, name, None if own.get(name) in (None, "", [], ()) else str(own[name]), value)
        for name, value in values.items()
    )


def _reach(places: Sequence[Place], axis: Axis) -> tuple[float, float]:
    """The ends of the list, in the toolhead's coordinates while it probes."""
    found = [place.toolhead[0 if axis == "x" else 1] for place in places]
    return min(found), max(found)


def _bed(places: Sequence[Place]) -> tuple[float, float, float]:
    """The ends along X and the middle along Y, on the bed: what every version of Klipper accepts in the section."""
    xs, ys = [place.bed[0] for place in places], [place.bed[1] for place in places]
    return min(xs), max(xs), (min(ys) + max(ys)) / 2
