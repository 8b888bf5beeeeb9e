"""The index of ended runs and the runs' files always give the same answer, whatever happens to either."""

import errno
import fcntl
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.fakes import records
from zcal_tui.model.record import Estimate, Record
from zcal_tui.results import run_index, store
from zcal_tui.results.journal import ended_line, has_ended
from zcal_tui.results.run_index import FILE, RunIndex, stamps
from zcal_tui.results.store import Store, StoredRun, entries, glance, named_check

PRINTER = "voron"


@pytest.fixture(autouse=True)
def _eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Index one run as readily as many, and one that was just written as readily as an old one."""
    monkeypatch.setattr(run_index, "FEWEST", 1)
    monkeypatch.setattr(run_index, "SHARE", 0.0)
    monkeypatch.setattr(run_index, "SETTLED", -(10**12))


@pytest.fixture
def kept(tmp_path: Path) -> Store:
    found = Store(tmp_path)
    for number in range(1, 6):
        records.keep(found, records.accuracy(number))
    return found


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the files of runs that were read for a list."""
    found: list[str] = []

    def read(path: Path) -> bytes | None:
        found.append(path.name)
        return ended_line(path)

    monkeypatch.setattr(store, "ended_line", read)
    yield found


def from_files(kept: Store) -> list[StoredRun]:
    """What `entries` gives where there is no index."""
    return [glance(path) for path in sorted(kept.files(PRINTER), key=lambda path: not named_check(path))]


def folder_of(kept: Store) -> Path:
    return kept.folder_of(PRINTER)


def test_the_second_list_reads_no_run(kept: Store, reads: list[str]) -> None:
    first = list(entries(kept, PRINTER))
    assert len(reads) == 5
    reads.clear()
    second = list(entries(kept, PRINTER))
    assert reads == []
    assert second == first == from_files(kept)
    assert stat.S_IMODE((folder_of(kept) / FILE).stat().st_mode) == 0o600
    assert sorted(path.suffix for path in folder_of(kept).iterdir()) == [".index", *[".jsonl"] * 5]


def test_what_has_ended_is_not_read_to_find_interrupted_runs(
    kept: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = records.cut_off(kept, records.accuracy(7))
    list(entries(kept, PRINTER))
    looked: list[Path] = []

    def look(path: Path) -> bool:
        looked.append(path)
        return has_ended(path)

    monkeypatch.setattr(store, "has_ended", look)
    assert [record.id for record in kept.interrupted(PRINTER)] == [records.accuracy(7).id]
    assert looked == [cut]


def test_only_what_is_new_is_read(kept: Store, reads: list[str]) -> None:
    list(entries(kept, PRINTER))
    (path,) = records.keep(kept, records.accuracy(9))
    reads.clear()
    found = list(entries(kept, PRINTER))
    assert found[0].path == path
    assert reads == [path.name]


def test_a_run_that_is_cut_off_is_never_taken_from_the_index(kept: Store, reads: list[str]) -> None:
    path = records.cut_off(kept, records.accuracy(8))
    for _ in range(2):
        reads.clear()
        found = list(entries(kept, PRINTER))
        assert path.name in reads
        assert found[0] == glance(path)


def test_a_newer_record_of_the_same_run_counts(kept: Store) -> None:
    list(entries(kept, PRINTER))
    newer = replace(records.accuracy(3), advice=("Save it.",))
    kept.amend(PRINTER, newer)
    assert [run.record for run in entries(kept, PRINTER)][2] == replace(newer, samples=())


def test_a_file_that_was_just_changed_is_not_indexed(
    kept: Store, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_index, "SETTLED", 3 * 10**9)
    list(entries(kept, PRINTER))
    reads.clear()
    list(entries(kept, PRINTER))
    assert len(reads) == 5
    assert not (folder_of(kept) / FILE).exists()


def test_few_new_runs_are_not_worth_another_index(kept: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    list(entries(kept, PRINTER))
    before = (folder_of(kept) / FILE).read_bytes()
    monkeypatch.setattr(run_index, "FEWEST", 3)
    for number in (11, 12):
        records.keep(kept, records.accuracy(number))
    list(entries(kept, PRINTER))
    assert (folder_of(kept) / FILE).read_bytes() == before
    records.keep(kept, records.accuracy(13))
    list(entries(kept, PRINTER))
    assert (folder_of(kept) / FILE).read_bytes() != before


def test_files_that_cannot_be_read_do_not_make_a_new_index_each_time(kept: Store) -> None:
    list(entries(kept, PRINTER))
    before = (folder_of(kept) / FILE).stat().st_ino
    (folder_of(kept) / "20260101T000000-000001-bias.jsonl").write_text("{}\n")
    list(entries(kept, PRINTER))
    assert (folder_of(kept) / FILE).stat().st_ino == before
    assert not (folder_of(kept) / f"{FILE}.new").exists()


def test_an_index_of_another_version_is_made_again(
    kept: Store, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    list(entries(kept, PRINTER))
    monkeypatch.setattr(run_index, "_VERSION", "99.0")
    for expected in (5, 0):
        reads.clear()
        list(entries(kept, PRINTER))
        assert len(reads) == expected


def test_a_list_that_is_not_read_to_its_end_leaves_nothing(kept: Store) -> None:
    next(entries(kept, PRINTER))
    assert [path for path in folder_of(kept).iterdir() if path.suffix != ".jsonl"] == []


@pytest.mark.parametrize("failing", ["open", "write", "replace", "lock"])
def test_where_the_index_cannot_be_written_the_list_is_complete(
    failing: str, kept: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    targets: dict[str, tuple[Any, str]] = {
        "open": (run_index, "private"),
        "write": (os, "write"),
        "replace": (Path, "replace"),
        "lock": (fcntl, "flock"),
    }
    monkeypatch.setattr(*targets[failing], fails)
    found = list(entries(kept, PRINTER))
    monkeypatch.undo()
    assert found == from_files(kept)
    assert not (folder_of(kept) / FILE).exists()
    assert failing == "lock" or not (folder_of(kept) / f"{FILE}.new").exists()


def test_a_folder_in_place_of_the_index_does_not_matter(kept: Store) -> None:
    (folder_of(kept) / FILE).mkdir()
    assert list(entries(kept, PRINTER)) == from_files(kept)
    (folder_of(kept) / f"{FILE}.new").mkdir()
    assert list(entries(kept, PRINTER)) == from_files(kept)


def test_a_link_in_place_of_the_new_index_is_not_followed(kept: Store, tmp_path: Path) -> None:
    other = tmp_path / "precious"
    other.write_text("mine")
    (folder_of(kept) / f"{FILE}.new").symlink_to(other)
    assert list(entries(kept, PRINTER)) == from_files(kept)
    assert other.read_text() == "mine"


def test_programs_that_read_and_write_it_at_once_all_get_the_same(kept: Store) -> None:
    expected = from_files(kept)
    wrong: list[list[StoredRun]] = []

    def reader() -> None:
        for _ in range(15):
            (folder_of(kept) / FILE).unlink(missing_ok=True)
            if (found := list(entries(kept, PRINTER))) != expected:
                wrong.append(found)

    threads = [threading.Thread(target=reader) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    list(entries(kept, PRINTER))
    found = stamps(folder_of(kept))
    with RunIndex(folder_of(kept)) as index:
        assert all(index.holds(path.name, found[path.name]) for path in kept.files(PRINTER))


def test_a_writer_that_was_killed_leaves_no_lock(kept: Store) -> None:
    program = (
        "import os, sys, pathlib\n"
        "from zcal_tui.results.run_index import NewIndex, RunIndex\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "new = NewIndex(folder, RunIndex(folder))\n"
        "os._exit(0 if new.writing else 1)\n"
    )
    subprocess.run([sys.executable, "-c", program, str(folder_of(kept))], check=True)
    assert (folder_of(kept) / f"{FILE}.new").exists()
    list(entries(kept, PRINTER))
    assert (folder_of(kept) / FILE).exists() and not (folder_of(kept) / f"{FILE}.new").exists()


@pytest.mark.parametrize("record", records.everything(), ids=lambda record: record.check)
def test_every_kind_of_record_is_the_same_from_the_index(record: Record, tmp_path: Path) -> None:
    kept = Store(tmp_path)
    (path,) = records.keep(kept, record)
    printer = path.parent.name
    first = list(entries(kept, printer))
    with RunIndex(path.parent) as index:
        known = index.find(path.name, stamps(path.parent)[path.name])
    assert known is not None
    assert [StoredRun(path, *known)] == first == [glance(path)]


HUGE = '{"event": "record", "schema": 1, "new": [1e999, -0.0, 12345678901234567890, "\\ud800\\u0000"], '
"""The beginning of a record with what only just is JSON; a newer version might write such keys."""


def test_keys_of_a_newer_version_are_the_same_from_the_index(kept: Store) -> None:
    path = kept.files(PRINTER)[0]
    *lines, last = path.read_text().splitlines()
    path.write_text("\n".join([*lines, last.replace('{"event": "record", "schema": 1, ', HUGE)]) + "\n")
    list(entries(kept, PRINTER))
    assert repr(list(entries(kept, PRINTER))) == repr(from_files(kept))
    assert "new" in repr(from_files(kept)[0])


ACTIONS = st.sampled_from(
    ["add", "cut off", "delete", "amend", "edit", "unreadable", "config", "list", "rename", "copy"]
)
DAMAGE = st.none() | st.tuples(
    st.sampled_from(["flip", "cut", "grow", "remove", "shuffle"]), st.integers(0, 2**16)
)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(ACTIONS, st.integers(0, 30), DAMAGE), min_size=1, max_size=12))
def test_index_and_files_give_the_same_answer(steps: list[tuple[str, int, tuple[str, int] | None]]) -> None:
    with TemporaryDirectory() as name:
        kept = Store(Path(name))
        records.keep(kept, records.accuracy(31))
        for number, (action, which, damage) in enumerate(steps):
            _act(kept, action, which, number)
            if damage is not None:
                _damage(folder_of(kept) / FILE, *damage)
            assert list(entries(kept, PRINTER)) == from_files(kept)
            assert kept.interrupted(PRINTER) == _interrupted_without_index(kept)


def _interrupted_without_index(kept: Store) -> tuple[Record, ...]:
    index, aside = folder_of(kept) / FILE, folder_of(kept) / "aside"
    if not index.exists():
        return kept.interrupted(PRINTER)
    index.rename(aside)
    found = kept.interrupted(PRINTER)
    aside.rename(index)
    return found


def _act(kept: Store, action: str, which: int, number: int) -> None:
    files = kept.files(PRINTER)
    path = files[which % len(files)] if files else None
    own = replace(
        records.accuracy(which % 28 + 1), id=f"202602{which % 28 + 1:02d}T0000{number:02d}-000001-accuracy"
    )
    match action:
        case "add":
            records.keep(kept, own)
        case "cut off":
            records.cut_off(kept, own)
        case "config":
            changed = {**own.context, "config": {"probe": {"z_offset": which / 10}}}
            records.keep(kept, replace(own, context=changed))
        case "unreadable":
            (folder_of(kept) / f"{own.id}.jsonl").write_text("{}\n" * which)
        case "delete" if path is not None:
            path.unlink()
        case "rename" if path is not None:
            path.rename(path.with_name(f"{own.id}.jsonl"))
        case "copy" if path is not None:
            (folder_of(kept) / f"{own.id} (copy).jsonl").write_bytes(path.read_bytes())
        case "amend" if path is not None and (record := glance(path).record) is not None:
            if record.id == path.stem:
                kept.amend(
                    PRINTER, replace(record, estimates={"sigma": Estimate("sigma", which / 1e3, 0, 1)})
                )
        case "edit" if path is not None:
            path.write_text(path.read_text().replace('"level": "pass"', '"level": "warn"'))


def _damage(index: Path, how: str, where: int) -> None:
    if not index.exists():
        return
    data = bytearray(index.read_bytes())
    match how:
        case "flip":
            data[where % len(data)] ^= 1 << where % 8
        case "cut":
            del data[where % len(data) :]
        case "grow":
            data += b"\0" * (where % 99 + 1)
        case "shuffle":
            data = data[where % len(data) :] + data[: where % len(data)]
        case "remove":
            index.unlink()
            return
    index.write_bytes(data)


def test_the_index_is_json_that_people_can_search(kept: Store) -> None:
    list(entries(kept, PRINTER))
    lines = (folder_of(kept) / FILE).read_text().splitlines()
    found = [json.loads(line) for line in lines if line.startswith('{"event":"record"')]
    assert {one["id"] for one in found} == {path.stem for path in kept.files(PRINTER)}
