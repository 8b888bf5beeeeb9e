"""How often the verdicts that rest on paper tests are wrong: `first-layer` and `auto-z --tune`."""

import math
from collections.abc import Callable

import numpy as np

from campaigns.operator_claims import learned_prior
from campaigns.simulated_claim import Claim, Tried
from zcal_tui.model import limits
from zcal_tui.stats.auto_offset import gap_error, mean_offset, tuned_switch_offset
from zcal_tui.stats.combine import UncertaintyPart
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.offsets import Offset
from zcal_tui.stats.operator_scatter import PRIOR_DOF, PRIOR_SIGMA, ScatterPrior
from zcal_tui.stats.paper import PaperResult, paper_height
from zcal_tui.stats.verdicts.rule import Level
from zcal_tui.stats.verdicts.z_zero import MOST_TESTS, z_zero_level

STEP, RESOLUTION = 0.00125, 0.002
PAPER, PAPER_SPREAD = 0.1, 0.010
TESTS = 2
BEYOND, WITHIN = 1.2, 0.8
"""Shares of the limit at which a verdict may be wrong in 1 % of runs."""
ALLOWED = 0.01

Scatter = Callable[[np.random.Generator], float]
"""Draws a person: the standard deviation of one paper test, mm."""
ZeroErrors = Callable[[np.random.Generator, ScatterPrior], Callable[[list[float]], Interval]]
"""Draws what is uncertain beside the paper tests; returns the error of Z 0 (mm) by their heights."""


def person(sigma: float) -> Scatter:
    """Always the same person."""
    return lambda _rng: sigma


def anybody(rng: np.random.Generator) -> float:
    """A person as the prior of the paper test has them."""
    return PRIOR_SIGMA * math.sqrt(PRIOR_DOF / rng.chisquare(PRIOR_DOF))


def _felt(heights: list[float], prior: ScatterPrior) -> PaperResult:
    return paper_height(heights, RESOLUTION, prior, step=STEP)


def _first_layer(thickness: float) -> ZeroErrors:
    return lambda _rng, prior: lambda heights: gap_error(_felt(heights, prior), thickness, thickness)


def _tuning(rng: np.random.Generator, prior: ScatterPrior) -> Callable[[list[float]], Interval]:
    """Three runs of CALIBRATE_Z whose offset is 0 but for their scatter; the switch_offset that was used is 0.5."""
    values = np.rint(rng.normal(0.0, 0.003, 3) / STEP) * STEP
    offset: Offset | None = mean_offset(list(values), STEP, UncertaintyPart(0.002, 18.0))
    assert offset is not None
    # switch_offset − what it should be is Z 0's error, as the paper test's contact − offset is
    return lambda heights: tuned_switch_offset(0.0, offset, _felt(heights, prior), PAPER).negated()


def _simulate(
    error: Callable[[np.random.Generator], float],
    scatter: Scatter,
    errors: ZeroErrors,
    thickness: float,
    wrong: Callable[[Level, float], bool],
    *,
    learned: bool = False,
) -> Callable[[np.random.Generator], Tried]:
    def one(rng: np.random.Generator) -> Tried:
        true, sigma = error(rng), scatter(rng)
        found = errors(rng, learned_prior(rng, sigma) if learned else ScatterPrior())
        paper = thickness + (rng.uniform(-PAPER_SPREAD, PAPER_SPREAD) if thickness else 0.0)
        heights: list[float] = []
        while True:
            heights.append(true + paper + rng.normal(0.0, sigma))
            if len(heights) < TESTS:
                continue
            interval = found(heights)
            level = z_zero_level(interval, len(heights))
            if level != "unknown" or len(heights) == MOST_TESTS:
                break
        assert interval.low is not None and interval.high is not None
        half = 0.5 * (interval.high - interval.low)
        return Tried(wrong(level, true), level == "unknown", float(len(heights)), half)

    return one


def _claims(name: str, errors: ZeroErrors, thickness: float) -> list[Claim]:
    limit = limits.Z_ACCURACY.value
    beyond, within = BEYOND * limit, WITHIN * limit
    # A person who is rougher than the prior assumes is wrong more often until their own tests have shown it
    people: list[tuple[str, Scatter, float | None, bool]] = [
        ("5 µm", person(0.005), ALLOWED, False),
        ("10 µm", person(0.010), ALLOWED, False),
        ("15 µm", person(0.015), None, False),
        ("as the prior", anybody, 2 * ALLOWED, False),
        ("5 µm, learned", person(0.005), ALLOWED, True),
        ("10 µm, learned", person(0.010), ALLOWED, True),
        ("15 µm, learned", person(0.015), ALLOWED, True),
    ]
    cases: list[tuple[str, str, Callable[[np.random.Generator], float], Callable[[Level, float], bool]]] = [
        (f"{beyond * 1000:+.0f} µm", "pass", lambda _rng: beyond, lambda level, _true: level == "pass"),
        (f"{within * 1000:+.0f} µm", "warn", lambda _rng: within, lambda level, _true: level == "warn"),
        (
            "up to ± 60 µm",
            "wrong",
            lambda rng: float(rng.uniform(-0.060, 0.060)),
            lambda level, true: level == ("pass" if abs(true) > limit else "warn"),
        ),
    ]
    return [
        Claim(
            name,
            f"off by {size}, feel {who}",
            counted,
            allowed,
            _simulate(true, scatter, errors, thickness, wrong, learned=learned),
            cost_unit="tests",
        )
        for who, scatter, allowed, learned in people
        for size, counted, true, wrong in cases
    ]


CLAIMS: tuple[Claim, ...] = (
    *_claims("first-layer, Z 0 where the paper drags", _first_layer(0.0), 0.0),
    *_claims("first-layer, Z 0 at contact", _first_layer(PAPER), PAPER),
    *_claims("auto-z --tune", _tuning, PAPER),
)
