"""Resuming an interrupted full calibration with the first check that is not done."""

import logging
from dataclasses import replace

from zcal_tui.checks.full_calibration import FullCalibrationParameters, split
from zcal_tui.model.record import READY_CHECK, Level, Outcome, Record
from zcal_tui.results.store import StillRunning, Store, entries

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
    runs = [entry.record for entry in entries(store, printer) if entry.record is not None]
    done = {run.check for run in runs if run.started >= interrupted.started and _is_done(run)} - {READY_CHECK}
    return replace(parameters, skip=",".join([*split(parameters.skip), *sorted(done)]))


def _is_done(run: Record) -> bool:
    """Whether a check need not be repeated. One whose value could not be saved must be."""
    finished = run.outcome is Outcome.FINISHED and run.problem is None
    return finished and run.verdict is not None and run.verdict.level in DONE
