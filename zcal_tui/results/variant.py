"""What a run measured, where its check can measure several quantities: Z endstop and probe have separate results.

The parameters of a record, and its estimates, show which. Runs of two variants have no estimate in common. They have
separate lists, trends and reports, and never replace each other's result.
"""

from collections.abc import Iterable, Sequence

from zcal_tui.model.check_info import info_of
from zcal_tui.model.check_info.info import Variant
from zcal_tui.model.record import Outcome, Record

USUAL = ""
"""The variant of a run that measured its check's usual quantity."""


def _variant(record: Record) -> Variant | None:
    info = info_of(record.check)
    return next((each for each in info.variants if each.matches(record)), None) if info is not None else None


def variant(record: Record) -> str:
    """A run's variant of its check."""
    found = _variant(record)
    return found.name if found is not None else USUAL


def key(record: Record) -> str:
    """The key of a run's list: the check's name and, after a slash, its variant: `accuracy/endstop`."""
    found = variant(record)
    return f"{record.check}/{found}" if found else record.check


def titled(title: str, record: Record) -> str:
    """The title of a run's check, with its variant if that is not the usual one."""
    found = _variant(record)
    return f"{title} ({found.title})" if found is not None else title


def grouped(ordered: Iterable[Record]) -> dict[str, list[Record]]:
    """Runs by their key, in the given order; each check's usual variant before its others."""
    groups: dict[str, list[Record]] = {}
    for record in ordered:
        groups.setdefault(key(record), []).append(record)
    checks = list(dict.fromkeys(records[0].check for records in groups.values()))
    order = sorted(groups, key=lambda name: (checks.index(groups[name][0].check), variant(groups[name][0])))
    return {name: groups[name] for name in order}


def representative(own: Sequence[Record]) -> Record:
    """The run that represents its check, of runs newest first: the newest finished one, else the newest."""
    return next((record for record in own if record.outcome is Outcome.FINISHED), own[0])


def last_result(newer: Record, before: Record | None) -> Record:
    """Which of two runs is a check's last result: the newer, but another variant never replaces the usual one.

    Nor does a run without a verdict, such as a cancelled one, replace one with a verdict.
    """
    if before is None:
        return newer
    if variant(newer) != USUAL and variant(before) == USUAL:
        return before
    return newer if has_result(newer) or not has_result(before) else before


def has_result(record: Record) -> bool:
    """Whether a run has ended with a verdict."""
    return record.outcome is Outcome.FINISHED and record.verdict is not None
