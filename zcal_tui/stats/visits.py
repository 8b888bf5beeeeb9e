"""Outliers among the values of several visits to several places, such as the pairs that backlash is measured by.

A visit's values share what differs from visit to visit, so a value is compared with the others of its own visit, and
the scatter within visits is pooled. The order in which values are suspected is by their distance from the visit's
median: in an even visit the two middle values bound it, and what is nearest to the median of all values at that place
is taken. So two outliers of four do not look like the other two. Then, as for a series (`effects`), values are left out
one by one, and the last significant one counts (generalised ESD), so outliers do not hide each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median

from zcal_tui.stats.effects import MAX_OUTLIER_SHARE, MIN_SAMPLES
from zcal_tui.stats.quantiles import t_two_sided_p

ERROR_RATE = 0.02
"""Of each test. The search is repeated, so without outliers one is named about twice as often (docs/statistics.md)."""

_GAP_STEPS = 2.5
"""A reading that is one step off is normal (see `effects`), so a difference of two readings may be two steps off."""


@dataclass(frozen=True, slots=True)
class Visit:
    """The values (mm) of one visit to a place."""

    place: str
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class VisitOutlier:
    """A value that the others of its visit do not explain: the indices of visit and value, and how far (mm) it is from
    the mean of the others that are left."""

    visit: int
    value: int
    distance: float


def visit_outliers(visits: Sequence[Visit], step: float) -> tuple[VisitOutlier, ...]:
    """The outliers, in the order taken. `step` (mm) is that of the two readings whose difference a value is.

    At most half of a visit's values and 15 % of all are left out; more are how the probe behaves. ValueError on a visit
    without values.
    """
    if any(not visit.values for visit in visits):
        raise ValueError("every visit needs at least one value")
    suspects = _suspects(visits)
    kept = [list(visit.values) for visit in visits]
    squares = [_squares(values) for values in kept]
    total = sum(len(values) for values in kept)
    found = 0
    for count, (visit, value) in enumerate(suspects, start=1):
        suspect = visits[visit].values[value]
        kept[visit].remove(suspect)
        squares[visit] = _squares(kept[visit])
        total -= 1
        # Both readings of a value are rounded
        scatter = _Scatter(sum(squares), total - len(visits), step * step / 6.0)
        if scatter.p_value(suspect, kept[visit]) * (total + 1) < ERROR_RATE:
            found = count
    named = sorted(suspects[:found])
    outliers = []
    for visit, value in named:
        values = visits[visit].values
        others = [one for i, one in enumerate(values) if (visit, i) not in named]
        outliers.append(VisitOutlier(visit, value, values[value] - fmean(others)))
    return tuple(outlier for outlier in outliers if abs(outlier.distance) >= _GAP_STEPS * step)


def _squares(values: Sequence[float]) -> float:
    mean = fmean(values)
    return sum((value - mean) ** 2 for value in values)


@dataclass(frozen=True, slots=True)
class _Scatter:
    """The sum of `squares` within visits with its degrees of freedom, and the least variance that they are taken to
    show."""

    squares: float
    dof: int
    least: float

    def p_value(self, value: float, others: Sequence[float]) -> float:
        """Two-sided, of a value against the others of its visit."""
        if self.dof < 1:
            return 1.0
        distance = value - fmean(others)
        error = math.sqrt(max(self.squares / self.dof, self.least) * (1.0 + 1.0 / len(others)))
        if error == 0.0:
            return 1.0 if distance == 0.0 else 0.0
        return t_two_sided_p(distance / error, self.dof)


def _suspects(visits: Sequence[Visit]) -> list[tuple[int, int]]:
    """Visit and value, the farthest from its visit's median first, and no more than may be outliers."""
    total = sum(len(visit.values) for visit in visits)
    if total < MIN_SAMPLES:
        return []
    places: dict[str, list[float]] = {}
    for visit in visits:
        places.setdefault(visit.place, []).extend(visit.values)
    usual = {place: median(values) for place, values in places.items()}
    distances = []
    for number, visit in enumerate(visits):
        ordered, count = sorted(visit.values), len(visit.values)
        centre = min(max(usual[visit.place], ordered[(count - 1) // 2]), ordered[count // 2])
        distances += [(abs(value - centre), number, i) for i, value in enumerate(visit.values)]
    suspects: list[tuple[int, int]] = []
    taken = [0] * len(visits)
    for _, number, i in sorted(distances, reverse=True):
        if 2 * (taken[number] + 1) <= len(visits[number].values):
            taken[number] += 1
            suspects.append((number, i))
    return suspects[: int(MAX_OUTLIER_SHARE * total)]
