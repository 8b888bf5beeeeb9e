"""An interrupted run is offered again until it is closed; one that is active in another program is left alone."""

import json
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.fakes import records
from zcal_tui.model.record import Outcome
from zcal_tui.results.journal import has_ended, is_running
from zcal_tui.results.store import StillRunning, Store, read_run


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_what_was_cut_off_is_interrupted_and_what_ended_is_not(store: Store) -> None:
    records.keep(store, records.accuracy(1))
    records.cut_off(store, records.accuracy(2))
    (found,) = store.interrupted("voron")
    assert found.id == records.accuracy(2).id
    assert found.outcome is Outcome.LOST
    assert len(found.samples) == 15


def test_a_closed_run_has_its_end_and_is_not_offered_again(store: Store) -> None:
    path = records.cut_off(store, records.accuracy(2))
    store.close(store.interrupted("voron")[0])
    assert store.interrupted("voron") == ()
    kept = read_run(path)
    assert kept.complete
    assert kept.record.outcome is Outcome.LOST
    assert kept.record.problem is not None
    assert len(kept.record.samples) == 15


def test_closing_twice_writes_one_end(store: Store) -> None:
    path = records.cut_off(store, records.accuracy(2))
    record = store.interrupted("voron")[0]
    store.close(record)
    lines = path.read_text()
    store.close(record)
    assert path.read_text() == lines


def test_a_line_that_was_cut_off_does_not_swallow_the_end(store: Store) -> None:
    path = records.cut_off(store, records.accuracy(2))
    with path.open("a") as file:
        file.write('{"event": "sample", "n": 16, "tri')
    store.close(store.interrupted("voron")[0])
    assert has_ended(path)
    assert read_run(path).complete


@pytest.mark.slow
def test_a_long_record_is_found_from_the_end(store: Store) -> None:
    many = tuple(replace(records.accuracy(1).samples[1], n=n) for n in range(2000))
    (path,) = records.keep(store, replace(records.accuracy(1), samples=many))
    assert path.stat().st_size > 3 * 65536
    assert has_ended(path)
    assert store.interrupted("voron") == ()


def test_a_resumed_run_is_not_offered_beside_the_one_that_resumes_it(store: Store) -> None:
    first = records.accuracy(1)
    records.cut_off(store, first)
    second = records.accuracy(2)
    records.cut_off(store, replace(second, context={**second.context, "continues": first.id}))
    assert [record.id for record in store.interrupted("voron")] == [second.id]


def test_a_run_of_a_living_program_is_running_not_interrupted(store: Store) -> None:
    code = """
        import sys
        from pathlib import Path
        from zcal_tui.model.events import RunStarted
        from zcal_tui.results.store import Store
        journal = Store(Path(sys.argv[1])).begin("voron", "r1")
        journal.write(RunStarted("r1", "accuracy", "2026-01-01T00:00:00Z", {"name": "voron"}))
        print(journal.path, flush=True)
        sys.stdin.read()
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), str(store.folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    path = Path(process.stdout.readline().strip())
    kept = read_run(path)
    assert is_running(path)
    assert kept.record.outcome is Outcome.RUNNING
    assert store.interrupted("voron") == ()
    with pytest.raises(StillRunning, match="another program"):
        store.close(kept.record)
    process.kill()
    process.communicate()
    assert not is_running(path)
    assert [record.id for record in store.interrupted("voron")] == ["r1"]


def test_a_file_that_is_no_run_is_skipped_and_named(store: Store) -> None:
    (path,) = records.keep(store, records.accuracy(1))
    (path.parent / "20260101-broken.jsonl").write_text('{"event": "notice"}\n')
    (path.parent / "20260101-bytes.jsonl").write_bytes(b"\xff\xfe\x00")
    (path.parent / "20260101-empty.jsonl").write_text("")
    broken: list[str] = []
    assert [kept.record.id for kept in store.runs("voron", broken)] == [records.accuracy(1).id]
    assert len(broken) == 3
    assert all("20260101-" in text for text in broken)
    assert store.interrupted("voron") == ()


def test_printers_are_listed_with_the_one_used_last_first(store: Store) -> None:
    other = replace(records.accuracy(3), printer={"name": "delta"})
    records.keep(store, records.accuracy(1), other)
    (store.folder / "printers" / "nothing").mkdir()
    assert store.printers() == ("delta", "voron")


def test_the_parts_of_a_full_calibration_are_listed_and_closed_with_it(store: Store) -> None:
    before, whole, part = records.bias(1), records.record("all", 2), records.accuracy(3)
    paths = [records.cut_off(store, record) for record in (before, whole, part)]
    assert [record.id for record in store.interrupted("voron")] == [whole.id, before.id]
    store.close(store.interrupted("voron")[0])
    assert [record.id for record in store.interrupted("voron")] == [before.id]
    assert [read_run(path).complete for path in paths] == [False, True, True]


def test_a_resumed_full_calibration_hides_its_parts_before_it_is_closed(store: Store) -> None:
    first, part, second = records.record("all", 1), records.accuracy(2), records.record("all", 3)
    for record in (first, part, replace(second, context={**second.context, "continues": first.id})):
        records.cut_off(store, record)
    assert [record.id for record in store.interrupted("voron")] == [second.id]


def test_keys_and_lines_of_a_newer_version_are_preserved_when_a_run_is_closed(store: Store) -> None:
    path = records.cut_off(store, records.accuracy(2))
    first, *rest = path.read_text().splitlines()
    first = json.dumps({**json.loads(first), "operator": "Ann"})
    path.write_text("\n".join([first, '{"event": "of a newer version"}', *rest]) + "\n")
    record = read_run(path).record
    assert record.unknown == {"operator": "Ann"}
    store.close(record)
    assert json.loads(path.read_text().splitlines()[-1])["operator"] == "Ann"
    assert "of a newer version" in path.read_text()
