"""Leaving without waiting for the printer, and a program whose output nobody reads."""

import asyncio
import fcntl
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine, Refused
from tests.unit.fakes.manual_probe import FakeManualProbe
from tests.unit.fakes.waiting import until
from zcal_tui.checks.accuracy import AccuracyParameters
from zcal_tui.checks.lease.process import OWN_NAME
from zcal_tui.checks.z_offset.parameters import ZOffsetParameters
from zcal_tui.model.events import RunEnded
from zcal_tui.model.questions import Confirm, PaperStep
from zcal_tui.session.port import RunOptions
from zcal_tui.session.session import Session

HEADLESS = RunOptions(present=False, save="never")


async def _never(_: dict[str, str]) -> None:
    await asyncio.Event().wait()


async def left(session: Session, limit: float = 2.0) -> tuple[str, ...]:
    """Leave, within the limit; what may be left on."""
    session.begin_leave()
    await until(lambda: session.left is not None and session.closed, limit)
    assert session.left is not None
    return session.left


@pytest.fixture
def machine(machine: Machine) -> Machine:
    """It knows the settings that a check changes."""
    for word in ("SET_GCODE_OFFSET", "SET_IDLE_TIMEOUT"):
        machine.handlers[word] = machine.handlers["G28"]
    return machine


@pytest.fixture
def leases(machine: Machine, klippy: FakeKlippy) -> list[str]:
    """What the [zcal] module is asked for its lease, with the module on the printer."""
    asked: list[str] = []

    def lease(parameters: dict[str, Any]) -> dict[str, object]:
        asked.append(parameters.get("action", "renew"))
        return {"holder": OWN_NAME, "holds": ["heaters extruder"]}

    machine.objects["zcal"] = {"version": "1.1.0", "unavailable": {"probe": "no"}}
    klippy.endpoints["zcal/lease"] = lease
    return asked


async def test_a_printer_that_is_busy_is_asked_to_restore_and_left(
    leases: list[str], session: Session, machine: Machine
) -> None:
    machine.handlers["PROBE_ACCURACY"] = _never
    session.start_check("accuracy", AccuracyParameters(), HEADLESS)
    await until(lambda: any("PROBE_ACCURACY" in script for script in machine.scripts))
    assert await left(session) == ()
    assert leases[-1] == "restore"


async def test_a_module_that_does_not_answer_is_named_with_what_it_holds(
    leases: list[str], session: Session, machine: Machine, klippy: FakeKlippy
) -> None:
    machine.handlers["PROBE_ACCURACY"] = _never
    machine.objects["gcode_move"]["homing_origin"] = [0.0, 0.0, 0.1, 0.0]
    machine.objects["heater_bed"]["target"] = 60.0
    session.start_check("z-offset", ZOffsetParameters(), RunOptions(save="never"))
    await answer_until(session, lambda: any("PROBE_ACCURACY" in script for script in machine.scripts))

    def silent(_: dict[str, Any]) -> dict[str, object]:
        raise Refused("not now")

    klippy.endpoints["zcal/lease"] = silent
    assert await left(session) == ("gcode_offset", "heater_bed (target 60 °C)")


async def test_a_printer_that_answers_nothing_is_left_all_the_same(
    leases: list[str], session: Session, machine: Machine, klippy: FakeKlippy
) -> None:
    machine.handlers["PROBE_ACCURACY"] = _never
    session.start_check("accuracy", AccuracyParameters(), HEADLESS)
    await until(lambda: any("PROBE_ACCURACY" in script for script in machine.scripts))
    klippy.mute |= {"objects/query", "gcode/script", "zcal/lease"}
    assert await left(session) == ("the lease",)
    assert leases[-1] == "restore", "sent, though not confirmed"


async def test_without_the_module_a_paper_test_is_sent_its_abort(session: Session, machine: Machine) -> None:
    machine.objects["toolhead"]["position"][2] = 5.0
    FakeManualProbe(machine)
    session.start_check("z-offset", ZOffsetParameters(), RunOptions(save="never"))
    await answer_until(session, lambda: isinstance(question(session), PaperStep))
    assert machine.objects["manual_probe"]["is_active"]
    await left(session)
    assert "ABORT" in machine.scripts
    assert not machine.objects["manual_probe"]["is_active"]


async def test_where_the_lease_has_run_out_that_is_the_cause_that_is_named(
    leases: list[str], session: Session, machine: Machine
) -> None:
    async def expired(_: dict[str, str]) -> None:
        machine.change("zcal", lease=None)
        raise Refused("The probe is not attached")

    machine.change("zcal", lease={"holder": OWN_NAME, "until": 60.0, "holds": []})
    machine.handlers["PROBE_ACCURACY"] = expired
    session.start_check("accuracy", AccuracyParameters(), HEADLESS)
    await until(lambda: session.snapshot.run is not None and not session.snapshot.run.running)
    assert session.snapshot.run is not None
    problem = session.snapshot.run.record.problem
    assert problem is not None
    assert problem.what == "The lease of the printer expired during the check."
    assert "The probe is not attached" in problem.cause


def question(session: Session) -> object:
    asking = session.snapshot.question
    return None if asking is None else asking.question


async def answer_until(session: Session, condition: Callable[[], object]) -> None:
    """Agree to what is asked until the condition holds."""

    def look() -> bool:
        run = session.snapshot.run
        assert run is None or run.running, run.record.problem
        asking = session.snapshot.question
        if asking is not None and isinstance(asking.question, Confirm):
            session.answer(asking.n, answer=True)
        elif asking is not None and not isinstance(asking.question, PaperStep):
            session.answer(asking.n, "measure")
        return bool(condition())

    await until(look, 10.0)


@pytest.fixture
async def unread() -> AsyncIterator[int]:
    """The writing end of a pipe that is full and that nobody reads."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    try:
        while True:
            os.write(writer, b"x" * 4096)
    except BlockingIOError:
        pass
    os.set_blocking(writer, True)
    assert fcntl.fcntl(writer, fcntl.F_GETFL) & os.O_NONBLOCK == 0
    yield writer
    os.close(reader)
    os.close(writer)


@pytest.mark.slow
@pytest.mark.parametrize(("stream", "number"), [("stdout", signal.SIGINT), ("stderr", signal.SIGTERM)])
async def test_a_program_whose_output_nobody_reads_is_cancelled_within_a_block(
    stream: str, number: signal.Signals, machine: Machine, klippy: FakeKlippy, unread: int, tmp_path: Path
) -> None:
    for word in ("SAVE_GCODE_STATE", "RESTORE_GCODE_STATE", "G90", "G1", "M400"):
        machine.handlers[word] = machine.handlers["G28"]

    async def slowly(_: int) -> None:
        await asyncio.sleep(0.02)

    machine.before_touch = slowly
    machine.heights = [1.5 + 0.01 * (n % 7) for n in range(50)]
    streams = {"stdout": asyncio.subprocess.DEVNULL, "stderr": asyncio.subprocess.DEVNULL} | {stream: unread}
    arguments = ("--printer", str(klippy.path), "--headless", "--json", "--data", str(tmp_path / "data"))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "zcal_tui", *arguments, "accuracy", "--samples", "200"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=streams["stdout"],
        stderr=streams["stderr"],
    )
    try:
        await until(lambda: machine.touches >= 8)  # the run goes on although nobody reads it
        process.send_signal(number)
        then = machine.touches
        began = time.monotonic()
        assert await asyncio.wait_for(process.wait(), 30.0) == 5
        assert machine.touches <= then + 6
        assert time.monotonic() - began < 15.0
        assert "RESTORE_GCODE_STATE" in machine.scripts[-1], "it lifts before it leaves"
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_run_that_ends_while_it_is_abandoned_leaves_its_heaters_named(
    leases: list[str], session: Session, machine: Machine, klippy: FakeKlippy
) -> None:
    release = asyncio.Event()
    normal = machine.handlers["PROBE_ACCURACY"]

    async def slow(parameters: dict[str, str]) -> None:
        await release.wait()
        await normal(parameters)

    machine.handlers["PROBE_ACCURACY"] = slow
    machine.objects["heater_bed"]["target"] = 60.0
    session.start_check("accuracy", AccuracyParameters(), HEADLESS)
    await until(lambda: any("PROBE_ACCURACY" in script for script in machine.scripts))
    session.begin_close()
    await asyncio.sleep(0.1)
    klippy.mute |= {"zcal/lease"}
    session.begin_leave()
    await asyncio.sleep(0.1)
    release.set()
    await until(lambda: session.left is not None and session.closed, 3.0)
    assert session.left == ("the lease", "heater_bed (target 60 °C)")


async def test_a_run_that_is_abandoned_after_a_failed_command_ends(
    leases: list[str], session: Session, machine: Machine
) -> None:
    release = asyncio.Event()

    async def refused(_: dict[str, str]) -> None:
        await release.wait()
        raise Refused("Probe triggered prior to movement")

    machine.handlers["PROBE_ACCURACY"] = refused
    ends = []
    session.listen(lambda event: ends.append(event) if isinstance(event, RunEnded) else None)
    session.start_check("accuracy", AccuracyParameters(), HEADLESS)
    await until(lambda: any("PROBE_ACCURACY" in script for script in machine.scripts))
    release.set()
    await asyncio.sleep(0.5)
    session.begin_leave()
    await until(lambda: session.left is not None and session.closed, 3.0)
    assert len(ends) == 1


async def test_an_emergency_stop_after_the_end_is_none(session: Session) -> None:
    await asyncio.to_thread(session.close)
    session.emergency_stop()
    assert session.closed
