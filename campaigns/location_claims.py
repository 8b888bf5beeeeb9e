"""How often `bias` does not decide, how often it is wrong, and how many paper tests it takes."""

from collections.abc import Callable

import numpy as np

from campaigns.simulated_claim import Claim, Tried
from zcal_tui.checks.bias import BiasParameters
from zcal_tui.checks.bias.analysis import FINER_GAUGE, PEOPLE, BiasReport
from zcal_tui.model import limits
from zcal_tui.model.events import VerdictReached
from zcal_tui.model.record import Level
from zcal_tui.printer.places import Place
from zcal_tui.stats.operator_scatter import ScatterPrior

STEP = 0.00125
BETWEEN_ROUNDS = 0.004
CORNERS = tuple(
    Place(name, bed, bed)
    for name, bed in (
        ("front left", (20.0, 20.0)),
        ("front right", (220.0, 20.0)),
        ("back right", (220.0, 220.0)),
        ("back left", (20.0, 220.0)),
    )
)
TESTS, LEARNED_TESTS = 21, 18
LEARNED_DOF = 23.0
LARGEST = 0.045
FEELS = (0.004, 0.010)
SHARE_OF_RUNS = 0.5
ERROR = 0.05

Effects = Callable[[np.random.Generator], list[float]]
Priors = Callable[[np.random.Generator, float], ScatterPrior]


def anywhere(rng: np.random.Generator) -> list[float]:
    """Four places whose largest difference is anywhere up to LARGEST."""
    drawn = rng.uniform(0.0, 1.0, len(CORNERS))
    return [float(effect) for effect in rng.uniform(0.0, LARGEST) * (drawn - drawn.min()) / np.ptp(drawn)]


def spread_of(size: float, *shares: float) -> Effects:
    """The same places always, `size` mm apart at most."""
    return lambda _rng: [size * share for share in shares]


def unlearned(_rng: np.random.Generator, _sigma: float) -> ScatterPrior:
    """Nothing is known of the person."""
    return PEOPLE


def learned(rng: np.random.Generator, sigma: float) -> ScatterPrior:
    """The person's feel is known from their own tests."""
    return ScatterPrior(sigma * float(np.sqrt(rng.chisquare(LEARNED_DOF) / LEARNED_DOF)), LEARNED_DOF, True)


def normal(rng: np.random.Generator) -> float:
    """One paper test's error in units of sigma; so are the others."""
    return float(rng.normal())


def t3(rng: np.random.Generator) -> float:
    """Heavy tails."""
    return float(rng.standard_t(3)) / 3**0.5


def laplace(rng: np.random.Generator) -> float:
    """Tails between the two."""
    return float(rng.laplace()) / 2**0.5


def with_outliers(rng: np.random.Generator) -> float:
    """1 in 20 tests is five sigma off."""
    return float(rng.normal()) + 5.0 * float(rng.random() < 0.05)


def simulate(
    effects: list[float],
    sigma: float,
    prior: ScatterPrior,
    tests: int,
    rng: np.random.Generator,
    noise: Callable[[np.random.Generator], float] = normal,
) -> tuple[Level, int]:
    """The verdict, and after how many paper tests."""
    report = BiasReport(BiasParameters(max_tests=tests), CORNERS, STEP, prior)
    taken = 0
    while report.further() > 0:
        turn, shift = report.rounds + 1, rng.normal(0.0, BETWEEN_ROUNDS)
        for place in report.upcoming():
            true = effects[CORNERS.index(place)]
            height = round(float(true + shift + sigma * noise(rng)) / STEP) * STEP
            report.add(place, turn, height)
            taken += 1
    (verdict,) = (event.verdict for event in report.conclusion() if isinstance(event, VerdictReached))
    return verdict.level, taken


def _claim(
    condition: str,
    effects: Effects,
    counted: str,
    hit: Callable[[Level, float], bool],
    nominal: float | None,
    *,
    priors: Priors = unlearned,
    feels: tuple[float, float] = FEELS,
    tests: int = TESTS,
    noise: Callable[[np.random.Generator], float] = normal,
) -> Claim:
    def tried(rng: np.random.Generator) -> Tried:
        sigma, places = float(rng.uniform(*feels)), effects(rng)
        level, taken = simulate(places, sigma, priors(rng, sigma), tests, rng, noise)
        return Tried(hit(level, max(places) - min(places)), level is Level.UNKNOWN, float(taken))

    return Claim(
        "bias", condition, counted, nominal, tried, cost_unit="paper tests", share_of_runs=SHARE_OF_RUNS
    )


def _unknown(level: Level, _spread: float) -> bool:
    return level is Level.UNKNOWN


def _wrong(level: Level, spread: float) -> bool:
    limit = limits.LOCATION_BIAS.value
    return level is (Level.PASS if spread > limit else Level.FAIL)


def _borderline_outside(level: Level, spread: float) -> bool:
    limit = limits.LOCATION_BIAS.value
    inside = abs(spread - limit) <= limits.BIAS_ZONE.value * limit
    return level is Level.WARN and not inside


def _passed(level: Level, _spread: float) -> bool:
    return level is Level.PASS


def _failed(level: Level, _spread: float) -> bool:
    return level is Level.FAIL


CLAIMS: tuple[Claim, ...] = (
    _claim("spread of 0 to 45 µm, feel 4 to 10 µm", anywhere, "unknown", _unknown, 0.20),
    _claim("spread of 0 to 45 µm, feel 4 to 10 µm", anywhere, "wrong", _wrong, ERROR),
    _claim(
        "spread of 0 to 45 µm, feel 4 to 10 µm",
        anywhere,
        "borderline, but not within 10 µm of the limit",
        _borderline_outside,
        ERROR,
    ),
    _claim(
        "spread of 0 to 45 µm, feel 4 to 10 µm, learned",
        anywhere,
        "unknown",
        _unknown,
        0.12,
        priors=learned,
        tests=LEARNED_TESTS,
    ),
    _claim(
        "spread of 0 to 45 µm, feeler gauge (2.5 µm)",
        anywhere,
        "unknown",
        _unknown,
        0.12,
        priors=lambda _rng, _sigma: FINER_GAUGE,
        feels=(0.002, 0.0025),
    ),
    *(
        _claim(
            f"spread of 0 to 45 µm, feel 4 to 10 µm, {kind}",
            anywhere,
            "wrong",
            _wrong,
            ERROR,
            noise=noise,
        )
        for kind, noise in (("t3", t3), ("Laplace", laplace), ("5 % outliers of 5 σ", with_outliers))
    ),
    *(
        _claim(
            f"spread of 25 µm, {shape}, {who}",
            spread_of(0.025, *shares),
            counted,
            hit,
            ERROR,
            priors=priors,
            tests=LEARNED_TESTS if priors is learned else TESTS,
        )
        for shape, shares in (
            ("two between", (0.0, 0.5, 0.5, 1.0)),
            ("two at each end", (0.0, 0.0, 1.0, 1.0)),
        )
        for who, priors in (("feel 4 to 10 µm", unlearned), ("feel 4 to 10 µm, learned", learned))
        for counted, hit in (("pass", _passed), ("fail", _failed))
    ),
    *(
        _claim(
            f"spread of {1000 * size:.0f} µm, two between", spread_of(size, 0.0, 0.5, 0.5, 1.0), *count, None
        )
        for size, count in ((0.015, ("fail", _failed)), (0.035, ("pass", _passed)))
    ),
)
