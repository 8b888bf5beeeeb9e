"""What a killed run left without the module: reported at the next start, and put back only where that is right."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine, Refused
from tests.unit.fakes.waiting import until
from zcal_tui.checks.lease.process import ourselves
from zcal_tui.checks.ready.parameters import ReadyParameters
from zcal_tui.checks.z_offset.parameters import ZOffsetParameters
from zcal_tui.model.events import Notice
from zcal_tui.model.questions import Choose, Confirm, PaperStep
from zcal_tui.results.store import Store
from zcal_tui.results.unrestored import Unrestored
from zcal_tui.session.port import RunOptions
from zcal_tui.session.session import Session
from zcal_tui.session.target import PrinterTarget
from zcal_tui.session.unrestored import heights_of, note_of, still_so
from zcal_tui.transport.address import SocketAddress

NAME = "fakehost"
DEAD = {**ourselves(), "pid": 999_999_99}


@pytest.fixture
def machine(machine: Machine) -> Machine:
    """A printer without the module that has a mesh, and commands that change both settings."""

    async def offset(parameters: dict[str, str]) -> None:
        machine.change("gcode_move", homing_origin=[0.0, 0.0, float(parameters["Z"]), 0.0])

    async def load(parameters: dict[str, str]) -> None:
        machine.change("bed_mesh", profile_name=parameters["LOAD"], mesh_min=[1.0, 1.0], mesh_max=[9.0, 9.0])

    async def clear(_: dict[str, str]) -> None:
        machine.change("bed_mesh", profile_name="", mesh_min=[0.0, 0.0], mesh_max=[0.0, 0.0])

    machine.objects["bed_mesh"] = {"profile_name": "", "mesh_min": [0.0, 0.0], "mesh_max": [0.0, 0.0]}
    machine.handlers |= {"SET_GCODE_OFFSET": offset, "BED_MESH_PROFILE": load, "BED_MESH_CLEAR": clear}
    machine.handlers["SET_IDLE_TIMEOUT"] = machine.handlers["G28"]
    return machine


def left(session: Session, **changes: Any) -> Unrestored:
    """What a killed run has left on this printer."""
    note = note_of("r", "2026-11-29T12:00:00Z", "default", (0.0, 0.0, 0.042), session.snapshot.printer)
    return replace(note, **{"process": DEAD, **changes})


async def run_ready(session: Session, *, agrees: bool | None) -> list[str]:
    """Run `ready`; what was noticed. None: nobody is there."""
    noticed: list[str] = []
    session.listen(lambda event: noticed.append(event.text) if isinstance(event, Notice) else None)
    options = RunOptions(present=agrees is not None, save="never")
    session.start_check("ready", ReadyParameters(offer=False), options)

    def look() -> bool:
        asking = session.snapshot.question
        if asking is not None:
            assert isinstance(asking.question, Confirm)
            assert asking.question.key == "put-back"
            session.answer(asking.n, answer=bool(agrees))
        run = session.snapshot.run
        return run is not None and not run.running

    await until(look, 10.0)
    return noticed


def in_force(machine: Machine) -> tuple[str, float]:
    return (
        machine.objects["bed_mesh"]["profile_name"],
        machine.objects["gcode_move"]["homing_origin"][2],
    )


async def test_it_is_put_back_by_consent(session: Session, store: Store, machine: Machine) -> None:
    store.note_unrestored(NAME, left(session))
    noticed = await run_ready(session, agrees=True)
    assert in_force(machine) == ("default", 0.042)
    assert any("is put back" in text for text in noticed)
    assert store.unrestored(NAME) is None


async def test_without_consent_it_stays_and_is_not_asked_again(
    session: Session, store: Store, machine: Machine
) -> None:
    store.note_unrestored(NAME, left(session))
    await run_ready(session, agrees=False)
    assert in_force(machine) == ("", 0.0)
    assert store.unrestored(NAME) is None


async def test_with_nobody_there_it_is_reported_with_the_commands(
    session: Session, store: Store, machine: Machine
) -> None:
    store.note_unrestored(NAME, left(session))
    noticed = await run_ready(session, agrees=None)
    assert in_force(machine) == ("", 0.0)
    assert any('BED_MESH_PROFILE LOAD="default"' in text and "Z=0.042" in text for text in noticed)
    assert store.unrestored(NAME) is not None, "the next start offers it again"


@pytest.mark.parametrize(
    "changes",
    [
        {"homed_axes": "xy"},
        {"homing": {"start": -5000.0, "eventtime": 0.0}},
        {"homing": {}},
        {"heights": {"probe.z_offset": 1.4}},
    ],
    ids=["homed otherwise", "restarted", "unknown", "another z_offset"],
)
async def test_where_the_printer_is_not_as_it_was_nothing_is_put_back(
    session: Session, store: Store, machine: Machine, changes: dict[str, Any]
) -> None:
    store.note_unrestored(NAME, left(session, **changes))
    noticed = await run_ready(session, agrees=True)
    assert in_force(machine) == ("", 0.0)
    assert any("nothing is put back" in text for text in noticed)
    assert store.unrestored(NAME) is None


async def test_only_what_nobody_has_changed_since_is_put_back(session: Session, machine: Machine) -> None:
    state, note = session.snapshot.printer, left(session)
    assert still_so(note, state) == note
    touched = replace(state, homing_origin=(0.0, 0.0, -0.1))
    assert still_so(note, touched) == replace(note, offset=None)
    assert heights_of(state) == {"probe.z_offset": 1.5}


async def test_a_busy_printer_is_left_alone(session: Session, store: Store, machine: Machine) -> None:
    store.note_unrestored(NAME, left(session))
    machine.objects["print_stats"] = {"state": "printing"}
    await run_ready(session, agrees=True)
    assert in_force(machine) == ("", 0.0)
    assert store.unrestored(NAME) is not None


async def test_a_running_program_is_not_a_dead_one(session: Session, store: Store, machine: Machine) -> None:
    alive = {**ourselves(), "pid": 1, "began": "0"}
    store.note_unrestored(NAME, left(session, process={**alive, "boot": "another computer"}))
    assert "put back" in "".join(await run_ready(session, agrees=None)), "it cannot be known: it is reported"


async def test_the_next_start_reports_it(klippy: FakeKlippy, store: Store, session: Session) -> None:
    store.note_unrestored(NAME, left(session))
    another = Session(PrinterTarget(addresses=(SocketAddress(klippy.path),)), store)
    another.start()
    await until(lambda: another.snapshot.unrestored)
    assert "unloaded the bed mesh default" in another.snapshot.unrestored
    await asyncio.to_thread(another.close)


async def test_a_run_notes_what_it_changes_before_and_forgets_it_after(
    session: Session, store: Store, machine: Machine
) -> None:
    machine.objects["gcode_move"]["homing_origin"] = [0.0, 0.0, 0.042, 0.0]
    noted: list[Unrestored | None] = []
    original = machine.handlers["SET_GCODE_OFFSET"]

    async def offset(parameters: dict[str, str]) -> None:
        noted.append(store.unrestored(NAME))
        await original(parameters)

    async def no_probe(_: dict[str, str]) -> None:
        raise Refused("Probe triggered prior to movement")

    machine.handlers |= {"SET_GCODE_OFFSET": offset, "PROBE_ACCURACY": no_probe}
    session.start_check("z-offset", ZOffsetParameters(), RunOptions(save="never"))

    def look() -> bool:
        asking = session.snapshot.question
        if asking is not None and not isinstance(asking.question, PaperStep):
            session.answer(asking.n, "measure" if isinstance(asking.question, Choose) else True)
        run = session.snapshot.run
        return run is not None and not run.running

    await until(look, 10.0)
    assert noted[0] is not None
    assert noted[0].offset == (0.0, 0.0, 0.042)
    assert in_force(machine)[1] == 0.042
    assert store.unrestored(NAME) is None


def test_a_file_that_says_something_else_is_nothing(tmp_path: Path) -> None:
    store = Store(tmp_path)
    folder = tmp_path / "printers" / NAME
    folder.mkdir(parents=True)
    for text in ("", "[]", '{"run": 1}', '{"run": "r", "at": "t", "mesh": "a\\" b"}', "[" * 100_000):
        (folder / "unrestored.json").write_text(text)
        assert store.unrestored(NAME) is None


async def test_a_print_that_was_started_before_the_answer_is_left_alone(
    session: Session, store: Store, machine: Machine
) -> None:
    store.note_unrestored(NAME, left(session))
    session.start_check("ready", ReadyParameters(offer=False), RunOptions(present=True, save="never"))
    await until(lambda: session.snapshot.question is not None)
    machine.change("print_stats", state="printing")
    asking = session.snapshot.question
    assert asking is not None
    session.answer(asking.n, answer=True)
    await until(lambda: session.snapshot.run is not None and not session.snapshot.run.running)
    assert in_force(machine) == ("", 0.0)
    assert store.unrestored(NAME) is not None, "it is offered again later"
