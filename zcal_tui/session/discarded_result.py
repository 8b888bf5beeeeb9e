"""Discarding a result: it stays stored, marked as discarded, and the one before it counts again."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from zcal_tui.model.record import Outcome, Problem, Record
from zcal_tui.results.store import Store
from zcal_tui.session.snapshot_store import SnapshotStore

logger = logging.getLogger(__name__)

DISCARDED = "You discarded this result."


async def discard_result(
    store: Store,
    snapshots: SnapshotStore,
    printer_name: str,
    record: Record,
    report: Callable[[str], None],
) -> Record:
    """Store a result as discarded by the person, and return its record. `report` takes what could not be stored, as a
    sentence."""
    discarded = replace(record, outcome=Outcome.CANCELLED, problem=Problem(DISCARDED))
    try:
        await asyncio.to_thread(store.amend, printer_name, discarded)
        last = await asyncio.to_thread(store.last, printer_name, (record.check,))
    except OSError as error:
        logger.warning("the record of %s is not amended", record.id, exc_info=True)
        report(f"Run {record.id} is not stored as discarded: {error.strerror or error}.")
        last = {}
    known = dict(snapshots.snapshot.last)
    known[record.check] = last.get(record.check, discarded)
    snapshots.update(last=known)
    return discarded
