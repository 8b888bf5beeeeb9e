"""The findings of the check `auto-z` with their limits, the verdict, advice and changes. Pure."""

from collections.abc import Iterator, Mapping, Sequence

from zcal_tui.checks.auto_z.advice import NEGATIVE
from zcal_tui.checks.auto_z.analysis import Repeats
from zcal_tui.checks.auto_z.calibrate import Attempt, Fault, fault_words
from zcal_tui.checks.auto_z.wiring import SwitchWiring
from zcal_tui.model import limits
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Change, Level, Record, Verdict
from zcal_tui.model.units import closer_farther, length, millimetres
from zcal_tui.printer.config_view import ZRail
from zcal_tui.printer.z_calibration import ZCalibrationSection
from zcal_tui.stats.auto_offset import Moved
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.repeatability import Repeatability
from zcal_tui.stats.verdicts.endstop import judge_endstop
from zcal_tui.stats.verdicts.rule import consequence, not_measured
from zcal_tui.stats.verdicts.z_zero import z_zero_level

HEIGHT_NAMES = {
    "nozzle": "the nozzle on the endstop",
    "switch": "the switch body on the endstop",
    "bed": "the probe on the bed",
    "switch_offset": "switch_offset",
}
WHAT_TO_CHECK = {
    "nozzle": "Check for filament on the tip and for an endstop pin that sticks or has moved.",
    "switch": "Check that the endstop touches the body of the switch and not its actuator. Check the probe's seat "
    "in its mount, and switch_xy_position.",
    "bed": "Check whether the plate is seated, whether it is another one, and whether the gantry was levelled.",
    "switch_offset": "It was changed in the configuration.",
}
_RANK = {Level.PASS: 0, Level.UNKNOWN: 1, Level.WARN: 2, Level.FAIL: 3}


@dataclass(frozen=True)
class AutoZFinding:
    """One thing that the check found."""

    level: Level
    text: str
    summary: str = ""
    """The verdict's summary where this finding decides it."""


@dataclass(frozen=True)
class Tuned:
    """The result of the paper test: `value` is the switch_offset for the wanted Z 0, `by_paper` the one with the
    paper's height as contact, `command` the result of CALCULATE_SWITCH_OFFSET, where it is available."""

    used: float
    configured: float | None
    value: Interval
    by_paper: float
    command: float | None
    zero: str
    tests: int = 1
    """Paper tests that it comes from."""

    @property
    def half(self) -> float:
        """Half of the value's interval, mm."""
        return ((self.value.high or 0.0) - (self.value.low or 0.0)) / 2

    @property
    def error(self) -> Interval | None:
        """How far above its place the configured value puts Z 0 (mm); None where none is configured."""
        return None if self.configured is None else self.value.shifted(-self.configured)


def verdict_of(findings: Sequence[AutoZFinding], good: str, error: float | None = None) -> Verdict:
    """The worst finding decides; `good` is the summary where none is worse than pass. `error` (mm) is how far the
    offset may be off, whose consequence ends the reasons; None where that is not known."""
    worst = max(findings, key=lambda finding: _RANK[finding.level])
    ordered = sorted(findings, key=lambda finding: -_RANK[finding.level])
    summary = good if worst.level is Level.PASS else worst.summary or worst.text
    end = not_measured() if error is None else consequence(error, "An error of the offset of up to {}")
    return Verdict(worst.level, summary, (*(finding.text for finding in ordered), end))


def of_fault(attempt: Attempt, section: ZCalibrationSection, moved: Sequence[Moved]) -> AutoZFinding:
    """CALIBRATE_Z itself refused its result."""
    what, cause, _ = fault_words(attempt)
    low, high = section.margins
    message = (attempt.text.splitlines()[0] if attempt.text else what).rstrip(".") + "."
    summaries: Mapping[Fault, str] = {
        "margins": f"Not usable: the offset is outside {section.margins_option} ({low:g} to {high:g} mm).",
        "probe": "Not usable: the probe was not attached when it was needed.",
        "scatter": "Not usable: the samples of one height differ too much.",
    }
    assert attempt.fault is not None
    if attempt.fault == "scatter" and attempt.site:
        return AutoZFinding(
            Level.FAIL,
            f"{message} Likely cause: {cause}"
            + (f" {WHAT_TO_CHECK['bed']}" if attempt.site == "bed" else ""),
            f"Not usable: the samples of {HEIGHT_NAMES[attempt.site]} differ too much.",
        )
    change = f" {moves_text(moved)}" if attempt.fault == "margins" and moved else ""
    return AutoZFinding(Level.FAIL, f"{message} Likely cause: {cause}{change}", summaries[attempt.fault])


def of_wiring(wiring: SwitchWiring, doubt: str) -> AutoZFinding:
    """Whether a missing probe would be noticed."""
    if wiring.works is False:
        return AutoZFinding(
            Level.FAIL,
            f"{wiring.text} The switch is wired normally open: without the probe the nozzle would hit the "
            "bed. CALIBRATE_Z was not run. Wire it normally closed (protoloft's z_calibration, "
            "Requirements).",
            "Not safe: the probe is wired normally open, so a missing probe goes unnoticed.",
        )
    if doubt:
        return AutoZFinding(
            Level.WARN, f"CALIBRATE_Z reports: {doubt}", "Usable, but a missing probe may go unnoticed."
        )
    return AutoZFinding(Level.PASS, wiring.text)


def of_lost_offset(found: float, live: float) -> AutoZFinding:
    """The offset of CALIBRATE_Z is not in force once it has ended."""
    return AutoZFinding(
        Level.WARN,
        f"CALIBRATE_Z found {millimetres(found, sign=True)}, but the G-code offset is then "
        f"{millimetres(live, sign=True)}. Prints do not get the offset. A macro around it restores an "
        "earlier G-code state (RESTORE_GCODE_STATE), homes, or sets another offset. See protoloft's "
        "z_calibration, How to use it.",
        "Not effective: the offset of CALIBRATE_Z is lost as soon as it ends.",
    )


def of_endstop(result: Repeatability) -> AutoZFinding:
    """The Z endstop's repeatability, by the rule for endstops (`accuracy --what endstop`)."""
    rule = judge_endstop(result)
    summaries = {
        "fail": "Not accurate enough: the Z endstop does not repeat well.",
        "warn": "Usable, with something to fix at the Z endstop.",
        "unknown": "Not decided: too few samples of the Z endstop.",
    }
    text = " ".join(rule.reasons)
    return AutoZFinding(Level(rule.level), f"Z endstop: {text}", summaries.get(rule.level, ""))


def of_repeats(repeats: Repeats, section: ZCalibrationSection) -> Iterator[AutoZFinding]:
    """The accuracy of the offset, whether it is inside the margins, and whether a height drifts."""
    mean = repeats.mean("offset")
    n = len(repeats.found)
    limit = limits.Z_ACCURACY
    if mean is None or mean.mean.low is None or mean.mean.high is None:
        yield AutoZFinding(
            Level.UNKNOWN,
            "A single run with single samples has no uncertainty. Use --repeats 3, or samples: 3 in [probe].",
            "Not decided: the accuracy of the offset is unknown.",
        )
    else:
        half = (mean.mean.high - mean.mean.low) / 2
        accurate = half <= limit.value
        yield AutoZFinding(
            Level.PASS if accurate else Level.WARN,
            f"The offset is accurate to ± {length(half)} (95 %, {n} {'run' if n == 1 else 'runs'}), without "
            f"the error of switch_offset. {limit.sentence}",
            "" if accurate else f"Usable, but the offset is accurate to ± {length(half)} only.",
        )
    low, high = section.margins
    offset = repeats.values("offset")[-1]
    yield AutoZFinding(
        Level.PASS,
        f"The offset {millimetres(offset, sign=True)} is within {section.margins_option} of [z_calibration] "
        f"({low:g} to {high:g} mm).",
    )
    yield from _first_samples(repeats)
    yield from _drift(repeats)


def _first_samples(repeats: Repeats) -> Iterator[AutoZFinding]:
    """A first sample that differs in every run: averaging within a run hides it, and it is in every offset alike."""
    for name in ("nozzle", "switch", "bed"):
        habit = repeats.first_sample(name)
        if habit is None or not habit.found:
            continue
        what = HEIGHT_NAMES[name]
        size = length(habit.size.value, sign=True)
        normal = limits.NORMAL_RANGE
        small = abs(habit.size.value) <= normal.value
        text = (
            f"In every run the first sample of {what} is {size} off the others (p = {habit.p:.2g}; error rate 5 %, "
            f"shared by three tests). Normal is up to {normal.text} ({normal.source})."
        )
        if small:
            yield AutoZFinding(Level.PASS, text)
            continue
        yield AutoZFinding(
            Level.WARN,
            f"{text} With samples_result: average, that part of it is in the offset. Set samples_result: median.",
            f"Usable, but the first sample of {what} is shifted in every run.",
        )


def of_location(earlier: Record | None) -> AutoZFinding:
    """What the offset's interval does not contain: the change of z_offset between where CALIBRATE_Z measures and where
    it is used. `earlier` is the last run of the check `bias`."""
    spread = None if earlier is None else earlier.estimates.get("spread")
    if spread is None or spread.value is None:
        return AutoZFinding(
            Level.PASS,
            "Not in this accuracy: whether z_offset changes between the places of nozzle, switch and bed point. "
            "That was not measured. Location bias (`bias`) measures it.",
        )
    limit = limits.LOCATION_BIAS
    most = spread.value if spread.high is None else spread.high
    text = (
        f"Not in this accuracy: by Location bias (`bias`) z_offset changes by {length(spread.value)} over the bed, at "
        f"most {length(most)}. {limit.sentence}"
    )
    if spread.low is not None and spread.low > limit.value:
        return AutoZFinding(
            Level.WARN, text, "Usable at the bed point, but z_offset changes too much over the bed."
        )
    return AutoZFinding(Level.PASS, text)


def _drift(repeats: Repeats) -> Iterator[AutoZFinding]:
    n = len(repeats.found)
    for name in ("offset", "nozzle", "switch", "bed"):
        drift = repeats.drift(name)
        if drift is None or not drift.found:
            continue
        total = abs(drift.size.value) * (n - 1)
        what = "The offset" if name == "offset" else HEIGHT_NAMES[name].capitalize()
        normal = limits.NORMAL_RANGE
        text = (
            f"{what} drifts by {length(drift.size.value, sign=True)} from run to run, {length(total)} over "
            f"{n} runs (p = {drift.p:.2g}; error rate 5 %, shared by four tests). Normal is up to "
            f"{normal.text} ({normal.source})."
        )
        if total <= normal.value:
            yield AutoZFinding(Level.PASS, text)
        else:
            yield AutoZFinding(
                Level.WARN,
                f"{text} Something warms up, or the motors lose steps while probing. Homing corrects lost "
                "steps.",
                f"Usable, but {what[0].lower() + what[1:]} drifts from run to run.",
            )


def of_moves(moved: Sequence[Moved]) -> Iterator[AutoZFinding]:
    """What changed the offset since the run before; for information, without weight in the verdict."""
    if moved:
        yield AutoZFinding(Level.PASS, moves_text(moved))


def moves_text(moved: Sequence[Moved]) -> str:
    """Which height moved since the last good run, and what to check."""
    parts = ", ".join(
        f"{HEIGHT_NAMES[move.name]} {length(move.moved, sign=True)}"
        for move in sorted(moved, key=lambda each: list(HEIGHT_NAMES).index(each.name))
        if move.moved or move.name != "switch_offset"
    )
    first = moved[0]
    limit = limits.Z_ACCURACY
    if abs(first.effect) <= limit.value:
        return f"Since the last run: {parts}. The offset changed by less than the limit. {limit.sentence}"
    return (
        f"Since the last run: {parts}. {HEIGHT_NAMES[first.name].capitalize()} changed the offset by "
        f"{length(first.effect, sign=True)}. {WHAT_TO_CHECK[first.name]}"
    )


def of_tuning(tuned: Tuned) -> AutoZFinding:
    """The error of the configured switch_offset, as an equivalence test; the accuracy of the tuned value where none
    was configured."""
    half = tuned.half
    if tuned.value.value <= 0.0:
        return AutoZFinding(
            Level.FAIL,
            f"The paper test gives a switch_offset of {millimetres(tuned.value.value, digits=3)}. {NEGATIVE}",
            "Not usable: the measured switch_offset is zero or negative.",
        )
    old = tuned.configured
    if old is None:
        text = (
            f"The switch closes {millimetres(tuned.value.value, digits=3)} ± {length(half)} below its body. "
            f"No switch_offset was configured. {limits.Z_ACCURACY.sentence} {consequence(half)}"
        )
        if half <= limits.Z_ACCURACY.value:
            return AutoZFinding(Level.PASS, text)
        return AutoZFinding(
            Level.UNKNOWN,
            f"{text} {_more_papers(tuned.tests)}",
            f"Not decided: the measured switch_offset is accurate to ± {length(half)} only.",
        )
    error = tuned.error
    assert error is not None
    accuracy, most = limits.Z_ACCURACY, limits.SWITCH_OFFSET_ERROR
    gap = closer_farther(-error.value).removeprefix("the nozzle will be ")
    text = (
        f"switch_offset {old:.3f} has to change so that the nozzle comes {gap}, ± {length(half)}. "
        f"{accuracy.sentence} From {most.text} on it is wrong ({most.source}). "
        f"{consequence(abs(error.value) + half)}"
    )
    side = "too close to" if error.value < 0 else "too far from"
    size = length(abs(error.value))
    match Level(z_zero_level(error, tuned.tests)):
        case Level.PASS:
            return AutoZFinding(Level.PASS, text)
        case Level.UNKNOWN:
            return AutoZFinding(
                Level.UNKNOWN,
                f"{text} {_more_papers(tuned.tests)}",
                f"Not decided: switch_offset {old:.3f} may be off by {size} ± {length(half)}. "
                "Do one more paper test to decide.",
            )
        case _ if abs(error.value) >= most.value:
            return AutoZFinding(
                Level.FAIL, text, f"switch_offset {old:.3f} is wrong: the nozzle is {size} {side} the bed."
            )
        case _:
            return AutoZFinding(Level.WARN, text, f"Usable, but switch_offset {old:.3f} is off by {size}.")


def _more_papers(tests: int) -> str:
    return f"Repeat with one more paper test (--papers {tests + 1})."


def tuning_advice(tuned: Tuned) -> tuple[str, tuple[Change, ...]]:
    """What to do with the tuned value, and the change; no change where the value cannot be a switch_offset."""
    by_command = ""
    if tuned.command is not None:
        if abs(tuned.command - tuned.by_paper) < limits.SWITCH_OFFSET_AGREEMENT.value:
            by_command = (
                f" CALCULATE_SWITCH_OFFSET agrees: it returns {tuned.command:.3f}, because it uses the "
                "paper's height as contact."
            )
        else:
            by_command = (
                f" CALCULATE_SWITCH_OFFSET returns {tuned.command:.3f} instead of {tuned.by_paper:.3f}. Do "
                "not use its value before you know why."
            )
    if tuned.value.value <= 0.0:
        return NEGATIVE, ()
    new = f"{tuned.value.value:.3f}"
    if tuned.configured is not None and tuned.value.covers(tuned.configured):
        text = (
            f"switch_offset {tuned.configured:g} and the measured {new} differ within measurement error. "
            f"No change is proposed. {tuned.zero}{by_command}"
        )
        return text, ()
    start = tuned.configured if tuned.configured is not None else tuned.used
    change = Change(
        "z_calibration",
        "switch_offset",
        None if tuned.configured is None else f"{tuned.configured:g}",
        new,
        # A value that is not accurate enough is shown as a line to edit
        saves=tuned.half <= limits.Z_ACCURACY.value,
        effect=closer_farther(start - tuned.value.value),
    )
    text = (
        f"Set switch_offset to {new}. {tuned.zero}{by_command} A slightly smaller value is safer: the "
        "nozzle is farther from the bed. Fine-tune with a first layer."
    )
    return text, (change,)


def endstop_advice(
    rail: ZRail, offset: float, limits_of_z: tuple[float, float] | None
) -> tuple[str, tuple[Change, ...]] | None:
    """z_calibration's suggestion where the offset is large; None where it is not."""
    limit = limits.LARGE_OFFSET
    if abs(offset) <= limit.value or rail.position_endstop is None:
        return None
    new = rail.position_endstop - offset
    text = (
        f"The offset is larger than {limit.text} ({limit.source}). position_endstop {new:.3f} would make it "
        "about zero. Prints do not benefit, since CALIBRATE_Z finds the same height either way. It matters "
        "for moves without CALIBRATE_Z. It shifts every height counted from homing, such as docks, brushes "
        f"and parking in macros. Without CALIBRATE_Z {closer_farther(offset)} than now."
    )
    if offset > 0.0:
        text += (
            " At present the bed is that far above the Z 0 of homing. A move to Z 0 before CALIBRATE_Z "
            "presses the nozzle into the plate (protoloft's z_calibration, Preconditions: a safe value)."
        )
    if limits_of_z is not None and not limits_of_z[0] <= new <= limits_of_z[1]:
        return text + " position_min or position_max would have to change too.", ()
    change = Change(
        rail.section,
        "position_endstop",
        f"{rail.position_endstop:g}",
        f"{new:.3f}",
        saves=False,  # a line to edit: `--save always` must not write what is advised against
        effect=closer_farther(offset) + " where CALIBRATE_Z has not been run",
    )
    return text, (change,)
