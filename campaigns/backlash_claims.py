"""How often `backlash` finds a difference between drives where there is none. A visit hides its own scatter."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from campaigns.simulated_claim import Claim, Tried
from zcal_tui.checks.backlash.comparison import compare_visits
from zcal_tui.checks.backlash.instrument import Pair, Reading
from zcal_tui.checks.backlash.parameters import BacklashParameters
from zcal_tui.stats.intervals import Interval
from zcal_tui.stats.spots import SpotComparison
from zcal_tui.stats.verdicts.backlash import judge_backlash, worse_spots

STEP, SIGMA = 0.00125, 0.002
"""mm: the Z step distance, and the scatter of one height."""
DRIVES = ("left", "right", "back")
VISITS = (0.0, 0.001, 0.002, 0.004)
"""mm: the scatter that is common to the samples of one visit."""
EQUAL, WORN = (0.020,) * 3, (0.020, 0.020, 0.060)

Judged = Callable[[SpotComparison], tuple[bool, bool | None, Interval | None]]
"""Whether what is counted happened, whether the data did not decide, and the interval that it is about."""
Case = tuple[str, str, Sequence[float], float, bool, Judged]
FloatArray = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VisitNoise:
    """The noise of the samples of a visit, along the last axis in the order taken, with a standard deviation of 1, and
    the share of triggers that are off by `outlier` (mm)."""

    name: str
    draw: Callable[[np.random.Generator, tuple[int, ...]], FloatArray]
    outlier: float = 0.0
    outliers: float = 0.0


def _normal(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
    return rng.standard_normal(shape)


def _alike(correlation: float) -> Callable[[np.random.Generator, tuple[int, ...]], FloatArray]:
    """Neighbouring samples are correlated."""

    def draw(rng: np.random.Generator, shape: tuple[int, ...]) -> FloatArray:
        noise = rng.standard_normal(shape)
        for i in range(1, shape[-1]):
            noise[..., i] *= math.sqrt(1.0 - correlation**2)
            noise[..., i] += correlation * noise[..., i - 1]
        return noise

    return draw


NORMAL = VisitNoise("", _normal)
T3 = VisitNoise(", t3", lambda rng, shape: rng.standard_t(3, shape) / math.sqrt(3.0))
LAPLACE = VisitNoise(", Laplace", lambda rng, shape: rng.laplace(0.0, 1.0 / math.sqrt(2.0), shape))
AR_3 = VisitNoise(", AR 0.3", _alike(0.3))
AR_6 = VisitNoise(", AR 0.6", _alike(0.6))
OUTLIERS = VisitNoise(", 5 % outliers of 50 µm", _normal, 0.050, 0.05)
OUTLIERS_DOWN = VisitNoise(", 5 % outliers of −50 µm", _normal, -0.050, 0.05)
SMALL_OUTLIERS = VisitNoise(", 5 % outliers of 10 µm", _normal, 0.010, 0.05)
SMALL_OUTLIERS_DOWN = VisitNoise(", 5 % outliers of −10 µm", _normal, -0.010, 0.05)


def _compared(
    rng: np.random.Generator, backlash: Sequence[float], common: float, condition: VisitNoise
) -> SpotComparison:
    """What the check compares after its usual visits: triggers down and releases up in turn, each seen at the next
    step."""
    defaults = BacklashParameters()
    shape = (defaults.rounds, len(backlash), defaults.pairs(plugin=False))
    lost = np.array(backlash) + rng.normal(0.0, common, shape[:2])
    at = rng.random(shape[:2])[..., None]
    noise = SIGMA * condition.draw(rng, (*shape[:2], 2 * shape[2]))
    off = condition.outlier * (rng.random(shape) < condition.outliers)
    triggers = np.floor((noise[..., 0::2] + off) / STEP + at) * STEP
    releases = np.ceil((lost[..., None] + noise[..., 1::2]) / STEP + at) * STEP
    values = releases - triggers - STEP
    visits = {
        name: [
            Reading.of(
                [
                    Pair(*pair)
                    for pair in zip(values[turn, i].tolist(), triggers[turn, i].tolist(), strict=True)
                ]
            )
            for turn in range(shape[0])
        ]
        for i, name in enumerate(DRIVES)
    }
    found = compare_visits(visits, 2 * STEP, STEP)
    assert found is not None
    return found.places


def _tried(
    backlash: Sequence[float], common: float, judged: Judged, condition: VisitNoise
) -> Callable[[np.random.Generator], Tried]:
    defaults = BacklashParameters()
    samples = 2.0 * defaults.pairs(plugin=False) * defaults.rounds * len(DRIVES)

    def one(rng: np.random.Generator) -> Tried:
        compared = _compared(rng, backlash, common, condition)
        counted, undecided, interval = judged(compared)
        assert interval is not None
        half = 0.5 * ((interval.high or 0.0) - (interval.low or 0.0))
        return Tried(counted, undecided, samples, half)

    return one


def _differs(compared: SpotComparison) -> tuple[bool, bool | None, Interval | None]:
    assert compared.spread is not None
    return (compared.spread.low or 0.0) > 0.0, None, compared.spread


def _blames(compared: SpotComparison) -> tuple[bool, bool | None, Interval | None]:
    return bool(worse_spots(compared)), None, compared.spread


def _finds(compared: SpotComparison) -> tuple[bool, bool | None, Interval | None]:
    undecided = judge_backlash(compared, step=STEP).level == "unknown"
    return worse_spots(compared) == ("back",), undecided, compared.spread


def _covers(compared: SpotComparison) -> tuple[bool, bool | None, Interval | None]:
    return compared.mean.covers(EQUAL[0]), None, compared.mean


def _bounded_too_low(compared: SpotComparison) -> tuple[bool, bool | None, Interval | None]:
    return compared.upper_bound < EQUAL[0], None, compared.mean


def _claims() -> list[Claim]:
    false_alarms: list[Case] = [
        ("equal drives", "places differ", EQUAL, 0.05, False, _differs),
        ("equal drives", "a drive is blamed", EQUAL, 0.05, False, _blames),
    ]
    intervals: list[Case] = [
        ("equal drives", "mean covered", EQUAL, 0.93, True, _covers),
        ("equal drives", "upper bound too low", EQUAL, 0.05, False, _bounded_too_low),
    ]
    worn: list[Case] = [("40 µm more at one", "that drive is named", WORN, 0.95, True, _finds)]
    every = [*false_alarms, *intervals, *worn]
    conditions = [
        *((NORMAL, common, every) for common in VISITS),
        *((noise, 0.001, [*false_alarms, *intervals]) for noise in (T3, LAPLACE, AR_3, AR_6)),
        *((noise, 0.001, every) for noise in (OUTLIERS, OUTLIERS_DOWN)),
    ]
    claims = [
        Claim(
            "backlash",
            f"{condition}, {1000 * common:.0f} µm between visits{noise.name}",
            counted,
            nominal,
            _tried(backlash, common, judged, noise),
            least=least,
            cost_unit="samples",
        )
        for noise, common, cases in conditions
        for condition, counted, backlash, nominal, least, judged in cases
    ]
    # Outliers of 3.5 times a pair's scatter are seldom significant, and shift the bound. That is shown and not claimed
    small = SMALL_OUTLIERS, SMALL_OUTLIERS_DOWN
    claims += [
        Claim(
            "backlash",
            f"equal drives, 1 µm between visits{noise.name}",
            counted,
            nominal,
            _tried(EQUAL, 0.001, judged, noise),
            least=least,
            cost_unit="samples",
        )
        for noise in small
        for counted, nominal, least, judged in (
            ("mean covered", 0.93, True, _covers),
            ("upper bound too low", None, False, _bounded_too_low),
        )
    ]
    return claims


CLAIMS: tuple[Claim, ...] = tuple(_claims())
