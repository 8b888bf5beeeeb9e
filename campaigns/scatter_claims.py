"""How often sigma's interval covers, and a drift is named where there is none, under noise of many kinds."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from campaigns.simulated_claim import Claim, Tried
from zcal_tui.model import limits
from zcal_tui.stats.repeatability import Repeatability, analyse

STEP, SIGMA, SAMPLES = 0.0025, 0.003, 20
SHARE_OF_RUNS = 0.25

FloatArray = NDArray[np.float64]
Noise = Callable[[np.random.Generator], FloatArray]
"""Draws a series whose standard deviation, without what else is in it, is 1."""


def _normal(rng: np.random.Generator) -> FloatArray:
    return rng.standard_normal(SAMPLES)


def _t3(rng: np.random.Generator) -> FloatArray:
    return rng.standard_t(3, SAMPLES) / math.sqrt(3.0)


def _laplace(rng: np.random.Generator) -> FloatArray:
    return rng.laplace(0.0, 1.0 / math.sqrt(2.0), SAMPLES)


def _alike(correlation: float) -> Noise:
    """Neighbouring samples are correlated."""

    def draw(rng: np.random.Generator) -> FloatArray:
        noise = rng.standard_normal(SAMPLES)
        for i in range(1, SAMPLES):
            noise[i] = correlation * noise[i - 1] + math.sqrt(1.0 - correlation**2) * noise[i]
        return noise

    return draw


def _drifting(total: float) -> Noise:
    return lambda rng: rng.standard_normal(SAMPLES) + np.linspace(-0.5 * total, 0.5 * total, SAMPLES)


def _first(shift: float) -> Noise:
    def draw(rng: np.random.Generator) -> FloatArray:
        noise = rng.standard_normal(SAMPLES)
        noise[0] += shift
        return noise

    return draw


def _outliers(size: float, share: float) -> Noise:
    """Some samples are off by `size` (mm)."""
    return lambda rng: rng.standard_normal(SAMPLES) + size / SIGMA * (rng.random(SAMPLES) < share)


def _tried(noise: Noise, hit: Callable[[Repeatability], bool]) -> Callable[[np.random.Generator], Tried]:
    def one(rng: np.random.Generator) -> Tried:
        heights = np.floor(SIGMA * noise(rng) / STEP + rng.random()) * STEP
        result = analyse(list(heights), step=STEP, limit=limits.RANGE_OF_TEN.value, adaptive=False)
        sigma = result.sigma
        half = None if sigma.low is None or sigma.high is None else 0.5 * (sigma.high - sigma.low)
        return Tried(hit(result), None, float(SAMPLES), half)

    return one


def _covered(result: Repeatability) -> bool:
    return result.sigma.covers(SIGMA)


def _drift_named(result: Repeatability) -> bool:
    return result.drift is not None and result.drift.found


def _claims() -> list[Claim]:
    # Tails heavier than the model's make outliers of good samples; that is shown and not claimed
    cases: tuple[tuple[str, Noise, float | None, float | None], ...] = (
        ("normal", _normal, 0.93, 0.02),
        ("t with 3 degrees of freedom", _t3, None, None),
        ("Laplace", _laplace, None, None),
        ("AR 0.3", _alike(0.3), None, 0.05),
        ("AR 0.6", _alike(0.6), None, 0.07),
        ("a drift of 2 σ over the series", _drifting(2.0), 0.93, None),
        ("a drift of 3 σ over the series", _drifting(3.0), 0.93, None),
        ("the first sample 2.5 σ off", _first(2.5), 0.93, None),
        ("the first sample 200 µm off", _first(0.200 / SIGMA), 0.93, 0.05),
        ("5 % outliers of 50 µm", _outliers(0.050, 0.05), 0.93, 0.05),
        ("5 % outliers of 200 µm", _outliers(0.200, 0.05), 0.93, 0.05),
    )
    claims = []
    for condition, noise, least, most in cases:
        named = f"{condition}, σ 3 µm"
        claims += [
            Claim(
                "accuracy",
                named,
                "sigma covered",
                least,
                _tried(noise, _covered),
                least=True,
                cost_unit="samples",
                share_of_runs=SHARE_OF_RUNS,
            ),
            Claim(
                "accuracy",
                named,
                "drift named",
                most,
                _tried(noise, _drift_named),
                cost_unit="samples",
                share_of_runs=SHARE_OF_RUNS,
            ),
        ]
    return claims


CLAIMS: tuple[Claim, ...] = tuple(_claims())
