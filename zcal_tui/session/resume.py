"""Resuming an interrupted full calibration with the first check that is not done."""

import contextlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.full_calibration import FullCalibrationParameters, split
from zcal_tui.model.codec import SchemaError
from zcal_tui.model.record import READY_CHECK, Level, Outcome, Record
from zcal_tui.results.stale import stale
from zcal_tui.results.store import StillRunning, Store, entries, read_whole

logger = logging.getLogger(__name__)

DONE = (Level.PASS, Level.WARN)


def close_resumed(store: Store, printer: str, interrupted: Record) -> tuple[Record, ...]:
    """Close the run that another one resumes; returns the runs that are still interrupted. Blocks on the disk."""
    try:
        store.close(interrupted, "This run was interrupted, then resumed.")
    except (OSError, StillRunning) as error:
        logger.warning("run %s could not be closed: %s", interrupted.id, error)
    return store.interrupted(printer)


def without_done(parameters: FullCalibrationParameters, runs: Sequence[Record]) -> FullCalibrationParameters:
    """The parameters without the checks that are done by these runs; `ready` is always repeated."""
    done = {run.check for run in runs if _is_done(run)} - {READY_CHECK}
    return replace(parameters, skip=",".join([*split(parameters.skip), *sorted(done)]))


def valid_parts(
    store: Store, printer: str, interrupted: Record, now: Mapping[str, Any]
) -> tuple[tuple[Record, ...], tuple[str, ...]]:
    """The checks' runs since a full calibration began that are still valid, oldest first; and why the others are not, a
    sentence each. `now` is the context of this moment. Blocks on the disk."""
    runs, changes = parts_of(store, printer, interrupted), store.changes(printer)
    valid, texts = [], []
    for run in runs:
        if (why := stale(run, runs, now, changes)) is None:
            valid.append(run)
        else:
            texts.append(f"The result of {run.check} is no longer valid: {why}.")
    return tuple(valid), tuple(texts)


def parts_of(store: Store, printer: str, interrupted: Record) -> tuple[Record, ...]:
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
