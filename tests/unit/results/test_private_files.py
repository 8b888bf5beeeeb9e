"""Stored runs are for their owner alone, those of earlier versions too."""

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.fakes import records
from zcal_tui import start
from zcal_tui.results.changes import Changed
from zcal_tui.results.private_files import make_folder, open_to_others, protect
from zcal_tui.results.store import Store


@pytest.fixture(autouse=True)
def open_umask() -> Iterator[None]:
    """The umask of a machine on which everybody may write everything."""
    before = os.umask(0)
    yield
    os.umask(before)


def rights(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def everything(folder: Path) -> list[Path]:
    return [folder, *folder.rglob("*")]


def test_what_is_created_is_private(tmp_path: Path) -> None:
    store = Store(tmp_path / "share" / "zcal-tui")
    records.keep(store, records.accuracy(1))
    store.changed("voron", Changed("nozzle", "2026-01-01T00:00:00Z"))
    made = everything(tmp_path / "share")
    assert len(made) == 6
    for path in made:
        assert rights(path) == (0o700 if path.is_dir() else 0o600), path
    assert not open_to_others(store.folder)


def test_the_log_is_private_when_it_is_rotated_too(tmp_path: Path) -> None:
    root = logging.getLogger()
    before = list(root.handlers), root.level
    start.log_to(tmp_path / "new" / "zcal-tui.log")
    (handler,) = [one for one in root.handlers if one not in before[0]]
    try:
        assert isinstance(handler, logging.handlers.RotatingFileHandler)
        logging.getLogger("zcal_tui").warning("a line")
        handler.doRollover()
        logging.getLogger("zcal_tui").warning("another")
    finally:
        root.removeHandler(handler)
        root.setLevel(before[1])
        handler.close()
    logs = sorted((tmp_path / "new").iterdir())
    assert [log.name for log in logs] == ["zcal-tui.log", "zcal-tui.log.1"]
    assert {rights(log) for log in logs} == {0o600}
    assert rights(tmp_path / "new") == 0o700


def earlier(folder: Path) -> Store:
    """A data folder as it was made before."""
    store = Store(folder)
    records.keep(store, records.accuracy(1), records.accuracy(2))
    (folder / "zcal-tui.log").write_text("a line\n")
    for path in everything(folder):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return store


def test_what_was_open_is_closed(tmp_path: Path) -> None:
    store = earlier(tmp_path / "zcal-tui")
    assert open_to_others(store.folder)
    assert protect(store.folder) == []
    for path in everything(store.folder):
        assert rights(path) == (0o700 if path.is_dir() else 0o600), path
    assert not open_to_others(store.folder)
    assert len(list(store.runs("voron"))) == 2


def test_a_folder_that_a_person_chose_keeps_its_own_rights(tmp_path: Path) -> None:
    chosen = tmp_path / "shared"
    earlier(chosen)
    (chosen / "other.txt").touch(0o644)
    assert protect(chosen) == []
    assert rights(chosen) == 0o755
    assert rights(chosen / "other.txt") == 0o644
    assert rights(chosen / "printers") == 0o700
    assert rights(chosen / "zcal-tui.log") == 0o600


def test_links_lead_nowhere(tmp_path: Path) -> None:
    outside = tmp_path / "outside.txt"
    outside.touch(0o644)
    store = earlier(tmp_path / "zcal-tui")
    (store.folder / "printers" / "voron" / "link.jsonl").symlink_to(outside)
    assert protect(store.folder) == []
    assert rights(outside) == 0o644


def test_what_cannot_be_closed_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = earlier(tmp_path / "zcal-tui")

    def refuse(self: Path, mode: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    failed = protect(store.folder)
    assert any(str(store.folder / "printers") in what and "not permitted" in what for what in failed)
    assert open_to_others(store.folder)


def test_no_folder_is_no_fault(tmp_path: Path) -> None:
    assert protect(tmp_path / "none") == []
    assert not open_to_others(tmp_path / "none")
    make_folder(tmp_path)
