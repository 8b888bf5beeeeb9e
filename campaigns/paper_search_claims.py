"""How often `feel` bounds the scatter of a person's paper tests, with tests as the autopilot does them.

A test is the whole search: the paper is free, drags or sticks, the nozzle moves by whole steps, and the brackets of
tests that start alike are alike. So the heights contain the hand, the steps and the search.
"""

import math
from collections.abc import Callable

import numpy as np

from campaigns.simulated_claim import Claim, Tried
from zcal_tui.headless.autopilot import PaperSearch
from zcal_tui.model.questions import PaperStep
from zcal_tui.stats.operator_scatter import OperatorScatter, PaperTests, ScatterPrior, together
from zcal_tui.stats.paper import paper_height

RUNS, TESTS = 5, 2
"""Earlier runs, and paper tests of each run."""
START, WINDOW = 1.0, 0.010
"""mm: where a test starts above contact, and half the range in which the paper drags."""
DRAWN = (0.004, 0.010)
"""mm: the feels that the campaign of whole calibrations draws."""
STEPS = (0.00125, 0.005)
"""mm: Z step distances."""
SAME = 1e-6

Hand = Callable[[np.random.Generator], float]
"""Draws a person's scatter (mm)."""


class _Paper:
    """The paper below a nozzle that stops at whole steps, in a test whose person is off by `error` (mm)."""

    def __init__(self, step: float, place: float, error: float) -> None:
        self._step = step
        self._place = place
        self._error = error
        self.height = START

    def drag(self) -> str:
        off = self._real() - self._error
        return "free" if off > WINDOW else "stuck" if off < -WINDOW else "drags"

    def gap(self) -> float | None:
        return self._real()

    def _real(self) -> float:
        """Where the nozzle is over contact. Zero may be anywhere between two steps."""
        return (round(self.height / self._step + self._place) - self._place) * self._step


def paper_test(step: float, place: float, error: float) -> tuple[float, float]:
    """The height (mm) that a test accepts, and half the distance to the next one that was tried."""
    paper = _Paper(step, place, error)
    search = PaperSearch(paper)
    tried = [START]
    while True:
        move = search.next(_question(paper.height, step))
        if move.kind != "step":
            assert move.kind == "accept"
            break
        paper.height += float(move.z)
        tried.append(paper.height)
    return paper.height, min(abs(one - paper.height) for one in tried if abs(one - paper.height) > SAME) / 2


def _question(height: float, step: float) -> PaperStep:
    return PaperStep(
        key="paper",
        text="",
        height=height,
        lower=None,
        upper=None,
        start=START,
        lowest=-math.inf,
        expected=None,
        step=step,
    )


def _run(rng: np.random.Generator, sigma: float, step: float) -> tuple[list[float], float]:
    """The heights of one run's tests, and the widest last bracket."""
    place = float(rng.random())
    tests = [paper_test(step, place, float(rng.normal(0.0, sigma))) for _ in range(TESTS)]
    return [height for height, _ in tests], max(resolution for _, resolution in tests)


def _learned(rng: np.random.Generator, sigma: float, step: float) -> ScatterPrior:
    """What earlier runs of this person have shown, as the store adds it up."""
    shown = []
    for _ in range(RUNS):
        heights, resolution = _run(rng, sigma, step)
        rounding = (TESTS - 1) * (2 * resolution) ** 2 / 12
        shown.append(PaperTests(float(np.var(heights)) * TESTS, TESTS - 1.0, rounding, TESTS))
    return OperatorScatter("simulated", together(shown)).prior


def _bounded(hand: Hand, step: float, *, learned: bool) -> Callable[[np.random.Generator], Tried]:
    def one(rng: np.random.Generator) -> Tried:
        sigma = hand(rng)
        prior = _learned(rng, sigma, step) if learned else ScatterPrior()
        heights, resolution = _run(rng, sigma, step)
        found = paper_height(heights, resolution, prior, step=step).sigma
        assert found is not None and found.high is not None
        return Tried(found.high >= sigma, None, float(TESTS), found.high)

    return one


def _claims() -> list[Claim]:
    hands: list[tuple[str, Hand]] = [
        ("4 to 10 µm", lambda rng: float(rng.uniform(*DRAWN))),
        *((f"{1000 * sigma:g} µm", _always(sigma)) for sigma in (0.002, 0.015)),
    ]
    return [
        Claim(
            "feel, two whole paper tests",
            f"hand {name}, step {1000 * step:g} µm{', learned' if learned else ''}",
            "bound covers",
            0.93,
            _bounded(hand, step, learned=learned),
            least=True,
            cost_unit="tests",
        )
        for learned in (False, True)
        for name, hand in hands
        for step in STEPS
    ]


def _always(sigma: float) -> Hand:
    return lambda rng: sigma


CLAIMS: tuple[Claim, ...] = tuple(_claims())
