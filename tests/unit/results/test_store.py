"""What was measured is on disk, whatever happens to the program."""

import errno
import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.fakes import records
from zcal_tui.model.codec import SchemaError
from zcal_tui.model.events import RunEnded, RunStarted, SampleTaken
from zcal_tui.model.record import Outcome, Sample
from zcal_tui.model.view import begin, fold
from zcal_tui.results.store import Store, new_run_id, printer_folder_name, read_run

STARTED = RunStarted(id="r1", check="accuracy", started="2026-01-01T00:00:00.000Z", printer={"name": "v"})
SAMPLE = SampleTaken(Sample(1, 0.5, 10.0, 20.0, 1.25))


def test_a_run_comes_back_from_its_file(tmp_path: Path) -> None:
    journal = Store(tmp_path).begin("voron", "r1")
    view = begin(STARTED)
    samples = (SAMPLE, replace(SAMPLE, sample=replace(SAMPLE.sample, n=2)))
    for sample in samples:
        view = fold(view, sample)
    record = replace(view.record, finished="later", outcome=Outcome.FINISHED)
    for event in (STARTED, *samples, RunEnded(record)):
        journal.write(event)
    journal.close()
    kept = read_run(journal.path)
    assert kept.complete
    assert kept.record == record


def test_a_run_that_was_cut_off_keeps_its_samples_and_says_so(tmp_path: Path) -> None:
    journal = Store(tmp_path).begin("voron", "r1")
    journal.write(STARTED)
    journal.write(SAMPLE)
    journal.close()
    with journal.path.open("a") as file:
        file.write('{"event": "sample", "n": 2, "tri')
    kept = read_run(journal.path)
    assert not kept.complete
    assert kept.record.outcome is Outcome.LOST
    assert kept.record.samples == (SAMPLE.sample,)


def test_every_line_is_on_disk_when_write_returns(tmp_path: Path) -> None:
    journal = Store(tmp_path).begin("voron", "r1")
    journal.write(STARTED)
    journal.write(SAMPLE)
    assert len(journal.path.read_text().splitlines()) == 2


def test_a_file_that_is_no_run_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"event": "sample", "n": 1, "t": 0, "x": 0, "y": 0, "trigger_z": 1}\n')
    with pytest.raises(SchemaError, match="not the start of a run"):
        read_run(path)


def test_runs_are_newest_first_and_the_last_of_each_check_is_found(tmp_path: Path) -> None:
    store = Store(tmp_path)
    for run_id in ("20260101-a", "20260102-b"):
        journal = store.begin("voron", run_id)
        journal.write(replace(STARTED, id=run_id))
        journal.close()
    assert [kept.record.id for kept in store.runs("voron")] == ["20260102-b", "20260101-a"]
    assert store.last("voron", ["accuracy", "bias"])["accuracy"].id == "20260102-b"


@pytest.mark.parametrize("name", ["voron", "my printer!", "../../etc", "", "http://x:7125", "…"])
def test_a_printer_never_leaves_its_folder(name: str, tmp_path: Path) -> None:
    folder = printer_folder_name(name)
    assert folder not in ("", ".", "..")
    assert "/" not in folder


def test_two_runs_of_one_moment_have_two_names() -> None:
    assert len({new_run_id("accuracy") for _ in range(50)}) == 50


def test_two_programs_that_amend_a_run_at_once_leave_it_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, run = Store(tmp_path), records.accuracy()
    (path,) = records.keep(kept, run)
    printer = str(run.printer["name"])
    sync = os.fsync
    nested: list[int] = []

    def other_first(file: int) -> None:
        """Another program amends the run while the first one writes."""
        sync(file)
        if not nested:
            nested.append(file)
            kept.amend(printer, replace(run, advice=("By the other one.",)))

    monkeypatch.setattr(os, "fsync", other_first)
    kept.amend(printer, replace(run, advice=("By the first one.",)))
    assert read_run(path).record.advice == ("By the first one.",)
    assert read_run(path).record.samples == run.samples
    assert [one.name for one in path.parent.iterdir()] == [path.name]


def test_a_full_disk_leaves_a_run_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, run = Store(tmp_path), records.accuracy()
    (path,) = records.keep(kept, run)

    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        kept.amend(str(run.printer["name"]), replace(run, advice=("Lost.",)))
    assert read_run(path).record == run
    assert [one.name for one in path.parent.iterdir()] == [path.name]
