"""Samples by the [zcal] module inside a real klippy, when something comes between: nothing lost, nothing doubled,
nobody else's taken for ours, and the toolhead above the bed."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.pace import slowly
from tests.e2e.simulated import PrinterSim, Starter, eventually
from zcal_tui.model.record import Sample
from zcal_tui.printer.gcode import ProbingSettings
from zcal_tui.printer.printer import CommandFailed, Printer
from zcal_tui.printer.sampler import ProbeUnusable
from zcal_tui.printer.zcal_module import CommandCancelled, ZcalModule
from zcal_tui.printer.zcal_sampler import ZcalSampler, sampler_for
from zcal_tui.transport.address import SocketAddress, parse_address
from zcal_tui.transport.failures import NotReady, ReplyLost
from zcal_tui.transport.opening import open_transport


@contextlib.asynccontextmanager
async def connected(sim: PrinterSim, *, moonraker: bool = False) -> AsyncIterator[Printer]:
    assert not moonraker or sim.moonraker is not None
    address = parse_address(str(sim.moonraker)) if moonraker else SocketAddress(Path(sim.klippy))
    transport = open_transport(address)
    await transport.connect()
    printer = Printer(transport)
    await printer.start()
    try:
        yield printer
    finally:
        await printer.close()
        await transport.close()


async def ready(printer: Printer) -> ZcalSampler:
    """Homed, over the middle of the bed, 10 mm up."""
    if not printer.state.homed():
        await printer.gcode("G28")
    await printer.gcode("G90\nG1 Z10 F900\nG1 X150 Y125 F9000\nM400")
    await printer.refresh()
    sampler = sampler_for(printer, ZcalModule(printer))
    assert isinstance(sampler, ZcalSampler)
    return sampler


def never() -> bool:
    return False


@pytest.fixture(scope="module")
def corexy(module_printer_sim: Starter) -> PrinterSim:
    return module_printer_sim("corexy")


def of_run(sim: PrinterSim, run: int) -> list[dict[str, Any]]:
    """The samples of a run as the extra keeps them."""
    client = sim.connect()
    try:
        samples: list[dict[str, Any]] = client.call("zcal/samples", run=run)["samples"]
        return samples
    finally:
        client.close()


def newest(sim: PrinterSim) -> dict[str, Any]:
    client = sim.connect()
    try:
        return client.call("zcal/samples")
    finally:
        client.close()


async def test_each_touch_is_told_once_with_the_time_of_klippys_clock(corexy: PrinterSim) -> None:
    async with connected(corexy) as printer:
        sampler = await ready(printer)
        before = printer.state.eventtime
        touches = [touch async for touch in sampler.series(12, ProbingSettings(), never)]
        state = await printer.refresh()
    assert [touch.n for touch in touches] == list(range(1, 13))
    published = [round(s["trigger_z"], 6) for s in newest(corexy)["samples"]]
    assert [touch.trigger_z for touch in touches] == published
    times = [touch.t for touch in touches]
    assert times == sorted(times)
    assert before < times[0] and times[-1] < state.eventtime + 0.5
    assert all(touch.bed is not None and touch.hotend is not None for touch in touches)


async def test_a_cancel_ends_it_within_a_touch_and_lifts(corexy: PrinterSim) -> None:
    async with connected(corexy) as printer:
        sampler = await ready(printer)
        wanted: list[bool] = []
        touches: list[Sample] = []
        with slowly(corexy):
            async for touch in sampler.series(200, ProbingSettings(), lambda: bool(wanted)):
                touches.append(touch)
                if touch.n >= 3:
                    wanted.append(True)
        state = await printer.refresh()
    run = newest(corexy)
    assert run["state"] == "cancelled"
    assert [touch.n for touch in touches] == [sample["n"] for sample in run["samples"]]
    # Two looks of the client, with the printer four times as fast as they are meant for
    assert len(touches) < 20
    assert state.position is not None and state.position[2] == pytest.approx(10.0, abs=0.01)


async def test_leaving_a_series_early_stops_the_printer(corexy: PrinterSim) -> None:
    async with connected(corexy) as printer:
        sampler = await ready(printer)
        async with contextlib.aclosing(sampler.series(200, ProbingSettings(), never)) as series:
            await anext(series)
        assert newest(corexy)["state"] == "cancelled"
        assert not [task for task in asyncio.all_tasks() if task.get_name() == "zcal command"]


async def test_another_clients_commands_before_and_after_are_not_ours(corexy: PrinterSim) -> None:
    async with connected(corexy) as printer, connected(corexy) as other:
        sampler = await ready(printer)
        foreign = asyncio.create_task(other.gcode("ZCAL_PROBE_ACCURACY SAMPLES=5"))
        await asyncio.to_thread(eventually, lambda: newest(corexy)["state"] == "running")
        own = asyncio.create_task(_all(sampler, 4))
        await foreign
        later = asyncio.create_task(other.gcode("ZCAL_PROBE_ACCURACY SAMPLES=6"))
        touches = await own
        await later
        run = newest(corexy)["run"]
    assert len(of_run(corexy, run - 2)) == 5
    assert [touch.trigger_z for touch in touches] == [s["trigger_z"] for s in of_run(corexy, run - 1)]
    assert len(touches) == 4
    assert len(of_run(corexy, run)) == 6


async def test_a_cancel_while_another_client_has_its_turn_stops_ours_only(corexy: PrinterSim) -> None:
    async with connected(corexy) as printer, connected(corexy) as other:
        sampler = await ready(printer)
        foreign = asyncio.create_task(other.gcode("ZCAL_PROBE_ACCURACY SAMPLES=30"))
        await asyncio.to_thread(eventually, lambda: newest(corexy)["state"] == "running")
        wanted: list[bool] = []
        own = asyncio.create_task(_all(sampler, 50, lambda: bool(wanted)))
        await asyncio.sleep(0.2)
        wanted.append(True)
        await foreign
        assert await own == []
        run = newest(corexy)
    assert run["state"] == "cancelled" and run["samples"] == []
    assert len(of_run(corexy, run["run"] - 1)) == 30


async def test_somebody_elses_cancel_is_an_error_of_ours(corexy: PrinterSim) -> None:
    async with connected(corexy) as printer, connected(corexy) as other:
        sampler = await ready(printer)
        touches: list[Sample] = []
        with pytest.raises(CommandCancelled, match="cancelled after"):
            async for touch in sampler.series(200, ProbingSettings(), never):
                touches.append(touch)
                if touch.n == 2:
                    await other.call("zcal/cancel")
    assert [touch.n for touch in touches] == [sample["n"] for sample in newest(corexy)["samples"]]


async def test_a_refusal_says_why_before_anything_moves(corexy: PrinterSim) -> None:
    async with connected(corexy) as printer:
        sampler = await ready(printer)
        with pytest.raises(CommandFailed, match="LIFT_SPEED=500 is not"):
            await _all(sampler, 2, settings=ProbingSettings(lift_speed=500.0))
        corexy.control.request("set", path="probe.z_offset", value=40.0)
        try:
            with pytest.raises(ProbeUnusable, match="reads triggered"):
                await _all(sampler, 2)
        finally:
            corexy.control.request("set", path="probe.z_offset", value=1.562)


@pytest.mark.parametrize("moonraker", [False, True], ids=["klippy", "moonraker"])
async def test_a_link_cut_for_a_moment_loses_nothing(moonraker: bool, printer_sim: Starter) -> None:
    sim = printer_sim("corexy", moonraker=moonraker, speed=4.0)
    async with connected(sim, moonraker=moonraker) as printer:
        sampler = await ready(printer)
        touches: list[Sample] = []
        async for touch in sampler.series(25, ProbingSettings(), never):
            touches.append(touch)
            if touch.n == 5:
                await _cut(printer)
    assert [touch.n for touch in touches] == list(range(1, 26))
    assert [touch.trigger_z for touch in touches] == [s["trigger_z"] for s in newest(sim)["samples"]]


async def test_a_link_that_stays_cut_ends_it_with_what_was_told(
    printer_sim: Starter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zcal_tui.printer.zcal_module.LINK_GRACE", 1.0)
    sim = printer_sim("corexy", moonraker=True)
    async with connected(sim, moonraker=True) as printer:
        sampler = await ready(printer)
        touches: list[Sample] = []
        with pytest.raises(ReplyLost):
            async for touch in sampler.series(200, ProbingSettings(), never):
                touches.append(touch)
                if touch.n == 5:
                    sim.control.request("kill_moonraker")
    assert [touch.n for touch in touches] == list(range(1, len(touches) + 1))
    assert len(touches) >= 5


async def test_a_klippy_that_is_another_one_afterwards_is_not_followed(printer_sim: Starter) -> None:
    sim = printer_sim("corexy")
    async with connected(sim) as printer:
        sampler = await ready(printer)
        touches: list[Sample] = []
        with pytest.raises((ReplyLost, NotReady)):
            async for touch in sampler.series(200, ProbingSettings(), never):
                touches.append(touch)
                if touch.n == 5:
                    sim.control.request("kill_klippy")
                    sim.control.request("start_klippy")
    assert len(touches) >= 5


@pytest.mark.parametrize("how", ["emergency stop", "crash"])
async def test_a_shutdown_keeps_every_touch_that_was_made(how: str, printer_sim: Starter) -> None:
    sim = printer_sim("corexy")
    async with connected(sim) as printer:
        sampler = await ready(printer)
        touches: list[Sample] = []
        with pytest.raises((NotReady, CommandFailed)):
            async for touch in sampler.series(200, ProbingSettings(), never):
                touches.append(touch)
                if touch.n == 5 and how == "crash":
                    sim.control.request("crash", reason="Timer too close")
                elif touch.n == 5:
                    await printer.emergency_stop()
        run = newest(sim)
    assert [touch.n for touch in touches] == [sample["n"] for sample in run["samples"]]


async def _all(
    sampler: ZcalSampler, count: int, cancelled: Any = never, settings: ProbingSettings | None = None
) -> list[Sample]:
    return [touch async for touch in sampler.series(count, settings or ProbingSettings(), cancelled)]


async def _cut(printer: Printer) -> None:
    """Have the connection go, as when a network does, for longer than a look."""
    connection = printer._transport._connection  # type: ignore[attr-defined]  # nothing but the wire is cut
    await connection.close()
    await asyncio.sleep(0.5)
