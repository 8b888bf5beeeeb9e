"""How good intervals of paper tests are once a person's scatter is learned: after five runs of two tests."""

import math
from collections.abc import Callable

import numpy as np

from campaigns.simulated_claim import Claim, Tried
from zcal_tui.model import limits
from zcal_tui.stats.combine import t_quantile
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.operator_scatter import OperatorScatter, PaperTests, ScatterPrior, together
from zcal_tui.stats.paper import PaperResult, paper_height, z_offset
from zcal_tui.stats.quantiles import normal_ppf
from zcal_tui.stats.repeatability import analyse

STEP, RESOLUTION = 0.00125, 0.00125
RUNS, TESTS = 5, 2
SAMPLES = 8
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


def _z_offset(
    sigma: float, papers: int, *, learned: bool, hit: Callable[[Interval], bool]
) -> Callable[[np.random.Generator], Tried]:
    """z_offset from eight samples (σ 3 µm) and so many paper tests of a person without bias. The true one is 0."""

    def one(rng: np.random.Generator) -> Tried:
        prior = learned_prior(rng, sigma) if learned else ScatterPrior()
        at = rng.random(2) * STEP
        heights = np.floor((rng.normal(0.0, 0.003, SAMPLES) + at[0]) / STEP) * STEP - at[0]
        trigger = analyse(
            list(heights),
            step=STEP,
            limit=limits.RANGE_OF_TEN.value,
            systematic={"sampling": STEP / 2},
            adaptive=False,
        ).mean
        felt = np.rint((rng.normal(0.0, sigma, papers) + at[1]) / STEP) * STEP - at[1]
        found = z_offset(trigger, paper_height(list(felt), RESOLUTION, prior, step=STEP), STEP)
        assert found.high is not None and found.low is not None
        half = 0.5 * (found.high - found.low)
        return Tried(hit(found), half > limits.Z_ACCURACY.value, float(papers), half)

    return one


def _z_offset_claims() -> list[Claim]:
    # A normal error exceeds twice an rms of 5 µm in 4.6 %
    far = 0.010
    cases: tuple[tuple[str, float | None, bool, Callable[[Interval], bool]], ...] = (
        ("covered", 0.93, True, lambda found: found.covers(0.0)),
        ("off by more than 10 µm", 0.046, False, lambda found: abs(found.value) > far),
        (
            "passes though off by more than 25 µm",
            0.01,
            False,
            lambda found: abs(found.value) > limits.Z_ACCURACY.value,
        ),
    )
    return [
        Claim(
            "z_offset, three paper tests",
            f"feel {1000 * sigma:g} µm{', learned' if learned else ''}",
            counted,
            nominal if sigma <= 0.008 or counted != "off by more than 10 µm" else None,
            _z_offset(sigma, 3, learned=learned, hit=hit),
            least=least,
            cost_unit="tests",
            share_of_runs=0.25,
        )
        for learned in (False, True)
        for sigma in (0.004, 0.008, 0.010)
        for counted, nominal, least, hit in cases
    ]


CLAIMS: tuple[Claim, ...] = (*_claims(), *_z_offset_claims())
