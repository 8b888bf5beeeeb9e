"""From positions over the mark to x_offset and y_offset: estimates, verdict, and what to save. Pure."""

import math
from collections.abc import Iterator, Sequence
from statistics import variance

from zcal_tui.checks.estimates import differs
from zcal_tui.checks.probe_xy.drawing import drawing
from zcal_tui.model import limits
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, Event, Notice, VerdictReached
from zcal_tui.model.record import Change, Estimate, Level, Verdict
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.geometry import Xy
from zcal_tui.printer.state import PrinterState
from zcal_tui.stats.offsets import mean_of_repeats

EYE_SIGMA, EYE_DOF = 0.2, 6.0
"""mm, and its degrees of freedom: our assumption of how accurately a person centres a nozzle over a dot; no source has
a figure."""
OWN_DOF = 4
"""Degrees of freedom, both axes together, from which the marks' own scatter replaces that assumption: three marks."""
RESOLUTION = 0.01
"""mm: the nozzle is moved in steps of this at the least."""
AXES = ("x_offset", "y_offset")


def estimates_of(offsets: Sequence[Xy]) -> dict[str, Estimate]:
    """x_offset and y_offset (mm) from the positions so far. A person sees as well along X as along Y, so the scatter of
    the marks is that of both axes together."""
    own = len(offsets) - 1
    prior_dof = EYE_DOF if 2 * own < OWN_DOF else 0.0
    found = {}
    for axis, name in enumerate(AXES):
        other = [one[1 - axis] for one in offsets]
        squares = own * variance(other) if own else 0.0
        dof = prior_dof + own
        mean = mean_of_repeats(
            [one[axis] for one in offsets],
            step=RESOLUTION,
            prior_sigma=math.sqrt((prior_dof * EYE_SIGMA**2 + squares) / dof),
            prior_dof=dof,
        ).mean
        found[name] = Estimate(name, mean.value, mean.low, mean.high, components=mean.components)
    return found


def conclusion(state: PrinterState, probe: ProbeConfig, offsets: Sequence[Xy]) -> Iterator[Event]:
    """Estimates, verdict and what follows."""
    estimates = estimates_of(offsets)
    yield EstimateUpdated(estimates)
    old = (probe.x_offset, probe.y_offset)
    new = tuple(
        round(estimates[name].value or 0.0, 2) + 0.0 for name in AXES
    )  # -0.0 is shown without its sign
    halves = [((found.high or 0.0) - (found.low or 0.0)) / 2 for found in estimates.values()]
    reasons = [
        f"{name} is {value:.2f} ± {half:.2f} mm (95 %), configured {was:g} mm."
        for name, value, half, was in zip(AXES, new, halves, old, strict=True)
    ]
    level, limit = Level.PASS, limits.XY_ACCURACY
    if max(halves) > limit.value:
        level = Level.UNKNOWN
        reasons.append(f"Not accurate enough. Repeat it with five marks (--repeats 5). {limit.sentence}")
    else:
        reasons.append(f"Accurate enough. {limit.sentence}")
    yield VerdictReached(
        Verdict(level, f"The probe is at x_offset {new[0]:.2f}, y_offset {new[1]:.2f} mm.", tuple(reasons))
    )
    changes = tuple(
        Change(probe.section, name, f"{was:g}", f"{value:.2f}", saves=True)
        for name, value, was in zip(AXES, new, old, strict=True)
        if abs(value - was) >= limits.XY_CHANGE.value and differs(estimates[name], was)
    )
    if not changes:
        yield AdviceGiven("No change needed. Take the tape off the bed.")
        return
    yield Notice(drawing(new[0], new[1]))
    yield AdviceGiven(
        "Set " + " and ".join(f"{c.option} to {c.new}" for c in changes) + ".",
        changes,
    )
    yield AdviceGiven("Take the tape off the bed.")
    yield AdviceGiven("Then measure z_offset again: the probe now probes another point.")
    affected = [
        name
        for name in ("bed_mesh", "z_tilt", "quad_gantry_level", "screws_tilt_adjust")
        if name in state.settings
    ]
    if affected:
        yield AdviceGiven(
            f"Check the points in {', '.join(f'[{name}]' for name in affected)}: the area within reach has "
            "moved a little."
        )
