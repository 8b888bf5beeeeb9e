"""What a person changed on a printer that no status can tell: kept in a file beside the printer's runs."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

FILE = "changed.jsonl"
"""The file's name in a printer's folder; one object a line."""

THINGS: Mapping[str, str] = {
    "nozzle": "another nozzle, or the same one screwed in anew",
    "hotend": "the hotend taken off, replaced or moved",
    "probe": "the probe, its mount or its switch replaced or moved",
    "bed": "the bed, its plate or sheet, or its screws",
    "motion": "belts, screws, rails, motors or the frame",
}
"""What can be said to have changed, and what is meant by it."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One such change. `at` is ISO 8601 in UTC."""

    what: str
    at: str
    note: str = ""


def append(folder: Path, change: Changed) -> None:
    """Add a change to the printer's folder, synced to disk. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / FILE
    line = json.dumps({"what": change.what, "at": change.at, "note": change.note}) + "\n"
    with path.open("a", encoding="utf-8") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> tuple[Changed, ...]:
    """The printer's changes, oldest first; lines that are not ours are passed over."""
    try:
        lines = (folder / FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    found = []
    for line in lines:
        try:
            data = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(data, dict) and data.get("what") in THINGS and isinstance(data.get("at"), str):
            found.append(Changed(data["what"], data["at"], str(data.get("note") or "")))
    return tuple(sorted(found, key=lambda change: change.at))
