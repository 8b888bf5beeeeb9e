"""The stored records of the runs whose values were saved: what has become of the values."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from zcal_tui.model.record import Change
from zcal_tui.results.store import Store
from zcal_tui.session.found_values import FoundValues
from zcal_tui.session.saving.waiting import with_states
from zcal_tui.session.snapshot_store import SnapshotStore

logger = logging.getLogger(__name__)


async def amend_found(
    store: Store,
    snapshots: SnapshotStore,
    printer_name: str,
    found: Sequence[FoundValues],
    changes: Iterable[Change],
    report: Callable[[str], None],
) -> None:
    """Give the values in the records of the runs that found them the states that they have in `changes`, on disk and
    in the snapshot. `report` takes what could not be stored, as a sentence."""
    states = tuple(changes)
    last = dict(snapshots.snapshot.last)
    for values in found:
        record = replace(values.record, changes=with_states(values.record.changes, states))
        if record == values.record:
            continue
        try:
            await asyncio.to_thread(store.amend, printer_name, record)
        except OSError as error:
            logger.warning("the record of %s is not amended", record.id, exc_info=True)
            report(f"Run {record.id} still shows its values as proposed: {error.strerror}.")
        known = last.get(values.check)
        if known is not None and known.id == record.id:
            last[values.check] = record
    snapshots.update(last=last)
