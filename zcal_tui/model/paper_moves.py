"""The moves of a paper test: where each ends, and which are refused or need consent. Pure functions.

The check that makes the moves and the screens that offer them use the same functions. Heights are toolhead Z in mm.
"""

import contextlib
import math

from zcal_tui.model.questions import PaperStep

MAX_BISECT = 0.2
"""mm: the longest move of TESTZ for + and - (Klipper's manual probe)."""
COARSE = 0.1
"""mm: a longer step can press the nozzle into the bed before anyone notices."""
BELOW_EXPECTED = 0.1
"""mm below the expected contact: a step that ends lower needs consent."""
AUTO_SHARE = 0.7
"""How much of the way to the expected contact the automatic step takes at most."""
AUTO_SHARE_MEASURED = 0.9
"""The same where a paper test at this place has just measured the contact: it is known to a few hundredths of a mm."""
AUTO_FAR, AUTO_NEAR, AUTO_FINE = 1.0, 0.5, 0.03
"""mm: the longest automatic step, the longest within `NEAR` of the expected contact, and the shortest."""
NEAR = 2.0
"""mm above the expected contact."""
FAR_BELOW = 0.5
"""mm below the expected contact, and below each later consent, that small steps may go without another consent."""
ACCEPT_AFTER = 1.0
"""Seconds at each point of a manual probe that was taken over before a height may be accepted: a key that was meant for
the last point must not accept this one."""
_NOISE = 1e-6


def target_of(question: PaperStep, word: str) -> float | None:
    """The height at which TESTZ Z=`word` ends; None if it is not valid.

    Klipper's manual probe goes half way to the next height tried for + and -, onto it for ++ and --, and in both cases
    by 0.2 mm at most.
    """
    word = word.strip()
    if word in ("+", "-", "++", "--"):
        sign = 1.0 if word[0] == "+" else -1.0
        neighbour = question.upper if sign > 0 else question.lower
        distance = MAX_BISECT if neighbour is None else abs(neighbour - question.height)
        if len(word) == 1 and neighbour is not None:
            distance /= 2
        return question.height + sign * min(distance, MAX_BISECT)
    with contextlib.suppress(ValueError):
        distance = float(word)
        return question.height + distance if math.isfinite(distance) and abs(distance) < 1000 else None
    return None


def automatic_step(question: PaperStep) -> float:
    """The length (mm) of a step down that is safe to propose here: a part of the way to the expected contact, and never
    more than AUTO_FAR, so that a wrong expectation presses the nozzle into the bed by no more than that."""
    if question.expected is None:
        return COARSE
    room = question.height - question.expected
    longest = AUTO_FAR if room >= NEAR else AUTO_NEAR
    share = AUTO_SHARE_MEASURED if question.measured else AUTO_SHARE
    return max(AUTO_FINE, round(min(longest, share * room), 2))


def bisect_target(question: PaperStep, direction: int, step: float) -> float | None:
    """The height half way between this one and the next one marked dragging (`direction` -1) or free (+1), at most
    `step` mm away; None where no such height was marked. Going there marks this height, too: free on the way down,
    dragging on the way up."""
    height = question.height
    if direction < 0:
        marked = [z for z in question.dragging if z < height - _NOISE]
        return height - min((height - max(marked)) / 2, step) if marked else None
    marked = [z for z in question.free if z > height + _NOISE]
    return height + min((min(marked) - height) / 2, step) if marked else None


def out_of_reach(question: PaperStep, target: float) -> bool:
    """Whether this height is below the axis limit. Klipper would refuse the move, which would end the test."""
    return target < question.lowest


def needs_consent(question: PaperStep, target: float) -> bool:
    """Whether a move to this height may press the nozzle into the bed and must be confirmed.

    That is a move down which ends more than 0.1 mm below the expected contact. A consent holds for every step down to
    the height it was given for, and for steps of 0.1 mm or less down to 0.5 mm below the expected contact or, once that
    is passed, below the height of the consent. In a manual probe that was taken over, a move down of more than 0.1 mm
    is confirmed each time where no contact is expected.
    """
    if target >= question.height:
        return False
    if question.expected is None:
        return question.taken_over and question.height - target > COARSE + _NOISE
    if target >= question.expected - BELOW_EXPECTED:
        return False
    if question.agreed is None:
        return True
    if question.height - target > COARSE + _NOISE:
        return target < question.agreed - _NOISE
    far = question.expected - FAR_BELOW
    return target < (far if question.agreed > far else question.agreed - FAR_BELOW) - _NOISE


def can_accept(question: PaperStep) -> bool:
    """Whether this height may be accepted: Klipper takes only one below the start. A manual probe that was taken over
    needs one step first at each point."""
    if question.taken_over and len(question.tried) < 2:
        return False
    return question.height < question.start - 1e-9
