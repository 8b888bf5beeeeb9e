"""What the height at which the paper dragged means: verdict, advice, changes. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from zcal_tui.checks.auto_z.advice import NEGATIVE
from zcal_tui.checks.auto_z.analysis import estimate
from zcal_tui.checks.auto_z.zero import Zero
from zcal_tui.checks.first_layer.target import OffsetTarget
from zcal_tui.model.events import AdviceGiven, EstimateUpdated, Event, VerdictReached
from zcal_tui.model.record import Level, Verdict
from zcal_tui.model.units import length
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.z_calibration import section
from zcal_tui.stats.intervals import Interval

GOAL = 0.025
"""mm. Klipper docs, Bed_Level: the Z height should be known to about 25 micrometres."""
GOAL_SOURCE = "Klipper docs, Bed_Level"
BASE = 0.5
"""mm: the datasheet's base of a D2F-5, where switch_offset is not configured."""
BASE_SOURCE = "protoloft's z_calibration, How to test it: smaller than the base of the switch"
STEPS_SOURCE = "protoloft's z_calibration, How to test it"
A_LAYER = 0.2
"""mm; ours: off by a usual first layer, it is no matter of fine tuning."""


def conclusion(
    state: PrinterState, adjustment: Interval, zero: Zero, target: OffsetTarget | None, *, automatic: bool
) -> Iterator[Event]:
    """The events that end the check."""
    yield EstimateUpdated({"adjustment": estimate("adjustment", adjustment)})
    level = level_of(adjustment, _most(state, automatic))
    yield VerdictReached(
        Verdict(level, summary_of(level, adjustment), tuple(_reasons(state, adjustment, zero, automatic)))
    )
    if not adjustment.covers(0.0):
        for event in _change(adjustment, target, automatic=automatic, meshed="bed_mesh" in state.settings):
            yield event if level is not Level.FAIL else _by_hand_only(event)
    if level is Level.PASS:
        yield AdviceGiven("The paper test is the start of fine tuning: print a first layer and look at it.")
    if level is Level.FAIL:
        yield AdviceGiven(_causes(automatic, adjustment.value))


def _most(state: PrinterState, automatic: bool) -> float:
    """Up to where a discrepancy is a matter of tuning."""
    if not automatic:
        return A_LAYER
    here = section(state)
    return here.switch_offset if here is not None and here.switch_offset else BASE


def level_of(adjustment: Interval, most: float) -> Level:
    """Pass within 25 µm or where the interval holds zero; warn up to `most`; else fail."""
    size = abs(adjustment.value)
    if size <= GOAL or adjustment.covers(0.0):
        return Level.PASS
    return Level.WARN if size < most else Level.FAIL


def summary_of(level: Level, adjustment: Interval) -> str:
    """The answer in a sentence."""
    low, high = adjustment.low or 0.0, adjustment.high or 0.0
    sure = f"± {length((high - low) / 2)}"
    if level is Level.PASS:
        return f"Z 0 is where it should be, within {length(abs(adjustment.value))} {sure}."
    side = "too close to" if adjustment.value > 0 else "too far from"
    word = "Usable after a correction" if level is Level.WARN else "Not usable"
    return f"{word}: at Z 0 the nozzle is {length(abs(adjustment.value))} {side} the bed ({sure})."


def _reasons(state: PrinterState, adjustment: Interval, zero: Zero, automatic: bool) -> Iterator[str]:
    z = zero.paper + adjustment.value
    most = _most(state, automatic)
    source = BASE_SOURCE if automatic else "ours: a usual first layer"
    yield (
        f"The paper drags at Z {z:.3f} instead of {zero.paper:g}: {length(adjustment.value, sign=True)} (good: "
        f"within {length(GOAL)}, {GOAL_SOURCE}, or within the interval; to be tuned: less than "
        f"{length(most)}, {source})."
    )
    yield zero.text


def _change(
    adjustment: Interval, target: OffsetTarget | None, *, automatic: bool, meshed: bool
) -> Iterator[AdviceGiven]:
    if target is None and automatic:
        yield AdviceGiven(
            f"Change the switch_offset that CALIBRATE_Z is given by {-adjustment.value:+.3f}; decreasing it "
            "moves the nozzle away from the bed. It is not in [z_calibration], so look into the macro that "
            "calls CALIBRATE_Z."
        )
        return
    if target is None:
        yield AdviceGiven(
            f"Shift the offset by {adjustment.value:+.3f} (SET_GCODE_OFFSET Z_ADJUST={adjustment.value:.3f}), "
            "then let the probe's own command take it over (Z_OFFSET_APPLY_PROBE or the plugin's): this sensor "
            "has no z_offset that could simply be changed."
        )
        return
    if target.option == "switch_offset":
        if target.new(target.old, adjustment.value) <= 0.0:
            yield AdviceGiven(NEGATIVE)
            return
        text = "switch_offset takes up the difference; decreasing it moves the nozzle away from the bed."
    elif target.option == "z_offset":
        text = "z_offset takes up the difference; decreasing it moves the nozzle away from the bed."
        if meshed:
            text += (
                " A bed mesh that was probed with the old one is to be made again (BED_MESH_CALIBRATE; Klipper docs, "
                "Probe_Calibrate)."
            )
    else:
        text = (
            "position_endstop takes up the difference; decreasing it moves the nozzle away from the bed. "
            "Every height counted from homing shifts with it, such as those of docks and brushes in macros."
        )
        if len(target.olds) > 1:
            text += " All three towers change alike."
    if target.shift:
        text += (
            f" The live G-code offset of {target.shift:+.3f}, which a restart loses, is in the new value: take "
            "it out of macros and slicer, or it counts twice."
        )
    yield AdviceGiven(text, target.changes(adjustment.value))


def _by_hand_only(event: AdviceGiven) -> AdviceGiven:
    """So much is first to be explained: the changes are shown as lines to edit, and not to be saved by a slip."""
    return replace(event, changes=tuple(replace(change, saves=False) for change in event.changes))


def _causes(automatic: bool, adjustment: float) -> str:
    if automatic:
        return (
            "So much is no matter of tuning. Likely causes: switch_offset belongs to another switch; the "
            "endstop touches the switch's actuator instead of its body; filament on the nozzle when "
            "CALIBRATE_Z ran; the plate was changed since."
        )
    if adjustment > 0:
        return (
            "So much is no matter of tuning. Likely causes: the nozzle, the plate or the probe was changed "
            "since z_offset was calibrated; the probe has slipped down; a drop of filament on the nozzle. "
            "Repeat the check z-offset."
        )
    return (
        "So much is no matter of tuning. Likely causes: the nozzle, the plate or the probe was changed since "
        "z_offset was calibrated; filament below the probe when Z was homed. Repeat the check z-offset."
    )


def too_far_off(first: float) -> Iterator[Event]:
    """The nozzle touched at the first step, Z `first` in mm, already."""
    yield VerdictReached(
        Verdict(
            Level.FAIL,
            f"Not usable: at Z {first:g} the nozzle touches the bed already.",
            (f"At Z {first:g} there should be {first:g} mm left ({STEPS_SOURCE}).",),
        )
    )
    yield AdviceGiven(
        "Z 0 is millimetres off: home again, look at the G-code offset (SET_GCODE_OFFSET) and at z_offset or "
        "position_endstop, and repeat the check z-offset."
    )
