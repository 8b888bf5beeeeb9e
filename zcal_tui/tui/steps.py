"""The steps offered for the paper test and for jogging, and what a person knows from the heights tried. Pure."""

from zcal_tui.model.questions import JogMove, JogStep, PaperStep
from zcal_tui.model.units import number

PAPER_STEPS = (5.0, 1.0, 0.1, 0.05, 0.01)
"""mm, on the keys 1 to 5."""
JOG_STEPS = (10.0, 1.0, 0.1, 0.05, 0.01)
"""mm, on the keys 1 to 5."""
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


def known_to(question: PaperStep) -> float | None:
    """Half the distance to the nearest other height tried, in mm; None before there is another."""
    others = [abs(z - question.height) for z in question.tried if abs(z - question.height) > 1e-6]
    others += [abs(z - question.height) for z in (question.lower, question.upper) if z is not None]
    return min(others) / 2 if others else None


def within(question: JogStep, move: JogMove) -> bool:
    """Whether the axes go there."""
    at = (question.x, question.y, question.z)
    by = (move.dx, move.dy, move.dz)
    return all(
        not delta or low - 1e-9 <= value + delta <= high + 1e-9
        for value, delta, low, high in zip(at, by, question.low, question.high, strict=True)
    )
