"""How many presses a Z offset takes a person who feels the paper within 6 µm, from Start to Save."""

import asyncio
import random

import pytest

from tests.unit.fakes.virtual import Habits, QuickPerson, virtual_bench
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.lease import temporary_settings
from zcal_tui.checks.z_offset.parameters import ZOffsetParameters
from zcal_tui.model.events import SampleTaken
from zcal_tui.model.paper_moves import automatic_step, bisect_target
from zcal_tui.model.questions import Confirm, PaperMove, PaperStep
from zcal_tui.printer import zcal_module

MOST = 20
"""Presses, with Start and Save."""
START_AND_SAVE = 2
SIGMA, WINDOW = 0.006, 0.01
"""mm: from test to test, and how far from the right height the paper still just drags."""


class PressingPerson(QuickPerson):
    """Presses Lower, Bisect and Accept as the screen offers them, and counts."""

    def __init__(self, chance: random.Random, contact: float) -> None:
        super().__init__(chance)
        self._feel, self._contact = chance, contact
        self._right = contact
        self.presses = START_AND_SAVE
        self.starts: list[float] = []
        self.lowered: list[tuple[float, float]] = []
        """Each step down: how far above the paper's height it began, and its length."""

    async def confirm(self, question: Confirm) -> bool:
        self.presses += 1
        return await super().confirm(question)

    async def paper(self, question: PaperStep) -> PaperMove:
        self.presses += 1
        if len(question.tried) == 1:
            self._right = self._contact + self._feel.gauss(0.0, SIGMA)
            self.starts.append(question.height)
        above = question.height - self._right
        if abs(above) <= WINDOW:
            self.papers += 1
            return PaperMove("accept")
        step = automatic_step(question)
        if above < 0:
            target = bisect_target(question, 1, step)
            assert target is not None, "a height above this one was free"
        else:
            target = bisect_target(question, -1, step)
            if target is None:
                target = question.height - step
            self.lowered.append((above, question.height - target))
        return PaperMove("step", f"{target - question.height:.6g}")


async def _presses(seed: int, contact: float) -> tuple[PressingPerson, list[float]]:
    async with virtual_bench(Habits(seed=seed)) as bench:
        person = PressingPerson(random.Random(seed), contact)
        context = bench.context
        object.__setattr__(context, "operator", person)
        await CHECKS["z-offset"].run(context, ZOffsetParameters())
        return person, [
            event.sample.trigger_z
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
        person, heights = asyncio.run(_presses(seed, contact))
        assert len(heights) == 2
        assert all(abs(height - contact) < 4 * SIGMA + WINDOW for height in heights)
        assert person.presses <= MOST


def test_the_second_test_begins_just_above_the_first_ones_height() -> None:
    person, heights = asyncio.run(_presses(1, 0.03))
    first, second = person.starts
    assert first == pytest.approx(2.5, abs=0.02), "1 mm above the trigger height"
    assert second == pytest.approx(heights[0] + 0.3, abs=0.001)


def test_a_wrong_z_offset_presses_the_nozzle_into_the_bed_by_half_a_millimetre_at_most() -> None:
    """The bed is 0.9 mm higher than z_offset says."""
    person, _ = asyncio.run(_presses(2, 0.9))
    assert min(above - length for above, length in person.lowered) > -0.5
