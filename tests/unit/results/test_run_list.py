"""A list of runs is made quickly, and holds whatever is in the folder: also what cannot be read."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fakes import records
from zcal_tui.model.codec import SchemaError, event_to_json
from zcal_tui.model.events import RunEnded, RunStarted, SampleTaken
from zcal_tui.model.record import Estimate, Outcome, Record
from zcal_tui.results.store import Store, StoredRun, entries, glance, read_whole

RECORD = next(record for record in records.everything() if record.samples)


def ended(folder: Path, record: Record, **changes: Any) -> Path:
    """A run's file whose last line is its record, with these fields replaced."""
    path = folder / f"{record.id}.jsonl"
    started = RunStarted(
        record.id, record.check, record.started, record.printer, record.context, record.parameters
    )
    lines = [event_to_json(started), *(event_to_json(SampleTaken(s)) for s in record.samples)]
    lines.append({**event_to_json(RunEnded(record)), **changes})
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


@pytest.mark.parametrize("record", records.everything(), ids=lambda record: record.check)
def test_at_a_glance_a_record_is_whole_but_for_its_samples(record: Record, tmp_path: Path) -> None:
    path = ended(tmp_path, record)
    assert glance(path) == StoredRun(path, replace(record, samples=()), len(record.samples))
    assert read_whole(path) == record


def test_an_interrupted_run_is_read_from_its_lines(tmp_path: Path) -> None:
    path = ended(tmp_path, RECORD)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[:-1]) + '\n{"event": "record", "sch')
    entry = glance(path)
    assert entry.record is not None
    assert (entry.record.outcome, entry.count) == (Outcome.LOST, len(RECORD.samples))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it contains no run"),
        ("not json\n", "it contains no run"),
        ("[" * 100_000 + "\n", "it contains no run"),
        ('{"event": "record", "schema": 1}\n', "not a record"),
        ('{"event": "record", "schema": 99, "samples": []}\n', "newer than"),
        ('{"event": "record"' + ":" * 9 + "\n", "the last line is not a record"),
        ('{"event": "record", "a": ' + "[" * 100_000 + "\n", "the last line is not a record"),
        ('{"event": "sample", "n": 1}\n', "not an event"),
        ("\x00\xff\n", "it contains no run"),
    ],
)
def test_what_cannot_be_read_is_in_the_list_with_the_reason(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "20260102T030405-000001-z-offset.jsonl"
    path.write_text(text)
    entry = glance(path)
    assert entry.record is None
    assert why in entry.why_not and str(tmp_path) not in entry.why_not
    assert (entry.check, entry.started) == ("z-offset", "2026-01-02T03:04:05Z")
    with pytest.raises(SchemaError):
        read_whole(path)


@pytest.mark.parametrize(
    "changes",
    [
        {"started": 5},
        {"printer": "voron"},
        {"context": []},
        {"parameters": None},
        {"estimates": {"sigma": {"value": "large", "low": None, "high": None}}},
        {"estimates": {"sigma": {"value": 1e999, "low": None, "high": None}}},
        {"estimates": {"sigma": {"value": 1, "low": True, "high": None}}},
        {"estimates": {"sigma": {"value": 1, "low": 0, "high": 2, "unit": None}}},
        {"verdict": {"level": "pass", "summary": 7, "reasons": []}},
        {"verdict": {"level": "splendid", "summary": "", "reasons": []}},
        {"advice": [{}]},
        {"changes": [{"section": 1, "option": "a", "old": None, "new": "b"}]},
        {"parts": [{"id": 1, "check": "a", "outcome": "finished", "level": None, "summary": ""}]},
        {"problem": {"what": None}},
        {"finished": {}},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_record_of_another_shape_is_one_that_cannot_be_read(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    path = ended(tmp_path, RECORD, **changes)
    entry = glance(path)
    assert entry.record is None and entry.why_not
    with pytest.raises(SchemaError):
        read_whole(path)


@pytest.mark.parametrize("field", ["trigger_z", "kind", "values", "bed"])
def test_a_sample_of_another_shape_is_found_when_it_is_needed(field: str, tmp_path: Path) -> None:
    sample = {**event_to_json(SampleTaken(RECORD.samples[0])), field: ["x"]}
    with pytest.raises(SchemaError, match="sample 1"):
        read_whole(ended(tmp_path, RECORD, samples=[sample]))


def test_files_that_may_not_be_read_and_folders_do_not_matter(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").mkdir()
    entry = glance(tmp_path / "a.jsonl")
    assert entry.record is None and "directory" in entry.why_not and entry.check == entry.started == ""


def test_the_runs_of_one_printer_are_newest_first(tmp_path: Path) -> None:
    folder = tmp_path / "printers" / "voron"
    folder.mkdir(parents=True)
    for n in (2, 1, 3):
        ended(folder, replace(RECORD, id=f"2026010{n}T000000-000001-accuracy"))
    found = list(entries(Store(tmp_path), "voron"))
    assert [entry.path.name[:8] for entry in found] == ["20260103", "20260102", "20260101"]
    assert list(entries(Store(tmp_path), "no such printer")) == []


def test_a_sound_record_has_estimates_with_one_side_only(tmp_path: Path) -> None:
    record = replace(RECORD, estimates={"backlash": Estimate("backlash", None, None, 0.004)})
    assert glance(ended(tmp_path, record)).record == replace(record, samples=())
