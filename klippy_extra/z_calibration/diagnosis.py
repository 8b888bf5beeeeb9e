# Which height changed the offset since the last good calibration
#
# Copyright (C) 2026  zcal-tui contributors
#
# This file may be distributed under the terms of the GNU GPLv3 license.
"""The offset is bed - switch + nozzle - switch_offset. A longer nozzle lowers switch and bed alike, because the nozzle
homes Z; that does not change the offset. So what switch and bed moved together is subtracted first.
"""

from __future__ import annotations

from typing import NamedTuple

from .heights import micrometres

ADVICE = {
    "nozzle": "Is there filament on the tip, or did the Z endstop's pin move or stick?",
    "switch": "Did the endstop touch the body of the switch and not its actuator, does the probe sit right in its "
    "mount, is switch_xy_position still right?",
    "bed": "Is the plate seated, is it another one, was the gantry levelled, does the probe sit right?",
    "switch_offset": "It was changed in the configuration or as a parameter.",
    "position_endstop": "It was changed in the configuration, as by Z_ENDSTOP_CALIBRATE or Z_OFFSET_APPLY_ENDSTOP.",
}
WORDS = {
    "nozzle": "the nozzle on the endstop",
    "switch": "the switch body on the endstop",
    "bed": "the probe on the bed",
    "switch_offset": "switch_offset",
    "position_endstop": "position_endstop",
}


class HeightChange(NamedTuple):
    """How far a height moved, and how far that took the offset, mm."""

    name: str
    moved: float
    effect: float


class HeightComparison(NamedTuple):
    """Two calibrations compared; `together` is what switch and bed moved together, as with another nozzle."""

    moves: list[HeightChange]
    together: float
    cause: HeightChange


def compare(old: dict[str, float], new: dict[str, float]) -> HeightComparison:
    """Compare two calibrations: the heights `nozzle`, `switch`, `bed`, the `switch_offset`, the `position_endstop`.

    Heights count from position_endstop, since a change of it moves them all.
    """
    change = {name: new[name] - old[name] for name in WORDS}
    for name in ("nozzle", "switch", "bed"):
        change[name] -= change["position_endstop"]
    together = 0.0
    if change["switch"] * change["bed"] > 0.0:
        together = min(change["switch"], change["bed"], key=abs)
    moves = [
        HeightChange("nozzle", change["nozzle"], change["nozzle"]),
        HeightChange("switch", change["switch"], -(change["switch"] - together)),
        HeightChange("bed", change["bed"], change["bed"] - together),
        HeightChange("switch_offset", change["switch_offset"], -change["switch_offset"]),
        HeightChange("position_endstop", change["position_endstop"], change["position_endstop"]),
    ]
    return HeightComparison(moves, together, max(moves, key=lambda move: abs(move.effect)))


def explain(old: dict[str, float], new: dict[str, float], when: str) -> str:
    """In words: what moved since the last good calibration, which was at `when`."""
    comparison = compare(old, new)
    moved = ", ".join(
        f"{WORDS[move.name]} {micrometres(move.moved, sign=True)}"
        for move in comparison.moves
        if move.moved or move.name in ("nozzle", "switch", "bed")
    )
    cause = comparison.cause
    lines = [f"Since the last good run ({when}): {moved}."]
    if abs(cause.effect) < 0.010:
        lines.append(
            "Nothing moved by more than 10 µm: offset_margins themselves were changed, or always too tight."
        )
        return " ".join(lines)
    if abs(comparison.together) > 0.050 and cause.name in ("switch", "bed"):
        lines.append(
            f"Switch body and bed moved together by {micrometres(comparison.together, sign=True)}, as after"
            " changing the nozzle; that alone changes no offset."
        )
    lines.append(
        f"It is {WORDS[cause.name]} that changed the offset (by {micrometres(cause.effect, sign=True)})."
        f" {ADVICE[cause.name]}"
    )
    return " ".join(lines)
