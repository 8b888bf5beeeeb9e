"""Answers a check's questions on a simulated printer, from what its simulated person reports.

It does what a careful person would: comes down in steps that shrink with the gap, finds the heights at which the paper
begins to drag and at which it sticks, and takes the middle.
"""

import math
from typing import Protocol

from zcal_tui.headless.answers import NobodyAnswers
from zcal_tui.model.questions import (
    Answer,
    Choose,
    Confirm,
    JogMove,
    JogStep,
    PaperMove,
    PaperStep,
    Question,
)
from zcal_tui.session.simulated_person import SimulatedPerson, SimulatedPersonGone

SEEN_GAP = 0.4
"""mm: a gap this wide can be seen, so that no paper is needed."""
DRAG_STEP = 0.05
ALMOST = 0.001
"""mm above the lowest allowed Z that count as on it."""
SURE_DISTANCE = 1.0
"""mm sideways within which a person takes the nozzle to be over the point that was probed."""
ON_THE_MARK = 0.015
NARROW = 0.6
"""Share of the gap there should be from which a person sees that it is too narrow."""
MOST_STEPS = 80
EDGE = 0.004
"""mm: how exactly the two edges of the dragging are searched."""


class Autopilot:
    """Implements `Answerer`."""

    def __init__(self, person: SimulatedPerson) -> None:
        self._person = person
        self._search = PaperSearch(person)
        self._answer: Answer | None = None

    def ask(self, question: Question) -> None:
        try:
            self._answer = self._find(question)
        except SimulatedPersonGone as gone:
            raise NobodyAnswers(str(gone)) from gone

    def poll(self) -> Answer | None:
        answer, self._answer = self._answer, None
        return answer

    def _find(self, question: Question) -> Answer:
        match question:
            case Confirm():
                return self._confirm(question)
            case Choose():
                return self._choose(question)
            case PaperStep():
                if len(question.tried) <= 1:
                    self._person.new_test()
                    self._search = PaperSearch(self._person)
                return self._search.next(question)
            case JogStep():
                return self._jog()

    def _confirm(self, question: Confirm) -> bool:
        match question.key:
            case "mark":
                self._person.new_test()
                self._person.mark()
                return True
            case "clean-nozzle":
                self._person.wipe()
                return True
            case "nozzle-over-point":
                return self._over_point(question)
            case "risky-step":
                gap = self._person.gap()
                step = question.facts["step"]
                return step <= 2 * DRAG_STEP or (gap is not None and gap > SEEN_GAP and step < gap)
            case "probe-off" | "probe-away":
                return self._person.probe_state() != "attached"
            case _:
                return True

    def _choose(self, question: Choose) -> str:
        if question.key == "first-layer-step":
            gap = self._person.gap()
            narrow = gap is not None and gap < NARROW * question.facts["z"]
            return "touches" if narrow or self._person.drag() != "free" else "on"
        return question.options[0].key

    def _over_point(self, question: Confirm) -> bool:
        """Whether the nozzle is over the point that was probed, to a person's eye."""
        apart = []
        for axis in ("x", "y"):
            offset = self._person.truth(f"probe.{axis}_offset")
            if offset is None:
                offset = question.facts[f"{axis}_offset"]
            apart.append(question.facts[f"probed_{axis}"] + float(offset) - question.facts[f"nozzle_{axis}"])
        return math.hypot(*apart) < SURE_DISTANCE

    def _jog(self) -> JogMove:
        seen = self._person.see()
        if seen is None:
            return JogMove("abort")
        if math.hypot(*seen) < ON_THE_MARK:
            return JogMove("done")
        return JogMove("move", dx=round(seen[0], 3), dy=round(seen[1], 3))


class PaperFeeling(Protocol):
    """What a person notices of the paper below the nozzle."""

    def drag(self) -> str:
        """How the paper moves: free, drags or stuck."""

    def gap(self) -> float | None:
        """The gap between nozzle and bed in mm, as a person sees it; None if there is no bed below."""


class PaperSearch:
    """One paper test: the drag at each height, and where to go next."""

    def __init__(self, person: PaperFeeling) -> None:
        self._person = person
        self._free = math.inf
        self._stuck = -math.inf
        self._drags: list[float] = []
        self._steps = 0

    def next(self, step: PaperStep) -> PaperMove:
        """The next move from the present height."""
        self._steps += 1
        height = step.height
        drag = self._person.drag()
        if drag == "free":
            self._free = min(self._free, height)
        elif drag == "stuck":
            self._stuck = max(self._stuck, height)
        else:
            self._drags.append(height)
        if self._steps > MOST_STEPS:
            return PaperMove("accept") if drag == "drags" else PaperMove("abort")
        target = self._target(height, max(EDGE, 1.2 * step.step))
        if target is None:
            target = self._middle(step.step)
            if drag == "drags" and abs(target - height) < max(0.75 * step.step, 0.001):
                return PaperMove("accept")
        if target < step.lowest:
            if height - step.lowest < max(step.step, ALMOST):
                return PaperMove("abort")
            target = step.lowest + ALMOST / 2  # so that no rounding makes it lower
        return PaperMove("step", f"{target - height:.4f}")

    def _target(self, height: float, edge: float) -> float | None:
        """The height to look at next; None where both edges are found."""
        if not self._drags:
            if math.isinf(self._stuck):
                gap = self._person.gap()
                if gap is not None and gap > SEEN_GAP:
                    return height - gap / 2
                return height - DRAG_STEP
            if math.isinf(self._free):
                return height + DRAG_STEP
            return (self._free + self._stuck) / 2
        highest, lowest = max(self._drags), min(self._drags)
        if math.isinf(self._free):
            return highest + DRAG_STEP / 5
        if math.isinf(self._stuck):
            return lowest - DRAG_STEP / 5
        if self._free - highest > edge:
            return (self._free + highest) / 2
        if lowest - self._stuck > edge:
            return (lowest + self._stuck) / 2
        return None

    def _middle(self, step: float) -> float:
        """Half way between the two edges; a height already tried, if one is as near as steps allow."""
        middle = (self._free + max(self._drags) + min(self._drags) + self._stuck) / 4
        tried = min(self._drags, key=lambda height: abs(height - middle))
        return tried if abs(tried - middle) <= 0.6 * step else middle
