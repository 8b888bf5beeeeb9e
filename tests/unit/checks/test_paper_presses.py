"""How many presses a Z offset takes a person who feels the paper within 6 µm, from Start to Save."""

import asyncio
import random

import pytest

from tests.unit.fakes.virtual import Habits, QuickPerson, virtual_bench
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.lease import temporary_settings
from zcal_tui.checks.z_offset.parameters import ZOffsetParameters
from zcal_tui.model.events import SampleTaken
from zcal_tui.model.paper_moves import NARROW, automatic_step, bisect_target, last_bisection
from zcal_tui.model.questions import Confirm, PaperMove, PaperStep
from zcal_tui.model.record import Sample
from zcal_tui.printer import zcal_module

MOST = 20
"""Presses, with Start and Save."""
START_AND_SAVE = 2
SIGMA, WINDOW = 0.006, 0.01
"""mm: from test to test, and how far from the right height the paper still just drags."""


class PressingPerson(QuickPerson):
    """Presses Lower, Bisect, Undo and Accept as the screen offers them, and counts."""

    def __init__(self, chance: random.Random, contact: float) -> None:
        super().__init__(chance)
        self._feel, self._contact = chance, contact
        self._right = contact
        self._felt: dict[float, str] = {}
        self.presses = START_AND_SAVE
        self.last_bisections = 0
        self.starts: list[float] = []
        self.lowered: list[tuple[float, float]] = []
        """Each step down: how far above the paper's height it began, and its length."""

    async def confirm(self, question: Confirm) -> bool:
        self.presses += 1
        return await super().confirm(question)

    async def paper(self, question: PaperStep) -> PaperMove:
        self.presses += 1
        height = question.height
        if len(question.tried) == 1:
            self._right = self._contact + self._feel.gauss(0.0, SIGMA)
            self._felt = {}
            self.starts.append(height)
        above = height - self._right
        drag = "drags" if abs(above) <= WINDOW else "free" if above > 0 else "stuck"
        self._felt[height] = drag
        if drag == "drags" and any(self._narrow(height, z) for z in self._free_above(height)):
            self.papers += 1
            return PaperMove("accept")
        step = automatic_step(question)
        if drag != "free":
            if last_bisection(question, step) is not None:
                self.papers += 1
                self.last_bisections += 1
                return PaperMove("accept", "+")
            target = bisect_target(question, 1, step)
            assert target is not None, "a height above this one was free"
        else:
            before = question.tried[-2] if len(question.tried) > 1 else None
            if before is not None and self._felt.get(before) == "drags" and self._narrow(before, height):
                return PaperMove("undo")
            target = bisect_target(question, -1, step)
            if target is None:
                target = height - step
            self.lowered.append((above, height - target))
        return PaperMove("step", f"{target - height:.6g}")

    def _free_above(self, height: float) -> list[float]:
        return [z for z, drag in self._felt.items() if drag == "free" and z > height]

    @staticmethod
    def _narrow(dragging: float, free: float) -> bool:
        return 0.0 < free - dragging <= 2 * NARROW + 1e-6


async def _presses(seed: int, contact: float) -> tuple[PressingPerson, list[Sample]]:
    async with virtual_bench(Habits(seed=seed)) as bench:
        person = PressingPerson(random.Random(seed), contact)
        context = bench.context
        object.__setattr__(context, "operator", person)
        await CHECKS["z-offset"].run(context, ZOffsetParameters())
        return person, [
            event.sample
            for event in bench.said
            if isinstance(event, SampleTaken) and event.sample.kind == "paper"
        ]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zcal_module, "POLL", 0.0)
    monkeypatch.setattr(temporary_settings, "RATE_LOOK", 0.001)


@pytest.mark.parametrize("contact", [0.0, 0.04, -0.03, 0.15])
def test_a_z_offset_takes_at_most_twenty_presses(contact: float) -> None:
    for seed in range(2):
        person, papers = asyncio.run(_presses(seed, contact))
        assert len(papers) == 2
        assert all(abs(paper.trigger_z - contact) < 4 * SIGMA + WINDOW for paper in papers)
        assert all(paper.values["resolution"] <= NARROW + 0.001 for paper in papers)
        assert person.presses <= MOST


def test_the_last_bisection_accepts_the_middle_of_its_bracket() -> None:
    """The paper drags too much 20 µm below the first height that is found, which is 30 µm below a free one."""
    person, papers = asyncio.run(_presses(3, 0.025))
    assert person.last_bisections >= 1
    assert all(abs(paper.trigger_z - 0.025) < 4 * SIGMA + WINDOW for paper in papers)
    assert {round(paper.values["resolution"], 3) for paper in papers} == {NARROW}


def test_the_second_test_begins_just_above_the_first_ones_height() -> None:
    person, papers = asyncio.run(_presses(1, 0.03))
    first, second = person.starts
    assert first == pytest.approx(2.5, abs=0.02), "1 mm above the trigger height"
    assert second == pytest.approx(papers[0].trigger_z + 0.3, abs=0.001)


def test_a_wrong_z_offset_presses_the_nozzle_into_the_bed_by_half_a_millimetre_at_most() -> None:
    """The bed is 0.9 mm higher than z_offset says."""
    person, _ = asyncio.run(_presses(2, 0.9))
    assert min(above - length for above, length in person.lowered) > -0.5
