"""Values of [axis_twist_compensation] from a location bias along one axis. Pure.

Klipper adds the compensation to each height that is probed, interpolated by the toolhead's position; it is the mean
z_offset minus that of the place (klippy/extras/axis_twist_compensation.py). So it is positive where z_offset is small.
What this check measures includes the compensation that Klipper runs with, so the new one is that plus what remains.
"""

from collections.abc import Iterator, Sequence

from zcal_tui.checks.bias.short_run import ends_of
from zcal_tui.model.events import AdviceGiven, Event
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Change
from zcal_tui.model.units import length
from zcal_tui.printer.axis_twist import (
    FEWEST,
    LISTS,
    SECTION,
    Axis,
    Compensation,
    TwistOptions,
    compensation,
    end_text,
    list_text,
    twist_options,
)
from zcal_tui.printer.hazards import NO_TWIST, hazards_of
from zcal_tui.printer.places import Place
from zcal_tui.printer.state import PrinterState

SOURCE = "Klipper docs, Axis_Twist_Compensation"


@dataclass(frozen=True, slots=True)
class Twist:
    """By how much z_offset grows towards larger X or Y, mm, over the places."""

    axis: Axis
    size: float


def twist_advice(state: PrinterState, places: Sequence[Place], twist: Twist) -> Iterator[Event]:
    """The values to save, or what has to be done before they can be proposed."""
    if NO_TWIST in hazards_of(state):
        yield AdviceGiven(
            f"{NO_TWIST.effect} ({NO_TWIST.origin}) Update Klipper, then run Location bias again."
        )
        return
    if SECTION not in state.settings:
        left, right, middle = _bed(places)
        yield AdviceGiven(
            f"To compensate what remains, add [{SECTION}] with calibrate_start_x: {left:g}, calibrate_end_x: {right:g} "
            f"and calibrate_y: {middle:g}. RESTART, then run Location bias again: it proposes the values."
        )
        return
    names = twist_options(state, twist.axis)
    if names is None:
        yield AdviceGiven(f"This Klipper's [{SECTION}] compensates X only. Update Klipper to compensate Y.")
        return
    new = new_compensation(state, names, twist, _reach(places, twist.axis))
    if new is None:
        yield AdviceGiven(
            f"{names.start} and {names.end} of [{SECTION}] are the same. Set them to the ends of the bed, RESTART, "
            "and run Location bias again: it then proposes the values."
        )
        return
    adds = " in addition to the values that it has" if compensation(state, twist.axis) is not None else ""
    yield AdviceGiven(
        f"Compensate {length(abs(twist.size))} along {twist.axis.upper()}{adds}: set these in [{SECTION}] together, "
        f"then RESTART. A list without its start and end stops Klipper at the next probe. ({SOURCE})",
        _changes(state, names, new),
    )
    ends = ends_of([place.bed for place in places], twist.axis)
    yield AdviceGiven(
        "Then run Z offset (`z-offset`) and make the bed mesh again: both are stale. Check the compensation with a "
        f'short run of Location bias: `bias --rounds 2 --places "{ends}"`.'
    )


def new_compensation(
    state: PrinterState, names: TwistOptions, twist: Twist, reach: tuple[float, float]
) -> Compensation | None:
    """The list that takes out what was measured, with mean 0; None where this Klipper's ends leave no room for one."""
    old = compensation(state, twist.axis)
    own = state.settings.get(SECTION, {})
    ends = reach
    if old is not None:
        ends = old.start, old.end
    elif names.fixed_ends:
        ends = float(own.get(names.start) or 0.0), float(own.get(names.end) or 0.0)
    if ends[1] - ends[0] < 1.0 or reach[1] <= reach[0]:
        return None
    grid = Compensation((0.0,) * max(FEWEST, 0 if old is None else len(old.values)), *ends)
    rest = Compensation((0.5 * twist.size, -0.5 * twist.size), *reach)
    sums = [rest.at(place) + (0.0 if old is None else old.at(place)) for place in grid.coordinates()]
    mean = sum(sums) / len(sums)
    return Compensation(tuple(value - mean for value in sums), *ends)


def _changes(state: PrinterState, names: TwistOptions, new: Compensation) -> tuple[Change, ...]:
    """The list, and its ends where Klipper runs with others."""
    own = state.settings[SECTION]
    old = own.get(names.values)
    found = [
        Change(
            SECTION,
            names.values,
            list_text(old) if old else None,
            list_text(new.values),
            saves=True,
            effect=f"probed heights are corrected by {length(new.values[0], sign=True)} at "
            f"{LISTS[names.values].upper()} {new.start:g} to {length(new.values[-1], sign=True)} at {new.end:g}",
        )
    ]
    for name, value in ((names.start, new.start), (names.end, new.end)):
        was, text = end_text(own.get(name)), end_text(value)
        if text is not None and was != text:
            found.append(Change(SECTION, name, was, text, saves=True))
    return tuple(found)


def _reach(places: Sequence[Place], axis: Axis) -> tuple[float, float]:
    """The ends of the measured places, in the toolhead's coordinates while it probes."""
    found = [place.toolhead[0 if axis == "x" else 1] for place in places]
    return min(found), max(found)


def _bed(places: Sequence[Place]) -> tuple[float, float, float]:
    """The ends along X and the middle along Y, on the bed: what every version of Klipper accepts in the section."""
    xs, ys = [place.bed[0] for place in places], [place.bed[1] for place in places]
    return min(xs), max(xs), (min(ys) + max(ys)) / 2
