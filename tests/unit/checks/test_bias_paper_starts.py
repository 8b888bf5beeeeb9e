"""Where a location bias begins its paper tests: from a place's second one on, just above the height of the first."""

import asyncio
import random
from collections.abc import Callable

import pytest

from tests.unit.checks.test_paper_presses import SIGMA, WINDOW, PressingPerson
from tests.unit.fakes.virtual import Habits, virtual_bench
from zcal_tui.checks.bias import BiasParameters
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.lease import temporary_settings
from zcal_tui.model.events import SampleTaken
from zcal_tui.model.questions import PaperMove, PaperStep
from zcal_tui.model.record import Sample
from zcal_tui.printer import zcal_module
from zcal_tui.printer.config_view import probe_config

PLACES = {"50,50": 0.0, "150,50": 0.03, "100,150": -0.05}
"""mm: the paper's height at each place."""
TRIGGER = 1.5
LATER_ROUND = 4
"""Presses of a paper test that begins just above the height of the one before, on average at most."""

Moved = Callable[[int], float]
"""mm by which the bed is higher than in the first round, by the round."""


class PersonOverTheBed(PressingPerson):
    """Feels the paper at each place's own height, and notes each test."""

    def __init__(self, chance: random.Random, moved: Moved) -> None:
        super().__init__(chance, 0.0)
        self._moved = moved
        self.begun: list[PaperStep] = []
        """The first question of each test."""
        self.taken: list[int] = []
        """Presses of each test."""

    async def paper(self, question: PaperStep) -> PaperMove:
        if len(question.tried) == 1:
            self._contact = PLACES[question.place] + self._moved(question.test)
            self.begun.append(question)
            self.taken.append(0)
        self.taken[-1] += 1
        return await super().paper(question)


async def _run(
    seed: int,
    moved: Moved,
    probed: Moved,
    parameters: BiasParameters,
) -> tuple[PersonOverTheBed, list[Sample]]:
    async with virtual_bench(Habits(seed=seed)) as bench:
        person = PersonOverTheBed(random.Random(seed), moved)
        machine, context = bench.machine, bench.context
        object.__setattr__(context, "operator", person)
        probe = probe_config(bench.printer.state)
        assert probe is not None
        x_offset, y_offset = probe.x_offset, probe.y_offset

        def height() -> float:
            x, y = machine.objects["toolhead"]["position"][:2]
            turn = 1 + len(person.begun) // len(PLACES)
            bed = PLACES[f"{x + x_offset:.0f},{y + y_offset:.0f}"]
            return round(TRIGGER + bed + probed(turn) + machine.chance.gauss(0.0, 0.002), 6)

        machine.height = height  # type: ignore[method-assign]
        await CHECKS["bias"].run(context, parameters)
        papers = [event.sample for event in bench.said if isinstance(event, SampleTaken)]
        return person, [sample for sample in papers if sample.kind == "paper"]


def run(
    seed: int, moved: Moved = lambda turn: 0.0, probed: Moved | None = None
) -> tuple[PersonOverTheBed, list[Sample]]:
    """Three rounds over three places. `moved` moves the bed, and with it what the probe finds but for `probed`."""
    parameters = BiasParameters(places=";".join(PLACES), rounds=3, max_rounds=3)
    return asyncio.run(_run(seed, moved, moved if probed is None else probed, parameters))


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zcal_module, "POLL", 0.0)
    monkeypatch.setattr(temporary_settings, "RATE_LOOK", 0.001)


def heights(papers: list[Sample], turn: int) -> dict[str, float]:
    """The height that each place gave in a round."""
    return {sample.place: sample.trigger_z for sample in papers if sample.round == turn}


def test_from_the_second_round_on_a_test_begins_just_above_its_places_height() -> None:
    person, papers = run(1)
    assert [len(heights(papers, turn)) for turn in (1, 2, 3)] == [3, 3, 3]
    for step in person.begun:
        if step.test > 1:
            before = heights(papers, step.test - 1)[step.place]
            assert step.height == pytest.approx(before + 0.3, abs=0.02)
            assert step.height >= before + 0.3 - 1e-6, "the probe's scatter brings it no nearer"
            assert step.expected == pytest.approx(before, abs=0.02)
            assert step.measured


def test_a_first_visit_to_a_place_begins_as_far_above_as_ever() -> None:
    person, _ = run(1)
    first, *others = person.begun[: len(PLACES)]
    assert first.height == 10.0
    for step in others:
        assert step.expected is not None
        assert step.height == pytest.approx(step.expected + 1.0, abs=0.001)
        assert not step.measured


@pytest.mark.parametrize("moved", [0.5, -0.5])
def test_a_bed_that_has_moved_is_approached_as_on_a_first_visit(moved: float) -> None:
    """Z 0 moves between the rounds, as when a motor has lost steps."""
    person, papers = run(2, lambda turn: moved if turn > 1 else 0.0)
    for step in person.begun:
        if step.test == 2:
            assert step.expected == pytest.approx(PLACES[step.place] + moved, abs=0.05)
            assert step.expected is not None
            higher = max(heights(papers, 1)[step.place], step.expected)
            assert step.height == pytest.approx(higher + 1.0, abs=0.001)
            assert not step.measured


def test_a_probe_that_has_slipped_brings_the_nozzle_no_nearer() -> None:
    """The probe now triggers half a millimetre lower than the bed would have it."""
    person, papers = run(3, probed=lambda turn: -0.5 if turn > 1 else 0.0)
    for step in person.begun:
        if step.test == 2:
            assert step.height == pytest.approx(heights(papers, 1)[step.place] + 1.0, abs=0.001)


def test_later_rounds_take_few_presses_and_find_the_same() -> None:
    later: list[int] = []
    for seed in range(4):
        person, papers = run(seed)
        later += [count for step, count in zip(person.begun, person.taken, strict=True) if step.test > 1]
        assert all(abs(paper.trigger_z - PLACES[paper.place]) < 4 * SIGMA + WINDOW for paper in papers)
    assert sum(later) / len(later) <= LATER_ROUND
