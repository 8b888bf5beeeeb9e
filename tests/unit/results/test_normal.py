"""A printer left its own normal only if its newest value is outside of what its earlier runs predict."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from tests.unit.fakes import records
from zcal_tui.model.events import RunEnded
from zcal_tui.model.record import Outcome, Record
from zcal_tui.results.changes import Changed
from zcal_tui.results.normal import MAX_EARLIER, MIN_EARLIER, PrinterRuns, own_normals, runs_of
from zcal_tui.results.store import Store


def runs(values: list[float], half: float = 0.0002, name: str = "sigma") -> PrinterRuns:
    """Accuracy runs on following days with these values."""
    made = [
        records.record("accuracy", day, estimates=records.estimates(records.estimate(name, value, half)))
        for day, value in enumerate(values, 1)
    ]
    return PrinterRuns(tuple(made))


USUAL = [0.0020, 0.0022, 0.0019, 0.0021, 0.0020, 0.0023]


def test_a_value_far_outside_left_the_normal_of_its_own_printer_only() -> None:
    found = own_normals({"a": runs([*USUAL, 0.0090]), "b": runs([*USUAL, 0.0021])})
    assert found["a"].left
    assert not found["b"].left
    assert found["a"].runs == len(USUAL)
    assert found["a"].low < 0.0020 < found["a"].high < 0.0090


def test_too_few_runs_have_no_normal() -> None:
    assert own_normals({"a": runs(USUAL[:MIN_EARLIER])}) == {}
    assert own_normals({"a": runs(USUAL[: MIN_EARLIER + 1])}) != {}
    assert own_normals({"a": PrinterRuns(())}) == {}


def test_runs_from_before_a_hardware_change_are_no_part_of_it() -> None:
    own = runs([*USUAL, 0.0090])
    changed = Changed("probe", own.records[-2].started + "z")
    assert own_normals({"a": replace(own, changes=(changed,))}) == {}


def test_equal_values_are_no_surer_than_they_are() -> None:
    found = own_normals({"a": runs([0.002] * 6 + [0.0021], half=0.0004)})
    assert not found["a"].left


def test_many_printers_share_one_rate() -> None:
    alone = own_normals({"a": runs([*USUAL, 0.0026])})
    many = own_normals({f"p{n}": runs([*USUAL, 0.0026]) for n in range(100)})
    assert many["p1"].high > alone["a"].high


@pytest.mark.slow
def test_the_rate_of_false_alarms_holds_for_a_standard_deviation() -> None:
    draw = random.Random(4)
    rounds, left = 1000, 0
    for _ in range(rounds):
        values = []
        for _ in range(8):
            samples = [draw.gauss(0.0, 0.002) for _ in range(10)]
            mean = sum(samples) / 10
            values.append((sum((sample - mean) ** 2 for sample in samples) / 9) ** 0.5)
        left += own_normals({"a": runs(values, half=0.0)})["a"].left
    assert 0.03 < left / rounds < 0.075


def store_runs(store: Store, printer: str, made: tuple[Record, ...]) -> None:
    for record in made:
        journal = store.begin(printer, record.id)
        journal.write(RunEnded(record))
        journal.close()


def test_the_newest_finished_runs_of_a_check_are_read(tmp_path: Path) -> None:
    store = Store(tmp_path)
    made = runs([0.002] * (MAX_EARLIER + 10)).records
    made = (*made[:-1], replace(made[-1], outcome=Outcome.CANCELLED))
    store_runs(store, "p", made)
    found = runs_of(store, "p", "accuracy")
    assert [record.id for record in found.records] == [record.id for record in made[-MAX_EARLIER - 2 : -1]]
    assert runs_of(store, "p", "accuracy/endstop").records == ()
    assert runs_of(store, "nobody", "accuracy").records == ()
