"""Resuming an interrupted full calibration with the first check that is not done."""

import contextlib
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.full_calibration import FullCalibrationParameters, split
from zcal_tui.model.codec import SchemaError
from zcal_tui.model.record import READY_CHECK, WHOLE, Change, Level, Outcome, Record
from zcal_tui.results.stale import stale
from zcal_tui.results.store import StillRunning, Store, entries, read_whole

logger = logging.getLogger(__name__)

DONE = (Level.PASS, Level.WARN)


def close_resumed(store: Store, printer: str, resumed: Sequence[Record]) -> tuple[Record, ...]:
    """Close the run that another one resumes, and those that it resumed (`resumed_runs`); returns the runs that are
    still interrupted. Blocks on the disk."""
    for run in resumed:
        if run is resumed[0] or any(other.id == run.id for other in store.interrupted(printer)):
            try:
                store.close(run, "This run was interrupted, then resumed.")
            except (OSError, StillRunning) as error:
                logger.warning("run %s could not be closed: %s", run.id, error)
    return store.interrupted(printer)


def resumed_runs(store: Store, printer: str, interrupted: Record) -> tuple[Record, ...]:
    """An interrupted full calibration, the one that it resumed, and so on. Blocks on the disk."""
    runs = {
        entry.record.id: entry.record
        for entry in entries(store, printer)
        if entry.record is not None and entry.check == WHOLE
    }
    found = [interrupted]
    while (before := runs.pop(str(found[-1].context.get("continues")), None)) is not None:
        found.append(before)
    return tuple(found)


def without_done(
    parameters: FullCalibrationParameters, resumed: Sequence[Record], runs: Sequence[Record]
) -> FullCalibrationParameters:
    """The parameters without the checks that are done by these runs; `ready` is always repeated. `resumed` are the
    calibrations that are resumed (`resumed_runs`): what they skipped because it was done is judged again."""
    chosen, skipped = (split(str(run.parameters.get("skip", ""))) for run in (resumed[-1], resumed[0]))
    own = [name for name in split(parameters.skip) if name in chosen or name not in skipped]
    done = {run.check for run in runs if _is_done(run)} - {READY_CHECK, *own}
    return replace(parameters, skip=",".join([*own, *sorted(done)]))


def valid_parts(
    store: Store, printer: str, resumed: Sequence[Record], now: Mapping[str, Any]
) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    """The checks' runs since the first of these calibrations (`resumed_runs`) began that are still valid, oldest first;
    and why the others are not, a sentence each. `now` is the context of this moment. Blocks on the disk."""
    runs, changes = _parts_of(store, printer, resumed[-1]), store.changes(printer)
    valid, texts = [], []
    for run in runs:
        if (why := stale(run, runs, now, changes)) is None:
            valid.append(run)
        else:
            texts.append(f"The result of {run.check} is no longer valid: {why}.")
    return tuple(valid), tuple(texts)


def kinds_staged(store: Store, printer: str, resumed: Sequence[Record]) -> frozenset[str]:
    """The kinds of sections in which the command of an interrupted check stages its result, which nobody has checked. A
    record that was written before the command knows no more of them. Blocks on the disk."""
    return frozenset(
        _kind(change.section)
        for run in _parts_of(store, printer, resumed[-1])
        for change in run.changes
        if change.state == "staged"
    )


def left_staged(kinds: Collection[str], pending: Mapping[str, Mapping[str, str]]) -> tuple[Change, ...]:
    """What is pending in sections of these kinds (`kinds_staged`)."""
    return tuple(
        Change(section, option, None, text, "staged")
        for section, options in pending.items()
        if _kind(section) in kinds
        for option, text in options.items()
    )


def _kind(section: str) -> str:
    """A section's name without its last word, which names one of several."""
    return section.lower().rpartition(" ")[0]


def _parts_of(store: Store, printer: str, interrupted: Record) -> tuple[Record, ...]:
    """The checks' runs since a full calibration began, oldest first. Blocks on the disk."""
    found = []
    for entry in entries(store, printer):
        if entry.record is not None and entry.started >= interrupted.started and entry.check in CHECKS:
            with contextlib.suppress(OSError, SchemaError):  # deleted meanwhile
                found.append(read_whole(entry.path))
    return tuple(sorted(found, key=lambda run: run.started))


def _is_done(run: Record) -> bool:
    """Whether a check need not be repeated. One whose value could not be saved must be."""
    finished = run.outcome is Outcome.FINISHED and run.problem is None
    return finished and run.verdict is not None and run.verdict.level in DONE
