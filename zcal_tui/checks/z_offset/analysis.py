"""From touches and paper tests to a z_offset or position_endstop: estimates, verdict, and what to save."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace

from zcal_tui.checks.paper import PaperHeight
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, Event, VerdictReached
from zcal_tui.model.record import Change, Estimate, Level, Verdict
from zcal_tui.model.units import closer_farther, length, micrometres, millimetres
from zcal_tui.printer.config_view import ProbeConfig, ZRail, is_delta, z_rail
from zcal_tui.printer.state import PrinterState
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.paper import PRIOR_SIGMA, PaperResult, paper_height, z_offset
from zcal_tui.stats.quantiles import normal_ppf
from zcal_tui.stats.repeatability import analyse

GOAL = 0.025
"""mm. Klipper docs, Bed_Level: the accuracy that is aimed at, about 25 µm."""
GOAL_SOURCE = "Klipper docs, Bed_Level"
ABOUT = 1.05
"""Times the goal: up to here a single test's interval is too wide by what is assumed of the person, not by the test."""
_TILTS = {
    "z_tilt": "Z_TILT_ADJUST",
    "z_tilt_ng": "Z_TILT_ADJUST",
    "quad_gantry_level": "QUAD_GANTRY_LEVEL",
    "bed_tilt": "BED_TILT_CALIBRATE",
    "delta_calibrate": "DELTA_CALIBRATE",
}
"""By section, what changes the bed's tilt against the nozzle (Klipper docs, Probe_Calibrate)."""
FAR = 1.0
"""mm. A change of more than this is rather a mistake than a calibration."""
DECIMALS = 3
"""What Klipper keeps of a z_offset and a position_endstop."""
TOWERS = ("stepper_a", "stepper_b", "stepper_c", "stepper_left", "stepper_right")
"""Of a delta, and of a deltesian."""


def as_estimate(name: str, interval: Interval, unit: str = "mm") -> Estimate:
    """An interval under an estimate's name."""
    return Estimate(
        name=name,
        value=interval.value,
        low=interval.low,
        high=interval.high,
        unit=unit,
        confidence=interval.confidence,
        components=interval.components,
    )


def probe_estimates(
    heights: Sequence[float], papers: Sequence[PaperHeight], step: float
) -> dict[str, Estimate]:
    """z_offset from trigger heights (mm) and paper tests so far, and what it is made of."""
    trigger = analyse(heights, step=step, systematic={"sampling": step / 2}, adaptive=False).mean
    paper = _paper(papers, step)
    found = {
        "z_offset": as_estimate("z_offset", z_offset(trigger, paper, step)),
        "mean": as_estimate("mean", trigger),
        "contact": as_estimate("contact", paper.height),
    }
    if paper.sigma is not None:
        found["feel"] = as_estimate("feel", paper.sigma)
    return found


def _paper(papers: Sequence[PaperHeight], step: float) -> PaperResult:
    resolution = max(paper.resolution for paper in papers)
    return paper_height([paper.height for paper in papers], resolution, step=step)


def homes_with_probe(state: PrinterState) -> bool:
    """Whether the probe's z_offset sets the nozzle's height: only where Z is homed by the probe."""
    rail = z_rail(state)
    return rail is not None and rail.homes_with_probe


def _probe_effect(state: PrinterState, old: float, new: float) -> str:
    """What a new z_offset does, in words."""
    if homes_with_probe(state):
        return closer_farther(old - new)
    word = "lower" if new > old else "higher"
    return (
        f"what the probe measures comes out {length(abs(new - old))} {word}; Z is homed by its own endstop, so the "
        "nozzle's height stays what it is"
    )


def probe_conclusion(
    state: PrinterState,
    probe: ProbeConfig,
    heights: Sequence[float],
    papers: Sequence[PaperHeight],
    step: float,
) -> Iterator[Event]:
    """Estimates, verdict and what follows for the probe's z_offset."""
    estimates = probe_estimates(heights, papers, step)
    yield EstimateUpdated(estimates)
    found = estimates["z_offset"]
    value = found.value or 0.0
    # Where the nozzle itself is the probe, it has to press before the switch gives way
    beside = bool(probe.x_offset or probe.y_offset) or probe.kind == "bltouch"
    verdict = _verdict("z_offset", found, probe.z_offset, len(papers), negative_is_odd=beside)
    refused = probe.kind == "bltouch" and float(_kept(value)) < 0.0
    if refused:
        why = f"Klipper takes no negative z_offset in [{probe.section}] and would not start with it."
        verdict = replace(verdict, level=Level.FAIL, reasons=(why, *verdict.reasons))
    yield VerdictReached(verdict)
    if beside and value <= 0.0:
        yield AdviceGiven(
            "A z_offset that is not positive means that the nozzle touches before the probe triggers. Look whether the "
            "probe is mounted too high, or whether x_offset and y_offset were exchanged"
            + (", and repeat the paper test." if refused else ", before you save it.")
        )
    change = _change(
        probe.section, "z_offset", probe.z_offset, value, _probe_effect(state, probe.z_offset, value)
    )
    if change is not None and not refused:
        if verdict.level is Level.UNKNOWN or (beside and value <= 0.0):
            change = replace(
                change, saves=False
            )  # shown as a line to edit: not to be saved by a slip or --save always
        yield AdviceGiven(
            f"Set z_offset to {change.new}: {change.effect}.",
            (change,),
        )
        yield from _invalid(state, probe)
    yield from _further(estimates, len(papers))


def endstop_conclusion(
    state: PrinterState, rail: ZRail, papers: Sequence[PaperHeight], step: float
) -> Iterator[Event]:
    """Estimates, verdict and what follows for the Z endstop's position."""
    paper = _paper(papers, step)
    contact = paper.height
    old = rail.position_endstop or 0.0
    position = Interval(
        old - contact.value,
        None if contact.high is None else old - contact.high,
        None if contact.low is None else old - contact.low,
        contact.confidence,
        contact.components,
    )
    estimates = {
        "position_endstop": as_estimate("position_endstop", position),
        "contact": as_estimate("contact", contact),
    }
    if paper.sigma is not None:
        estimates["feel"] = as_estimate("feel", paper.sigma)
    yield EstimateUpdated(estimates)
    verdict = _verdict(
        "position_endstop", estimates["position_endstop"], old, len(papers), negative_is_odd=False
    )
    yield VerdictReached(verdict)
    towers = tuple(name for name in TOWERS if name in state.settings)
    sections = towers if is_delta(state) else (rail.section,)
    changes = []
    for section in sections:
        own = state.settings.get(section, {}).get("position_endstop", old)
        effect = closer_farther(contact.value)
        change = _change(section, "position_endstop", float(own), float(own) - contact.value, effect)
        if change is not None:
            # Undecided: shown as a line to edit, not to be saved by a slip or --save always
            changes.append(replace(change, saves=verdict.level is not Level.UNKNOWN))
    if changes:
        names = ", ".join(f"[{change.section}] {change.new}" for change in changes)
        yield AdviceGiven(f"Set position_endstop to {names}: {changes[0].effect}.", tuple(changes))
        yield AdviceGiven(
            "A bed mesh that was made before is no longer right for it: run BED_MESH_CALIBRATE again."
            if "bed_mesh" in state.settings
            else "Print a first layer slowly, with a finger on the emergency stop, the first time."
        )
    yield from _further(estimates, len(papers))


def _change(section: str, option: str, old: float, new: float, effect: str) -> Change | None:
    """The config value to save; None where it stays the same to the digits that are kept."""
    before, after = _kept(old), _kept(new)
    if before == after:
        return None
    return Change(section, option, before, after, saves=True, effect=effect)


def _kept(value: float) -> str:
    """A config value to the digits that are kept; what rounds to nothing has no sign."""
    return f"{round(value, DECIMALS) + 0.0:.{DECIMALS}f}"


def _verdict(name: str, found: Estimate, old: float, tests: int, *, negative_is_odd: bool) -> Verdict:
    value = found.value or 0.0
    low = value if found.low is None else found.low
    half = ((value if found.high is None else found.high) - low) / 2
    judged = min(half, _half_of_one(found)) if tests == 1 and half <= ABOUT * GOAL else half
    known = f"It is known to ± {micrometres(half, digits=1)}"
    if judged < half:
        known = (
            f"If you feel the paper as most people are taken to ({micrometres(PRIOR_SIGMA)} from test to test), one "
            f"test tells it to ± {micrometres(judged, digits=1)}; whoever you are, to ± {micrometres(half, digits=1)}"
        )
    reasons = [
        f"{known} (95 %; goal: {length(GOAL)}, {GOAL_SOURCE}).",
        f"The configured value is {millimetres(old, digits=DECIMALS)}: {micrometres(value - old, sign=True)} "
        + ("is within what can be told apart." if abs(value - old) <= half else "is more than chance."),
    ]
    level = Level.PASS
    if judged > GOAL:
        level = Level.WARN if judged <= 2 * GOAL else Level.UNKNOWN
        reasons.append("Repeat the paper test, with smaller steps at the end, to know it better.")
    unless_unknown = level if level is Level.UNKNOWN else Level.WARN
    if abs(value - old) > FAR:
        level = unless_unknown
        reasons.append(
            f"It differs from the configured value by more than {FAR:g} mm, as after a change of the nozzle, hotend or "
            "probe, or after a mistake: repeat it before you trust it (our own limit)."
        )
    if negative_is_odd and value <= 0.0:
        level = unless_unknown
        reasons.append(
            "A probe that triggers below the nozzle's tip cannot measure the bed (it would be pressed in)."
        )
    summary = f"{name} is {millimetres(value, digits=DECIMALS)} ± {length(half)}."
    return Verdict(level, summary, tuple(reasons))


def _half_of_one(found: Estimate) -> float:
    """Half of the interval's width with the person's feel taken to be what is assumed of it. A single test says nothing
    of the feel: by the interval itself, which allows for any person, the last micrometre of the assumption would decide
    what no care at the paper can change."""
    return normal_ppf(0.5 + 0.5 * found.confidence) * math.hypot(*found.components.values())


def _invalid(state: PrinterState, probe: ProbeConfig) -> Iterator[Event]:
    """What a new z_offset makes wrong (Klipper docs, Probe_Calibrate)."""
    if "bed_mesh" in state.settings:
        yield AdviceGiven(
            "A bed mesh that was made with the old z_offset is no longer right: run BED_MESH_CALIBRATE again."
        )
    levelling = ["the bed's screws"] + [
        command for section, command in _TILTS.items() if section in state.settings
    ]
    if probe.x_offset or probe.y_offset:
        yield AdviceGiven(
            "The probe stands beside the nozzle, so levelling the bed or gantry again "
            f"({', '.join(levelling)}) makes this z_offset wrong: level first, then measure it."
        )


def _further(estimates: dict[str, Estimate], tests: int) -> Iterator[Event]:
    """How to know it better, where the feel is what limits it."""
    feel = estimates.get("feel")
    if tests == 1:
        yield AdviceGiven(
            "How well you feel the paper is assumed here (10 µm from test to test). With --repeats 3 it is measured."
        )
    elif feel is not None and feel.value is not None:
        yield AdviceGiven(f"Your feel for the paper scatters by {micrometres(feel.value)} from test to test.")
