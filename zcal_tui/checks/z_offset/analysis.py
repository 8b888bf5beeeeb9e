"""From samples and paper tests to a z_offset or position_endstop: estimates, verdict, and what to save. Pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from zcal_tui.checks.estimates import differs, estimate
from zcal_tui.checks.operator_scatter_text import scatter_text
from zcal_tui.checks.paper import PaperHeight
from zcal_tui.checks.z_offset.tools import tool_advice
from zcal_tui.model import limits
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, Event, VerdictReached
from zcal_tui.model.record import Change, Estimate, Level, Verdict
from zcal_tui.model.units import closer_farther, length, micrometres, millimetres
from zcal_tui.printer.config_view import ProbeConfig, ZRail, is_delta, z_rail
from zcal_tui.printer.scan_model import ScanModel
from zcal_tui.printer.start_bounds import bounds_of
from zcal_tui.printer.state import PrinterState
from zcal_tui.stats.auto_offset import PAPER_TOLERANCE
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.operator_scatter import PRIOR_SIGMA, OperatorScatter, ScatterPrior
from zcal_tui.stats.paper import PaperResult, paper_height, z_offset
from zcal_tui.stats.quantiles import normal_ppf
from zcal_tui.stats.repeatability import Repeatability, analyse
from zcal_tui.stats.verdicts.rule import consequence

SOMEBODY = OperatorScatter()
PRIOR_SLACK = 1.05
"""Times the limit: up to here a single test's interval is too wide by the prior for the person, not by the test."""
_TILTS = {
    "z_tilt": "Z_TILT_ADJUST",
    "z_tilt_ng": "Z_TILT_ADJUST",
    "quad_gantry_level": "QUAD_GANTRY_LEVEL",
    "bed_tilt": "BED_TILT_CALIBRATE",
    "delta_calibrate": "DELTA_CALIBRATE",
}
"""By section, the command that changes the bed's tilt against the nozzle (Klipper docs, Probe_Calibrate)."""
DECIMALS = 3
"""What Klipper keeps of a z_offset and a position_endstop."""
OLD_MESH = "An existing bed mesh is no longer valid. Run BED_MESH_CALIBRATE again."
TOWERS = ("stepper_a", "stepper_b", "stepper_c", "stepper_left", "stepper_right")
"""Of a delta, and of a deltesian."""


def probe_estimates(
    heights: Sequence[float],
    papers: Sequence[PaperHeight],
    step: float,
    operator: OperatorScatter = SOMEBODY,
    model: ScanModel | None = None,
    sheet: float = 0.0,
    *,
    homes: bool = False,
) -> dict[str, Estimate]:
    """z_offset from trigger heights (mm) and paper tests so far, and its parts; of a scanner, its model's offset. A
    first sample that is named is left out. `sheet` (mm) of paper is subtracted. `homes`: the same probe homes Z, which
    is seen as late as the samples are, so that the half step cancels."""
    result = _analysed(heights, step)
    first = result.first_sample
    named = first is not None and first.found
    trigger = (_analysed(heights[1:], step) if named else result).mean
    paper = _paper(papers, step, operator.prior)
    if model is None:
        late = 0.0 if homes else None
        offset = z_offset(
            trigger, paper, step, shift=sheet, sheet=PAPER_TOLERANCE if sheet else 0.0, late=late
        )
    else:
        offset = _model_offset(trigger, paper, step, model)
    found = {
        "z_offset": estimate("z_offset", offset),
        "mean": estimate("mean", trigger),
        "contact": estimate("contact", paper.height),
    }
    if paper.sigma is not None:
        found["feel"] = estimate("feel", paper.sigma)
    if first is not None and named:
        found["first_sample_shift"] = estimate("first_sample_shift", first.size)
    return found


def _model_offset(trigger: Interval, paper: PaperResult, step: float, model: ScanModel) -> Interval:
    error = z_offset(trigger, paper, step, shift=model.excess, sheet=PAPER_TOLERANCE, late=0.0)
    ends = [model.corrected(end) for end in (error.low, error.high) if end is not None]
    return replace(
        error,
        value=model.corrected(error.value),
        low=min(ends) if len(ends) == 2 else None,
        high=max(ends) if len(ends) == 2 else None,
    )


def _analysed(heights: Sequence[float], step: float) -> Repeatability:
    return analyse(
        heights,
        step=step,
        limit=limits.RANGE_OF_TEN.value,
        systematic={"sampling": step / 2},
        adaptive=False,
    )


def _first_reason(estimates: Mapping[str, Estimate], homes: bool) -> tuple[str, ...]:
    """Which first sample was named and left out, and which other first samples there are."""
    first = estimates.get("first_sample_shift")
    if first is None or first.value is None:
        return ()
    size = micrometres(first.value, sign=True)
    text = (
        f"The first sample at this point was {size} off the others and is not in z_offset. The first sample at each "
        "point of a mesh may be off as well."
    )
    if homes:
        text += " The one with which homing ends is another, which Repeatability (`accuracy`) tests."
    return (text,)


def _paper(papers: Sequence[PaperHeight], step: float, prior: ScatterPrior) -> PaperResult:
    resolution = max(paper.resolution for paper in papers)
    return paper_height([paper.height for paper in papers], resolution, prior, step=step)


def homes_with_probe(state: PrinterState) -> bool:
    """Whether the probe's z_offset sets the nozzle's height: only where Z is homed by the probe."""
    rail = z_rail(state)
    return rail is not None and rail.homes_with_probe


def _probe_effect(state: PrinterState, old: float, new: float) -> str:
    """What a new z_offset does, in words."""
    if homes_with_probe(state):
        return closer_farther(old - new)
    return (
        f"probed heights shift by {length(old - new, sign=True)}; the first layer does not change, because "
        "Z homes with its own endstop"
    )


def probe_conclusion(
    state: PrinterState,
    probe: ProbeConfig,
    heights: Sequence[float],
    papers: Sequence[PaperHeight],
    step: float,
    operator: OperatorScatter = SOMEBODY,
    model: ScanModel | None = None,
    sheet: float = 0.0,
) -> Iterator[Event]:
    """Estimates, verdict and what follows for the probe's z_offset, or for the offset of a scanner's model."""
    homes = homes_with_probe(state)
    estimates = probe_estimates(heights, papers, step, operator, model, sheet, homes=homes)
    yield EstimateUpdated(estimates)
    found = estimates["z_offset"]
    value = found.value or 0.0
    section, old = (probe.section, probe.z_offset) if model is None else (model.section, model.offset)
    # Where the nozzle itself is the probe, it presses on the bed before the switch triggers
    beside = model is None and (bool(probe.x_offset or probe.y_offset) or probe.kind == "bltouch")
    verdict = _verdict("z_offset", found, old, len(papers), operator.prior, negative_is_odd=beside)
    reasons = (*verdict.reasons, *_first_reason(estimates, homes))
    verdict = replace(verdict, reasons=(*reasons, *_sheet_reason(sheet), _consequence(found)))
    minimum = bounds_of(state).z_offset_minimum(probe.section)
    refused = minimum is not None and float(_kept(value)) < minimum
    if refused:
        why = f"Klipper would not start: it accepts no z_offset below {minimum:g} in [{probe.section}]."
        verdict = replace(verdict, level=Level.FAIL, reasons=(why, *verdict.reasons))
    yield VerdictReached(verdict)
    if beside and value <= 0.0:
        yield AdviceGiven(_not_positive(refused))
    option, sign = ("z_offset", 1) if model is None else (model.option, model.sign)
    change = _change(section, option, old, value, _probe_effect(state, sign * old, sign * value))
    if change is not None and not refused and differs(found, old):
        if verdict.level is Level.UNKNOWN or (beside and value <= 0.0):
            # Shown as a line to edit: never saved by mistake or by --save always
            change = replace(change, saves=False)
        yield AdviceGiven(f"Set {option} to {change.new}: {change.effect}.", (change,))
        yield from _invalid(state, probe)
    yield from tool_advice(state, probe, value)
    yield from _further(estimates, len(papers), operator)


def _not_positive(refused: bool) -> str:
    """The advice for a z_offset of a probe beside the nozzle that is zero or less."""
    if refused:
        return (
            "The nozzle touches before the probe triggers. Check whether the probe is mounted too high. "
            "Check whether x_offset and y_offset were exchanged. Then repeat the paper test."
        )
    return (
        "z_offset is not positive: the nozzle touches before the probe triggers. Before you save it, check "
        "whether the probe is mounted too high. Check also whether x_offset and y_offset were exchanged."
    )


def endstop_conclusion(
    state: PrinterState,
    rail: ZRail,
    papers: Sequence[PaperHeight],
    step: float,
    operator: OperatorScatter = SOMEBODY,
    sheet: float = 0.0,
) -> Iterator[Event]:
    """Estimates, verdict and what follows for the Z endstop's position; `sheet` (mm) of paper is subtracted."""
    paper = _paper(papers, step, operator.prior)
    contact = _without_sheet(paper.height, sheet)
    old = rail.position_endstop or 0.0
    position = Interval(
        old - contact.value,
        None if contact.high is None else old - contact.high,
        None if contact.low is None else old - contact.low,
        contact.confidence,
        contact.components,
    )
    estimates = {
        "position_endstop": estimate("position_endstop", position),
        "contact": estimate("contact", paper.height),
    }
    if paper.sigma is not None:
        estimates["feel"] = estimate("feel", paper.sigma)
    yield EstimateUpdated(estimates)
    verdict = _verdict(
        "position_endstop",
        estimates["position_endstop"],
        old,
        len(papers),
        operator.prior,
        negative_is_odd=False,
    )
    end = _consequence(estimates["position_endstop"])
    yield VerdictReached(replace(verdict, reasons=(*verdict.reasons, *_sheet_reason(sheet), end)))
    towers = tuple(name for name in TOWERS if name in state.settings)
    sections = towers if is_delta(state) else (rail.section,)
    changes = []
    for section in sections if not contact.covers(0.0) else ():
        own = state.settings.get(section, {}).get("position_endstop", old)
        effect = closer_farther(contact.value)
        change = _change(section, "position_endstop", float(own), float(own) - contact.value, effect)
        if change is not None:
            # Undecided: shown as a line to edit, never saved by mistake or by --save always
            changes.append(replace(change, saves=verdict.level is not Level.UNKNOWN))
    if changes:
        names = ", ".join(f"[{change.section}] {change.new}" for change in changes)
        yield AdviceGiven(f"Set position_endstop to {names}: {changes[0].effect}.", tuple(changes))
        yield AdviceGiven(
            OLD_MESH
            if "bed_mesh" in state.settings
            else "Print the next first layer slowly, ready to press emergency stop."
        )
    yield from _further(estimates, len(papers), operator)


def _without_sheet(height: Interval, sheet: float) -> Interval:
    """The height of the nozzle's contact from that at which the paper drags; the thickness is not known exactly."""
    if not sheet:
        return height
    thickness = PAPER_TOLERANCE / math.sqrt(3.0)
    spread = normal_ppf(0.5 + 0.5 * height.confidence) * thickness
    value = height.value - sheet
    ends = [
        None
        if end is None
        else value + math.copysign(math.hypot(end - height.value, spread), end - height.value)
        for end in (height.low, height.high)
    ]
    return replace(
        height, value=value, low=ends[0], high=ends[1], components={**height.components, "paper": thickness}
    )


def _sheet_reason(sheet: float) -> tuple[str, ...]:
    """Why the paper was subtracted; nothing where it was not."""
    text = (
        f"The nozzle was hot and had grown, so the paper ({micrometres(sheet)}) compensates for nothing and is "
        "subtracted (Klipper docs, Bed_Level)."
    )
    return (text,) if sheet else ()


def _change(section: str, option: str, old: float, new: float, effect: str) -> Change | None:
    """The config value to save; None where it is the same to the digits that are kept."""
    before, after = _kept(old), _kept(new)
    if before == after:
        return None
    return Change(section, option, before, after, saves=True, effect=effect)


def _kept(value: float) -> str:
    """A config value to the digits that are kept; zero has no sign."""
    return f"{round(value, DECIMALS) + 0.0:.{DECIMALS}f}"


def _verdict(
    name: str, found: Estimate, old: float, tests: int, prior: ScatterPrior, *, negative_is_odd: bool
) -> Verdict:
    value = found.value or 0.0
    low = value if found.low is None else found.low
    half = ((value if found.high is None else found.high) - low) / 2
    limit = limits.Z_ACCURACY
    single = tests == 1 and not prior.learned and half <= PRIOR_SLACK * limit.value
    judged = min(half, _half_of_one(found)) if single else half
    reasons = [_accuracy_reason(name, half, judged), _difference_reason(value - old, old, half)]
    level = Level.PASS
    if judged > limit.value:
        level = Level.WARN if judged <= 2 * limit.value else Level.UNKNOWN
        reasons.append("Repeat the paper test with smaller steps at the end for a more accurate value.")
    unless_unknown = level if level is Level.UNKNOWN else Level.WARN
    large = limits.LARGE_Z_CHANGE
    if abs(value - old) > large.value:
        level = unless_unknown
        reasons.append(
            f"{name} differs from the configured value by more than {large.text}. That is expected after a "
            f"change of nozzle, hotend or probe. Otherwise repeat the check. {large.sentence}"
        )
    if negative_is_odd and value <= 0.0:
        level = unless_unknown
        reasons.append("A probe that triggers below the nozzle tip cannot measure the bed.")
    summary = f"{name} is {millimetres(value, digits=DECIMALS)} ± {length(half)}."
    return Verdict(level, summary, tuple(reasons))


def _accuracy_reason(name: str, half: float, judged: float) -> str:
    """How accurate the value is: `half` the interval's width for any person, `judged` what the limit applies to."""
    limit = limits.Z_ACCURACY.sentence
    if judged == half:
        return f"{name} is accurate to ± {micrometres(half, digits=1)} (95 %). {limit}"
    return (
        f"One paper test is accurate to ± {micrometres(judged, digits=1)} (95 %) for a typical person, "
        f"whose tests vary by {micrometres(PRIOR_SIGMA)}. For anyone it is ± {micrometres(half, digits=1)}. "
        f"{limit}"
    )


def _consequence(found: Estimate) -> str:
    """What the uncertainty of a value means for a print."""
    low, high = found.low or 0.0, found.high or 0.0
    return consequence((high - low) / 2, "An error of up to {}")


def _difference_reason(difference: float, old: float, half: float) -> str:
    configured, size = millimetres(old, digits=DECIMALS), micrometres(difference, sign=True)
    if abs(difference) <= half:
        return (
            f"Difference from the configured value {configured}: {size}, within measurement error. "
            "No change is proposed."
        )
    return f"Difference from the configured value {configured}: {size}, statistically significant."


def _half_of_one(found: Estimate) -> float:
    """Half of the interval's width for a person whose tests vary as the prior assumes. A single test shows nothing of
    that: the full interval allows for any person, so the last micrometre of the assumption would decide, which no care
    at the paper can change."""
    return normal_ppf(0.5 + 0.5 * found.confidence) * math.hypot(*found.components.values())


def _invalid(state: PrinterState, probe: ProbeConfig) -> Iterator[Event]:
    """What a new z_offset invalidates (Klipper docs, Probe_Calibrate)."""
    if "bed_mesh" in state.settings:
        yield AdviceGiven(OLD_MESH)
    levelling = ["the bed's screws"] + [
        command for section, command in _TILTS.items() if section in state.settings
    ]
    if probe.x_offset or probe.y_offset:
        yield AdviceGiven(
            "Level first, then measure z_offset. The probe is beside the nozzle, so levelling again "
            f"({', '.join(levelling)}) makes z_offset wrong."
        )


def _further(estimates: dict[str, Estimate], tests: int, operator: OperatorScatter) -> Iterator[Event]:
    """How to get a more accurate value, where the paper test limits it."""
    feel = estimates.get("feel")
    if operator.prior.learned:
        yield AdviceGiven(scatter_text(operator))
    elif tests == 1:
        yield AdviceGiven(f"{scatter_text(operator)} More tests (--repeats 3) measure how much they do.")
    elif feel is not None and feel.value is not None:
        yield AdviceGiven(f"Your paper tests varied by {micrometres(feel.value)}.")
