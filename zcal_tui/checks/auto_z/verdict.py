"""What the numbers of the check `auto-z` mean: findings with their thresholds, the verdict, advice, changes. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from zcal_tui.checks.auto_z.advice import NEGATIVE
from zcal_tui.checks.auto_z.analysis import Repeats
from zcal_tui.checks.auto_z.calibrate import Attempt, Fault, fault_words
from zcal_tui.checks.auto_z.wiring import SwitchWiring
from zcal_tui.model.record import Change, Level, Verdict
from zcal_tui.model.units import closer_farther, length, millimetres
from zcal_tui.printer.config_view import ZRail
from zcal_tui.printer.z_calibration import ZCalibrationSection
from zcal_tui.stats.auto_offset import Moved
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.repeatability import Repeatability
from zcal_tui.stats.stopping import StoppingPlan
from zcal_tui.stats.verdicts import judge

GOAL = 0.025
"""mm. Klipper docs, Bed_Level: the Z height should be known to about 25 micrometres."""
GOAL_SOURCE = "Klipper docs, Bed_Level"
NORMAL = 0.005
"""mm. Klipper docs, Probe_Calibrate, Repeatability check: one step, or up to 5 µm, is normal."""
A_SHEET = 0.1
"""mm; ours: off by more than a sheet of paper, no first layer can be right."""
WORTH_A_SUGGESTION = 0.2
"""mm; from there on z_calibration suggests another position_endstop."""

WORDS = {
    "nozzle": "the nozzle on the endstop",
    "switch": "the switch body on the endstop",
    "bed": "the probe on the bed",
    "switch_offset": "switch_offset",
}
LOOK = {
    "nozzle": "Look for filament on the tip and for an endstop pin that sticks or has moved.",
    "switch": "Look whether the endstop meets the body of the switch and not its actuator, whether the probe "
    "sits right in its mount, and at switch_xy_position.",
    "bed": "Look whether the plate is seated, whether it is another one, whether the gantry was levelled.",
    "switch_offset": "It was changed in the configuration.",
}
_RANK = {Level.PASS: 0, Level.UNKNOWN: 1, Level.WARN: 2, Level.FAIL: 3}


@dataclass(frozen=True)
class AutoZFinding:
    """One thing the check found; `weighs` says whether the level counts for the verdict."""

    level: Level
    text: str
    summary: str = ""
    """The verdict's sentence where this finding decides it."""


@dataclass(frozen=True)
class Tuned:
    """What the paper test said: `value` is the switch_offset with Z 0 as wanted, `by_paper` the one with the paper's
    height taken for contact, `command` what CALCULATE_SWITCH_OFFSET gave, where it could be asked."""

    used: float
    configured: float | None
    value: Interval
    by_paper: float
    command: float | None
    zero: str


def verdict_of(findings: Sequence[AutoZFinding], good: str) -> Verdict:
    """The worst finding decides; `good` is the sentence where none is worse than pass."""
    worst = max(findings, key=lambda finding: _RANK[finding.level])
    ordered = sorted(findings, key=lambda finding: -_RANK[finding.level])
    summary = good if worst.level is Level.PASS else worst.summary or worst.text
    return Verdict(worst.level, summary, tuple(finding.text for finding in ordered))


def of_fault(attempt: Attempt, section: ZCalibrationSection, moved: Sequence[Moved]) -> AutoZFinding:
    """CALIBRATE_Z itself refused what it found."""
    what, cause, _ = fault_words(attempt)
    low, high = section.margins
    told = (attempt.text.splitlines()[0] if attempt.text else what).rstrip(".") + "."
    summaries: Mapping[Fault, str] = {
        "margins": f"Not usable: the offset lies outside offset_margins ({low:g} to {high:g} mm).",
        "probe": "Not usable: the probe was not on the toolhead when it was needed.",
        "scatter": "Not usable: the touches of one height lie too far apart.",
    }
    assert attempt.fault is not None
    blame = f" {blame_text(moved)}" if attempt.fault == "margins" and moved else ""
    return AutoZFinding(Level.FAIL, f"{told} Likely cause: {cause}{blame}", summaries[attempt.fault])


def of_wiring(wiring: SwitchWiring, doubt: str) -> AutoZFinding:
    """Whether a missing probe would be noticed."""
    if wiring.works is False:
        return AutoZFinding(
            Level.FAIL,
            f"{wiring.text} It is wired normally open: a missing probe goes unnoticed, and the nozzle goes "
            "into the bed. CALIBRATE_Z was not run. (Needed: normally closed; protoloft's z_calibration, "
            "Requirements.)",
            "Not safe: the probe is wired normally open, so that a missing probe goes unnoticed.",
        )
    if doubt:
        return AutoZFinding(
            Level.WARN, f"CALIBRATE_Z says: {doubt}", "Usable, but a missing probe may go unnoticed."
        )
    return AutoZFinding(Level.PASS, wiring.text)


def of_lost_offset(found: float, live: float) -> AutoZFinding:
    """CALIBRATE_Z has ended, and its offset is not in force."""
    return AutoZFinding(
        Level.WARN,
        f"CALIBRATE_Z found {millimetres(found, sign=True)}, but the G-code offset is "
        f"{millimetres(live, sign=True)} once it has ended: a macro around it restores a G-code state that was "
        "saved before (RESTORE_GCODE_STATE), homes, or sets another offset (protoloft's z_calibration, How "
        "to use it). Prints do not get the offset.",
        "Not effective: the offset of CALIBRATE_Z is lost as soon as it ends.",
    )


def of_endstop(result: Repeatability) -> AutoZFinding:
    """The Z endstop's scatter, by the rule for probes: everything counts from it."""
    rule = judge(result, StoppingPlan.fixed(result.n))
    summaries = {
        "fail": "Not good enough: the Z endstop does not repeat, and everything counts from it.",
        "warn": "Usable, with something to mend at the Z endstop.",
        "unknown": "Not decided: too few touches of the Z endstop.",
    }
    text = " ".join(rule.reasons)
    return AutoZFinding(Level(rule.level), f"Z endstop: {text}", summaries.get(rule.level, ""))


def of_repeats(repeats: Repeats, section: ZCalibrationSection) -> Iterator[AutoZFinding]:
    """How sure the offset is, whether it lies inside the margins, and whether something creeps."""
    mean = repeats.mean("offset")
    n = len(repeats.found)
    goal = f"(goal: {length(GOAL)}; {GOAL_SOURCE})"
    if mean is None or mean.mean.low is None or mean.mean.high is None:
        yield AutoZFinding(
            Level.UNKNOWN,
            "Single touches, done once, do not tell how sure the offset is: take --repeats 3, or samples: 3 "
            "in [probe].",
            "Not decided: nothing tells how sure the offset is.",
        )
    else:
        half = (mean.mean.high - mean.mean.low) / 2
        sure = half <= GOAL
        yield AutoZFinding(
            Level.PASS if sure else Level.WARN,
            f"The offset is known to ± {length(half)} from {n} {'run' if n == 1 else 'runs'} {goal}; what "
            "switch_offset itself is off by is not in it.",
            "" if sure else f"Usable, but the offset is known to ± {length(half)} only.",
        )
    low, high = section.margins
    offset = repeats.values("offset")[-1]
    yield AutoZFinding(
        Level.PASS,
        f"The offset {millimetres(offset, sign=True)} lies within offset_margins ({low:g} to {high:g} mm; "
        f"[z_calibration]).",
    )
    yield from _drift(repeats)


def _drift(repeats: Repeats) -> Iterator[AutoZFinding]:
    n = len(repeats.found)
    for name in ("offset", "nozzle", "switch", "bed"):
        drift = repeats.drift(name)
        if drift is None or not drift.found:
            continue
        total = abs(drift.size.value) * (n - 1)
        what = "The offset" if name == "offset" else WORDS[name].capitalize()
        text = (
            f"{what} creeps by {length(drift.size.value, sign=True)} from run to run (p = {drift.p:.2g}; error "
            f"rate 5 %, shared by four tests): {length(total)} over {n} runs (normal: up to {length(NORMAL)}; "
            "Klipper docs, Probe_Calibrate)."
        )
        if total <= NORMAL:
            yield AutoZFinding(Level.PASS, text)
        else:
            yield AutoZFinding(
                Level.WARN,
                text
                + " Something warms up, or the motors lose steps while probing; homing undoes the latter.",
                f"Usable, but {what[0].lower() + what[1:]} creeps from run to run.",
            )


def of_moves(moved: Sequence[Moved]) -> Iterator[AutoZFinding]:
    """What changed the offset since the run before; for people to know, not for the verdict."""
    if moved:
        yield AutoZFinding(Level.PASS, blame_text(moved))


def blame_text(moved: Sequence[Moved]) -> str:
    """Which height moved since the last good run, and where to look."""
    parts = ", ".join(
        f"{WORDS[move.name]} {length(move.moved, sign=True)}"
        for move in sorted(moved, key=lambda each: list(WORDS).index(each.name))
        if move.moved or move.name != "switch_offset"
    )
    first = moved[0]
    if abs(first.effect) <= GOAL:
        return f"Since the last run: {parts}. Nothing changed the offset by more than {length(GOAL)} ({GOAL_SOURCE})."
    return (
        f"Since the last run: {parts}. It is {WORDS[first.name]} that changed the offset (by "
        f"{length(first.effect, sign=True)}). {LOOK[first.name]}"
    )


def of_tuning(tuned: Tuned) -> AutoZFinding:
    """How far the configured switch_offset is from the tuned one; where none was configured, that it was found."""
    low, high = tuned.value.low or 0.0, tuned.value.high or 0.0
    half = (high - low) / 2
    if tuned.value.value <= 0.0:
        return AutoZFinding(
            Level.FAIL,
            f"The paper test gives a switch_offset of {millimetres(tuned.value.value, digits=3)}. {NEGATIVE}",
            "Not usable: switch_offset comes out at zero or less.",
        )
    old = tuned.configured
    if old is None:
        return AutoZFinding(
            Level.PASS,
            f"The switch closes {millimetres(tuned.value.value, digits=3)} below its body, ± {length(half)}; "
            "nothing was configured before.",
        )
    error = tuned.value.value - old
    gap = closer_farther(-error).removeprefix("the nozzle will be ")
    text = (
        f"With switch_offset {old:.3f} the nozzle has to come {gap}, ± {length(half)} (limits: {length(GOAL)}, "
        f"{GOAL_SOURCE}; {length(A_SHEET)}, ours: a sheet of paper)."
    )
    certain = not low <= old <= high
    if abs(error) > A_SHEET and certain:
        side = "too close to" if error < 0 else "too far from"
        return AutoZFinding(
            Level.FAIL,
            text,
            f"switch_offset {old:.3f} is wrong: the nozzle comes {length(abs(error))} {side} the bed.",
        )
    if abs(error) > GOAL and certain:
        return AutoZFinding(
            Level.WARN, text, f"Usable, but switch_offset {old:.3f} is off by {length(abs(error))}."
        )
    return AutoZFinding(Level.PASS, text)


def tuning_advice(tuned: Tuned) -> tuple[str, tuple[Change, ...]]:
    """What to do with the tuned value, and the change; none where it would not be a switch_offset."""
    by_command = ""
    if tuned.command is not None:
        if abs(tuned.command - tuned.by_paper) < 0.002:
            by_command = (
                f" CALCULATE_SWITCH_OFFSET agrees: it takes the height of the paper for contact, and says "
                f"{tuned.command:.3f} of it, as expected."
            )
        else:
            by_command = (
                f" CALCULATE_SWITCH_OFFSET gives {tuned.command:.3f}, where {tuned.by_paper:.3f} was expected: "
                "do not use its number without finding out why."
            )
    if tuned.value.value <= 0.0:
        return NEGATIVE, ()
    new = f"{tuned.value.value:.3f}"
    start = tuned.configured if tuned.configured is not None else tuned.used
    change = Change(
        "z_calibration",
        "switch_offset",
        None if tuned.configured is None else f"{tuned.configured:g}",
        new,
        saves=True,
        effect=closer_farther(start - tuned.value.value),
    )
    text = (
        f"switch_offset {new} fits this switch. {tuned.zero}{by_command} A little less is the safe side "
        "(nozzle farther); fine tuning is by printing a first layer."
    )
    return text, (change,)


def endstop_advice(
    rail: ZRail, offset: float, limits: tuple[float, float] | None
) -> tuple[str, tuple[Change, ...]] | None:
    """z_calibration's suggestion where the offset is large; None where it is not."""
    if abs(offset) <= WORTH_A_SUGGESTION or rail.position_endstop is None:
        return None
    new = rail.position_endstop - offset
    text = (
        f"The offset is larger than {length(WORTH_A_SUGGESTION)} (z_calibration's limit for this suggestion): "
        f"position_endstop {new:.3f} would make it about zero. That does no good to prints, since CALIBRATE_Z "
        "comes to the same height either way; it is for moves without it, and it shifts every height counted "
        "from homing: whatever macros do at a fixed Z (docks, brushes, parking) and offsets written down "
        f"elsewhere. Without CALIBRATE_Z {closer_farther(offset)} than now."
    )
    if offset > 0.0:
        text += (
            " As it is, the bed lies that far above the Z 0 of homing: a move to it before CALIBRATE_Z presses the "
            "nozzle into the plate (protoloft's z_calibration, Preconditions: a safe value)."
        )
    if limits is not None and not limits[0] <= new <= limits[1]:
        return text + " position_min or position_max would have to be changed with it.", ()
    change = Change(
        rail.section,
        "position_endstop",
        f"{rail.position_endstop:g}",
        f"{new:.3f}",
        saves=False,  # a line to edit for whoever wants it: `--save always` must not write what is advised against
        effect=closer_farther(offset) + " where CALIBRATE_Z has not been run",
    )
    return text, (change,)
