"""What stored runs show of each operator's paper tests, and that it outlives their records."""

import fcntl
import json
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from zcal_tui.model.events import RunEnded, RunStarted
from zcal_tui.model.record import Estimate, Outcome, Record, Sample
from zcal_tui.results import operators as module
from zcal_tui.results.operators import FILE, LOCK, learned, operator_name, operators, paper_tests
from zcal_tui.results.store import Store, new_run_id
from zcal_tui.stats.operator_scatter import SHARED, PaperTests

STARTED = "2026-11-20T14:00:00+00:00"


def paper(n: int, z: float, *, place: str = "", turn: int = 1, resolution: float = 0.00125) -> Sample:
    return Sample(
        n, 0.0, 1.0, 1.0, z, kind="paper", place=place, round=turn, values={"resolution": resolution}
    )


def run(samples: tuple[Sample, ...], operator: str | None = "anna", check: str = "z-offset") -> Record:
    context = {} if operator is None else {"operator": operator}
    return Record(
        new_run_id(check), check, {}, STARTED, STARTED, Outcome.FINISHED, context=context, samples=samples
    )


def stored(store: Store, record: Record, printer: str = "voron") -> Path:
    journal = store.begin(printer, record.id)
    journal.write(RunStarted(record.id, record.check, STARTED, context=record.context))
    journal.write(RunEnded(record))
    journal.close()
    return next(path for path in store.files(printer) if path.stem == record.id)


TWO = (paper(1, 0.100), paper(2, 0.108))


def test_squares_of_repeated_tests() -> None:
    found = paper_tests(run(TWO))
    assert found.squares == pytest.approx(2 * 0.004**2)
    assert (found.dof, found.tests) == (1.0, 2)
    assert found.rounding == pytest.approx(0.0025**2 / 12)


@pytest.mark.parametrize(
    "record",
    [
        run(TWO[:1]),
        run((paper(1, 0.1, resolution=0.05), paper(2, 0.2, resolution=0.05))),
        Record("x", "z-offset", {}, STARTED, outcome=Outcome.LOST, samples=TWO),
        Record(
            "x",
            "z-offset",
            {},
            STARTED,
            outcome=Outcome.FINISHED,
            samples=TWO,
            estimates={"position_endstop": Estimate("position_endstop", 0.0, None, None)},
        ),
    ],
    ids=["one test", "coarse bracket", "interrupted", "homed between"],
)
def test_nothing_is_learned_from(record: Record) -> None:
    assert paper_tests(record) == PaperTests()


def test_places_and_rounds_explain_nothing_of_the_scatter() -> None:
    """Heights that differ by place and by round alone show no scatter."""
    at, by = {"left": 0.0, "right": 0.05, "centre": -0.02}, {1: 0.0, 2: 0.013, 3: -0.007}
    samples = tuple(
        paper(
            n,
            0.1 + at[place] + by[turn] + (0.009 if (place, turn) == ("left", 2) else 0.0),
            place=place,
            turn=turn,
        )
        for n, (place, turn) in enumerate((p, t) for t in by for p in at)
    )
    found = paper_tests(run(samples, check="bias"))
    assert found.dof == 4.0
    # One residual of a 3 x 3 table: (1 - 1/3)² of its square
    assert found.squares == pytest.approx(0.009**2 * 4 / 9)


def test_runs_of_all_printers_add_up_by_name(tmp_path: Path) -> None:
    store = Store(tmp_path)
    stored(store, run(TWO))
    stored(store, run(TWO), "prusa")
    stored(store, run(TWO, "Bert"))
    stored(store, run(TWO, None))
    stored(store, run((), check="accuracy"))
    assert learned(store, "anna").earlier.tests == 4
    assert learned(store, "anna").earlier.dof == 2.0
    assert learned(store, "bert").earlier.tests == 2
    assert [one.name for one in operators(store)] == [SHARED, "anna", "bert"]


def test_sums_outlive_the_record(tmp_path: Path) -> None:
    store = Store(tmp_path)
    path = stored(store, run(TWO))
    before = learned(store, "anna")
    assert before.earlier.tests == 2
    path.unlink()
    assert learned(store, "anna") == before


def test_what_another_program_adds_meanwhile_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its run is already deleted when this one writes."""
    store = Store(tmp_path)
    stored(store, run(TWO))
    read = module._read
    others = "prusa/20260101T000000-000000-z-offset"

    def read_before_the_other_writes(path: Path) -> object:
        monkeypatch.setattr(module, "_read", read)
        seen = read(path)
        path.write_text(json.dumps({"schema": 1, "runs": {others: ["bert", 1e-5, 1.0, 0.0, 2]}}))
        return seen

    monkeypatch.setattr(module, "_read", read_before_the_other_writes)
    assert learned(store, "anna").earlier.tests == 2
    assert learned(store, "bert").earlier.tests == 2
    assert learned(store, "anna").earlier.tests == 2


def test_the_file_is_replaced_by_one_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = Store(tmp_path)
    for _ in range(4):
        stored(store, run(TWO))
    inside, most = 0, 0
    write = module._write

    def slowly(path: Path, runs: object) -> None:
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        threading.Event().wait(0.02)
        write(path, runs)  # type: ignore[arg-type]
        inside -= 1

    monkeypatch.setattr(module, "_write", slowly)
    threads = [threading.Thread(target=learned, args=(store, "anna")) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1
    assert len(json.loads((tmp_path / FILE).read_text())["runs"]) == 4


def test_a_lock_that_is_not_released_does_not_hold_up_a_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOCK_TRIES", 2)
    store = Store(tmp_path)
    stored(store, run(TWO))
    with (tmp_path / LOCK).open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert learned(store, "anna").earlier.tests == 2
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("outcome", [Outcome.CANCELLED, Outcome.ERROR])
def test_tests_before_a_run_ended_early_count(outcome: Outcome) -> None:
    """Tests that disagree are a reason to cancel."""
    probed = (Sample(0, 0.0, 1.0, 1.0, 1.5), *TWO)
    assert paper_tests(replace(run(probed), outcome=outcome)) == paper_tests(run(TWO))
    # Without a sample of the probe it was for the endstop: each repeat homed again
    assert paper_tests(replace(run(TWO), outcome=outcome)) == PaperTests()


@pytest.mark.parametrize("text", ["", "[]", '{"runs": {"voron/x": ["anna", NaN, 1, 1, 1]}}', '{"runs": 3}'])
def test_a_damaged_file_is_made_again_from_records(tmp_path: Path, text: str) -> None:
    store = Store(tmp_path)
    stored(store, run(TWO))
    expected = learned(store, "anna")
    (tmp_path / FILE).write_text(text)
    assert learned(store, "anna") == expected
    assert json.loads((tmp_path / FILE).read_text())["schema"] == 1


def test_a_folder_that_cannot_be_written_still_shows_what_is_stored(tmp_path: Path) -> None:
    store = Store(tmp_path)
    stored(store, run(TWO))
    (tmp_path / FILE).with_suffix(".new").mkdir()
    assert learned(store, "anna").earlier.tests == 2


@pytest.mark.parametrize(
    ("text", "name"), [("", SHARED), ("  Anna  B ", "anna b"), ("\x1b[31m", "[31m"), ("x" * 99, "x" * 40)]
)
def test_names(text: str, name: str) -> None:
    assert operator_name(text) == name
