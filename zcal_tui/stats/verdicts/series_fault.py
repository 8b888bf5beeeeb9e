"""Faults that a few samples show by their size: no statistics are needed, and more samples only repeat the fault.

Heat moves a trigger height by micrometres from one sample to the next. Tenths are mechanics: steps that are lost or a
coupler that slips. A rise by the retract each time is a probe that triggers in the air, right after the lift.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Literal

from zcal_tui.model import limits
from zcal_tui.model.units import millimetres
from zcal_tui.stats.verdicts.rule import Advice, VerdictRule, consequence

SHOWN_BY = 3
"""Samples that show a fault."""
_OF_RETRACT = 0.1
"""How much a rise may differ from the retract, as a share of it."""
_LEAST_RETRACT = 0.3
"""mm. Below this a rise by the retract is not distinguished from lost steps."""
_EACH = 0.25
"""The least share of the whole rise that each step of a steady one has."""

FaultKind = Literal["triggers after each lift", "loses steps", "triggered in the air"]


@dataclass(frozen=True, slots=True)
class SeriesFault:
    """A fault; `samples` are the indices that show it, `size` is how far (mm) they are apart."""

    kind: FaultKind
    samples: tuple[int, ...]
    size: float


def series_fault(heights: Sequence[float], retract: float) -> SeriesFault | None:
    """The first fault in a series of trigger heights (mm); None where there is none. `retract` is the lift between two
    samples in mm."""
    for first in range(len(heights) - SHOWN_BY + 1):
        three = heights[first : first + SHOWN_BY]
        found = _of_three(three, retract)
        if found is not None:
            samples = tuple(range(first, first + SHOWN_BY))
            return SeriesFault(found, samples, abs(three[-1] - three[0]))
    return _in_the_air(heights)


def _of_three(three: Sequence[float], retract: float) -> FaultKind | None:
    steps = [b - a for a, b in itertools.pairwise(three)]
    if retract >= _LEAST_RETRACT and all(abs(step - retract) <= _OF_RETRACT * retract for step in steps):
        return "triggers after each lift"
    whole = three[-1] - three[0]
    if abs(whole) < limits.MECHANICAL_SHIFT.value:
        return None
    # A single sample in the air has no share in a rise
    if abs(whole) > limits.TRIGGER_IN_THE_AIR.value and max(map(abs, steps)) > 0.9 * abs(whole):
        return None
    return "loses steps" if all(step / whole >= _EACH for step in steps) else None


def _in_the_air(heights: Sequence[float]) -> SeriesFault | None:
    """Samples far above the others, where most of those agree."""
    if len(heights) < SHOWN_BY:
        return None
    middle = median(heights)
    high = tuple(n for n, z in enumerate(heights) if z - middle > limits.TRIGGER_IN_THE_AIR.value)
    others = [z for n, z in enumerate(heights) if n not in high]
    if not high or max(others) - min(others) > limits.MECHANICAL_SHIFT.value:
        return None
    return SeriesFault("triggered in the air", high, max(heights[n] for n in high) - middle)


def judge_fault(fault: SeriesFault, *, homes: bool) -> VerdictRule:
    """The verdict on a series that shows a fault. `homes`: the probe is the Z endstop."""
    limit, air = limits.MECHANICAL_SHIFT, limits.TRIGGER_IN_THE_AIR
    size = millimetres(fault.size, digits=2)
    numbers = ", ".join(str(n + 1) for n in fault.samples)
    match fault.kind:
        case "triggers after each lift":
            reason = (
                f"Samples {numbers} each are about one retract higher than the one before: the probe triggers in the "
                f"air, right after the lift. {limit.sentence}"
            )
            advice = Advice(
                "triggers-in-the-air",
                "Check that the switch does not stick, its wiring, and the sensitivity. A probe that retracts must "
                "be deployed again for each sample. Do not home Z with it until QUERY_PROBE reads open in the air.",
            )
        case "loses steps":
            reason = (
                f"Samples {numbers} move steadily by {size}: far more than heat can do. Z loses steps or a coupler "
                f"slips. {limit.sentence}"
            )
            advice = Advice(
                "lost-steps",
                "Check the couplers and grub screws of Z, whether Z binds, and the motors' current. Lower the speed "
                "and acceleration of Z. Do not go on calibrating before that.",
            )
        case "triggered in the air":
            which = f"Sample {numbers}" if len(fault.samples) == 1 else f"Samples {numbers}"
            reason = f"{which} triggered {size} above the bed. {air.sentence}"
            advice = Advice(
                "triggered-in-the-air",
                "Check the probe's pin, whether it is deployed and reports an alarm, and its wiring while it moves.",
            )
    reasons = [reason]
    if homes:
        reasons.append(
            "The probe homes Z. If that happens while homing, Z 0 is as far off, and the nozzle hits the bed or prints "
            "in the air. More samples a point do not help homing."
        )
    reasons.append(consequence(fault.size))
    return VerdictRule("fail", tuple(reasons), (advice,))


def fault_summary(fault: SeriesFault) -> str:
    """The answer in a sentence."""
    size = millimetres(fault.size, digits=2)
    match fault.kind:
        case "triggers after each lift":
            return "The probe triggers in the air after each lift. The series was stopped."
        case "loses steps":
            return f"Z loses steps: {len(fault.samples)} samples moved by {size}. Stop calibrating."
        case "triggered in the air":
            return f"The probe triggered {size} above the bed."
