"""A report on disk: whole or not at all, over nothing that was not meant, and errors in words."""

import errno
import os
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fakes import records
from zcal_tui.model.events import RunEnded, RunStarted
from zcal_tui.results.report.make import KINDS, CannotWrite, page_of, render, write
from zcal_tui.results.report.page import make_page
from zcal_tui.results.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """What the made-up printer has, and a file that is none of ours."""
    store = Store(tmp_path)
    for record in records.everything():
        journal = store.begin("voron", record.id)
        journal.write(RunStarted(record.id, record.check, record.started, record.printer))
        journal.write(RunEnded(record))
        journal.close()
    (tmp_path / "printers" / "voron" / "torn.jsonl").write_text("?\n")
    return store


def test_the_page_tells_each_checks_run_with_its_samples(store: Store) -> None:
    page, broken = page_of(store, "voron", {})
    told = {section.record.check: section.record for section in page.sections}
    whole = make_page("voron", records.everything(), (), {})
    assert told == {section.record.check: section.record for section in whole.sections}
    assert any(record.samples for record in told.values())
    assert len(broken) == 1 and "torn.jsonl: it contains no run" in broken[0]


def test_nobody_has_to_have_run_anything(tmp_path: Path) -> None:
    page, broken = page_of(Store(tmp_path), "new", {})
    assert page.sections == () and broken == []
    for kind in KINDS:
        assert "new" in render(kind, [page])


def test_a_file_is_replaced_only_where_that_is_meant(tmp_path: Path) -> None:
    path = tmp_path / "report.md"
    write(path, "one", replace=False)
    path.chmod(0o640)
    with pytest.raises(FileExistsError):
        write(path, "two", replace=False)
    assert path.read_text() == "one"
    write(path, "two", replace=True)
    assert path.read_text() == "two" and path.stat().st_mode & 0o777 == 0o640
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "report.md"
    path.write_text("one")

    def full(number: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CannotWrite, match=r"report\.md cannot be written: no space left on device\."):
        write(path, "two", replace=True)
    assert path.read_text() == "one" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "is a folder. Name a file"),
        ("no/such/r.md", "there is no folder"),
        ("file/r.md", "is not a folder"),
        ("x" * 300 + ".md", "file name too long"),
    ],
)
def test_what_keeps_it_from_being_written_is_a_sentence(name: str, why: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotWrite, match=why):
        write(tmp_path / name, "text", replace=False)


def test_a_folder_that_may_not_be_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Path.open

    def refuse(self: Path, *args: Any, **named: Any) -> Any:
        if self.name.startswith(".report"):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        return real(self, *args, **named)

    monkeypatch.setattr(Path, "open", refuse)  # root may write anywhere
    with pytest.raises(CannotWrite, match="this user may not write in"):
        write(tmp_path / "report.md", "text", replace=False)


def test_a_pipe_takes_it(tmp_path: Path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    write(path, "text", replace=True)
    assert os.read(reader, 10) == b"text"
    os.close(reader)
