"""Making a report of stored runs: which runs it shows, in which format, and writing the file."""

import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from zcal_tui.model.codec import SchemaError
from zcal_tui.model.record import Record
from zcal_tui.results.report import data, html, markdown
from zcal_tui.results.report.page import Page, make_page, represented
from zcal_tui.results.store import Store, StoredRun, entries, read_whole

FORMATS: Mapping[str, str] = {
    ".md": "md",
    ".markdown": "md",
    ".html": "html",
    ".htm": "html",
    ".json": "json",
}
"""The format by a file name's ending."""

KINDS: Mapping[str, tuple[str, str]] = {
    "html": ("HTML", "to view and print; one file, plots included"),
    "md": ("Markdown", "to paste into a forum or an issue"),
    "json": ("JSON", "for programs: the records themselves"),
}
"""The formats: their names and purposes."""


class CannotWrite(Exception):
    """A report could not be written; the text says why, for people."""


def page_of(
    store: Store,
    printer: str,
    titles: Mapping[str, str],
    now: datetime | None = None,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[Page, list[str]]:
    """The page about a printer, and messages about files that cannot be read. Blocks: reads the whole folder."""
    found: dict[str, StoredRun] = {}
    broken = []
    for entry in entries(store, printer, progress=progress):
        if entry.record is not None:
            found.setdefault(entry.record.id, entry)
        else:
            broken.append(f"{entry.path}: {entry.why_not}")
    records = [_whole(entry, broken) for entry in _with_need(found)]
    return make_page(printer, records, store.changes(printer), titles, now), broken


def _with_need(found: Mapping[str, StoredRun]) -> list[tuple[StoredRun, bool]]:
    """Every run, and whether the page needs its samples."""
    records = [entry.record for entry in found.values() if entry.record is not None]
    records.sort(key=lambda record: record.started, reverse=True)
    shown = {record.id for record in represented(records)}
    return [(entry, run in shown) for run, entry in found.items()]


def _whole(entry: tuple[StoredRun, bool], broken: list[str]) -> Record:
    (glanced, needed) = entry
    assert glanced.record is not None
    if not needed:
        return glanced.record
    try:
        return read_whole(glanced.path)
    except (OSError, SchemaError) as error:
        broken.append(f"{glanced.path}: {error}")
        return glanced.record


def render(kind: str, pages: Sequence[Page]) -> str:
    """The text of a report in one of KINDS."""
    renderers: Mapping[str, Callable[[Sequence[Page]], str]] = {
        "html": html.render,
        "md": markdown.render,
        "json": lambda pages: json.dumps(data.as_json(pages), allow_nan=False) + "\n",
    }
    return renderers[kind](pages)


def write(path: Path, text: str, *, replace: bool) -> None:
    """Write a report. An existing file is replaced only once the new one is completely on disk.

    Raises CannotWrite, and FileExistsError if there is a file and `replace` is False.
    """
    try:
        if path.is_dir():
            raise CannotWrite(f"{path} is a folder. Name a file in it.")
        exists = path.exists()
        if exists and not replace:
            raise FileExistsError(path)
        if exists and not path.is_file():  # a pipe or a device cannot be replaced
            path.write_text(text, encoding="utf-8")
            return
        _replace(path.resolve(), text)
    except FileExistsError:
        raise
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written: {_why(error, path)}") from error


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}")
    try:
        with temporary.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            temporary.chmod(path.stat().st_mode & 0o777)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _why(error: OSError, path: Path) -> str:
    match error:
        case FileNotFoundError():
            return f"there is no folder {path.parent}."
        case PermissionError():
            return f"this user may not write in {path.parent}."
        case NotADirectoryError():
            return f"{path.parent} is not a folder."
    reason = error.strerror or str(error)
    return f"{reason[:1].lower()}{reason[1:]}."
