"""Variants of a check are separate wherever runs are listed or compared."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fakes import records
from zcal_tui.headless.results.history import as_json, as_text, histories
from zcal_tui.model.events import RunEnded
from zcal_tui.model.record import Record
from zcal_tui.results.compare import compare
from zcal_tui.results.find import recent, two
from zcal_tui.results.report import data
from zcal_tui.results.report.page import make_page
from zcal_tui.results.store import Store
from zcal_tui.results.trend import points
from zcal_tui.results.variant import grouped, key, titled, variant
from zcal_tui.session.snapshot_store import SnapshotStore

NAME = "voron"


def endstop(day: int, sigma: float = 0.0005) -> Record:
    return records.accuracy(day, sigma, parameters={"what": "endstop", "sweep": False})


def sweep(day: int) -> Record:
    swept = records.estimates(records.estimate("sigma@configured", 0.003))
    return records.record("accuracy", day, estimates=swept, parameters={"what": "probe", "sweep": True})


def position(day: int, **more: Any) -> Record:
    found = records.estimates(records.estimate("position_endstop", 0.5))
    return records.record("z-offset", day, estimates=found, **more)


@pytest.mark.parametrize(
    ("record", "expected", "title"),
    [
        (records.accuracy(), "accuracy", "T"),
        (endstop(1), "accuracy/endstop", "T (Z endstop)"),
        (sweep(1), "accuracy/sweep", "T (settings compared)"),
        (records.z_offset(), "z-offset", "T"),
        (position(1, parameters={"what": "auto"}), "z-offset/endstop", "T (Z endstop)"),
        (records.record("z-offset", 1, parameters={"what": "endstop"}), "z-offset/endstop", "T (Z endstop)"),
        (records.bias(), "bias", "T"),
    ],
)
def test_a_record_says_what_it_measured(record: Record, expected: str, title: str) -> None:
    assert key(record) == expected
    assert titled("T", record) == title


def test_the_last_result_of_a_check_is_that_of_what_it_usually_measures(tmp_path: Path) -> None:
    store = Store(tmp_path)
    usual = records.accuracy(1)
    records.keep(store, usual, endstop(2), sweep(3), position(1))
    last = store.last(NAME, ("accuracy", "z-offset", "bias"))
    assert last["accuracy"].id == usual.id
    assert variant(last["z-offset"]) == "endstop", "where nothing else was ever measured"
    assert "bias" not in last


def test_what_ends_now_takes_no_other_variants_place() -> None:
    board = SnapshotStore()
    for ended, standing in ((endstop(1), 1), (endstop(2), 2), (records.accuracy(3), 3), (endstop(4), 3)):
        board.event(RunEnded(ended))
        assert board.snapshot.last["accuracy"].started[8:10] == f"{standing:02d}"


def test_a_history_has_a_list_and_a_line_for_each() -> None:
    runs = [records.accuracy(day) for day in (1, 3, 5, 7)] + [endstop(day) for day in (2, 4, 6, 8)]
    found = histories(runs, (), limit=10)
    assert [(history.name, len(history.points)) for history in found] == [
        ("accuracy", 4),
        ("accuracy/endstop", 4),
    ]
    assert all(point.comparable for history in found for point in history.points)
    text = list(as_text("voron", found, (), ()))
    assert text[0] == "voron: 8 runs"
    assert {"Repeatability · accuracy", "Repeatability · accuracy (Z endstop)"} < set(text)
    told = as_json("voron", found, (), ())["checks"]
    assert {name: one["check"] for name, one in told.items()} == {
        "accuracy": "accuracy",
        "accuracy/endstop": "accuracy",
    }


def test_no_line_goes_through_two_of_them() -> None:
    found = points([records.accuracy(1), endstop(2), records.accuracy(3)])
    assert [point.why_not for point in found] == ["", "another quantity", ""]


def test_their_numbers_are_not_subtracted() -> None:
    found = compare(records.accuracy(1), endstop(2))
    assert {difference.value for difference in found.differences} == {None}
    assert "different quantities" in {difference.note for difference in found.differences}
    assert "A is Repeatability · accuracy. B is Repeatability · accuracy (Z endstop)" in found.notes[0]
    assert compare(endstop(1), endstop(2)).notes == ()


def test_last_and_previous_are_of_one_thing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    records.keep(store, records.accuracy(1), endstop(2), records.accuracy(3), endstop(4), endstop(5))
    assert [run.started[8:10] for run in two(store, ["accuracy"])] == ["01", "03"]
    assert [run.started[8:10] for run in two(store, ["accuracy/endstop"])] == ["04", "05"]
    records.keep(store, position(1), position(2))
    assert recent(store, "last", "z-offset").started[8:10] == "02", "nothing else is there"


def test_a_page_tells_each_with_its_heading() -> None:
    usual, other = records.accuracy(1), endstop(2)
    page = make_page(
        "voron", [usual, other], (), {"accuracy": "Repeatability"}, datetime(2026, 1, 9, tzinfo=UTC)
    )
    assert [(section.title, section.record.id) for section in page.sections] == [
        ("Repeatability", usual.id),
        ("Repeatability (Z endstop)", other.id),
    ]
    told = data.as_json([page])["printers"][0]["checks"]
    assert [one["record"]["id"] for one in told.values()] == [usual.id, other.id]


def test_the_usual_one_comes_first() -> None:
    newest_first = [endstop(5), sweep(4), records.accuracy(3), replace(endstop(2), id="older")]
    groups = grouped(newest_first)
    assert list(groups) == ["accuracy", "accuracy/endstop", "accuracy/sweep"]
    assert [record.id for record in groups["accuracy/endstop"]] == [newest_first[0].id, "older"]
