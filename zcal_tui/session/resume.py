"""Going on with a whole calibration that was cut off: with the first of its checks that is not done."""

import logging
from dataclasses import replace

from zcal_tui.checks.full_calibration import FullCalibrationParameters, split
from zcal_tui.model.record import LOOK_FIRST, Level, Outcome, Record
from zcal_tui.results.store import StillRunning, Store, entries

logger = logging.getLogger(__name__)

DONE = (Level.PASS, Level.WARN)


def gone_on_with(store: Store, printer: str, cut_off: Record) -> tuple[Record, ...]:
    """Give the run its end, now that another goes on with it; returns what is still interrupted. Reads and writes the
    disk."""
    try:
        store.close(cut_off, "It was interrupted, and gone on with.")
    except (OSError, StillRunning) as error:
        logger.warning("run %s could not be closed: %s", cut_off.id, error)
    return store.interrupted(printer)


def left_to_do(
    store: Store, printer: str, cut_off: Record, parameters: FullCalibrationParameters
) -> FullCalibrationParameters:
    """The same without what was done since the run began. The printer is looked at again in any case. Reads the
    disk."""
    runs = [entry.record for entry in entries(store, printer) if entry.record is not None]
    done = {run.check for run in runs if run.started >= cut_off.started and _is_done(run)} - {LOOK_FIRST}
    return replace(parameters, skip=",".join([*split(parameters.skip), *sorted(done)]))


def _is_done(run: Record) -> bool:
    """Whether nothing has to be repeated; a value that could not be saved has to be."""
    finished = run.outcome is Outcome.FINISHED and run.problem is None
    return finished and run.verdict is not None and run.verdict.level in DONE
