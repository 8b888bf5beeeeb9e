"""The save that a person starts from a result: the run has ended; what it found is checked again, asked and stored."""

import asyncio
from dataclasses import dataclass, replace
from typing import Any

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.saving import FOUND, Klipper
from tests.unit.fakes.waiting import until
from zcal_tui.checks.base import Context
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.model.events import AdviceGiven, RunEnded, VerdictReached
from zcal_tui.model.questions import Confirm
from zcal_tui.model.record import SAVE, Level, Outcome, Record, Verdict
from zcal_tui.results.store import Store
from zcal_tui.session.port import RunOptions
from zcal_tui.session.saving.save_group import SaveGroupParameters
from zcal_tui.session.saving.save_result import found_by
from zcal_tui.session.session import Session
from zcal_tui.session.target import PrinterTarget
from zcal_tui.transport.address import SocketAddress


@dataclass
class Finds:
    """Measures nothing and finds a z_offset."""

    info = CHECKS["z-offset"].info
    parameters = CHECKS["z-offset"].parameters

    async def run(self, context: Context, parameters: Any) -> None:
        context.emit(AdviceGiven("Save the new z_offset.", (FOUND,)))
        context.emit(VerdictReached(Verdict(Level.PASS, "z_offset is 1.520 mm.")))


@pytest.fixture
def klipper(machine: Machine, klippy: FakeKlippy) -> Klipper:
    klipper = Klipper(machine, klippy)
    klipper.without_extra()
    return klipper


@pytest.fixture
def finds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(CHECKS, "z-offset", Finds())


async def run(session: Session, name: str, parameters: Any, **options: Any) -> Record:
    """Run it; a question is answered with yes, or as `answers` says."""
    answers = options.pop("answers", {})
    ended: list[Record] = []
    stop = session.listen(lambda event: ended.append(event.record) if isinstance(event, RunEnded) else None)
    session.start_check(name, parameters, RunOptions(collect=True, **options))
    answered = 0
    while not ended:
        asking = session.snapshot.question
        if asking is not None and asking.n != answered:
            answered = asking.n
            assert isinstance(asking.question, Confirm)
            answer = answers.get(asking.question.key, True)
            if callable(answer):
                answer = answer()
            session.answer(asking.n, answer)
        await asyncio.sleep(0.02)
    stop()
    await until(lambda: session.snapshot.last.get(name) is not None)
    return ended[0]


async def found(session: Session) -> Record:
    return await run(session, "z-offset", Finds.parameters())


async def save(session: Session, record: Record, **options: Any) -> Record:
    return await run(session, SAVE, SaveGroupParameters(record.id), **options)


def stored(store: Store, session: Session) -> Record:
    return store.last(session.snapshot.filed_under, ("z-offset",))["z-offset"]


@pytest.mark.usefixtures("finds")
async def test_a_run_leaves_its_value_proposed_and_asks_nothing(
    klipper: Klipper, session: Session, store: Store
) -> None:
    record = await found(session)
    assert record.changes == (FOUND,)
    assert klipper.pending == {}
    assert klipper.saved == 0
    assert found_by(stored(store, session))[0].changes == (FOUND,)


@pytest.mark.usefixtures("finds")
async def test_the_save_writes_it_and_the_runs_record_says_so(
    klipper: Klipper, session: Session, store: Store
) -> None:
    record = await found(session)
    saved = await save(session, record)
    assert saved.outcome is Outcome.FINISHED
    assert saved.parameters == {"run": record.id}
    assert klipper.saved == 1
    assert session.snapshot.last["z-offset"].changes == (replace(FOUND, state="saved"),)
    assert stored(store, session).changes == (replace(FOUND, state="saved"),)
    assert found_by(stored(store, session)) == ()


@pytest.mark.usefixtures("finds")
async def test_after_a_no_it_can_still_be_saved(klipper: Klipper, session: Session, store: Store) -> None:
    record = await found(session)
    saved = await save(session, record, answers={"save": False})
    assert saved.changes[0].state == "declined"
    assert klipper.saved == 0
    assert stored(store, session).changes == (FOUND,)
    await save(session, record)
    assert stored(store, session).changes[0].state == "saved"


@pytest.mark.usefixtures("finds")
async def test_a_value_that_another_client_changed_is_not_saved(
    klipper: Klipper, session: Session, store: Store
) -> None:
    record = await found(session)
    klipper.set_pending("probe", "z_offset", "1.7")
    klipper.restart()
    await until(lambda: session.snapshot.printer.settings["probe"]["z_offset"] == 1.7)
    saved = await save(session, record)
    assert saved.outcome is Outcome.REFUSED
    assert saved.problem is not None
    assert klipper.saved == 0
    assert klipper.pending == {}
    assert stored(store, session).changes == (FOUND,)


@pytest.mark.usefixtures("finds")
async def test_only_the_last_result_of_a_check_is_saved(klipper: Klipper, session: Session) -> None:
    first = await found(session)
    await found(session)
    saved = await save(session, first)
    assert saved.outcome is Outcome.REFUSED
    assert saved.problem is not None
    assert "no longer the last result" in saved.problem.cause
    assert klipper.saved == 0


@pytest.mark.usefixtures("finds")
async def test_a_stale_result_is_not_saved(klipper: Klipper, session: Session) -> None:
    record = await found(session)
    session.note_changed("nozzle")
    await until(lambda: "z-offset" in session.snapshot.stale)
    saved = await save(session, record)
    assert saved.problem is not None
    assert "stale" in saved.problem.cause
    assert klipper.saved == 0


@pytest.mark.usefixtures("finds")
async def test_a_save_that_was_cut_off_after_the_restart_is_found_done(
    klipper: Klipper, session: Session, store: Store
) -> None:
    record = await found(session)
    klipper.set_pending("probe", "z_offset", "1.52")
    klipper.restart()
    await until(lambda: session.snapshot.printer.settings["probe"]["z_offset"] == 1.52)
    saved = await save(session, record)
    assert saved.outcome is Outcome.REFUSED, "nothing is left to save"
    assert klipper.saved == 0
    assert stored(store, session).changes == (replace(FOUND, state="saved"),)


@pytest.mark.usefixtures("finds")
async def test_a_discarded_result_stays_stored_and_the_one_before_counts(
    klipper: Klipper, session: Session, store: Store
) -> None:
    first = await found(session)
    second = await found(session)
    session.discard_result(second)
    await until(lambda: session.snapshot.last["z-offset"].id == first.id)
    kept = [run.record for run in store.runs(session.snapshot.filed_under)]
    assert [(record.id, record.outcome) for record in kept] == [
        (second.id, Outcome.CANCELLED),
        (first.id, Outcome.FINISHED),
    ]


@pytest.mark.usefixtures("finds")
async def test_nothing_is_held_while_the_result_waits_and_the_next_session_offers_it(
    klipper: Klipper, klippy: FakeKlippy, session: Session, store: Store
) -> None:
    record = await found(session)
    await asyncio.to_thread(session.close)
    later = Session(PrinterTarget(addresses=(SocketAddress(klippy.path),)), store)
    later.start()
    try:
        await until(lambda: later.snapshot.printer.ready and "z-offset" in later.snapshot.last)
        assert found_by(later.snapshot.last["z-offset"])[0].changes == (FOUND,)
        await save(later, record)
        assert klipper.saved == 1
        assert stored(store, later).changes[0].state == "saved"
    finally:
        await asyncio.to_thread(later.close)
