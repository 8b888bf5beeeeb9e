"""Machines near a limit: where a verdict is hard, and most likely to be wrong."""

import random
from functools import lru_cache

from campaigns.comparison import SERIES
from campaigns.machine_truth import MachineTruth
from campaigns.random_truths import Document, random_truth
from campaigns.ranges import range_exceeds
from zcal_tui.model import limits

SHARE = 0.4
"""Of the machines that are drawn near a limit; some of the others are near one anyway."""
NEAR = 0.2
"""The most that a machine's value is away from a limit to be near it, as a share of the limit."""
LARGEST_SIGMA, PRECISION = 0.030, 1e-6
"""mm"""


def drawn_machine(profile: str, seed: int) -> Document:
    """A random truth (`random_truth`), of which SHARE have their noise or their location bias put near a limit. It
    depends on profile and seed alone.

    Raises TruthError for a profile that does not exist.
    """
    document = random_truth(profile, seed)
    draws = random.Random(f"{profile} {seed} near")
    if draws.random() >= SHARE:
        return document
    factor = draws.uniform(1.0 - NEAR, 1.0 + NEAR)
    spread = MachineTruth(profile, document).location_spread
    probe = document["probe"]
    # On a delta the towers' endstops tilt the nozzle against the probe, which is not in proportion to its bias
    if profile != "delta" and draws.random() < 0.5:
        for name in [key for key in probe if key.startswith("bias_")]:
            probe[name] = round(probe[name] * factor * limits.LOCATION_BIAS.value / spread, 5)
    else:
        border = draws.choice((limits.FIT_SHARE.value, limits.UNFIT_SHARE.value))
        probe["noise"] = round(factor * sigma_at(border), 5)
    return document


def near(profile: str, document: Document) -> bool:
    """Whether a machine is within NEAR of a limit."""
    truth = MachineTruth(profile, document)
    return any(
        abs(value / limit - 1.0) <= NEAR
        for value, limit in (
            (truth.location_spread, limits.LOCATION_BIAS.value),
            (truth.truth.probe.noise, sigma_at(limits.FIT_SHARE.value)),
            (truth.truth.probe.noise, sigma_at(limits.UNFIT_SHARE.value)),
        )
    )


@lru_cache
def sigma_at(share: float) -> float:
    """The noise (mm) with which this share of series of ten exceeds its limit."""
    low, high = PRECISION, LARGEST_SIGMA
    while high - low > PRECISION:
        middle = 0.5 * (low + high)
        if range_exceeds(limits.RANGE_OF_TEN.value / middle, [0.0] * SERIES) < share:
            low = middle
        else:
            high = middle
    return 0.5 * (low + high)
