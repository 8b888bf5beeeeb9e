"""Writes a report file: asks for format and file, and before it replaces one; explains errors."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from textual.app import App

from zcal_tui.config import ConfigError, as_path
from zcal_tui.model.record import Problem
from zcal_tui.results.report.make import KINDS, CannotWrite, page_of, render, write
from zcal_tui.results.store import Store, printer_folder_name
from zcal_tui.tui.app_state import AppState
from zcal_tui.tui.screens.modals import ConfirmModal, PickModal, ProblemModal
from zcal_tui.tui.screens.typed import TypedModal

NOTICE_SECONDS = 12.0
"""How long the screen shows where the report was written."""


async def report(app: App[Any], app_state: AppState) -> None:
    """Ask for format and file, write, and show where."""
    kind = await app.push_screen_wait(
        PickModal(
            app_state,
            "Report",
            f"A report about {app_state.snapshot.filed_under}: the result of each check, with plots and conditions.",
            tuple((key, label, help) for key, (label, help) in KINDS.items()),
        )
    )
    if kind is None:
        return
    name = str(_folder(app_state) / _name(app_state, kind))
    while True:
        typed = await app.push_screen_wait(
            TypedModal(
                app_state,
                f"Report as {KINDS[kind][0]}",
                "File to write:",
                name,
                file_effect,
                start=name,
                go="Write",
            )
        )
        if typed is None:
            return
        name = typed.strip()
        if await _written(app, app_state, kind, as_path(name)):
            return


async def _written(app: App[Any], app_state: AppState, kind: str, path: Path) -> bool:
    """Write it; False where the person should choose another name."""
    titles = {check: declared.info.title for check, declared in app_state.checks.items()}
    store, printer = app_state.session.store, app_state.snapshot.filed_under
    replace = False
    while True:
        try:
            unreadable = await asyncio.to_thread(
                write_report, store, printer, titles, kind, path, replace=replace
            )
        except FileExistsError:
            replace = bool(await app.push_screen_wait(_over(app_state, path)))
            if not replace:
                return False
        except CannotWrite as error:
            problem = Problem(str(error), remedy="Choose another name or folder.")
            await app.push_screen_wait(ProblemModal(app_state, problem, "The report was not written"))
            return False
        else:
            left = f"\n{unreadable} of the runs could not be read." if unreadable else ""
            app.notify(f"{path}{left}", title="The report was written", markup=False, timeout=NOTICE_SECONDS)
            return True


def write_report(
    store: Store, printer: str, titles: Mapping[str, str], kind: str, path: Path, *, replace: bool
) -> int:
    """Write it; returns how many files could not be read. Raises CannotWrite, FileExistsError."""
    if not replace and path.is_file():
        raise FileExistsError(path)
    page, broken = page_of(store, printer, titles)
    write(path, render(kind, [page]), replace=replace)
    return len(broken)


def file_effect(text: str) -> str:
    """What writing to a file of that name would do; a `!` first refuses."""
    try:
        path = as_path(text.strip())
        if path.is_dir():
            return "!this is a folder"
        if not path.parent.is_dir():
            return f"!folder {path.parent} does not exist"
        return "exists; asks before replacing it" if path.exists() else "new file"
    except ConfigError as error:
        return f"!{error}"
    except OSError as error:
        return f"!{error.strerror or error}"


def _over(app_state: AppState, path: Path) -> ConfirmModal:
    return ConfirmModal(
        app_state, "Replace the file?", f"{path} already exists.", "Replace", "Choose another name"
    )


def _folder(app_state: AppState) -> Path:
    """The person's home; where there is none, the folder of the results."""
    try:
        home = Path.home()
    except RuntimeError:
        return app_state.session.store.folder
    return home if home.is_dir() else app_state.session.store.folder


def _name(app_state: AppState, kind: str) -> str:
    printer = printer_folder_name(app_state.snapshot.filed_under)
    return f"zcal-{printer}-{app_state.now().astimezone():%Y-%m-%d}.{kind}"
