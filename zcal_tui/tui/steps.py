"""Distances for the paper test and for jogging: which there are, where they lead, which are dangerous. Pure."""

import contextlib
import math

from zcal_tui.model.questions import JogMove, JogStep, PaperStep
from zcal_tui.model.units import number

PAPER_STEPS = (5.0, 1.0, 0.1, 0.05, 0.01)
"""mm, on the keys 1 to 5."""
JOG_STEPS = (10.0, 1.0, 0.1, 0.05, 0.01)
"""mm, on the keys 1 to 5."""
LONGEST_WORD = 0.2
"""mm: how far Klipper's TESTZ goes at most for + and - (its manual probe)."""
BELOW_EXPECTED = 0.1
"""mm below the expected contact from where a step counts as dangerous; the check asks there too."""
SAFE_SHARE = 0.6
"""How much of the way to the expected contact the step that is proposed at first takes at most."""
FINE = 0.05
"""mm: the step that is proposed near the bed."""


def height_text(height: float) -> str:
    """A height in mm to the micrometre."""
    return number(height, digits=3)


def first_step(question: PaperStep) -> int:
    """The step to propose, as an index into PAPER_STEPS: the longest that stays well above the expected contact."""
    fine = PAPER_STEPS.index(FINE)
    if question.expected is None:
        return PAPER_STEPS.index(0.1)
    room = (question.height - question.expected) * SAFE_SHARE
    return next((i for i, step in enumerate(PAPER_STEPS[:fine]) if step <= room), fine)


def halfway(question: PaperStep, direction: int) -> float:
    """Where TESTZ Z=- (direction −1) or Z=+ goes: half way to the next height tried there, at most 0.2 mm."""
    neighbour = question.upper if direction > 0 else question.lower
    distance = LONGEST_WORD if neighbour is None else min(LONGEST_WORD, abs(neighbour - question.height) / 2)
    return question.height + direction * distance


def out_of_reach(question: PaperStep, target: float) -> bool:
    """Whether the axis does not go down to this height."""
    return target < question.lowest - 1e-9


def risky(question: PaperStep, target: float) -> bool:
    """Whether going down to this height may press the nozzle into the bed."""
    return (
        target < question.height
        and question.expected is not None
        and target < question.expected - BELOW_EXPECTED
    )


def can_accept(question: PaperStep) -> bool:
    """Whether Klipper would take this height: only one below the start."""
    return question.height < question.start - 1e-9


def known_to(question: PaperStep) -> float | None:
    """Half the distance to the nearest other height tried, in mm; None before there is another."""
    others = [abs(z - question.height) for z in question.tried if abs(z - question.height) > 1e-6]
    others += [abs(z - question.height) for z in (question.lower, question.upper) if z is not None]
    return min(others) / 2 if others else None


def parse_distance(text: str) -> float | None:
    """A typed distance in mm, with comma or point and any minus sign; None where it is none."""
    with contextlib.suppress(ValueError):
        value = float(text.strip().replace(",", ".").replace("−", "-"))
        return value if math.isfinite(value) and abs(value) < 1000 else None
    return None


def parse_jog(text: str) -> JogMove | None:
    """A typed move: `x 1.5`, `y-0.2`, `z 0.5`, several with spaces between; None where it is none."""
    words = text.lower().replace("=", " ")
    for axis in "xyz":
        words = words.replace(axis, f" {axis} ")
    parts = words.split()
    if not parts or len(parts) % 2:
        return None
    moves: dict[str, float] = {}
    for axis, told in zip(parts[::2], parts[1::2], strict=True):
        distance = parse_distance(told)
        if axis not in ("x", "y", "z") or distance is None or f"d{axis}" in moves:
            return None
        moves[f"d{axis}"] = distance
    return JogMove("move", **moves)


def within(question: JogStep, move: JogMove) -> bool:
    """Whether the axes go there."""
    at = (question.x, question.y, question.z)
    by = (move.dx, move.dy, move.dz)
    return all(
        not delta or low - 1e-9 <= value + delta <= high + 1e-9
        for value, delta, low, high in zip(at, by, question.low, question.high, strict=True)
    )
