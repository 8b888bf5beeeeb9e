"""What a run measured, where its check can measure several things: a Z endstop's scatter is not the probe's.

A record says so by its parameters, and by what it found. Runs of two variants have no number in common: they stand in
lists, trends and reports of their own, and what the usual variant found is not replaced by what another did.
"""

from collections.abc import Iterable, Mapping, Sequence

from zcal_tui.model.record import Outcome, Record

USUAL = ""
"""The variant of a check that measures one thing, and of one that was asked for what it measures by default."""
ENDSTOP, SWEEP = "endstop", "sweep"

WORDS: Mapping[tuple[str, str], str] = {
    ("accuracy", ENDSTOP): "Z endstop",
    ("accuracy", SWEEP): "settings compared",
    ("z-offset", ENDSTOP): "Z endstop",
}
"""By check and variant, what is measured, as a title has it in brackets."""


def variant(record: Record) -> str:
    """Which variant of its check a run is."""
    match record.check:
        case "accuracy":
            if record.parameters.get("what") == ENDSTOP:
                return ENDSTOP
            return SWEEP if record.parameters.get("sweep") is True else USUAL
        case "z-offset":
            # Without a probe the endstop is what is measured by default, and no parameter tells
            found = "position_endstop" in record.estimates and "z_offset" not in record.estimates
            return ENDSTOP if found or record.parameters.get("what") == ENDSTOP else USUAL
        case _:
            return USUAL


def key(record: Record) -> str:
    """What a run's list is called: the check's name, with its variant behind a stroke: `accuracy/endstop`."""
    found = variant(record)
    return f"{record.check}/{found}" if found else record.check


def titled(title: str, record: Record) -> str:
    """The title of a run's check, with what it measured where that is not the usual thing."""
    words = WORDS.get((record.check, variant(record)))
    return f"{title} ({words})" if words is not None else title


def grouped(ordered: Iterable[Record]) -> dict[str, list[Record]]:
    """Runs by their key, in the order in which they come; the usual variant's before the others of a check."""
    groups: dict[str, list[Record]] = {}
    for record in ordered:
        groups.setdefault(key(record), []).append(record)
    checks = list(dict.fromkeys(records[0].check for records in groups.values()))
    order = sorted(groups, key=lambda name: (checks.index(groups[name][0].check), variant(groups[name][0])))
    return {name: groups[name] for name in order}


def representative(own: Sequence[Record]) -> Record:
    """The run that tells how its check stands, of runs that begin with the newest: the newest that was finished, else
    the newest."""
    return next((record for record in own if record.outcome is Outcome.FINISHED), own[0])


def stands(newer: Record, before: Record | None) -> Record:
    """Which of two runs of a check is its last result: the newer, but that no other variant takes the usual one's
    place."""
    if before is not None and variant(newer) != USUAL and variant(before) == USUAL:
        return before
    return newer
