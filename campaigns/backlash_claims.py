"""How often `backlash` finds a difference between drives where there is none. A visit hides its own scatter."""

from collections.abc import Callable, Sequence

import numpy as np

from campaigns.simulated_claim import Claim, Tried
from zcal_tui.checks.backlash.parameters import BacklashParameters
from zcal_tui.stats.quantisation import undithered_share
from zcal_tui.stats.spots import SpotComparison, SpotSamples, compare_spots
from zcal_tui.stats.verdicts.backlash import judge_backlash, worse_spots

STEP, SIGMA = 0.00125, 0.002
"""mm: the Z step distance, and the scatter of one height."""
DRIVES = ("left", "right", "back")
VISITS = (0.0, 0.001, 0.002, 0.004)
"""mm: the scatter that is common to the samples of one visit."""
OUTLIER, OUTLIERS = 0.050, 0.05
"""mm, and the share of the triggers."""
EQUAL, WORN = (0.020,) * 3, (0.020, 0.020, 0.060)

Judged = Callable[[SpotComparison], tuple[bool, bool | None]]
"""Whether what is counted happened, and whether the data did not decide."""


def _compared(
    rng: np.random.Generator, backlash: Sequence[float], common: float, outliers: float = 0.0
) -> SpotComparison:
    """What the check compares after its usual visits: triggers down and releases up, each seen at the next step.
    `outliers` is the share of triggers that are."""
    defaults = BacklashParameters()
    shape = (defaults.rounds, len(backlash), defaults.pairs(plugin=False))
    lost = np.array(backlash) + rng.normal(0.0, common, shape[:2])
    at = rng.random(shape[:2])[..., None]
    heights = rng.normal(0.0, SIGMA, shape) + OUTLIER * (rng.random(shape) < outliers)
    triggers = np.floor(heights / STEP + at) * STEP
    releases = np.ceil((lost[..., None] + rng.normal(0.0, SIGMA, shape)) / STEP + at) * STEP
    visits = (releases - triggers).mean(axis=2) - STEP
    scatter = float(np.sqrt(triggers.var(axis=2, ddof=1).mean()))
    off_by = 2 * STEP * undithered_share(STEP, scatter, shape[0] * shape[1] * (shape[2] - 1))
    spots = [SpotSamples.of(name, list(visits[:, i])) for i, name in enumerate(DRIVES)]
    return compare_spots(spots, step=off_by)


def _tried(
    backlash: Sequence[float], common: float, judged: Judged, outliers: float = 0.0
) -> Callable[[np.random.Generator], Tried]:
    defaults = BacklashParameters()
    samples = 2.0 * defaults.pairs(plugin=False) * defaults.rounds * len(DRIVES)

    def one(rng: np.random.Generator) -> Tried:
        compared = _compared(rng, backlash, common, outliers)
        counted, undecided = judged(compared)
        assert compared.spread is not None
        half = 0.5 * ((compared.spread.high or 0.0) - (compared.spread.low or 0.0))
        return Tried(counted, undecided, samples, half)

    return one


def _differs(compared: SpotComparison) -> tuple[bool, bool | None]:
    assert compared.spread is not None
    return (compared.spread.low or 0.0) > 0.0, None


def _blames(compared: SpotComparison) -> tuple[bool, bool | None]:
    return bool(worse_spots(compared)), None


def _finds(compared: SpotComparison) -> tuple[bool, bool | None]:
    return worse_spots(compared) == ("back",), judge_backlash(compared, step=STEP).level == "unknown"


def _covers(compared: SpotComparison) -> tuple[bool, bool | None]:
    return compared.mean.covers(EQUAL[0]), None


def _claims() -> list[Claim]:
    cases: list[tuple[str, str, Sequence[float], float, bool, Judged]] = [
        ("equal drives", "places differ", EQUAL, 0.05, False, _differs),
        ("equal drives", "a drive is blamed", EQUAL, 0.05, False, _blames),
        ("equal drives", "mean covered", EQUAL, 0.93, True, _covers),
        ("40 µm more at one", "that drive is named", WORN, 0.95, True, _finds),
    ]
    return [
        Claim(
            "backlash",
            f"{condition}, {1000 * common:.0f} µm between visits",
            counted,
            nominal,
            _tried(backlash, common, judged),
            least=least,
            cost_unit="samples",
        )
        for common in VISITS
        for condition, counted, backlash, nominal, least, judged in cases
    ] + [
        Claim(
            "backlash",
            f"{condition}, 1 µm between visits, 5 % outliers of 50 µm",
            counted,
            nominal if counted in ("places differ", "a drive is blamed") else None,
            _tried(backlash, 0.001, judged, OUTLIERS),
            least=least,
            cost_unit="samples",
        )
        for condition, counted, backlash, nominal, least, judged in cases
    ]


CLAIMS: tuple[Claim, ...] = tuple(_claims())
