"""Whether a printer left its own normal: its newest run compared with its earlier comparable ones."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.record import Estimate, Outcome, Record
from zcal_tui.results.changes import Changed
from zcal_tui.results.store import Store, glance, named_check
from zcal_tui.results.trend import NORMAL_95, TrendPoint, points
from zcal_tui.results.variant import key

MIN_EARLIER = 5
"""Comparable earlier runs that a normal range needs."""
MAX_EARLIER = 30
"""Earlier runs that are read; older ones say less about the printer of today."""
SHARED_RATE = 0.05
"""The probability of any false alarm, shared by all printers that are judged together."""


@dataclass(frozen=True, slots=True)
class OwnNormal:
    """The range of a printer's main estimate, from its earlier runs, and the newest value."""

    estimate: Estimate
    low: float
    high: float
    runs: int
    """Earlier runs that it is made of."""

    @property
    def left(self) -> bool:
        """Whether the newest value is outside."""
        value = self.estimate.value
        return value is not None and not self.low <= value <= self.high


@dataclass(frozen=True, slots=True)
class PrinterRuns:
    """A printer's finished runs of one check, oldest first, without their samples."""

    records: tuple[Record, ...]
    changes: tuple[Changed, ...] = ()

    @property
    def newest(self) -> Record | None:
        """The newest run, if there is one."""
        return self.records[-1] if self.records else None


def runs_of(store: Store, printer: str, wanted: str) -> PrinterRuns:
    """The newest finished runs of a check, or by its key of one of its variants (results/variant.py)."""
    found: list[Record] = []
    for path in store.files(printer):
        if named_check(path) != wanted.partition("/")[0]:
            continue
        record = glance(path).record
        if record is not None and record.outcome is Outcome.FINISHED and key(record) == wanted:
            found.append(record)
            if len(found) > MAX_EARLIER:
                break
    return PrinterRuns(tuple(reversed(found)), store.changes(printer))


def own_normals(runs: Mapping[str, PrinterRuns]) -> dict[str, OwnNormal]:
    """The normal range of each printer that has enough comparable runs, by the printer's name. The range is as wide as
    it takes for SHARED_RATE to hold over all of them."""
    enough: dict[str, list[TrendPoint]] = {}
    for name, own in runs.items():
        comparable = [point for point in points(own.records, own.changes) if point.comparable]
        newest = own.newest
        if len(comparable) > MIN_EARLIER and newest is not None and comparable[-1].record.id == newest.id:
            enough[name] = comparable
    return {name: _own_normal(series, SHARED_RATE / len(enough)) for name, series in enough.items()}


def normal_json(normal: OwnNormal) -> dict[str, Any]:
    """A normal range as JSON."""
    return {
        "estimate": normal.estimate.name,
        "unit": normal.estimate.unit,
        "value": normal.estimate.value,
        "low": normal.low,
        "high": normal.high,
        "runs": normal.runs,
        "left": normal.left,
    }


def _own_normal(series: Sequence[TrendPoint], rate: float) -> OwnNormal:
    from zcal_tui.stats.next_value import next_value_range  # it needs numpy, which nothing else here does

    *earlier, newest = (point.estimate for point in series)
    name = newest.name.partition("@")[0]
    # The scatter of a standard deviation is in proportion to it
    ends = [end for one in (*earlier, newest) for end in (one.value, one.low) if end is not None]
    logarithmic = name.endswith("sigma") and all(end > 0.0 for end in ends)

    def scale(value: float) -> float:
        return math.log(value) if logarithmic else value

    low, high = next_value_range(
        [scale(one.value or 0.0) for one in earlier],
        rate,
        errors=[_error(one, logarithmic) for one in earlier],
        error=_error(newest, logarithmic),
    )
    if logarithmic:
        low, high = math.exp(low), math.exp(high)
    return OwnNormal(newest, low, high, len(earlier))


def _error(estimate: Estimate, logarithmic: bool) -> float:
    """An estimate's own standard error: from the half of its interval that is towards zero, where it has one."""
    value, low = estimate.value, estimate.low
    if value is None or low is None:
        return 0.0
    return (math.log(value / low) if logarithmic else value - low) / NORMAL_95
