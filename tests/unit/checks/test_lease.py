"""Settings under the extra's lease: said before they are changed, renewed, and put back on every way out."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.fakes.bench import Bench
from tests.unit.fakes.machine import Refused
from tests.unit.fakes.waiting import until
from zcal_tui.checks.errors import CheckCancelled, CheckRefused
from zcal_tui.checks.lease.temporary_settings import LONGEST, TemporarySettings
from zcal_tui.printer import clock
from zcal_tui.printer.zcal_module import ZcalModule
from zcal_tui.sim.mcu.core import VERSION


@pytest.fixture
async def bench(bench: Bench) -> Bench:
    """With the extra, whose lease requests stand among the scripts as they came."""
    machine = bench.machine
    for word in ("SET_GCODE_OFFSET", "BED_MESH_PROFILE"):
        machine.handlers[word] = machine.handlers["G28"]
    machine.objects["zcal"] = {"version": "1.1.0", "unavailable": {}}
    machine.objects["bed_mesh"] = {"profile_name": "default"}
    machine.objects["gcode_move"]["homing_origin"] = [0.0, 0.0, 0.1, 0.0]
    holds: list[str] = []

    def lease(parameters: dict[str, Any]) -> dict[str, object]:
        hold = parameters.get("hold")
        holds.extend(hold or ())
        machine.scripts.append(f"lease {parameters.get('action', 'renew')}" + (f" {hold}" if hold else ""))
        return {"holder": parameters["holder"], "holds": list(holds)}

    bench.klippy.endpoints["zcal/lease"] = lease
    await bench.printer.restart_and_wait()
    return bench


def holder(bench: Bench, seconds: float = 60.0) -> TemporarySettings:
    return TemporarySettings(bench.printer, ZcalModule(bench.printer), bench.said.append, seconds)


def without_renewals(bench: Bench) -> list[str]:
    return [script for script in bench.machine.scripts if script != "lease renew"]


@pytest.mark.parametrize(
    ("change", "scripts"),
    [
        (lambda lent: lent.clear_mesh(), ["lease renew {'mesh': True}", "BED_MESH_CLEAR"]),
        (
            lambda lent: lent.zero_offset(),
            [
                "lease renew {'gcode_offset': [0.0, 0.0, 0.0]}",
                "SET_GCODE_OFFSET X=0 Y=0 Z=0 MOVE=0",
            ],
        ),
        (
            lambda lent: lent.heat({"extruder": 150.0}),
            [
                "lease renew {'heaters': {'extruder': 150.0}}",
                "SET_HEATER_TEMPERATURE HEATER=extruder TARGET=150",
            ],
        ),
        (
            lambda lent: lent.idle_timeout(3600.0),
            ["lease renew {'idle_timeout': 3600.0}", "SET_IDLE_TIMEOUT TIMEOUT=3600"],
        ),
        (lambda lent: lent.borrow_offset(), ["lease renew {'gcode_offset': [0.0, 0.0, 0.1]}"]),
    ],
)
async def test_what_will_be_changed_is_said_before_it_is(
    bench: Bench, change: Callable[[TemporarySettings], Any], scripts: list[str]
) -> None:
    lent = holder(bench)
    async with lent.lease():
        assert bench.machine.scripts == ["lease renew"], "the lease is taken before anything else"
        await change(lent)
        assert without_renewals(bench) == scripts
    assert without_renewals(bench) == [*scripts, "lease restore"], "the extra puts it back, not we"


@pytest.mark.parametrize("error", [ValueError, CheckCancelled, asyncio.CancelledError])
async def test_it_is_put_back_however_the_run_ends(bench: Bench, error: type[BaseException]) -> None:
    lent = holder(bench)
    with pytest.raises(error):
        async with lent.lease():
            await lent.zero_offset()
            raise error
    assert bench.machine.scripts[-1] == "lease restore"


async def test_nothing_is_said_or_changed_where_there_is_nothing_to_change(bench: Bench) -> None:
    bench.machine.objects["bed_mesh"]["profile_name"] = ""
    bench.machine.objects["gcode_move"]["homing_origin"] = [0.0, 0.0, 0.0, 0.0]
    await bench.printer.refresh()
    lent = holder(bench)
    async with lent.lease():
        await lent.clear_mesh()
        await lent.zero_offset()
    assert without_renewals(bench) == ["lease restore"]


async def test_the_idle_timeout_is_left_alone_while_anything_is_heated(bench: Bench) -> None:
    bench.machine.change("heater_bed", target=60.0)
    await bench.printer.wait_for(lambda state: state.heaters["heater_bed"].target > 0)
    lent = holder(bench)
    async with lent.lease():
        await lent.idle_timeout(3600.0)
    assert without_renewals(bench) == ["lease restore"]


async def test_it_is_renewed_while_the_run_goes_on_and_not_after(bench: Bench) -> None:
    lent = holder(bench, seconds=0.12)
    async with lent.lease():
        await until(lambda: bench.machine.scripts.count("lease renew") >= 4)
    ended = len(bench.machine.scripts)
    await asyncio.sleep(0.1)
    assert len(bench.machine.scripts) == ended


async def test_a_renewal_that_fails_does_not_end_the_run(bench: Bench) -> None:
    lent = holder(bench, seconds=0.12)
    renewals = 0
    original = bench.klippy.endpoints["zcal/lease"]

    def failing(parameters: dict[str, Any]) -> Any:
        nonlocal renewals
        renewals += 1
        if renewals == 2:
            raise Refused("not now")
        return original(parameters)

    bench.klippy.endpoints["zcal/lease"] = failing
    async with lent.lease():
        await until(lambda: renewals >= 4)
    assert bench.machine.scripts[-1] == "lease restore"


async def test_its_time_is_the_printers(bench: Bench) -> None:
    asked: list[float] = []
    original = bench.klippy.endpoints["zcal/lease"]

    def note(parameters: dict[str, Any]) -> Any:
        asked.append(parameters.get("seconds", 0.0))
        return original(parameters)

    async def run_fast() -> None:
        while True:
            bench.machine.eventtime += 0.2
            await asyncio.sleep(0.01)

    bench.klippy.endpoints["zcal/lease"] = note
    bench.machine.objects["mcu"] = {"mcu_version": VERSION}
    async with holder(bench).lease():
        pass
    assert asked[0] == pytest.approx(60.0, rel=0.05)
    fast = asyncio.create_task(run_fast())
    try:
        async with holder(bench).lease():
            pass
        async with holder(bench, seconds=600.0).lease():
            pass
    finally:
        fast.cancel()
    assert 300.0 < asked[2] <= 1500.0, "sixty seconds of ours"
    assert asked[4] == LONGEST


async def test_a_computer_that_slept_does_not_lengthen_the_lease(bench: Bench) -> None:
    """The printer's clock runs on for ten minutes of suspend; ours counts them, or no rate is measured at all."""
    asked: list[float] = []
    original = bench.klippy.endpoints["zcal/lease"]

    def note(parameters: dict[str, Any]) -> Any:
        asked.append(parameters.get("seconds", 0.0))
        return original(parameters)

    bench.klippy.endpoints["zcal/lease"] = note
    for version in ("v0.13.0-600", VERSION):
        bench.machine.objects["mcu"] = {"mcu_version": version}
        slept = 0.0
        zcal = ZcalModule(bench.printer)
        lent = TemporarySettings(
            bench.printer,
            zcal,
            bench.said.append,
            0.6,
            wall=lambda: time.monotonic() + slept,  # noqa: B023
        )
        asked.clear()
        async with lent.lease():
            slept = 600.0
            bench.machine.eventtime += 600.0
            renewed = len(asked)
            await until(lambda: len(asked) > renewed + 1)  # noqa: B023
            assert max(asked) < 1.5


def test_real_time_is_the_clock_that_counts_suspend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "_REAL_TIME", 7)
    monkeypatch.setattr(time, "clock_gettime", lambda number: {7: 3.0}[number])
    assert clock.real_time() == 3.0
    monkeypatch.setattr(clock, "_REAL_TIME", None)
    assert clock.real_time() == pytest.approx(time.monotonic(), abs=1.0)


async def test_another_programs_lease_is_respected(bench: Bench) -> None:
    def taken(_: dict[str, Any]) -> Any:
        raise Refused("zcal: the lease is held by KlipperScreen")

    bench.klippy.endpoints["zcal/lease"] = taken
    with pytest.raises(CheckRefused, match="Another program controls") as refused:
        async with holder(bench).lease():
            raise AssertionError("nothing may run")
    assert "KlipperScreen" in refused.value.cause
    assert bench.machine.scripts == []


async def test_a_halted_klippy_has_dropped_it(bench: Bench) -> None:
    lent = holder(bench)
    async with lent.lease():
        await lent.zero_offset()
        bench.machine.halt("MCU 'mcu' shutdown: Timer too close")
        await until(lambda: bench.printer.state.klippy == "shutdown")
        before = len(bench.machine.scripts)
    assert len(bench.machine.scripts) == before


async def test_a_lease_that_ended_by_itself_is_no_error(bench: Bench) -> None:
    lent = holder(bench)
    async with lent.lease():

        def gone(_: dict[str, Any]) -> Any:
            raise Refused("zcal: there is no lease")

        bench.klippy.endpoints["zcal/lease"] = gone
    assert bench.said == []


async def test_of_what_is_kept_all_else_is_put_back_before_the_lease_is_given_up(bench: Bench) -> None:
    lent = holder(bench)
    async with lent.lease():
        await lent.clear_mesh()
        bench.machine.change("bed_mesh", profile_name="")
        await lent.zero_offset()
        await lent.heat({"extruder": 150.0})
        bench.machine.change("extruder", target=150.0)
        changed = len(without_renewals(bench))
        lent.keep_offset()
    assert without_renewals(bench)[changed:] == [
        "SET_HEATER_TEMPERATURE HEATER=extruder TARGET=0",
        'BED_MESH_PROFILE LOAD="default"',
        "lease end",
    ]


async def test_without_the_extra_nothing_is_heated(bench: Bench) -> None:
    bench.machine.objects["zcal"]["unavailable"] = {"settings": "It is not as zcal knows it."}
    await bench.printer.restart_and_wait()
    lent = holder(bench)
    with pytest.raises(CheckRefused, match=r"needs the \[zcal\] module"):
        async with lent.lease():
            await lent.heat({"extruder": 150.0})
    assert bench.machine.scripts == []


async def test_before_the_lease_is_taken_nothing_is_heated(bench: Bench) -> None:
    with pytest.raises(CheckRefused, match=r"needs the \[zcal\] module"):
        await holder(bench).heat({"extruder": 150.0})
    assert bench.machine.scripts == []


async def test_without_the_extra_it_is_put_back_by_ourselves_last_first(bench: Bench) -> None:
    del bench.machine.objects["zcal"]
    await bench.printer.restart_and_wait()
    lent = holder(bench)
    with pytest.raises(ZeroDivisionError):
        async with lent.lease():
            await lent.clear_mesh()
            bench.machine.change("bed_mesh", profile_name="")
            await lent.zero_offset()
            bench.machine.change("gcode_move", homing_origin=[0.0, 0.0, 0.0, 0.0])
            raise ZeroDivisionError
    assert bench.machine.scripts == [
        "BED_MESH_CLEAR",
        "SET_GCODE_OFFSET X=0 Y=0 Z=0 MOVE=0",
        "SET_GCODE_OFFSET X=0.000000 Y=0.000000 Z=0.100000 MOVE=0",
        'BED_MESH_PROFILE LOAD="default"',
    ]


async def test_what_cannot_be_put_back_is_told_and_the_rest_is(bench: Bench) -> None:
    del bench.machine.objects["zcal"]
    await bench.printer.restart_and_wait()
    lent = holder(bench)

    async def refuse(_: dict[str, str]) -> None:
        raise Refused("no")

    async with lent.lease():
        await lent.clear_mesh()
        bench.machine.change("bed_mesh", profile_name="")
        await lent.idle_timeout(3600.0)
        bench.machine.handlers["SET_IDLE_TIMEOUT"] = refuse
    assert "Not restored: SET_IDLE_TIMEOUT TIMEOUT=600" in bench.notices
    assert bench.machine.scripts[-1] == 'BED_MESH_PROFILE LOAD="default"'


async def test_a_mesh_without_a_name_is_told_to_be_lost(bench: Bench) -> None:
    del bench.machine.objects["zcal"]
    bench.machine.objects["bed_mesh"] = {
        "profile_name": "",
        "mesh_min": [10.0, 10.0],
        "mesh_max": [190.0, 190.0],
    }
    await bench.printer.restart_and_wait()
    async with (lent := holder(bench)).lease():
        await lent.clear_mesh()
    assert bench.machine.scripts == ["BED_MESH_CLEAR"]
    assert "Load or measure it again" in bench.notices


@pytest.mark.parametrize("extra", [True, False])
async def test_under_a_print_that_has_begun_nothing_is_put_back(bench: Bench, extra: bool) -> None:
    if not extra:
        bench.machine.objects["zcal"] = {}
        await bench.printer.restart_and_wait()
        bench.machine.scripts.clear()
    lent = holder(bench)
    async with lent.lease():
        await lent.zero_offset()
        bench.machine.objects["print_stats"] = {"state": "printing"}
        await bench.printer.refresh()
    assert not any("restore" in script or "Z=0.1" in script for script in bench.machine.scripts)
    assert bench.machine.scripts[-1] == ("lease end" if extra else "SET_GCODE_OFFSET X=0 Y=0 Z=0 MOVE=0")
    assert any("A print has started" in getattr(event, "text", "") for event in bench.said)


@pytest.mark.parametrize("extra", [True, False])
async def test_a_pause_without_a_print_is_no_reason_to_leave_anything(bench: Bench, extra: bool) -> None:
    """A filament sensor may call PAUSE; heaters that stay on for nobody are worse than a mesh that changes."""
    bench.machine.objects["pause_resume"] = {"is_paused": False}
    if not extra:
        bench.machine.objects["zcal"] = {}
    await bench.printer.restart_and_wait()
    bench.machine.scripts.clear()
    lent = holder(bench)
    async with lent.lease():
        await lent.zero_offset()
        bench.machine.change("gcode_move", homing_origin=[0.0, 0.0, 0.0, 0.0])
        bench.machine.objects["pause_resume"] = {"is_paused": True}
        await bench.printer.refresh()
        assert bench.printer.state.busy
    put_back = "SET_GCODE_OFFSET X=0.000000 Y=0.000000 Z=0.100000 MOVE=0"
    assert bench.machine.scripts[-1] == ("lease restore" if extra else put_back)


async def test_a_stutter_of_the_link_does_not_make_the_lease_longer(bench: Bench) -> None:
    """Updates that were held up come all at once then, and seem to tell of a fast printer."""
    asked: list[float] = []
    original = bench.klippy.endpoints["zcal/lease"]

    def note(parameters: dict[str, Any]) -> Any:
        asked.append(parameters.get("seconds", 0.0))
        return original(parameters)

    bench.klippy.endpoints["zcal/lease"] = note
    lent = holder(bench)
    async with lent.lease():
        for n in range(20):
            bench.printer.clock.note(bench.printer.state.eventtime + 0.25 * (n + 1))
            await asyncio.sleep(0.01)
        assert bench.printer.clock.rate > 10.0
        await lent.zero_offset()
    assert max(asked) < 70.0


async def test_a_longer_idle_timeout_is_not_made_shorter(bench: Bench) -> None:
    bench.machine.objects["configfile"]["settings"]["idle_timeout"] = {"timeout": 43200.0}
    await bench.printer.restart_and_wait()
    bench.machine.scripts.clear()
    lent = holder(bench)
    async with lent.lease():
        await lent.idle_timeout(3600.0)
    assert without_renewals(bench) == ["lease restore"]
