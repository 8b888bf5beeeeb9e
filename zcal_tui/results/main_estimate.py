"""Which of a record's numbers is the one to tell first, to follow over runs, and to compare."""

from collections.abc import Mapping

from zcal_tui.model.record import Estimate, Record

MAIN: Mapping[str, tuple[str, ...]] = {
    "probe-xy": ("x_offset", "y_offset"),
    "z-offset": ("z_offset", "position_endstop"),
    "accuracy": ("sigma", "sigma@configured"),
    "bias": ("spread",),
    "temperature": ("shift",),
    "backlash": ("backlash", "backlash_upper_bound"),
    "auto-z": ("offset",),
    "first-layer": ("adjustment",),
}
"""By check, the names of its main estimates, the first first."""

BOTH = ("probe-xy",)
"""Checks whose main estimates are told together."""


def main_estimates(record: Record) -> tuple[Estimate, ...]:
    """A record's main numbers, those that it has: one for most checks, none where nothing was estimated."""
    found = [record.estimates[name] for name in MAIN.get(record.check, ()) if name in record.estimates]
    known = [e for e in found if not (e.value is None and e.low is None and e.high is None)]
    return tuple(known if record.check in BOTH else known[:1])


def followed(record: Record, name: str | None = None) -> Estimate | None:
    """The estimate that a trend follows: the one of that name, else the first main one."""
    if name is not None:
        return record.estimates.get(name)
    return next(iter(main_estimates(record)), None)
