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


def differs(found: Estimate, old: float | None) -> bool:
    """Whether the interval of (new - old) excludes 0: only then is a change offered (docs/saving.md).

    An open side of the interval contains everything there; without an old value there is nothing to compare with.
    """
    if old is None:
        return True
    return (found.low is not None and old < found.low) or (found.high is not None and old > found.high)
