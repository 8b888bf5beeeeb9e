"""The steps offered for the paper test and for jogging, and what a person knows from the heights tried. Pure."""

from zcal_tui.model import limits
from zcal_tui.model.paper_moves import AUTO_FINE, automatic_step
from zcal_tui.model.questions import JogMove, JogStep, PaperStep
from zcal_tui.model.units import number

PAPER_STEPS = (None, 1.0, 0.1, 0.05, 0.01)
"""mm, on the keys 1 to 5; None is the automatic step."""
JOG_STEPS = (10.0, 1.0, 0.1, 0.05, 0.01)
"""mm, on the keys 1 to 5."""


def height_text(height: float) -> str:
    """A height in mm to the micrometre."""
    return number(height, digits=3)


def step_length(question: PaperStep, n: int, direction: int) -> float:
    """How far (mm) Lower (`direction` -1) or Raise (1) goes with the n-th of PAPER_STEPS."""
    step = PAPER_STEPS[n]
    if step is not None:
        return step
    return automatic_step(question) if direction < 0 else AUTO_FINE


def known_to(question: PaperStep) -> float | None:
    """Half the distance between the lowest height marked free and the highest marked dragging, in mm; None before both
    are marked."""
    free, dragging = question.lowest_free, question.highest_dragging
    return None if free is None or dragging is None else abs(free - dragging) / 2


def narrow_enough(question: PaperStep) -> bool:
    """Whether the height is known well enough for a first layer, so that accepting is the next step."""
    known = known_to(question)
    return known is not None and known <= limits.Z_ACCURACY.value


def within(question: JogStep, move: JogMove) -> bool:
    """Whether the axes go there."""
    at = (question.x, question.y, question.z)
    by = (move.dx, move.dy, move.dz)
    return all(
        not delta or low - 1e-9 <= value + delta <= high + 1e-9
        for value, delta, low, high in zip(at, by, question.low, question.high, strict=True)
    )
