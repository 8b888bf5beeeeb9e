"""Undoing the last save: what it proposes, and what it refuses."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.saving import Klipper
from tests.unit.fakes.waiting import until
from zcal_tui.model.advice import advice_left
from zcal_tui.model.events import Event, RunEnded, RunStarted
from zcal_tui.model.policy import SavePolicy
from zcal_tui.model.record import UNDO, Change, Outcome, Record
from zcal_tui.printer.state import PrinterState
from zcal_tui.results.store import Store, now_iso
from zcal_tui.session.port import RunOptions
from zcal_tui.session.session import Session
from zcal_tui.session.undo import UndoParameters, last_save, reversed_changes

SETTINGS: dict[str, dict[str, Any]] = {
    "probe": {"z_offset": 1.52},
    "stepper_z": {"endstop_pin": "probe:z_virtual_endstop"},
}
SAVED = Change("probe", "z_offset", "1.500", "1.520", state="saved", saves=True)


def stored(store: Store, printer: str, run: str, *changes: Change) -> None:
    """A finished run with these changes."""
    started = RunStarted(f"20260101-{run}-accuracy-abcd", "accuracy", now_iso())
    record = Record(started.id, "accuracy", {}, started.started, outcome=Outcome.FINISHED, changes=changes)
    journal = store.begin(printer, started.id)
    journal.write(started)
    journal.write(RunEnded(record))
    journal.close()


def test_the_last_save_is_the_newest_run_that_saved_something(tmp_path: Path) -> None:
    store = Store(tmp_path)
    assert last_save(store, "p") is None
    stored(store, "p", "100000", SAVED)
    stored(store, "p", "110000", replace(SAVED, new="1.530"))
    stored(store, "p", "120000", replace(SAVED, state="declined"))
    found = last_save(store, "p")
    assert found is not None
    assert found.changes[0].new == "1.530"


def test_each_value_goes_back_to_what_it_was() -> None:
    state = PrinterState(settings=SETTINGS)
    unset = Change("zcal", "z_backlash", None, "0.01200", state="saved", saves=True)
    table = Change("probe_eddy_current x", "calibrate", "1:2", "3:4", state="saved", saves=True)
    new = Change("z_calibration", "switch_offset", None, "0.500", state="saved", saves=True)
    offset, backlash, curve, switch = reversed_changes((SAVED, unset, table, new), state)
    assert (offset.old, offset.new, offset.saves) == ("1.520", "1.500", True)
    assert offset.effect == "the nozzle will be 20 µm farther from the bed"
    assert (backlash.new, backlash.saves) == ("0", True)
    assert (curve.new, curve.saves) == ("1:2", False)
    assert not switch.saves
    assert "remove the line" in switch.effect


async def undone(session: Session, save: SavePolicy = "always") -> Record:
    ended: list[Record] = []

    def hear(event: Event) -> None:
        if isinstance(event, RunEnded):
            ended.append(event.record)

    stop = session.listen(hear)
    session.start_check(UNDO, UndoParameters(), RunOptions(present=False, save=save))
    await until(lambda: ended)
    stop()
    return ended[0]


@pytest.fixture
def klipper(machine: Machine, klippy: FakeKlippy) -> Klipper:
    """A Klipper without the [zcal] module, so that no lease is needed."""
    fake = Klipper(machine, klippy)
    fake.without_extra()
    return fake


async def test_it_writes_the_old_value(klipper: Klipper, session: Session, store: Store) -> None:
    printer = session.snapshot.filed_under
    stored(store, printer, "100000", replace(SAVED, old="1.400", new="1.500"))
    record = await undone(session)
    assert record.outcome is Outcome.FINISHED, record.problem
    assert [(change.option, change.new, change.state) for change in record.changes] == [
        ("z_offset", "1.400", "saved")
    ]
    assert advice_left(record) == [], "nothing is left to be done"
    assert klipper.machine.objects["configfile"]["settings"]["probe"]["z_offset"] == 1.4


async def test_a_value_that_was_changed_since_is_left_alone(
    klipper: Klipper, session: Session, store: Store
) -> None:
    stored(store, session.snapshot.filed_under, "100000", SAVED)  # klippy runs with 1.5
    record = await undone(session)
    assert record.outcome is Outcome.REFUSED
    assert record.problem is not None
    assert "have been changed since" in record.problem.cause
    assert klipper.saved == 0


async def test_without_a_save_there_is_nothing_to_undo(klipper: Klipper, session: Session) -> None:
    record = await undone(session)
    assert record.outcome is Outcome.REFUSED
    assert record.problem is not None
    assert "no save to undo" in record.problem.what
