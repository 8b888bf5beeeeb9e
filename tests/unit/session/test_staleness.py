"""A session knows what is stale, what was interrupted, and which printer a run belongs to."""

import asyncio
from dataclasses import replace

import pytest

from tests.unit.fakes import records
from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.waiting import until
from zcal_tui.checks.accuracy import AccuracyParameters
from zcal_tui.model.record import Outcome, Record
from zcal_tui.printer.state import PrinterState
from zcal_tui.results.changes import Changed
from zcal_tui.results.store import Store, read_run
from zcal_tui.session.port import RunOptions
from zcal_tui.session.session import Session
from zcal_tui.session.snapshot import Snapshot
from zcal_tui.session.staleness import StalenessCache
from zcal_tui.session.target import PrinterTarget
from zcal_tui.transport.address import SocketAddress


def named(record: Record, name: str) -> Record:
    return replace(record, printer={**record.printer, "name": name})


@pytest.fixture
async def name(klippy: FakeKlippy, machine: Machine) -> str:
    """What the fake printer's runs are filed under."""
    return str(machine.info_extra.setdefault("hostname", "fakepi"))


async def reach(klippy: FakeKlippy, store: Store) -> Session:
    session = Session(PrinterTarget(addresses=(SocketAddress(klippy.path),)), store)
    session.start()
    await until(lambda: session.snapshot.printer.ready)
    await until(lambda: session.snapshot.link.name == "fakepi")
    return session


async def test_what_was_interrupted_and_changed_is_known_from_the_start(
    klippy: FakeKlippy, store: Store, name: str
) -> None:
    records.keep(store, named(records.z_offset(1), name))
    records.cut_off(store, named(records.accuracy(2), name))
    store.changed(name, Changed("nozzle", "2026-01-05T00:00:00Z"))
    session = await reach(klippy, store)
    try:
        await until(lambda: bool(session.snapshot.interrupted))
        assert [record.id for record in session.snapshot.interrupted] == [records.accuracy(2).id]
        await until(lambda: "z-offset" in session.snapshot.stale)
        assert "nozzle" in session.snapshot.stale["z-offset"]
    finally:
        await asyncio.to_thread(session.close)


async def test_an_interrupted_run_can_be_closed_from_a_face(
    klippy: FakeKlippy, store: Store, name: str
) -> None:
    path = records.cut_off(store, named(records.accuracy(2), name))
    session = await reach(klippy, store)
    try:
        await until(lambda: bool(session.snapshot.interrupted))
        session.close_interrupted(session.snapshot.interrupted[0])
        await until(lambda: not session.snapshot.interrupted)
        assert read_run(path).complete
    finally:
        await asyncio.to_thread(session.close)


async def test_a_resumed_run_is_named_and_closed(klippy: FakeKlippy, store: Store, name: str) -> None:
    path = records.cut_off(store, named(records.accuracy(2), name))
    session = await reach(klippy, store)
    try:
        await until(lambda: bool(session.snapshot.interrupted))
        old = session.snapshot.interrupted[0]
        session.start_check("accuracy", AccuracyParameters(samples=3), RunOptions(resume=old))
        await until(lambda: session.snapshot.run is not None and not session.snapshot.run.running)
        run = session.snapshot.run
        assert run is not None
        assert run.record.outcome is Outcome.FINISHED, run.record.problem
        assert run.record.context["continues"] == old.id
        assert session.snapshot.interrupted == ()
        assert run.record.id in str(read_run(path).record.problem)
    finally:
        await asyncio.to_thread(session.close)


async def test_a_run_of_another_printer_is_not_resumed(
    klippy: FakeKlippy, machine: Machine, store: Store, name: str
) -> None:
    path = records.cut_off(store, named(records.accuracy(2), "another"))
    session = await reach(klippy, store)
    try:
        session.start_check("accuracy", AccuracyParameters(), RunOptions(resume=read_run(path).record))
        await until(lambda: session.snapshot.run is not None and not session.snapshot.run.running)
        run = session.snapshot.run
        assert run is not None
        assert run.record.outcome is Outcome.REFUSED
        assert "another" in str(run.record.problem)
        assert machine.scripts == []
        assert not read_run(path).complete
    finally:
        await asyncio.to_thread(session.close)


async def test_a_reported_hardware_change_is_stored_and_judged(
    klippy: FakeKlippy, store: Store, name: str
) -> None:
    records.keep(store, named(records.z_offset(1), name))
    session = await reach(klippy, store)
    try:
        await until(lambda: "z-offset" in session.snapshot.last)
        session.note_changed("hotend")
        await until(lambda: "hotend" in session.snapshot.stale.get("z-offset", ""))
        assert [change.what for change in store.changes(name)] == ["hotend"]
    finally:
        await asyncio.to_thread(session.close)


def test_judging_waits_for_something_to_change(monkeypatch: pytest.MonkeyPatch) -> None:
    judged = []
    monkeypatch.setattr("zcal_tui.session.staleness.stale", lambda record, *rest: judged.append(record.check))
    standing = StalenessCache()
    last = {"accuracy": records.accuracy(1)}
    snapshot = Snapshot(printer=PrinterState(starts=1, eventtime=1.0), last=last)
    for time in range(50):
        snapshot = standing.follow(replace(snapshot, printer=replace(snapshot.printer, eventtime=time)))
    assert judged == ["accuracy"]
    snapshot = standing.follow(
        replace(snapshot, printer=replace(snapshot.printer, homed_axes="xyz", eventtime=60.0))
    )
    assert judged == ["accuracy", "accuracy"]
    assert snapshot.frame.eventtime == 60.0
