# Which height changed the offset since the last good calibration
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
"""The offset is bed - switch + nozzle - switch_offset. A longer nozzle lowers switch and bed alike, because the nozzle
homes Z; that does not change the offset. So what switch and bed moved together is subtracted first.
"""

from __future__ import annotations

from typing import NamedTuple, Sequence

from .heights import micrometres

UNCHANGED = 0.010
"""mm; an effect on the offset below this is no explanation."""
NEW_NOZZLE = 0.050
"""mm; a common movement of switch and bed above this is reported."""

ADVICE = {
    "nozzle": "Check for filament on the nozzle tip, and for a Z endstop pin that moved or sticks.",
    "switch": "Check that the endstop touches the body of the switch and not its actuator, that the probe is seated in "
    "its mount, and that switch_xy_position is right.",
    "bed": "Check that the plate is seated and the same as before, that the gantry is level, and that the probe is "
    "seated in its mount.",
    "switch_offset": "It was changed in the configuration or by a parameter.",
    "position_endstop": "It was changed in the configuration, e.g. by Z_ENDSTOP_CALIBRATE or Z_OFFSET_APPLY_ENDSTOP.",
}
NAMES = {
    "nozzle": "the nozzle on the endstop",
    "switch": "the switch body on the endstop",
    "bed": "the probe on the bed",
    "switch_offset": "switch_offset",
    "position_endstop": "position_endstop",
}


REPEATS_BADLY = {
    "nozzle": "Check for filament on the nozzle tip, and for a Z endstop pin that sticks.",
    "switch": "Check that the endstop touches the body of the switch and not its actuator, and that the probe is seated"
    " in its mount.",
    "bed": "Check the seat of the probe and of the plate, and its switch (PROBE_ACCURACY).",
}
"""What to check where the samples of one height differ too much."""


class HeightChange(NamedTuple):
    """The change of a height, and its effect on the offset, mm."""

    name: str
    moved: float
    effect: float


class HeightComparison(NamedTuple):
    """The comparison of two calibrations; `together` is the common movement of switch and bed, as by a new nozzle."""

    changes: list[HeightChange]
    together: float
    cause: HeightChange


def compare(old: dict[str, float], new: dict[str, float]) -> HeightComparison:
    """Compare two calibrations by `nozzle`, `switch`, `bed`, `switch_offset` and `position_endstop`.

    Heights are taken relative to position_endstop, because a change of it moves them all.
    """
    change = {name: new[name] - old[name] for name in NAMES}
    for name in ("nozzle", "switch", "bed"):
        change[name] -= change["position_endstop"]
    together = 0.0
    if change["switch"] * change["bed"] > 0.0:
        together = min(change["switch"], change["bed"], key=abs)
    changes = [
        HeightChange("nozzle", change["nozzle"], change["nozzle"]),
        HeightChange("switch", change["switch"], -(change["switch"] - together)),
        HeightChange("bed", change["bed"], change["bed"] - together),
        HeightChange("switch_offset", change["switch_offset"], -change["switch_offset"]),
        HeightChange("position_endstop", change["position_endstop"], change["position_endstop"]),
    ]
    return HeightComparison(changes, together, max(changes, key=lambda change: abs(change.effect)))


def tolerance_exceeded(site: str, samples: Sequence[float], tolerance: float) -> str:
    """The error where the samples (mm) of a height differ too much; it begins as that of the original plugin."""
    return (
        f"probe samples exceed tolerance at {NAMES[site]}: they differ by {micrometres(max(samples) - min(samples))},"
        f" more than samples_tolerance ({micrometres(tolerance)}). {REPEATS_BADLY[site]}"
    )


def explain(old: dict[str, float], new: dict[str, float], when: str) -> str:
    """Describe what moved since the last good calibration, whose time is `when`."""
    comparison = compare(old, new)
    moved = ", ".join(
        f"{NAMES[change.name]} {micrometres(change.moved, sign=True)}"
        for change in comparison.changes
        if change.moved or change.name in ("nozzle", "switch", "bed")
    )
    cause = comparison.cause
    lines = [f"Changes since the last good calibration ({when}): {moved}."]
    if abs(cause.effect) < UNCHANGED:
        lines.append(
            f"Nothing moved by more than {micrometres(UNCHANGED)}: offset_margins was changed, or was always too tight."
        )
        return " ".join(lines)
    if abs(comparison.together) > NEW_NOZZLE and cause.name in ("switch", "bed"):
        lines.append(
            f"Switch body and bed moved together by {micrometres(comparison.together, sign=True)}, as after changing"
            " the nozzle. That alone does not change the offset."
        )
    lines.append(
        f"The offset changed because of {NAMES[cause.name]} ({micrometres(cause.effect, sign=True)})."
        f" {ADVICE[cause.name]}"
    )
    return " ".join(lines)
