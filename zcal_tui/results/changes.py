"""Hardware changes reported by a person, because Klipper cannot detect them: a file in the printer's folder."""

import json
import os
from pathlib import Path

from zcal_tui.model.check_info.info import HARDWARE_CHANGES
from zcal_tui.model.lazy_dataclass import dataclass
from zcal_tui.model.outside_json import read_json
from zcal_tui.results.private_files import make_folder, open_private

FILE = "changed.jsonl"
"""The file's name in a printer's folder; one object a line."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One reported change: `what` is a key of HARDWARE_CHANGES, `at` is ISO 8601 in UTC."""

    what: str
    at: str
    note: str = ""


def append(folder: Path, change: Changed) -> None:
    """Add a change to the printer's folder, synced to disk. Raises OSError."""
    make_folder(folder)
    path = folder / FILE
    line = json.dumps({"what": change.what, "at": change.at, "note": change.note}) + "\n"
    with open_private(path, "a") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def read(folder: Path) -> tuple[Changed, ...]:
    """The printer's changes, oldest first; other lines are skipped."""
    try:
        lines = (folder / FILE).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    found = []
    for line in lines:
        try:
            data = read_json(line)
        except json.JSONDecodeError:
            continue
        if (
            isinstance(data, dict)
            and data.get("what") in HARDWARE_CHANGES
            and isinstance(data.get("at"), str)
        ):
            found.append(Changed(data["what"], data["at"], str(data.get("note") or "")))
    return tuple(sorted(found, key=lambda change: change.at))
