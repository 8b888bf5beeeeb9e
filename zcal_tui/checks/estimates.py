"""From an interval of the statistics to an estimate of the record."""

from zcal_tui.model.record import Estimate
from zcal_tui.stats.intervals import Interval


def estimate(name: str, interval: Interval, unit: str = "mm") -> Estimate:
    """The interval as the record's estimate `name`."""
    return Estimate(
        name=name,
        value=interval.value,
        low=interval.low,
        high=interval.high,
        unit=unit,
        confidence=interval.confidence,
        components=interval.components,
    )
