"""Whether the calibration of an eddy current sensor is good: estimates, verdict and what follows."""

import math
from collections.abc import Iterator

from zcal_tui.checks.estimates import estimate
from zcal_tui.checks.paper import PaperHeight
from zcal_tui.checks.z_offset.analysis import OLD_MESH
from zcal_tui.checks.z_offset.eddy_messages import CalibrationOutput, Table, frequency, height, slope
from zcal_tui.model import limits
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, Event, VerdictReached
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Estimate, Level, Verdict
from zcal_tui.model.units import closer_farther, length, micrometres, millimetres
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.operator_scatter import ScatterPrior
from zcal_tui.stats.paper import PEOPLE, paper_height
from zcal_tui.stats.quantiles import normal_ppf
from zcal_tui.stats.verdicts.rule import consequence

EXPECTED_RANGE = 3.078
"""How many sigma ten normal readings span on average."""
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
    output: CalibrationOutput
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


def scatter(output: CalibrationOutput, entries: Table, work: float) -> Interval | None:
    """The sigma of single readings at height `work`, in mm; None where Klipper did not report it."""
    heights = max(1, len(entries))
    fall = slope(entries, work)
    if output.at and output.queries:
        # Its own mean is taken out of a height's readings
        nearest = min(output.at, key=lambda noise: abs(noise.z - work))
        of_one = max(2.0, output.queries / heights)
        sigma = SIGMA_OF_MAD * nearest.mad * math.sqrt(of_one / (of_one - 1))
        error = ERROR_OF_MAD / math.sqrt(of_one)
    elif output.stddev_hz is not None and output.queries and fall is not None:
        free = max(1, output.queries - heights)
        sigma = output.stddev_hz / fall * math.sqrt(output.queries / free)
        error = ERROR_OF_STDDEV / math.sqrt(free)
    else:
        return None
    # The error is relative to the true sigma, so it divides; a handful of readings show hardly anything
    half = min(0.9, normal_ppf((1 + CONFIDENCE) / 2) * error)
    return Interval(sigma, sigma / (1 + half), sigma / (1 - half), CONFIDENCE, {"random": sigma * error})


def shift(calibrated: EddyCalibration) -> float | None:
    """How much higher the same distance is read at the working height than with the old table, in mm; None where one
    of the two does not reach there."""
    hz = frequency(calibrated.new, calibrated.work)
    before = None if hz is None or not calibrated.old else height(calibrated.old, hz)
    return None if before is None else calibrated.work - before


def usable(calibrated: EddyCalibration) -> bool:
    """Whether the sensor can probe with it: Klipper refuses a height outside of the table."""
    return frequency(calibrated.new, calibrated.work) is not None


def effect(calibrated: EddyCalibration) -> str:
    """What saving it does, in words; empty where there is nothing to compare with."""
    apart = shift(calibrated)
    if apart is None:
        return ""
    if calibrated.homes:
        return closer_farther(-apart)
    return (
        f"probed heights shift by {length(apart, sign=True)}; the first layer does not change, because Z "
        "homes with its own endstop"
    )


def conclusion(calibrated: EddyCalibration, prior: ScatterPrior = PEOPLE) -> Iterator[Event]:
    """Estimates, verdict and what follows."""
    contact = paper_height(
        [calibrated.paper.height], calibrated.paper.resolution, prior, step=calibrated.step
    ).height
    half = ((contact.high or contact.value) - (contact.low or contact.value)) / 2
    noise = scatter(calibrated.output, calibrated.new, calibrated.work)
    estimates = {
        "contact": estimate("contact", contact),
        "calibrated_to": _from_the_paper("calibrated_to", calibrated.new[-1][0], half),
    }
    if noise is not None:
        estimates["reading_sigma"] = estimate("reading_sigma", noise)
    if (apart := shift(calibrated)) is not None:
        estimates["reading_shift"] = _from_the_paper("reading_shift", apart, half)
    yield EstimateUpdated(estimates)
    yield VerdictReached(_verdict(calibrated, half, noise, prior))
    if not usable(calibrated):
        yield AdviceGiven(
            "This calibration is unusable and is discarded. Check that the coil is 2 to 3 mm above the "
            "nozzle tip and over the bed. Calibrate the drive current (LDC_CALIBRATE_DRIVE_CURRENT). Then "
            "repeat the check."
        )
        return
    heights, change = len(calibrated.new), effect(calibrated)
    if change:
        yield AdviceGiven(f"The new calibration has {heights} heights: {change}.")
    else:
        yield AdviceGiven(f"The new calibration has {heights} heights.")
    if calibrated.meshes:
        yield AdviceGiven(OLD_MESH)
    if not calibrated.old:
        yield AdviceGiven(
            "Now check x_offset and y_offset with the check Probe XY offset (probe-xy). If they change, "
            "calibrate the sensor again (Klipper docs, Eddy_Probe)."
        )
    yield AdviceGiven(
        "The calibration is valid at this temperature only. Probe at about the same temperature, or set up "
        "[temperature_probe] (Klipper docs, Eddy_Probe, Thermal Drift Calibration)."
    )


def _from_the_paper(name: str, value: float, half: float) -> Estimate:
    """A height measured from where the paper dragged, and as accurate as that."""
    return estimate(name, Interval(value, value - half, value + half, CONFIDENCE, {"contact": half / 1.96}))


def _verdict(
    calibrated: EddyCalibration, half: float, noise: Interval | None, prior: ScatterPrior
) -> Verdict:
    top, work = calibrated.new[-1][0], calibrated.work
    level = Level.PASS
    accuracy, range_of_ten = limits.Z_ACCURACY, limits.RANGE_OF_TEN
    accurate = (
        f"The paper's height is accurate to ± {length(half)} (95 %), if paper tests vary by "
        f"{micrometres(prior.sigma)}. {accuracy.sentence}"
    )
    reasons = [accurate]
    if calibrated.paper.resolution > accuracy.value / 2:
        level = Level.WARN
        apart = length(2 * calibrated.paper.resolution)
        reasons.append(
            f"The last two heights of the paper test were {apart} apart. Repeat the check with smaller "
            "steps at the end."
        )
    if noise is None:
        level = Level.UNKNOWN
        reasons.append("Klipper did not report the noise of the readings.")
    else:
        low, high = EXPECTED_RANGE * (noise.low or 0.0), EXPECTED_RANGE * (noise.high or noise.value)
        reasons.append(
            f"Ten single readings at {work:g} mm would span {micrometres(EXPECTED_RANGE * noise.value)}. A "
            f"sample averages many readings, so it varies less. {range_of_ten.sentence}"
        )
        if low > range_of_ten.value:
            level = Level.FAIL
        elif high > range_of_ten.value:
            level = Level.UNKNOWN
    if calibrated.output.short:
        reasons.append(f"Klipper: {calibrated.output.short}.")
    reach = millimetres(top, digits=2)
    if not usable(calibrated):
        level = Level.FAIL
        reasons.append(
            f"The calibration ends at {reach}, but the sensor probes at {work:g} mm. Klipper refuses that."
        )
    elif top < limits.SCAN_HEIGHT.value:
        level = Level.WARN if level is Level.PASS else level
        reasons.append(
            f"The calibration ends at {reach}: too low to scan a mesh from {limits.SCAN_HEIGHT.text}. "
            f"{limits.SCAN_HEIGHT.sentence}"
        )
    reasons.append(consequence(half, "An error of up to {}"))
    span = f"The sensor is calibrated from {millimetres(calibrated.new[0][0], digits=2)} to {reach}"
    if noise is None:
        return Verdict(level, f"{span}.", tuple(reasons))
    return Verdict(
        level, f"{span}. Noise of a reading at {work:g} mm: σ {micrometres(noise.value)}.", tuple(reasons)
    )
