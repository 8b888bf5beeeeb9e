"""A short run that checks a compensation which was saved: the two ends of its axis."""

from typing import Any

from zcal_tui.model.record import Record
from zcal_tui.printer.axis_twist import LISTS, Axis
from zcal_tui.printer.geometry import Xy

ROUNDS = 2


def short_run(record: Record) -> dict[str, Any] | None:
    """The parameters of the run that checks what this one has saved; None where it has saved no compensation."""
    axes = [
        LISTS[change.option]
        for change in record.changes
        if change.state == "saved" and change.option in LISTS
    ]
    beds = measured_places(record)
    if not axes or len(beds) < 2:
        return None
    return {
        **record.parameters,
        "points": None,
        "places": ends_of(beds, axes[0]),
        "rounds": ROUNDS,
    }


def measured_places(record: Record) -> list[Xy]:
    """The bed points of a run, out of its estimates' names."""
    found = []
    for name in record.estimates:
        general, _, place = name.partition("@")
        if general == "z_offset" and place:
            x, y = (float(part) for part in place.split(","))
            found.append((x, y))
    return found


def ends_of(beds: list[Xy], axis: Axis) -> str:
    """Two places at the ends of an axis, for --places: in the middle of the other one."""
    xs, ys = [x for x, _ in beds], [y for _, y in beds]
    if axis == "x":
        middle = (min(ys) + max(ys)) / 2
        return f"{min(xs):g},{middle:g};{max(xs):g},{middle:g}"
    middle = (min(xs) + max(xs)) / 2
    return f"{middle:g},{min(ys):g};{middle:g},{max(ys):g}"
