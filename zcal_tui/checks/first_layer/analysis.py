"""From the height at which the paper drags to verdict, advice and changes. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from zcal_tui.checks.auto_z.advice import NEGATIVE
from zcal_tui.checks.auto_z.zero import Zero
from zcal_tui.checks.estimates import estimate
from zcal_tui.checks.first_layer.target import OffsetTarget, without_target
from zcal_tui.checks.z_offset.analysis import OLD_MESH
from zcal_tui.model import limits
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, Event, VerdictReached
from zcal_tui.model.limits import Limit
from zcal_tui.model.record import Level, Verdict
from zcal_tui.model.units import length
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.z_calibration import section
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.verdicts.rule import consequence
from zcal_tui.stats.verdicts.z_zero import early_reason, z_zero_level

STEPS_SOURCE = "protoloft's z_calibration, How to test it"


def conclusion(
    state: PrinterState,
    adjustment: Interval,
    zero: Zero,
    target: OffsetTarget | None,
    *,
    automatic: bool,
    by_contact: str = "",
    tests: int,
) -> Iterator[Event]:
    """The events that end the check after so many paper `tests`. `by_contact`: the command by which nozzle contact gave
    Z 0."""
    yield EstimateUpdated({"adjustment": estimate("adjustment", adjustment)})
    largest = largest_correction(state, automatic)
    level = level_of(adjustment, largest.value, tests)
    worst = abs(adjustment.value) + _half(adjustment)
    reasons = (
        _reason(adjustment, zero, largest),
        *early_reason(tests),
        zero.text,
        consequence(worst, "An error of up to {}"),
    )
    yield VerdictReached(Verdict(level, summary_of(level, adjustment), reasons))
    # Undecided is about the old value; the new one may be known well enough to be saved
    accurate = _half(adjustment) <= limits.Z_ACCURACY.value
    if not adjustment.covers(0.0):
        for event in _change(state, adjustment, target, automatic=automatic, by_contact=by_contact):
            yield event if accurate and level is not Level.FAIL else _by_hand_only(event)
    if level is Level.PASS:
        yield AdviceGiven("Now print a first layer and fine-tune by its look.")
    if level is Level.UNKNOWN:
        yield AdviceGiven(
            f"Repeat the check with one more paper test (--tests {tests + 1}). An error close to the limit of "
            f"± {limits.Z_ACCURACY.text} takes several, or a feeler gauge."
        )
    if level is Level.FAIL:
        yield AdviceGiven(_causes(automatic, adjustment.value))


def largest_correction(state: PrinterState, automatic: bool) -> Limit:
    """The error from which a correction is no fine-tuning any more: the configured switch_offset where CALIBRATE_Z
    sets the height."""
    if not automatic:
        return limits.FIRST_LAYER
    here = section(state)
    if here is None or not here.switch_offset:
        return limits.SWITCH_BASE
    return replace(limits.SWITCH_BASE, value=here.switch_offset)


def level_of(adjustment: Interval, largest: float, tests: int) -> Level:
    """Pass where the whole interval is within `limits.Z_ACCURACY`. Where all of it is outside: warn up to `largest`
    (mm), else fail. Unknown between. After few `tests` the interval counts wider (z_zero)."""
    level = Level(z_zero_level(adjustment, tests))
    return Level.FAIL if level is Level.WARN and abs(adjustment.value) >= largest else level


def summary_of(level: Level, adjustment: Interval) -> str:
    """The answer in a sentence."""
    half = length(_half(adjustment))
    error = f"{length(abs(adjustment.value))} ± {half}"
    off = f"{length(-adjustment.value, sign=True)} ± {half}"
    side = "too close to" if adjustment.value > 0 else "too far from"
    limit = limits.Z_ACCURACY
    match level:
        case Level.PASS:
            return f"Z 0 is right: it is off by {off}. The limit is ± {limit.text}."
        case Level.UNKNOWN:
            return f"Z 0 may be off by {off}; the limit is ± {limit.text}. Do one more paper test to decide."
        case Level.WARN:
            return f"Usable after a correction: at Z 0 the nozzle is {error} {side} the bed."
        case _:
            return f"Not usable: at Z 0 the nozzle is {error} {side} the bed."


def _half(interval: Interval) -> float:
    return ((interval.high or 0.0) - (interval.low or 0.0)) / 2


def _reason(adjustment: Interval, zero: Zero, largest: Limit) -> str:
    z = zero.paper + adjustment.value
    return (
        f"The paper drags at Z {z:.3f} instead of {zero.paper:g}: {length(adjustment.value, sign=True)}. "
        f"{limits.Z_ACCURACY.sentence} Up to {largest.text} it can be corrected ({largest.source})."
    )


def _change(
    state: PrinterState,
    adjustment: Interval,
    target: OffsetTarget | None,
    *,
    automatic: bool,
    by_contact: str,
) -> Iterator[AdviceGiven]:
    if target is None and automatic:
        yield AdviceGiven(
            f"Change the switch_offset in the macro that calls CALIBRATE_Z by {-adjustment.value:+.3f}. A "
            "smaller value moves the nozzle away from the bed. [z_calibration] has no switch_offset."
        )
        return
    if target is None:
        yield AdviceGiven(without_target(state, adjustment.value, by_contact))
        return
    if target.option == "switch_offset":
        if target.new(target.old, adjustment.value) <= 0.0:
            yield AdviceGiven(NEGATIVE)
            return
        text = "Correct switch_offset. A smaller value moves the nozzle away from the bed."
    elif target.option == "z_offset":
        text = "Correct z_offset. A smaller value moves the nozzle away from the bed."
        if "bed_mesh" in state.settings:
            text += f" {OLD_MESH}"
    else:
        text = (
            "Correct position_endstop. A smaller value moves the nozzle away from the bed. Every height "
            "counted from homing shifts with it, such as docks and brushes in macros."
        )
        if len(target.olds) > 1:
            text += " All three towers change by the same amount."
    if target.shift:
        text += (
            f" The new value includes the present G-code offset of {target.shift:+.3f}, which a restart "
            "clears. Remove that offset from macros and slicer, or it counts twice."
        )
    yield AdviceGiven(text, target.changes(adjustment.value))


def _by_hand_only(event: AdviceGiven) -> AdviceGiven:
    """The cause, or another test, comes first: the changes are shown as lines to edit, and are never saved by
    mistake."""
    return replace(event, changes=tuple(replace(change, saves=False) for change in event.changes))


def _causes(automatic: bool, adjustment: float) -> str:
    if automatic:
        return (
            "This is too much for fine-tuning. Likely causes: a switch_offset of another switch; an "
            "endstop that touches the switch's actuator instead of its body; filament on the nozzle during "
            "CALIBRATE_Z; another plate."
        )
    if adjustment > 0:
        return (
            "This is too much for fine-tuning. Likely causes: another nozzle, plate or probe since "
            "z_offset was calibrated; a probe that slipped down; filament on the nozzle. Repeat the check "
            "Z offset."
        )
    return (
        "This is too much for fine-tuning. Likely causes: another nozzle, plate or probe since z_offset "
        "was calibrated; filament below the probe when Z was homed. Repeat the check Z offset."
    )


def too_far_off(first: float) -> Iterator[Event]:
    """The nozzle touches the bed at the first step already, Z `first` in mm."""
    yield VerdictReached(
        Verdict(
            Level.FAIL,
            f"Not usable: the nozzle touches the bed at Z {first:g} already.",
            (
                f"At Z {first:g} the nozzle should be {first:g} mm above the bed ({STEPS_SOURCE}).",
                consequence(first),
            ),
        )
    )
    yield AdviceGiven(
        "Z 0 is millimetres off. Home again. Check the G-code offset (SET_GCODE_OFFSET) and z_offset or "
        "position_endstop. Then repeat the check Z offset."
    )
