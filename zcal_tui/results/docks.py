"""The macros that a person has named for a printer's docked probe, kept in the data folder."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

from zcal_tui.model.outside_json import read_json
from zcal_tui.results.private_files import make_folder, replacing

FILE = "docks.json"
"""The file's name in the data folder."""
_MACRO = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

DockMacros = tuple[str, str]
"""The macros that attach and dock the probe; the second is empty where none docks it."""


def kept_docks(folder: Path) -> Mapping[str, DockMacros]:
    """The macros by printer. Blocks on the disk; never raises: what cannot be read is left out."""
    try:
        entries = read_json((folder / FILE).read_text(encoding="utf-8"))["printers"].items()
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}
    return {printer: macros for printer, value in entries if (macros := _macros(value)) is not None}


def keep_dock(folder: Path, printer: str, macros: DockMacros | None) -> None:
    """Keep a printer's macros, or forget them (None). Raises OSError."""
    kept = dict(kept_docks(folder))
    if macros is None:
        if printer not in kept:
            return
        del kept[printer]
    else:
        kept[printer] = macros
    make_folder(folder)
    with replacing(folder / FILE) as file:
        file.write(json.dumps({"schema": 1, "printers": kept}).encode("ascii"))


def _macros(value: object) -> DockMacros | None:
    if not isinstance(value, list) or len(value) != 2:
        return None
    attach, detach = value
    if not isinstance(attach, str) or not isinstance(detach, str) or not _MACRO.fullmatch(attach):
        return None
    return (attach, detach) if not detach or _MACRO.fullmatch(detach) else None
