"""How good intervals of paper tests are once a person's scatter is learned: after five runs of two tests."""

import math
from collections.abc import Callable

import numpy as np

from campaigns.simulated_claim import Claim, Tried
from zcal_tui.stats.combine import t_quantile
from zcal_tui.stats.operator_scatter import OperatorScatter, PaperTests, ScatterPrior, together
from zcal_tui.stats.paper import PaperResult, paper_height
from zcal_tui.stats.quantiles import normal_ppf

STEP, RESOLUTION = 0.00125, 0.00125
RUNS, TESTS = 5, 2
FEELS = (0.002, 0.005, 0.010, 0.015)
NAME = "paper test, feel learned"

Judged = Callable[[PaperResult, float, float], Tried]
"""A result with the true height and the person's scatter (mm)."""


def learned_prior(rng: np.random.Generator, sigma: float) -> ScatterPrior:
    """What five runs of two tests have shown of a person's scatter (mm)."""
    heights = np.rint(rng.normal(0.0, sigma, (RUNS, TESTS)) / STEP + rng.random((RUNS, 1))) * STEP
    rounding = (TESTS - 1) * (2 * RESOLUTION) ** 2 / 12
    shown = [PaperTests(float(one.var() * TESTS), TESTS - 1.0, rounding, TESTS) for one in heights]
    return OperatorScatter("simulated", together(shown)).prior


def _random_part(result: PaperResult, true: float, sigma: float) -> Tried:
    reach = t_quantile(0.975, result.dof) * result.height.components["feel"]
    return Tried(abs(result.height.value - true) <= reach, half_width=reach)


def _bound(result: PaperResult, true: float, sigma: float) -> Tried:
    assert result.sigma is not None and result.sigma.high is not None
    return Tried(result.sigma.high >= sigma, half_width=result.sigma.high)


def _width(result: PaperResult, true: float, sigma: float) -> Tried:
    assert result.height.high is not None and result.height.low is not None
    half = 0.5 * (result.height.high - result.height.low)
    known = math.sqrt(sigma**2 / TESTS + RESOLUTION**2 / 3 + STEP**2 / 12)
    return Tried(half <= 1.5 * normal_ppf(0.975) * known, half_width=half)


def _tried(sigma: float, judged: Judged) -> Callable[[np.random.Generator], Tried]:
    def one(rng: np.random.Generator) -> Tried:
        prior = learned_prior(rng, sigma)
        place = rng.random() * STEP
        heights = np.rint((rng.normal(0.0, sigma, TESTS) + place) / STEP) * STEP
        return judged(paper_height(list(heights), RESOLUTION, prior, step=STEP), place, sigma)

    return one


def _claims() -> list[Claim]:
    cases: tuple[tuple[str, float, bool, Judged], ...] = (
        ("random part covers", 0.93, True, _random_part),
        ("random part covers", 0.97, False, _random_part),
        ("sigma's bound holds", 0.93, True, _bound),
        ("at most 1.5 times as wide as ideal", 0.5, True, _width),
    )
    return [
        Claim(
            NAME,
            f"feel {1000 * sigma:g} µm, after five runs",
            counted,
            nominal,
            _tried(sigma, judged),
            least=least,
        )
        for sigma in FEELS
        for counted, nominal, least, judged in cases
    ]


CLAIMS: tuple[Claim, ...] = tuple(_claims())
