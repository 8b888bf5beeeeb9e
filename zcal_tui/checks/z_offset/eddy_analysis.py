"""Whether the calibration of an eddy current sensor is good: estimates, verdict and what follows."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from zcal_tui.checks.paper import PaperHeight
from zcal_tui.checks.z_offset.analysis import GOAL, GOAL_SOURCE, as_estimate
from zcal_tui.checks.z_offset.eddy_messages import Table, Told, frequency, height, slope
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, Event, VerdictReached
from zcal_tui.model.record import Estimate, Level, Verdict
from zcal_tui.model.units import closer_farther, length, micrometres, millimetres
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.paper import paper_height
from zcal_tui.stats.quantiles import normal_ppf

RANGE_LIMIT, RANGE_SOURCE = 0.025, "Klipper docs, Probe_Calibrate"
"""mm: a probe whose ten readings span more is not fit."""
RANGE_OF_TEN = 3.078
"""How many sigma ten normal readings span on average."""
SCAN_HEIGHT, SCAN_SOURCE = 1.0, "Klipper docs, Eddy_Probe"
"""mm: how high a bed mesh is scanned from."""
SIGMA_OF_MAD = 1.4826
"""sigma over the median absolute deviation, for normal noise."""
ERROR_OF_MAD, ERROR_OF_STDDEV = 1.167, math.sqrt(0.5)
"""The relative standard error of a sigma from n readings, times √n: from the median absolute deviation, from the
standard deviation."""
CONFIDENCE = 0.95


@dataclass(frozen=True)
class EddyCalibration:
    """What a calibration gave."""

    paper: PaperHeight
    told: Told
    new: Table
    old: Table
    """The table that was in force; empty where there was none."""
    work: float
    """mm: the height at which the sensor probes (descend_z, earlier z_offset)."""
    step: float
    homes: bool
    """Whether Z is homed by the sensor."""
    meshes: bool
    """Whether there are bed meshes."""


def scatter(told: Told, entries: Table, work: float) -> Interval | None:
    """The sigma of single readings at height `work`, in mm; None where it was not told."""
    heights = max(1, len(entries))
    fall = slope(entries, work)
    if told.at and told.queries:
        # Its own mean is taken out of a height's readings
        nearest = min(told.at, key=lambda noise: abs(noise.z - work))
        of_one = max(2.0, told.queries / heights)
        sigma = SIGMA_OF_MAD * nearest.mad * math.sqrt(of_one / (of_one - 1))
        error = ERROR_OF_MAD / math.sqrt(of_one)
    elif told.stddev_hz is not None and told.queries and fall is not None:
        free = max(1, told.queries - heights)
        sigma = told.stddev_hz / fall * math.sqrt(told.queries / free)
        error = ERROR_OF_STDDEV / math.sqrt(free)
    else:
        return None
    # The error is relative to the truth, so that it divides; of a handful of readings hardly anything is known
    half = min(0.9, normal_ppf((1 + CONFIDENCE) / 2) * error)
    return Interval(sigma, sigma / (1 + half), sigma / (1 - half), CONFIDENCE, {"random": sigma * error})


def shift(calibrated: EddyCalibration) -> float | None:
    """How much higher the same distance is read at the working height than with the old table, in mm; None where one
    of the two does not reach there."""
    hz = frequency(calibrated.new, calibrated.work)
    before = None if hz is None or not calibrated.old else height(calibrated.old, hz)
    return None if before is None else calibrated.work - before


def usable(calibrated: EddyCalibration) -> bool:
    """Whether the sensor can probe with it: Klipper refuses a height that the table does not hold."""
    return frequency(calibrated.new, calibrated.work) is not None


def effect(calibrated: EddyCalibration) -> str:
    """What saving it does, in words; empty where there is nothing to compare with."""
    apart = shift(calibrated)
    if apart is None:
        return ""
    if calibrated.homes:
        return closer_farther(-apart)
    return (
        f"the sensor reads {length(abs(apart))} {'higher' if apart > 0 else 'lower'} than before; Z is homed by its "
        "own endstop, so the nozzle's height stays what it is"
    )


def conclusion(calibrated: EddyCalibration) -> Iterator[Event]:
    """Estimates, verdict and what follows."""
    contact = paper_height(
        [calibrated.paper.height], calibrated.paper.resolution, step=calibrated.step
    ).height
    half = ((contact.high or contact.value) - (contact.low or contact.value)) / 2
    noise = scatter(calibrated.told, calibrated.new, calibrated.work)
    estimates = {
        "contact": as_estimate("contact", contact),
        "calibrated_to": _known_as_the_paper("calibrated_to", calibrated.new[-1][0], half),
    }
    if noise is not None:
        estimates["reading_sigma"] = as_estimate("reading_sigma", noise)
    if (apart := shift(calibrated)) is not None:
        estimates["reading_shift"] = _known_as_the_paper("reading_shift", apart, half)
    yield EstimateUpdated(estimates)
    yield VerdictReached(_verdict(calibrated, half, noise))
    if not usable(calibrated):
        yield AdviceGiven(
            "Do not use this calibration: it is discarded. Look that the coil is 2 to 3 mm above the nozzle's tip and "
            "over the bed, calibrate the drive current (LDC_CALIBRATE_DRIVE_CURRENT), then repeat the check."
        )
        return
    what = f": {told}" if (told := effect(calibrated)) else ""
    yield AdviceGiven(f"Save the new calibration of {len(calibrated.new)} heights{what}.")
    if calibrated.meshes:
        yield AdviceGiven(
            "A bed mesh that was made with the old calibration is no longer right: run BED_MESH_CALIBRATE again."
        )
    if not calibrated.old:
        yield AdviceGiven(
            "Now that the sensor measures, see whether x_offset and y_offset are right (check probe-xy); where they "
            "are changed, calibrate it again (Klipper docs, Eddy_Probe)."
        )
    yield AdviceGiven(
        "The calibration holds for the temperature at which it was made: probe at about the same one, or set up "
        "[temperature_probe] (Klipper docs, Eddy_Probe, Thermal Drift Calibration)."
    )


def _known_as_the_paper(name: str, value: float, half: float) -> Estimate:
    """A height counted from where the paper dragged."""
    return as_estimate(
        name, Interval(value, value - half, value + half, CONFIDENCE, {"contact": half / 1.96})
    )


def _verdict(calibrated: EddyCalibration, half: float, noise: Interval | None) -> Verdict:
    top, work = calibrated.new[-1][0], calibrated.work
    level = Level.PASS
    known = (
        f"The paper's height is known to ± {length(half)} (95 %; goal: {length(GOAL)}, {GOAL_SOURCE}), with a feel "
        "that is assumed to scatter by 10 µm: one paper test does not tell more."
    )
    reasons = [known]
    if calibrated.paper.resolution > GOAL / 2:
        level = Level.WARN
        apart = length(2 * calibrated.paper.resolution)
        reasons.append(
            f"The heights tried next to it were {apart} apart: repeat the check, with smaller steps at the end, to "
            "know it better."
        )
    if noise is None:
        level = Level.UNKNOWN
        reasons.append("Klipper did not tell how its readings scatter.")
    else:
        low, high = RANGE_OF_TEN * (noise.low or 0.0), RANGE_OF_TEN * (noise.high or noise.value)
        reasons.append(
            f"Ten single readings at {work:g} mm would span {micrometres(RANGE_OF_TEN * noise.value)} (limit: "
            f"{micrometres(RANGE_LIMIT)}, {RANGE_SOURCE}); a probing takes the mean of many, which scatters less."
        )
        if low > RANGE_LIMIT:
            level = Level.FAIL
        elif high > RANGE_LIMIT:
            level = Level.UNKNOWN
    if calibrated.told.short:
        reasons.append(f"Klipper: {calibrated.told.short}.")
    if not usable(calibrated):
        level = Level.FAIL
        reasons.append(
            f"It reaches up to {millimetres(top, digits=2)}, but the sensor probes at {work:g} mm, which Klipper "
            "refuses."
        )
    elif top < SCAN_HEIGHT:
        level = Level.WARN if level is Level.PASS else level
        reasons.append(
            f"It reaches up to {millimetres(top, digits=2)} only: too low to scan a mesh from {SCAN_HEIGHT:g} mm "
            f"({SCAN_SOURCE})."
        )
    scattered = (
        "" if noise is None else f"; a reading scatters by {micrometres(noise.value)} (σ) at {work:g} mm"
    )
    return Verdict(
        level,
        f"The sensor is calibrated from {millimetres(calibrated.new[0][0], digits=2)} to "
        f"{millimetres(top, digits=2)}{scattered}.",
        tuple(reasons),
    )
