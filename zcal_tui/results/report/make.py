"""A report from what is kept to a file: which runs it tells, in which format, and where it is written."""

import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from zcal_tui.model.codec import SchemaError
from zcal_tui.model.record import Record
from zcal_tui.results.report import data, html, markdown
from zcal_tui.results.report.page import Page, make_page, told
from zcal_tui.results.store import Store, StoredRun, entries, read_whole

FORMATS: Mapping[str, str] = {
    ".md": "md",
    ".markdown": "md",
    ".html": "html",
    ".htm": "html",
    ".json": "json",
}
"""By the end of a file's name, the format it is for."""

KINDS: Mapping[str, tuple[str, str]] = {
    "html": ("HTML", "to look at and to print; in one file, with its pictures"),
    "md": ("Markdown", "to paste into a forum or an issue"),
    "json": ("JSON", "for programs: the records themselves"),
}
"""The formats: what each is called, and what it is for."""


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
    """The page about a printer, and what there is to say of files that cannot be read. Reads the whole folder: not for
    a thread that must not wait."""
    found: dict[str, StoredRun] = {}
    broken = []
    for entry in entries(store, printer, progress=progress):
        if entry.record is not None:
            found.setdefault(entry.record.id, entry)
        else:
            broken.append(f"{entry.path}: {entry.why_not}")
    records = [_whole(entry, broken) for entry in _told(found)]
    return make_page(printer, records, store.changes(printer), titles, now), broken


def _told(found: Mapping[str, StoredRun]) -> list[tuple[StoredRun, bool]]:
    """Every run, and whether the page tells its samples."""
    records = [entry.record for entry in found.values() if entry.record is not None]
    records.sort(key=lambda record: record.started, reverse=True)
    telling = {record.id for record in told(records)}
    return [(entry, run in telling) for run, entry in found.items()]


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
    """Write a report; what stood there before stays as it is until all of the new one is on disk. Raises CannotWrite,
    and FileExistsError where there is a file that is not to be replaced."""
    try:
        if path.is_dir():
            raise CannotWrite(f"{path} is a folder: the name of a file is needed.")
        there = path.exists()
        if there and not replace:
            raise FileExistsError(path)
        if there and not path.is_file():  # a pipe or a device takes what it is given
            path.write_text(text, encoding="utf-8")
            return
        _write_beside(path.resolve(), text)
    except FileExistsError:
        raise
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written: {_why(error, path)}") from error


def _write_beside(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name[:200]}.{secrets.token_hex(4)}")
    try:
        with beside.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            beside.chmod(path.stat().st_mode & 0o777)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


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
