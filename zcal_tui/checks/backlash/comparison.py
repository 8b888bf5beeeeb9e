"""The places of `backlash` compared, from the readings of all visits. Pure."""

import math
from collections.abc import Mapping, Sequence

from zcal_tui.checks.backlash.instrument import Reading
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.stats.quantisation import undithered_share
from zcal_tui.stats.spots import SpotComparison, SpotSamples, compare_spots
from zcal_tui.stats.visit_values import visit_values
from zcal_tui.stats.visits import Visit, visit_outliers


@dataclass(frozen=True, slots=True)
class OutlyingPairs:
    """Pairs that are outliers: how many of all, how many at each place where there are any, and the largest distance
    (mm) from the others of the visit."""

    count: int
    pairs: int
    places: Mapping[str, int]
    farthest: float


@dataclass(frozen=True, slots=True)
class ComparedVisits:
    """The places compared without the outliers; `left_out` is None where there is none."""

    places: SpotComparison
    left_out: OutlyingPairs | None


def compare_visits(
    visits: Mapping[str, Sequence[Reading]], resolution: float, step: float
) -> ComparedVisits | None:
    """The places by name, each with its visits; None before any has two values. `resolution` (mm) is what a value may
    be off by at each place as a whole, half of it up or down, where the heights do not scatter; `step` (mm) is the Z
    step distance."""
    kept, left_out = _without_outliers(visits, step)
    values = _values(kept, step)
    spots = [_spot(name, readings, values[name]) for name, readings in kept.items()]
    if not any(spot.n > 1 for spot in spots):
        return None
    readings = [reading for several in kept.values() for reading in several]
    return ComparedVisits(compare_spots(spots, step=resolution * _undithered(readings, step)), left_out)


def _without_outliers(
    visits: Mapping[str, Sequence[Reading]], step: float
) -> tuple[dict[str, list[Reading]], OutlyingPairs | None]:
    """The readings without their outlying pairs. Readings without single pairs are taken as they are."""
    kept = {name: list(readings) for name, readings in visits.items()}
    where = [
        (name, i) for name, readings in kept.items() for i, reading in enumerate(readings) if reading.pairs
    ]
    pairs = [Visit(name, tuple(pair.value for pair in kept[name][i].pairs)) for name, i in where]
    outliers = visit_outliers(pairs, step)
    if not outliers:
        return kept, None
    for number, (name, i) in enumerate(where):
        apart = {outlier.value for outlier in outliers if outlier.visit == number}
        if apart:
            kept[name][i] = kept[name][i].without(apart)
    at = [where[outlier.visit][0] for outlier in outliers]
    return kept, OutlyingPairs(
        len(outliers),
        sum(len(visit.values) for visit in pairs),
        {name: at.count(name) for name in kept if name in at},
        max(abs(outlier.distance) for outlier in outliers),
    )


def _values(visits: Mapping[str, Sequence[Reading]], step: float) -> dict[str, list[float]]:
    """The value (mm) of each visit by place. Where its pairs are known, those far from the others count less."""
    of_pairs = iter(
        visit_values(
            [
                [pair.value for pair in reading.pairs]
                for readings in visits.values()
                for reading in readings
                if reading.pairs
            ],
            step,
        )
    )
    return {
        name: [next(of_pairs) if reading.pairs else reading.mean for reading in readings]
        for name, readings in visits.items()
    }


def _spot(name: str, readings: Sequence[Reading], values: Sequence[float]) -> SpotSamples:
    """The visits to a place. One visit is one value: what differs from visit to visit is the same in all of its
    samples. A single visit, which has no verdict yet, is described by its samples."""
    if len(readings) > 1:
        return SpotSamples.of(name, values)
    (only,) = readings
    return SpotSamples(name, only.mean, only.sd, only.n)


def _undithered(readings: Sequence[Reading], step: float) -> float:
    """The share of the instrument's resolution that remains where the single heights scatter over several steps."""
    freedom = sum(reading.n - 1 for reading in readings)
    if freedom < 1:
        return 1.0
    scatter = math.sqrt(sum((reading.n - 1) * reading.dither**2 for reading in readings) / freedom)
    return undithered_share(step, scatter, freedom)
