"""A session runs checks on its own thread, keeps what they measure, and ends them cleanly on every path out."""

import asyncio
import json
import resource
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.unit.fakes import records
from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Handler, Machine
from tests.unit.fakes.waiting import until
from zcal_tui.checks.accuracy import AccuracyParameters
from zcal_tui.model.events import Event, RunEnded, SampleTaken
from zcal_tui.model.record import Level, Outcome, Record
from zcal_tui.results.store import Store, read_run
from zcal_tui.session import other_program
from zcal_tui.session.port import SessionBusy
from zcal_tui.session.session import Session
from zcal_tui.session.snapshot import LinkState
from zcal_tui.session.target import PrinterTarget
from zcal_tui.transport.address import SocketAddress


async def run_to_end(session: Session, limit: float = 10.0, **parameters: Any) -> Record:
    ended: list[Record] = []
    stop = session.listen(lambda event: ended.append(event.record) if isinstance(event, RunEnded) else None)
    session.start_check("accuracy", AccuracyParameters(homings=0, **parameters))
    await until(lambda: ended, limit)
    stop()
    return ended[0]


def run_files(store: Store) -> list[Path]:
    return sorted(store.folder.rglob("*.jsonl"))


async def test_a_check_runs_to_its_verdict_and_is_stored(session: Session, store: Store) -> None:
    record = await run_to_end(session, samples=10)
    assert record.outcome is Outcome.FINISHED
    assert record.verdict is not None
    assert record.verdict.level in (Level.PASS, Level.WARN)
    assert len(record.samples) == 10
    assert {"sigma", "range", "mean", "drift_per_sample", "first_sample_shift"} <= set(record.estimates)
    (path,) = run_files(store)
    assert read_run(path).record == record
    await until(lambda: session.snapshot.last.get("accuracy") == record)


async def test_the_last_result_is_found_again_by_the_next_session(
    session: Session, klippy: FakeKlippy, store: Store
) -> None:
    record = await run_to_end(session, samples=4)
    later = Session(PrinterTarget(addresses=(SocketAddress(klippy.path),)), store)
    later.start()
    try:
        await until(lambda: later.snapshot.last.get("accuracy") is not None)
        assert later.snapshot.last["accuracy"].id == record.id
    finally:
        await asyncio.to_thread(later.close)


@pytest.mark.parametrize("killed", [False, True])
async def test_what_another_program_has_stored_is_read_once_it_lets_go(
    killed: bool, klippy: FakeKlippy, machine: Machine, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(other_program, "POLL", 0.01)
    ended: list[bool] = []
    monkeypatch.setattr(other_program, "gone", lambda process: bool(ended))
    other = {"holder": "another program", "until": 99.0, "holds": []}
    machine.objects["zcal"] = {"lease": None}
    session = Session(PrinterTarget(addresses=(SocketAddress(klippy.path),)), store)
    session.start()
    try:
        await until(lambda: session.snapshot.printer.ready)
        own = await run_to_end(session, samples=4)
        machine.change("zcal", lease=other)
        await until(lambda: session.snapshot.printer.zcal.get("lease") == other)
        name = {"name": session.snapshot.filed_under}
        of_now = replace(records.accuracy(1), printer=name, started=own.started)
        records.keep(store, replace(of_now, id="20261130T120000-000000-backlash", check="backlash"))
        records.cut_off(store, replace(of_now, id="20261130T120001-000000-bias", check="bias"))
        await asyncio.sleep(0.1)
        assert [run.check for run in session.snapshot.interrupted] == []
        if killed:
            ended.append(True)
        else:
            machine.change("zcal", lease=None)
        await until(lambda: session.snapshot.interrupted)
        (cut_off,) = session.snapshot.interrupted
        assert cut_off.check == "bias"
        assert "backlash" in session.snapshot.last
        assert session.snapshot.last["accuracy"].id == own.id
    finally:
        await asyncio.to_thread(session.close)


async def test_a_check_that_starts_at_once_knows_the_results_that_are_stored(
    session: Session, klippy: FakeKlippy, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = await run_to_end(session, samples=4)
    await asyncio.to_thread(session.close)
    read = store.last
    may_read = threading.Event()

    def slow(*wanted: Any) -> dict[str, Record]:
        may_read.wait(5.0)
        return read(*wanted)

    monkeypatch.setattr(store, "last", slow)
    later = Session(PrinterTarget(addresses=(SocketAddress(klippy.path),)), store)
    known: list[bool] = []
    later.listen(lambda event: known.append("accuracy" in later.snapshot.last))
    later.start()
    try:
        await until(lambda: later.snapshot.printer.ready)
        later.start_check("accuracy", AccuracyParameters(samples=4))
        await asyncio.sleep(0.2)
        assert known == [], "nothing begins before the stored results are read"
        may_read.set()
        await until(lambda: len(known) > 0)
        assert known[0] and later.snapshot.last["accuracy"].id == record.id
    finally:
        await asyncio.to_thread(later.close)


async def test_a_check_ends_although_the_stored_results_cannot_be_read(
    klippy: FakeKlippy, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*wanted: Any) -> dict[str, Record]:
        raise OSError("Input/output error")

    monkeypatch.setattr(store, "last", broken)
    session = Session(PrinterTarget(addresses=(SocketAddress(klippy.path),)), store)
    session.start()
    try:
        await until(lambda: session.snapshot.printer.ready)
        assert (await run_to_end(session, samples=4)).outcome is Outcome.FINISHED
        assert any("Earlier results cannot be read" in line.text for line in session.snapshot.console)
    finally:
        await asyncio.to_thread(session.close)


async def test_a_sample_is_on_disk_before_it_is_shown(session: Session, store: Store) -> None:
    on_disk: list[bool] = []

    def listener(event: Event) -> None:
        if isinstance(event, SampleTaken):
            record = read_run(run_files(store)[0]).record
            on_disk.append(event.sample in record.samples)

    session.listen(listener)
    await run_to_end(session, samples=4)
    assert on_disk == [True] * 4


async def test_cancelling_ends_after_the_touches_under_way(session: Session, machine: Machine) -> None:
    async def cancel_at_fourth(number: int) -> None:
        if number == 4:
            session.cancel()
            await asyncio.sleep(0.05)

    machine.before_touch = cancel_at_fourth
    record = await run_to_end(session, samples=20)
    assert record.outcome is Outcome.CANCELLED
    # Three are the first command's
    assert len(record.samples) == 5
    assert "RESTORE_GCODE_STATE" in machine.scripts[-1].splitlines()[-1]


@pytest.mark.slow
async def test_an_error_of_the_printer_is_explained_and_the_samples_stored(
    session: Session, machine: Machine
) -> None:
    machine.fail_at = 4
    record = await run_to_end(session, samples=10)
    assert record.outcome is Outcome.ERROR
    assert record.problem is not None
    assert "Probe triggered prior to movement" in record.problem.raw
    assert record.problem.cause
    assert record.problem.remedy
    assert len(record.samples) == 3


async def test_a_shutdown_in_the_middle_tells_klippers_own_reason(session: Session, machine: Machine) -> None:
    async def halt(number: int) -> None:
        if number == 4:
            machine.halt("MCU 'mcu' shutdown: Timer too close")
            raise ConnectionError

    async def probe_accuracy(parameters: dict[str, str]) -> None:
        try:
            await original(parameters)
        except ConnectionError:
            from tests.unit.fakes.machine import Refused

            raise Refused("Probing failed due to printer shutdown") from None

    original = machine.handlers["PROBE_ACCURACY"]
    machine.handlers["PROBE_ACCURACY"] = probe_accuracy
    machine.before_touch = halt
    record = await run_to_end(session, samples=10)
    assert record.outcome is Outcome.ERROR
    assert record.problem is not None
    assert "Timer too close" in record.problem.raw
    assert len(record.samples) == 3
    await until(lambda: session.snapshot.klippy_problem is not None)


async def test_a_lost_connection_is_reported_and_restored(
    session: Session, machine: Machine, klippy: FakeKlippy, store: Store
) -> None:
    async def cut(number: int) -> None:
        if number == 4:
            klippy.drop_clients()
            await asyncio.sleep(0.2)

    machine.before_touch = cut
    record = await run_to_end(session, samples=10)
    assert record.outcome is Outcome.LOST
    assert record.problem is not None
    assert record.problem.raw == "", "the printer has said nothing; the cause is not told twice"
    assert "connection" in record.problem.what
    assert len(record.samples) == 3
    await until(lambda: session.snapshot.link.state is LinkState.UP)
    # what was asked is never asked twice
    assert sum(script.startswith("PROBE_ACCURACY") for script in machine.scripts) == 2


async def test_the_emergency_stop_does_not_wait_behind_the_running_command(
    session: Session, machine: Machine, klippy: FakeKlippy
) -> None:
    held = asyncio.Event()

    async def hold(number: int) -> None:
        await held.wait()

    machine.before_touch = hold
    session.start_check("accuracy", AccuracyParameters(samples=10))
    await until(lambda: any(script.startswith("PROBE_ACCURACY") for script in machine.scripts))
    session.emergency_stop()
    await until(lambda: "emergency_stop" in klippy.requests)
    held.set()
    await until(lambda: session.snapshot.run is not None and not session.snapshot.run.running)


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("print_stats", {"state": "printing"}, "print is running"),
        ("print_stats", {"state": "paused"}, "print is paused"),
        ("manual_probe", {"is_active": True}, "manual probe"),
    ],
)
async def test_nothing_moves_where_it_must_not(
    session: Session, machine: Machine, name: str, fields: dict[str, Any], words: str
) -> None:
    machine.change(name, **fields)
    await until(lambda: session.snapshot.printer.busy or session.snapshot.printer.manual_probe.is_active)
    record = await run_to_end(session)
    assert record.outcome is Outcome.REFUSED
    assert record.problem is not None
    assert words in record.problem.what
    assert machine.scripts == []


async def test_an_unhomed_printer_is_homed_first_or_left_alone(session: Session, machine: Machine) -> None:
    async def home(_: dict[str, str]) -> None:
        machine.change("toolhead", homed_axes="xyz")

    machine.handlers["G28"] = home
    machine.change("toolhead", homed_axes="")
    await until(lambda: not session.snapshot.printer.homed())
    refused = await run_to_end(session, home=False)
    assert refused.outcome is Outcome.REFUSED
    assert machine.scripts == []
    done = await run_to_end(session, samples=4)
    assert done.outcome is Outcome.FINISHED
    assert machine.scripts[0] == "G28"


async def test_a_place_outside_the_axes_is_refused_before_anything_moves(
    session: Session, machine: Machine
) -> None:
    record = await run_to_end(session, x=500.0)
    assert record.outcome is Outcome.REFUSED
    assert record.problem is not None
    assert "X 500" in record.problem.what
    assert machine.scripts == []
    assert not any("G1" in script for script in machine.scripts[:1])


async def test_two_checks_do_not_run_at_once(session: Session, machine: Machine) -> None:
    held = asyncio.Event()

    async def hold(number: int) -> None:
        await held.wait()

    machine.before_touch = hold
    session.start_check("accuracy", AccuracyParameters(samples=4))
    with pytest.raises(SessionBusy, match="is running"):
        session.start_check("accuracy", AccuracyParameters())
    held.set()
    await until(lambda: session.snapshot.run is not None and not session.snapshot.run.running)


async def test_a_run_that_cannot_be_stored_says_so_and_continues(
    klippy: FakeKlippy, tmp_path: Path, machine: Machine
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    session = Session(PrinterTarget(addresses=(SocketAddress(klippy.path),)), Store(blocked))
    session.start()
    try:
        await until(lambda: session.snapshot.printer.ready)
        record = await run_to_end(session, samples=4)
        assert record.outcome is Outcome.FINISHED
        assert session.snapshot.run is not None
        assert "not stored" in session.snapshot.run.notices[0]
    finally:
        await asyncio.to_thread(session.close)


async def test_a_listener_that_fails_does_not_end_the_run(session: Session) -> None:
    def broken(event: Event) -> None:
        raise RuntimeError("a face fell over")

    session.listen(broken)
    assert (await run_to_end(session, samples=4)).outcome is Outcome.FINISHED


async def test_closing_in_the_middle_cancels_lifts_and_keeps(
    klippy: FakeKlippy, store: Store, machine: Machine
) -> None:
    session = Session(PrinterTarget(addresses=(SocketAddress(klippy.path),)), store)
    session.start()
    await until(lambda: session.snapshot.printer.ready)
    ended: list[Event] = []
    session.listen(ended.append)
    reached = asyncio.Event()

    async def slow(number: int) -> None:
        reached.set()
        await asyncio.sleep(0.05)

    machine.before_touch = slow
    session.start_check("accuracy", AccuracyParameters(samples=50))
    await reached.wait()
    await asyncio.to_thread(session.close)
    assert isinstance(ended[-1], RunEnded)
    assert ended[-1].record.outcome is Outcome.CANCELLED
    assert "RESTORE_GCODE_STATE" in machine.scripts[-1].splitlines()[-1]
    assert session.snapshot.link.state is LinkState.CLOSED


async def test_a_printer_that_is_not_there_is_named_with_what_to_do(tmp_path: Path, store: Store) -> None:
    session = Session(PrinterTarget(addresses=(SocketAddress(tmp_path / "nowhere.sock"),)), store)
    session.start()
    try:
        await until(lambda: session.snapshot.link.problem is not None)
        problem = session.snapshot.link.problem
        assert problem is not None
        assert "nowhere.sock" in problem.what
        assert problem.remedy
        with pytest.raises(SessionBusy, match="No printer"):
            session.start_check("accuracy", AccuracyParameters())
    finally:
        await asyncio.to_thread(session.close)


async def test_what_a_person_types_shows_with_its_answer(session: Session, machine: Machine) -> None:
    session.send_gcode("QUERY_PROBE")
    await until(lambda: any("probe: open" in line.text for line in session.snapshot.console))
    assert any(line.sent and line.text == "QUERY_PROBE" for line in session.snapshot.console)


async def test_without_the_extra_a_line_for_other_programs_is_a_script(
    session: Session, machine: Machine
) -> None:
    session.announce("here I am")
    await until(lambda: "M118 here I am" in machine.scripts)
    assert any(line.sent and line.text == "M118 here I am" for line in session.snapshot.console)


async def test_a_disk_that_fills_up_ends_the_keeping_but_not_the_run(
    session: Session, machine: Machine
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def fill(number: int) -> None:
        if number == 4:  # from here on every write to a file fails, as on a full disk
            resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))

    machine.before_touch = fill
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        record = await run_to_end(session, samples=6)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert record.outcome is Outcome.FINISHED
    assert len(record.samples) == 6
    assert session.snapshot.run is not None
    assert any("The rest of this run is not stored" in notice for notice in session.snapshot.run.notices)
    assert record.context["not_stored"].startswith("3 of 6 samples and ")
    assert any("Not stored: 3 of 6 samples" in notice for notice in session.snapshot.run.notices)


async def test_a_disk_that_has_space_again_gets_everything(
    session: Session, machine: Machine, store: Store
) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    async def fill(number: int) -> None:
        if number == 3:
            resource.setrlimit(resource.RLIMIT_FSIZE, (1, before[1]))
        if number == 6:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)

    machine.before_touch = fill
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        record = await run_to_end(session, samples=8)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert "not_stored" not in record.context
    (path,) = store.files("fakehost")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["n"] for line in lines if line["event"] == "sample"] == list(range(1, 9))
    assert lines[-1]["event"] == "record"


async def test_a_print_that_starts_in_the_middle_is_left_alone(session: Session, machine: Machine) -> None:
    async def start_print(number: int) -> None:
        if number == 4:
            machine.change("print_stats", state="printing")

    machine.before_touch = start_print
    record = await run_to_end(session, samples=20)
    assert record.outcome is Outcome.ERROR
    assert record.problem is not None
    assert "print was started" in record.problem.what
    assert len(record.samples) == 5
    assert machine.scripts[-1].startswith("PROBE_ACCURACY"), "nothing may move once a print runs"


async def test_here_means_here(session: Session, machine: Machine) -> None:
    record = await run_to_end(session, here=True, x=5.0)
    assert record.outcome is Outcome.REFUSED
    machine.change("toolhead", homed_axes="")
    await until(lambda: not session.snapshot.printer.homed())
    record = await run_to_end(session, here=True)
    assert record.outcome is Outcome.REFUSED, "homing would lose the place"
    assert machine.scripts == []


async def test_a_g28_that_leaves_an_axis_out_is_reported(session: Session, machine: Machine) -> None:
    machine.change("toolhead", homed_axes="xy")
    await until(lambda: not session.snapshot.printer.homed())
    record = await run_to_end(session)
    assert record.outcome is Outcome.ERROR
    assert record.problem is not None
    assert "not every axis is homed" in record.problem.what


async def test_after_the_probe_was_fetched_it_goes_back_to_the_place(
    session: Session, machine: Machine
) -> None:
    async def query(_: dict[str, str]) -> None:
        machine.objects["probe"]["last_query"] = machine.triggered

    def turn(to: bool) -> Handler:
        async def handler(_: dict[str, str]) -> None:
            machine.triggered = to

        return handler

    machine.triggered = True  # in its dock
    machine.handlers |= {"QUERY_PROBE": query, "ATTACH_PROBE": turn(False), "DETACH_PROBE": turn(True)}
    machine.objects["configfile"]["settings"] |= {
        "gcode_macro attach_probe": {},
        "gcode_macro detach_probe": {},
    }
    record = await run_to_end(session, samples=4, attach="ATTACH_PROBE", detach="DETACH_PROBE")
    assert record.outcome is Outcome.FINISHED
    scripts = machine.scripts
    fetched = scripts.index("ATTACH_PROBE")
    touched = next(i for i, script in enumerate(scripts) if script.startswith("PROBE_ACCURACY"))
    assert any("G1 X" in script for script in scripts[fetched:touched])


async def test_breaking_off_lifts_and_tells_the_end(session: Session, machine: Machine) -> None:
    ended: list[Event] = []
    session.listen(ended.append)

    async def slow(number: int) -> None:
        await asyncio.sleep(0.5)

    machine.before_touch = slow
    session.start_check("accuracy", AccuracyParameters(samples=50))
    await until(lambda: machine.touches >= 1)
    await asyncio.to_thread(session.close, 0.0)
    assert isinstance(ended[-1], RunEnded)
    assert ended[-1].record.outcome is Outcome.CANCELLED
