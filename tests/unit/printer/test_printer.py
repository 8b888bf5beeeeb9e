import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine, Refused
from tests.unit.fakes.waiting import until
from zcal_tui.printer import printer as printer_module
from zcal_tui.printer.clock import PrinterClock
from zcal_tui.printer.messages import ProbeQuery
from zcal_tui.printer.printer import CommandFailed, Heard, NotRestarted, Printer
from zcal_tui.printer.state import PrinterState
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.failures import NotReady, ReplyLost
from zcal_tui.transport.opening import open_transport


@pytest.fixture
async def direct(klippy: FakeKlippy) -> AsyncIterator[Printer]:
    """The printer over klippy's own socket."""
    link = open_transport(SocketAddress(klippy.path))
    await link.connect()
    printer = Printer(link)
    await printer.start()
    yield printer
    await printer.close()
    await link.close()


async def test_a_command_runs_and_its_console_lines_are_heard(printer: Printer, machine: Machine) -> None:
    heard: list[Any] = []
    printer.listen_console(heard.append)
    await printer.gcode("QUERY_PROBE")
    await until(lambda: heard)
    assert heard[0].message == ProbeQuery(False)
    assert heard[0].text == "probe: open"
    assert heard[0].eventtime >= 1000.0


async def test_over_klippys_socket_the_lines_come_before_the_command_returns(direct: Printer) -> None:
    heard: list[Any] = []
    direct.listen_console(heard.append)
    await direct.gcode("QUERY_PROBE")
    assert [line.message for line in heard] == [ProbeQuery(False)]


async def test_a_refusal_comes_explained(printer: Printer, machine: Machine) -> None:
    async def refuse(_: object) -> None:
        raise Refused("Must home axis first: 1.000 1.000 1.000 [0.000]")

    machine.handlers["G1"] = refuse
    with pytest.raises(CommandFailed) as failed:
        await printer.gcode("G1 X1")
    assert failed.value.message.startswith("Must home axis first")
    assert "not homed" in failed.value.explanation.what


async def test_a_command_that_klipper_does_not_know_is_a_failure(direct: Printer, machine: Machine) -> None:
    with pytest.raises(CommandFailed, match="TESTZ"):
        await direct.gcode("QUERY_PROBE\ntestz Z=-0.1")


async def test_another_clients_unknown_command_is_not_ours(direct: Printer, machine: Machine) -> None:
    async def meanwhile(_: object) -> None:
        machine.say('Unknown command:"FOO"')

    machine.handlers["G28"] = meanwhile
    await direct.gcode("G28")


async def test_query_gives_status_by_object(printer: Printer) -> None:
    found = await printer.query({"toolhead": ["homed_axes"], "nothing": None})
    assert found["toolhead"] == {"homed_axes": "xyz"}
    assert found.get("nothing", {}) == {}


async def test_a_refresh_does_not_wait_for_the_next_update(printer: Printer, machine: Machine) -> None:
    machine.objects["toolhead"]["position"] = [1.0, 2.0, 3.0, 0.0]
    machine.eventtime += 0.1
    assert printer.state.position == (100.0, 100.0, 10.0)
    state = await printer.refresh()
    assert state.position == (1.0, 2.0, 3.0)
    assert state.eventtime == machine.eventtime


async def test_emergency_stop(printer: Printer, machine: Machine) -> None:
    await printer.emergency_stop()
    assert machine.stopped
    await until(lambda: printer.state.klippy == "shutdown")


async def test_waiting_for_a_state(printer: Printer, machine: Machine) -> None:
    waiting = asyncio.create_task(printer.wait_for(lambda state: state.manual_probe.is_active))
    await asyncio.sleep(0)
    machine.change("manual_probe", is_active=True)
    assert (await waiting).manual_probe.is_active


async def test_waiting_is_limited_in_the_printers_time(printer: Printer, machine: Machine) -> None:
    waiting = asyncio.create_task(printer.wait_for(lambda _: False, limit=2.0))
    await asyncio.sleep(0)
    machine.tick(12)
    with pytest.raises(TimeoutError, match=r"2\.0 s"):
        await waiting


async def test_waiting_ends_when_the_printer_halts(printer: Printer, machine: Machine) -> None:
    waiting = asyncio.create_task(printer.wait_for(lambda _: False))
    await asyncio.sleep(0)
    machine.halt("MCU 'mcu' shutdown: Timer too close")
    with pytest.raises(NotReady, match="Timer too close"):
        await waiting


async def test_waiting_outlives_a_short_cut(direct: Printer, machine: Machine, klippy: FakeKlippy) -> None:
    waiting = asyncio.create_task(direct.wait_for(lambda state: state.starts == 2))
    await asyncio.sleep(0)
    klippy.drop_clients()
    await waiting


async def test_waiting_ends_when_the_link_stays_down(
    direct: Printer, klippy: FakeKlippy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zcal_tui.printer.printer.LINK_GRACE", 0.2)
    waiting = asyncio.create_task(direct.wait_for(lambda _: False))
    await asyncio.sleep(0)
    await klippy.stop()
    with pytest.raises(ReplyLost, match="has been down"):
        await waiting


async def test_sleeping_counts_the_printers_seconds(printer: Printer, machine: Machine) -> None:
    machine.tick()
    await until(lambda: printer.state.eventtime == machine.eventtime)
    sleeping = asyncio.create_task(printer.clock.sleep(10.0))
    await asyncio.sleep(0)
    machine.tick(38)
    await until(lambda: printer.state.eventtime == machine.eventtime)
    assert not sleeping.done()
    machine.tick(4)
    await sleeping


async def test_a_restart_is_waited_for(direct: Printer, machine: Machine) -> None:
    machine.halt("Shutdown due to webhooks request")
    await until(lambda: direct.state.klippy == "shutdown")
    state = await direct.restart_and_wait()
    assert state.ready
    assert state.starts == 2


async def test_save_config_that_is_refused_raises_and_does_not_wait(
    direct: Printer, machine: Machine
) -> None:
    async def conflict(_: object) -> None:
        raise Refused("SAVE_CONFIG section 'probe' option 'z_offset' conflicts with included value")

    machine.handlers["SAVE_CONFIG"] = conflict
    with pytest.raises(CommandFailed) as failed:
        await direct.restart_and_wait("SAVE_CONFIG")
    assert "z_offset of [probe]" in failed.value.explanation.what


async def test_save_config_whose_reply_never_comes_is_waited_for(
    direct: Printer, machine: Machine, klippy: FakeKlippy
) -> None:
    async def save(_: object) -> None:
        machine.objects["configfile"]["settings"]["probe"]["z_offset"] = 1.6
        klippy.drop_clients()
        await asyncio.sleep(0.05)

    machine.handlers["SAVE_CONFIG"] = save
    state = await direct.restart_and_wait("SAVE_CONFIG")
    assert state.settings["probe"]["z_offset"] == 1.6
    assert machine.scripts == ["SAVE_CONFIG"]


async def test_a_restart_that_ends_in_a_config_error_is_told(
    direct: Printer, machine: Machine, klippy: FakeKlippy
) -> None:
    async def save(_: object) -> None:
        machine.objects["webhooks"] = {"state": "error", "state_message": "Option 'x' is not valid"}
        klippy.drop_clients()

    machine.handlers["SAVE_CONFIG"] = save
    with pytest.raises(NotReady, match="Option 'x'"):
        await direct.restart_and_wait("SAVE_CONFIG")


async def test_a_save_config_that_restarts_nothing_is_told_soon(
    direct: Printer, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(printer_module, "RESTART_BEGINS", 0.2)
    machine.handlers["SAVE_CONFIG"] = machine.handlers["G28"]
    with pytest.raises(NotRestarted, match="has not restarted within"):
        await direct.restart_and_wait("SAVE_CONFIG")


async def test_a_restart_out_of_an_error_waits_for_the_new_start(
    direct: Printer, machine: Machine, klippy: FakeKlippy
) -> None:
    async def save(_: object) -> None:
        machine.objects["webhooks"] = {"state": "error", "state_message": "Option 'x' is not valid"}
        klippy.drop_clients()

    machine.handlers["SAVE_CONFIG"] = save
    with pytest.raises(NotReady):
        await direct.restart_and_wait("SAVE_CONFIG")
    await until(lambda: direct.state.klippy == "error")

    def restart() -> None:
        klippy.drop_clients()
        asyncio.get_running_loop().call_later(0.05, machine.come_back)

    klippy.after["gcode/restart"] = restart
    assert (await direct.restart_and_wait("RESTART")).ready


async def never_waits(_: object) -> PrinterState:
    raise AssertionError("the clock waits only when it is asked to")


def test_the_clock_runs_on_between_updates_at_the_printers_pace_and_never_back() -> None:
    wall = [0.0]
    clock = PrinterClock(wait_for=never_waits, wall=lambda: wall[0])
    assert clock.now() == 0.0
    eventtime = 100.0
    for _ in range(40):
        clock.note(eventtime)
        wall[0] += 0.0125
        eventtime += 0.25
    clock.note(eventtime)
    assert clock.now() == eventtime
    wall[0] += 0.01
    assert clock.now() == pytest.approx(eventtime + 0.2, rel=1e-3)
    latest = clock.now()
    clock.note(eventtime + 0.05)
    assert clock.now() >= latest
    wall[0] += 100
    assert clock.now() <= eventtime + 0.05 + 0.5


def test_a_printer_that_stands_still_stops_the_clock() -> None:
    wall = [0.0]
    clock = PrinterClock(wait_for=never_waits, wall=lambda: wall[0])
    clock.note(50.0)
    wall[0] = 1000.0
    assert clock.now() == 50.5


def test_another_klippys_clock_starts_over() -> None:
    wall = [0.0]
    clock = PrinterClock(wait_for=never_waits, wall=lambda: wall[0])
    clock.note(5000.0)
    clock.note(3.0)
    assert clock.now() == 3.0


@pytest.mark.slow
async def test_a_halted_klippy_that_never_answers_is_not_waited_for(
    printer: Printer, machine: Machine
) -> None:
    """With its micro-controller gone in a probing move, klippy halts and waits for the trigger for ever."""
    forever = asyncio.Event()

    async def probe(_: object) -> None:
        machine.halt("Lost communication with MCU 'mcu'")
        await forever.wait()

    machine.handlers["PROBE"] = probe
    with pytest.raises(NotReady, match="Lost communication"):
        async with asyncio.timeout(10.0):
            await printer.gcode("PROBE")
    forever.set()


async def test_a_listener_that_fails_keeps_nothing_from_the_others(
    printer: Printer, machine: Machine, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError

    heard: list[Heard] = []
    states: list[PrinterState] = []
    printer.listen_console(broken)
    printer.subscribe(broken)
    printer.listen_console(heard.append)
    printer.subscribe(states.append)
    await printer.gcode("QUERY_PROBE")
    machine.change("extruder", temperature=33.0)
    await until(lambda: heard and states)
    assert "a listener failed" in caplog.text
    await printer.gcode("QUERY_PROBE")
