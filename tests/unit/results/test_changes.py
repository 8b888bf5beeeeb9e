"""Hardware changes that a person reports are stored, one a line."""

from pathlib import Path

from tests.unit.fakes import records
from zcal_tui.model.check_info import CHECK_INFO
from zcal_tui.model.check_info.info import HARDWARE_CHANGES
from zcal_tui.results.changes import FILE, Changed
from zcal_tui.results.store import Store


def test_changes_come_back_oldest_first(tmp_path: Path) -> None:
    store = Store(tmp_path)
    later = Changed("nozzle", "2026-01-03T00:00:00Z", "0.6 mm")
    store.changed("voron", later)
    store.changed("voron", Changed("bed", "2026-01-01T00:00:00Z"))
    assert [change.what for change in store.changes("voron")] == ["bed", "nozzle"]
    assert store.changes("voron")[1] == later
    assert store.changes("another") == ()


def test_lines_that_are_not_ours_are_passed_over(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.changed("voron", Changed("probe", "2026-01-01T00:00:00Z"))
    with (tmp_path / "printers" / "voron" / FILE).open("a") as file:
        file.write('{"what": "cat", "at": "2026-01-01"}\n[1]\n{"what": "bed", "at": 3}\n{"wha')
    assert [change.what for change in store.changes("voron")] == ["probe"]


def test_they_are_no_run(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.changed("voron", Changed("probe", "2026-01-01T00:00:00Z"))
    assert store.printers() == ()
    records.keep(store, records.accuracy(1))
    broken: list[str] = []
    assert len(list(store.runs("voron", broken))) == 1
    assert broken == []


def test_the_documentation_says_what_is_to_be_done_again() -> None:
    text = (Path(__file__).parents[3] / "docs" / "results.md").read_text(encoding="utf-8")
    head = "| | " + " | ".join(HARDWARE_CHANGES) + " |"
    rows = text[text.index(head) :].split("\n\n")[0].splitlines()[2:]
    told = {row.split("|")[1].strip(): [cell.strip() for cell in row.split("|")[2:-1]] for row in rows}
    assert told == {
        check: ["●" if what in info.stale_after else "" for what in HARDWARE_CHANGES]
        for check, info in CHECK_INFO.items()
        if info.main
    }
