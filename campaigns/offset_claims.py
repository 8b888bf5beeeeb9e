"""The automatic Z offset over repeats: whether its interval covers, and how often it drifts where it does not."""

import math
from collections.abc import Callable

import numpy as np

from campaigns.simulated_claim import Claim, Tried
from zcal_tui.stats.auto_offset import drift_per_repeat, mean_offset
from zcal_tui.stats.combine import UncertaintyPart

STEP = 0.00125
NOZZLE, SWITCH, BED = 0.0012, 0.0012, 0.0022
"""mm: the scatter of a sample of each height."""
SAMPLES = 3
OUTLIER, OUTLIERS = 0.050, 0.05
"""mm, and the share of the bed's samples."""
COVERED, FALSE, FOUND = 0.93, 0.05, 0.95
SINKS = 0.010
"""mm a repeat."""
MEDIAN_VARIANCE = math.pi / (2.0 * SAMPLES + math.pi - 2.0)


def _repeats(
    rng: np.random.Generator, count: int, attaching: float, each: float, outliers: float = 0.0
) -> dict[str, list[float]]:
    """Three heights in so many repeats, medians of their samples; the bed drifts by `each` mm a repeat, and a share of
    its samples are `outliers`."""
    heights = {}
    for name, sigma in (("nozzle", NOZZLE), ("switch", SWITCH), ("bed", BED)):
        samples = rng.normal(0.0, sigma, (count, SAMPLES))
        if name == "bed":
            samples += OUTLIER * (rng.random((count, SAMPLES)) < outliers)
        values = np.median(samples, axis=1)
        if name != "nozzle":
            values += rng.normal(0.0, attaching, count)
        values += each * np.arange(count) if name == "bed" else 0.0
        heights[name] = [float(value) for value in np.ceil(values / STEP + rng.random()) * STEP]
    return heights


def _samples(rng: np.random.Generator, sigma: float, count: int) -> UncertaintyPart:
    dof = float(count * (SAMPLES - 1))
    seen = math.hypot(sigma * math.sqrt(rng.chisquare(dof) / dof), STEP / math.sqrt(12.0))
    return UncertaintyPart(seen * math.sqrt(MEDIAN_VARIANCE), dof)


def _drift(count: int, attaching: float, each: float) -> Callable[[np.random.Generator], Tried]:
    def one(rng: np.random.Generator) -> Tried:
        found = False
        for name, values in _repeats(rng, count, attaching, each).items():
            sigma = BED if name == "bed" else NOZZLE
            fetches = 0 if name == "nozzle" else 1
            drift = drift_per_repeat(values, STEP, _samples(rng, sigma, count), fetches=fetches)
            found = found or (drift is not None and drift.found)
        return Tried(found, None, float(count))

    return one


def _covered(count: int, attaching: float, outliers: float = 0.0) -> Callable[[np.random.Generator], Tried]:
    def one(rng: np.random.Generator) -> Tried:
        heights = _repeats(rng, count, attaching, 0.0, outliers)
        values = [
            bed - switch + nozzle
            for nozzle, switch, bed in zip(heights["nozzle"], heights["switch"], heights["bed"], strict=True)
        ]
        known = _samples(rng, math.hypot(BED, math.hypot(NOZZLE, SWITCH)), count)
        result = mean_offset(values, STEP, known, fetches=2)
        assert result is not None
        mean = result.mean
        assert mean.low is not None and mean.high is not None
        # Each height is seen half a step late on average; nozzle and switch cancel, the bed's stays
        return Tried(mean.covers(0.5 * STEP), None, float(count), (mean.high - mean.low) / 2)

    return one


CLAIMS: tuple[Claim, ...] = (
    *(
        claim
        for micrometres in (0, 2, 5)
        for count in (3, 5)
        for condition in (f"attaching varies by {micrometres} µm, {count} repeats",)
        for claim in (
            Claim(
                "auto-z",
                f"nothing moves, {condition}",
                "a drift is named",
                FALSE,
                _drift(count, micrometres / 1000, 0.0),
                cost_unit="repeats",
            ),
            Claim(
                "auto-z",
                f"the bed sinks by 10 µm a repeat, {condition}",
                "a drift is named",
                FOUND if count == 5 and micrometres <= 2 else None,
                _drift(count, micrometres / 1000, -SINKS),
                least=True,
                cost_unit="repeats",
            ),
            Claim(
                "auto-z",
                condition,
                "offset covered",
                COVERED,
                _covered(count, micrometres / 1000),
                least=True,
                cost_unit="repeats",
            ),
        )
    ),
    *(
        Claim(
            "auto-z",
            f"5 % of the bed's samples are outliers of 50 µm, {count} repeats",
            "offset covered",
            COVERED,
            _covered(count, 0.002, OUTLIERS),
            least=True,
            cost_unit="repeats",
        )
        for count in (3, 5)
    ),
)
