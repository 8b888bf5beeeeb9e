import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.moonraker import FakeMoonraker
from tests.unit.fakes.waiting import until
from zcal_tui.model.record import Sample
from zcal_tui.printer.gcode import ProbingSettings
from zcal_tui.printer.printer import CommandFailed, Printer
from zcal_tui.printer.sampler import (
    LinesMissing,
    ProbeUnusable,
    Sampler,
    StockSampler,
    blocks,
)
from zcal_tui.transport.failures import ReplyLost
from zcal_tui.transport.reconnect import LinkedTransport


def never() -> bool:
    return False


async def take(
    sampler: Sampler,
    count: int,
    settings: ProbingSettings | None = None,
    cancelled: Callable[[], bool] = never,
) -> list[Sample]:
    return [touch async for touch in sampler.series(count, settings or ProbingSettings(), cancelled)]


async def test_touches_of_the_old_wording(printer: Printer, machine: Machine) -> None:
    touches = await take(StockSampler(printer), 5)
    assert [touch.n for touch in touches] == [1, 2, 3, 4, 5]
    assert [touch.trigger_z for touch in touches] == [1.5, 1.503, 1.4985, 1.5005, 1.5]
    assert all(touch.bed_z is None and touch.recorded for touch in touches)
    assert {(touch.x, touch.y) for touch in touches} == {(100.0, 100.0)}
    assert machine.scripts == ["QUERY_PROBE", "PROBE_ACCURACY SAMPLES=2", "PROBE_ACCURACY SAMPLES=3"]


async def test_the_new_wording_is_brought_back_to_the_toolhead(printer: Printer, machine: Machine) -> None:
    machine.new_wording = True
    touches = await take(StockSampler(printer), 2)
    assert [touch.trigger_z for touch in touches] == pytest.approx([1.5, 1.503])
    assert [touch.bed_z for touch in touches] == pytest.approx([0.0, 0.003])
    assert {(touch.x, touch.y) for touch in touches} == {(100.0, 100.0)}


async def test_touches_are_yielded_while_the_block_still_runs(printer: Printer, machine: Machine) -> None:
    gate = asyncio.Event()

    async def wait(number: int) -> None:
        if number == 2:
            await gate.wait()

    machine.before_touch = wait
    series = StockSampler(printer).series(2, ProbingSettings(), never)
    first = await anext(series)
    assert first.trigger_z == 1.5
    gate.set()
    assert [touch.n async for touch in series] == [2]


async def test_a_cancel_takes_effect_after_two_touches_at_most(printer: Printer, machine: Machine) -> None:
    cancelled: list[Any] = []
    touches = []
    async for touch in StockSampler(printer).series(20, ProbingSettings(), lambda: bool(cancelled)):
        touches.append(touch)
        if touch.n == 3:
            cancelled.append(True)
    assert len(touches) == 4
    assert machine.touches == 4


async def test_cancelled_before_the_first_touch_nothing_moves(printer: Printer, machine: Machine) -> None:
    assert await take(StockSampler(printer), 5, cancelled=lambda: True) == []
    assert machine.scripts == []


@pytest.mark.parametrize(
    "section",
    [
        {"probe": {"drop_first_result": True}},
        {"probe": {"activate_gcode": "M280"}},
        {"bltouch": {}},
        {"probe": {}, "gcode_macro probe_accuracy": {"rename_existing": "_PA"}},
    ],
    ids=["drops", "activates", "bltouch", "wrapped"],
)
async def test_a_probe_that_must_be_fetched_is_fetched_once_a_look(
    transport: LinkedTransport, machine: Machine, section: dict[str, Any]
) -> None:
    machine.objects["configfile"]["settings"] = section
    machine.dropped_first = "drop_first_result" in section.get("probe", {})
    printer = Printer(transport)
    await printer.start()
    touches = await take(StockSampler(printer), 6)
    assert machine.scripts == ["PROBE_ACCURACY SAMPLES=6"]
    recorded = [touch.recorded for touch in touches]
    assert recorded == ([False] if machine.dropped_first else []) + [True] * 6
    await printer.close()


async def test_one_touch_alone_is_never_asked_for(printer: Printer, machine: Machine) -> None:
    await take(StockSampler(printer), 1)
    assert machine.scripts[-1] == "PROBE_ACCURACY SAMPLES=2"


async def test_settings_are_passed_on(printer: Printer, machine: Machine) -> None:
    await take(StockSampler(printer), 2, ProbingSettings(2.5, 10.0, 1.25))
    assert machine.scripts[-1] == (
        "PROBE_ACCURACY SAMPLES=2 PROBE_SPEED=2.5 LIFT_SPEED=10 SAMPLE_RETRACT_DIST=1.25"
    )


async def test_a_triggered_probe_is_refused_before_anything_moves(printer: Printer, machine: Machine) -> None:
    machine.triggered = True
    with pytest.raises(ProbeUnusable) as refused:
        await take(StockSampler(printer), 5)
    assert "triggered" in refused.value.what
    assert refused.value.remedy
    assert machine.touches == 0


async def test_a_scanner_reads_triggered_wherever_it_is_low(
    transport: LinkedTransport, machine: Machine
) -> None:
    settings = machine.objects["configfile"]["settings"]
    settings["cartographer"] = settings.pop("probe")
    machine.objects["probe"]["name"] = "cartographer"
    machine.triggered = True
    printer = Printer(transport)
    await printer.start()
    assert len(await take(StockSampler(printer), 3)) == 3
    await printer.close()


async def test_a_probe_that_cannot_be_asked_is_used_all_the_same(printer: Printer, machine: Machine) -> None:
    del machine.handlers["QUERY_PROBE"]
    assert len(await take(StockSampler(printer), 2)) == 2


async def test_no_probe_no_touch(transport: LinkedTransport, machine: Machine) -> None:
    del machine.objects["configfile"]["settings"]["probe"]
    del machine.objects["probe"]
    printer = Printer(transport)
    await printer.start()
    with pytest.raises(ProbeUnusable, match="no probe"):
        await take(StockSampler(printer), 2)
    await printer.close()


async def test_an_error_comes_after_the_touches_before_it(printer: Printer, machine: Machine) -> None:
    machine.fail_at = 4
    touches = []
    with pytest.raises(CommandFailed, match="triggered prior"):
        async for touch in StockSampler(printer).series(10, ProbingSettings(), never):
            touches.append(touch)
    assert len(touches) == 3


async def test_a_lost_link_keeps_the_touches_and_repeats_nothing(
    printer: Printer,
    machine: Machine,
    klippy: FakeKlippy,
    moonraker: FakeMoonraker,
    transport: LinkedTransport,
) -> None:
    async def cut(number: int) -> None:
        if number == 4:
            klippy.drop_clients()
            if transport.address == moonraker.url:
                await moonraker.stop()
            await asyncio.sleep(0.05)

    machine.before_touch = cut
    touches = []
    with pytest.raises(ReplyLost):
        async for touch in StockSampler(printer).series(10, ProbingSettings(), never):
            touches.append(touch)
    assert len(touches) == 3
    if transport.address == moonraker.url:
        await moonraker.start()
    await until(lambda: transport.connected)
    await asyncio.sleep(0.1)
    assert len(machine.scripts) == 3


async def test_lines_of_other_clients_before_our_turn_are_not_ours(
    printer: Printer, machine: Machine
) -> None:
    async def foreign() -> None:
        async with machine.mutex:
            await asyncio.sleep(0.05)
            machine.say(
                "PROBE_ACCURACY at X:1.000 Y:1.000 Z:1.000 (samples=7 retract=2.000 speed=5.0 lift_speed=5.0)"
            )
            machine.say("probe at 1.000,1.000 is z=9.000000")

    machine.handlers["QUERY_PROBE"] = machine.handlers["G28"]
    task = asyncio.create_task(foreign())
    await asyncio.sleep(0)
    touches = await take(StockSampler(printer), 2)
    await task
    assert [touch.trigger_z for touch in touches] == [1.5, 1.503]


async def test_missing_lines_are_told(
    printer: Printer, machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zcal_tui.printer.sampler.LATE_LINES", 0.05)

    async def silent(_: object) -> None:
        machine.say(
            "PROBE_ACCURACY at X:1.000 Y:1.000 Z:1.000 (samples=2 retract=2.000 speed=5.0 lift_speed=5.0)"
        )
        machine.say("probe at 1.000,1.000 is z=1.500000")

    machine.handlers["PROBE_ACCURACY"] = silent
    touches = []
    with pytest.raises(LinesMissing, match="2 samples but reported 1"):
        async for touch in StockSampler(printer).series(2, ProbingSettings(), never):
            touches.append(touch)
    assert len(touches) == 1


async def test_lines_that_come_after_the_reply_still_count(printer: Printer, machine: Machine) -> None:
    real = machine.handlers["PROBE_ACCURACY"]
    tasks = []

    async def late(parameters: dict[str, str]) -> None:
        async def later() -> None:
            await asyncio.sleep(0.05)
            await real(parameters)

        tasks.append(asyncio.create_task(later()))

    machine.handlers["PROBE_ACCURACY"] = late
    assert len(await take(StockSampler(printer), 2)) == 2


async def test_a_look_can_be_followed_by_another(printer: Printer, machine: Machine) -> None:
    sampler = StockSampler(printer)
    assert [touch.n for touch in await take(sampler, 2)] == [1, 2]
    assert [touch.trigger_z for touch in await take(sampler, 2)] == [1.4985, 1.5005]


async def test_leaving_a_series_early_leaves_nothing_behind(printer: Printer, machine: Machine) -> None:
    series = StockSampler(printer).series(10, ProbingSettings(), never)
    await anext(series)
    await series.aclose()
    await until(lambda: not machine.mutex.locked())
    assert machine.touches == 2
    assert not [task for task in asyncio.all_tasks() if task.get_name() == "zcal samples"]


@given(st.integers(0, 200), st.booleans(), st.integers(0, 3))
def test_blocks_add_up_and_are_never_too_small(count: int, whole: bool, least: int) -> None:
    sizes = blocks(count, prepared=whole, least=least)
    least = max(2, least)
    assert sum(sizes) == (max(count, least) if count else 0)
    assert all(size >= least for size in sizes)
    assert max(sizes, default=0) <= (6 if whole else 2 * least - 1)
