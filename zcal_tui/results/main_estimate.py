"""The estimates of a record to show first, to follow over runs, and to compare."""

from zcal_tui.model.check_info import info_of
from zcal_tui.model.record import Estimate, Record


def main_estimates(record: Record) -> tuple[Estimate, ...]:
    """The main estimates that a record has: one for most checks, none if nothing was estimated."""
    info = info_of(record.check)
    if info is None:
        return ()
    found = [record.estimates[name] for name in info.main if name in record.estimates]
    known = [e for e in found if not (e.value is None and e.low is None and e.high is None)]
    return tuple(known if info.main_together else known[:1])


def followed(record: Record, name: str | None = None) -> Estimate | None:
    """The estimate that a trend follows: the one of that name, else the first main one."""
    if name is not None:
        return record.estimates.get(name)
    return next(iter(main_estimates(record)), None)
