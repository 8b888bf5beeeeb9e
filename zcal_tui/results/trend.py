"""Drift of an estimate over the comparable runs: a straight line with its interval, and a step between two of
them."""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any, Literal

from zcal_tui.model.check_info import info_of
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Estimate, Outcome, Record
from zcal_tui.results import versions
from zcal_tui.results.changes import Changed
from zcal_tui.results.depends import values
from zcal_tui.results.main_estimate import followed
from zcal_tui.results.variant import variant

MIN_RUNS = 4
"""Runs that a slope needs: with fewer, its interval is too wide to mean anything."""
FRAME_DEPENDENT = ("mean",)
"""Estimates whose meaning changed with Klipper's frame of probed heights (versions.BED_FRAME_SINCE)."""
NORMAL_95 = 1.96
STEP_ERROR, SLOPE_ERROR = 0.04, 0.01
"""Error rates of the test for a step, wherever it may be, and of that for a line: together 5 % over the runs shown."""
INDIVIDUALS = 2.66
"""Of an individuals chart: its limits are the mean ± this times the mean moving range."""
ALL_PAIRS = 300
"""Points of which a slope is the median over all pairs."""
MIN_DAYS = 2.0
"""Days that the runs must span for a slope per day; otherwise it is per run."""


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One run's estimate. `why_not` is why the line does not include it."""

    record: Record
    estimate: Estimate
    why_not: str = ""

    @property
    def comparable(self) -> bool:
        """Whether it may be compared with the newest run."""
        return not self.why_not


@dataclass(frozen=True, slots=True)
class Slope:
    """A change of `value` (95 % from `low` to `high`) for each `per`, over `runs` runs, with its p-value."""

    value: float
    low: float
    high: float
    per: Literal["day", "run"]
    runs: int
    p: float
    unit: str

    @property
    def significant(self) -> bool:
        """Whether it is statistically significant."""
        return self.p < SLOPE_ERROR


@dataclass(frozen=True, slots=True)
class Step:
    """The largest step between two runs: `value` (95 % from `low` to `high`), at the run `number` (from 0) of `runs`
    comparable ones. `p` is its p-value, allowed for the choice of the place."""

    value: float
    low: float
    high: float
    number: int
    runs: int
    p: float
    unit: str
    record: str
    """The id of the first run after it."""

    @property
    def significant(self) -> bool:
        """Whether it is statistically significant."""
        return self.p < STEP_ERROR


def points(
    records: Sequence[Record], changes: Sequence[Changed] = (), name: str | None = None
) -> list[TrendPoint]:
    """The runs of one check that have the estimate, oldest first; each compared with the newest."""
    have = [
        (record, estimate)
        for record in sorted(records, key=lambda record: record.started)
        if record.outcome is Outcome.FINISHED
        and (estimate := followed(record, name)) is not None
        and estimate.value is not None
    ]
    if not have:
        return []
    newest, newest_estimate = have[-1]
    now = values(newest.context, newest.check)
    return [
        TrendPoint(record, estimate, _why_not(record, estimate, newest, newest_estimate, now, changes))
        for record, estimate in have
    ]


def slope(found: Sequence[TrendPoint]) -> Slope | None:
    """The line through the comparable runs, with equal weights; None for fewer than four.

    Its value is the median of the slopes between any two runs (Theil and Sen), which a single odd run hardly moves. The
    interval is that of least squares about it, the wider of two: one from the scatter about the line, one from the
    runs' own intervals.
    """
    usable = [point for point in found if point.comparable]
    if len(usable) < MIN_RUNS:
        return None
    times = [_days(point.record) for point in usable]
    spanned = all(time is not None for time in times)
    days = [time for time in times if time is not None]
    by_day = spanned and max(days) - min(days) >= MIN_DAYS
    x = days if by_day else [float(number) for number in range(len(usable))]
    y = [point.estimate.value or 0.0 for point in usable]
    fitted = line(x, y)
    if fitted is None:
        return None
    _, error = fitted
    value = median_slope(x, y)
    # The statistics need numpy, which nothing else in a history does
    from zcal_tui.stats.quantiles import t_ppf

    # Points that happen to be on a line do not make it more certain than the estimates are
    own = _own_error(x, usable)
    dof = len(usable) - 2
    half_width = max(t_ppf(0.975, dof) * error, NORMAL_95 * own)
    return Slope(
        value,
        value - half_width,
        value + half_width,
        "day" if by_day else "run",
        len(usable),
        max(_p(value, error, dof), _p(value, own)),
        usable[-1].estimate.unit,
    )


def _p(size: float, error: float, dof: float = math.inf) -> float:
    """The two-sided p-value of a size with this standard error, known with `dof` degrees of freedom."""
    if error <= 0.0:
        return 0.0 if size else 1.0
    if math.isinf(dof):
        return math.erfc(abs(size) / error / math.sqrt(2.0))
    from zcal_tui.stats.quantiles import t_two_sided_p

    return t_two_sided_p(abs(size) / error, dof)


def step(found: Sequence[TrendPoint]) -> Step | None:
    """The most significant step in the comparable runs; None for fewer than four.

    The scatter is that about the means before and after it: between the runs more may differ than their intervals
    say. A step within the runs' own intervals is none, though, however alike the runs happen to be.
    """
    usable = [point for point in found if point.comparable]
    count = len(usable)
    if count < MIN_RUNS:
        return None
    from zcal_tui.stats.change_point import p_of_largest_step
    from zcal_tui.stats.quantiles import t_ppf

    values = [point.estimate.value or 0.0 for point in usable]
    own = math.sqrt(math.fsum((_half(point.estimate) / NORMAL_95) ** 2 for point in usable) / count)
    dof = count - 2
    best: tuple[float, int, float, float, float] | None = None
    for number, size, squares in _two_means(values):
        share = math.sqrt(1.0 / number + 1.0 / (count - number))
        error = math.sqrt(squares / dof) * share
        t = math.inf if error == 0.0 and size else 0.0 if error == 0.0 else abs(size) / error
        if best is None or t > best[0]:
            best = t, number, size, error, own * share
    assert best is not None
    t, number, size, error, own_error = best
    p = max(0.0 if math.isinf(t) else p_of_largest_step(t, count), _p(size, own_error))
    reach = max(t_ppf(0.975, dof) * error, NORMAL_95 * own_error)
    last = usable[number]
    return Step(size, size - reach, size + reach, number, count, p, last.estimate.unit, last.record.id)


def _two_means(values: Sequence[float]) -> Iterator[tuple[int, float, float]]:
    """For each place of a step: its number, how much larger the mean from there on is than the one before, and the sum
    of squares about the two."""
    before = _means(values)
    after = _means(values[::-1])[::-1]
    for number in range(1, len(values)):
        (low, squares), (high, further) = before[number - 1], after[number]
        yield number, high - low, squares + further


def _means(values: Sequence[float]) -> list[tuple[float, float]]:
    """The mean of the values up to each, and the sum of their squares about it (Welford's recurrence)."""
    found = []
    mean = squares = 0.0
    for count, value in enumerate(values, 1):
        off = value - mean
        mean += off / count
        squares += off * (value - mean)
        found.append((mean, squares))
    return found


def individuals(found: Sequence[TrendPoint]) -> tuple[float, float, float] | None:
    """Lower limit, mean and upper limit of an individuals chart of the comparable runs; None for fewer than four."""
    values = [point.estimate.value or 0.0 for point in found if point.comparable]
    if len(values) < MIN_RUNS:
        return None
    mean = math.fsum(values) / len(values)
    moving = math.fsum(abs(b - a) for a, b in itertools.pairwise(values)) / (len(values) - 1)
    return mean - INDIVIDUALS * moving, mean, mean + INDIVIDUALS * moving


def median_slope(x: Sequence[float], y: Sequence[float]) -> float:
    """The median of the slopes between any two points; x must not all be equal.

    Of more than ALL_PAIRS points, only the slopes between each and the one half of them later are taken (Theil's
    incomplete method, 1950): the number of all pairs grows with the square of the points.
    """
    ordered = sorted(zip(x, y, strict=True))
    half = len(ordered) // 2
    pairs: Iterable[tuple[tuple[float, float], tuple[float, float]]] = (
        itertools.combinations(ordered, 2)
        if len(ordered) <= ALL_PAIRS
        else zip(ordered, ordered[-half:], strict=False)
    )
    return median(
        (after[1] - before[1]) / (after[0] - before[0]) for before, after in pairs if before[0] != after[0]
    )


def _own_error(x: Sequence[float], usable: Sequence[TrendPoint]) -> float:
    """The slope's standard error from the runs' own intervals alone."""
    x_mean = math.fsum(x) / len(x)
    weights = [a - x_mean for a in x]
    errors = [_half(point.estimate) / NORMAL_95 for point in usable]
    return math.hypot(*(w * e for w, e in zip(weights, errors, strict=True))) / math.fsum(
        w * w for w in weights
    )


def _half(estimate: Estimate) -> float:
    """Half of an interval's width; the larger side of an asymmetric one, 0 of an open one."""
    if estimate.value is None:
        return 0.0
    return max(
        (abs(end - estimate.value) for end in (estimate.low, estimate.high) if end is not None), default=0.0
    )


def line(x: Sequence[float], y: Sequence[float]) -> tuple[float, float] | None:
    """Slope and its standard error; None if all x are equal."""
    n = len(x)
    x_mean, y_mean = math.fsum(x) / n, math.fsum(y) / n
    spread = math.fsum((a - x_mean) ** 2 for a in x)
    if spread <= 0.0 or n < 3:
        return None
    value = math.fsum((a - x_mean) * (b - y_mean) for a, b in zip(x, y, strict=True)) / spread
    residual = math.fsum((b - y_mean - value * (a - x_mean)) ** 2 for a, b in zip(x, y, strict=True))
    return value, math.sqrt(residual / (n - 2) / spread)


def _why_not(
    record: Record,
    estimate: Estimate,
    newest: Record,
    newest_estimate: Estimate,
    now: Mapping[str, Any],
    changes: Sequence[Changed],
) -> str:
    """Why a run cannot be in one trend with the newest one; empty if it can."""
    if record.id == newest.id:
        return ""
    if variant(record) != variant(newest):
        return "another quantity"
    if estimate.name != newest_estimate.name or estimate.unit != newest_estimate.unit:
        return "another estimate"
    if estimate.name in FRAME_DEPENDENT and versions.crossed(record.printer, newest.printer):
        return "before Klipper v0.13.0-476 changed how probed heights are reported"
    for change in changes:
        if record.started < change.at <= newest.started and _affects(change.what, record.check):
            return f"before the {change.what} was changed"
    then = values(record.context, record.check)
    differing = sorted(
        name for name in {**then, **now} if name in then and name in now and then[name] != now[name]
    )
    return f"{differing[0]} was different" if differing else ""


def _affects(change: str, check: str) -> bool:
    info = info_of(check)
    return info is None or change in info.stale_after


def _days(record: Record) -> float | None:
    try:
        moment = datetime.fromisoformat(record.started)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() / 86400.0
