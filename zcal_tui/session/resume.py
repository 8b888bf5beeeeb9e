"""Resuming an interrupted full calibration with the first check that is not done."""

import contextlib
import logging
from dataclasses import replace

from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.full_calibration import FullCalibrationParameters, split
from zcal_tui.model.codec import SchemaError
from zcal_tui.model.record import READY_CHECK, Level, Outcome, Record
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


def without_done(
    store: Store, printer: str, interrupted: Record, parameters: FullCalibrationParameters
) -> FullCalibrationParameters:
    """The parameters without the checks done since the run began; `ready` is always repeated. Blocks on the disk."""
    done = {run.check for run in parts_of(store, printer, interrupted) if _is_done(run)} - {READY_CHECK}
    return replace(parameters, skip=",".join([*split(parameters.skip), *sorted(done)]))


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
