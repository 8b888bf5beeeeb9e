"""A printer's runs as a list is made of them: quickly, without their samples, and with those that cannot be read."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from zcal_tui.model.codec import SchemaError, record_from_json
from zcal_tui.model.record import Record
from zcal_tui.results.journal import ended_line
from zcal_tui.results.store import Store, read_run

NAMED = re.compile(r"(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)-\d+-(.+)")
"""A run's file name: `store.new_run_id`."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A run's file at a glance. `record` is without its samples, of which there were `count`; None where the file
    cannot be read, for the reason `why_not`. `check` and `started` (ISO 8601 in UTC) are then what its name says."""

    path: Path
    record: Record | None
    count: int = 0
    why_not: str = ""

    @property
    def check(self) -> str:
        """The check's name; empty where nothing tells it."""
        if self.record is not None:
            return self.record.check
        named = NAMED.fullmatch(self.path.stem)
        return named[7] if named is not None else ""

    @property
    def started(self) -> str:
        """When it began; empty where nothing tells it."""
        if self.record is not None:
            return self.record.started
        named = NAMED.fullmatch(self.path.stem)
        return "{}-{}-{}T{}:{}:{}Z".format(*named.groups()[:6]) if named is not None else ""


def entries(store: Store, printer: str) -> Iterator[Entry]:
    """Every run of the printer, newest first; last, files that are not named as runs are. Waits for the disk."""
    return map(glance, sorted(store.files(printer), key=lambda path: NAMED.fullmatch(path.stem) is None))


def glance(path: Path) -> Entry:
    """A run's entry. Never raises: what is wrong with the file is in the entry."""
    try:
        line = ended_line(path)
        if line is None:
            record = read_run(path).record
            return Entry(path, replace(record, samples=()), len(record.samples))
        data = json.loads(line)
        count = len(data["samples"])
        # Most of a record is its samples, and a list shows none of them
        return Entry(path, record_from_json({**data, "samples": ()}), count)
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        return Entry(path, None, why_not=_reason(error, path))


def read_whole(path: Path) -> Record:
    """A run with everything in it. Raises OSError, SchemaError."""
    return read_run(path).record


def _reason(error: Exception, path: Path) -> str:
    match error:
        case OSError():
            return error.strerror or str(error)
        case SchemaError():
            # The path stands beside it anyway
            return re.sub(rf"^{re.escape(str(path))}(:\d+)?: ", "", str(error))
        case _:
            return "its last line is not a record of this program"
