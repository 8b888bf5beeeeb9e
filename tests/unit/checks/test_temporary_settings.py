"""What a run borrows of the printer is put back at its end, but for what the person wants to keep."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine, Refused
from tests.unit.fakes.waiting import until
from zcal_tui.checks.lease.process import OWN_NAME
from zcal_tui.checks.lease.temporary_settings import TemporarySettings
from zcal_tui.model.events import Event, Notice
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.zcal_module import ZcalModule
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.opening import open_transport


@pytest.fixture
async def printer(klippy: FakeKlippy, machine: Machine) -> AsyncIterator[Printer]:
    async def offset(parameters: dict[str, str]) -> None:
        machine.change("gcode_move", homing_origin=[*(float(parameters[axis]) for axis in "XYZ"), 0.0])

    async def timeout(parameters: dict[str, str]) -> None:
        machine.change("idle_timeout", seconds=float(parameters["TIMEOUT"]))

    machine.handlers.update(SET_GCODE_OFFSET=offset, SET_IDLE_TIMEOUT=timeout)
    machine.objects["gcode_move"]["homing_origin"] = [0.0, 0.0, 0.1, 0.0]
    link = open_transport(SocketAddress(klippy.path))
    await link.connect()
    followed = Printer(link)
    await followed.start()
    yield followed
    await followed.close()
    await link.close()


def holder(printer: Printer) -> TemporarySettings:
    said: list[Event] = []
    return TemporarySettings(printer, ZcalModule(printer), said.append)


def calibrate(machine: Machine, z: float) -> None:
    """CALIBRATE_Z applies an offset."""
    machine.change("gcode_move", homing_origin=[0.0, 0.0, z, 0.0])


async def test_an_offset_that_commands_change_is_what_it_was_before_the_first(
    printer: Printer, machine: Machine
) -> None:
    lent = holder(printer)
    async with lent.lease():
        for z in (-0.17, -0.18):
            await lent.borrow_offset()
            calibrate(machine, z)
        await lent.borrow_offset()
    assert machine.objects["gcode_move"]["homing_origin"][2] == pytest.approx(0.1)


async def test_what_fails_in_between_does_not_keep_it(printer: Printer, machine: Machine) -> None:
    lent = holder(printer)
    with pytest.raises(ZeroDivisionError):
        async with lent.lease():
            await lent.borrow_offset()
            calibrate(machine, -0.17)
            raise ZeroDivisionError
    assert machine.objects["gcode_move"]["homing_origin"][2] == pytest.approx(0.1)


async def test_a_kept_offset_stays_and_the_rest_is_put_back(printer: Printer, machine: Machine) -> None:
    lent = holder(printer)
    async with lent.lease():
        await lent.borrow_offset()
        await lent.idle_timeout(3600.0)
        calibrate(machine, -0.17)
        lent.keep_offset()
    assert machine.objects["gcode_move"]["homing_origin"][2] == pytest.approx(-0.17)
    assert machine.objects["idle_timeout"]["seconds"] == 600.0


@pytest.mark.parametrize("changed", [False, True])
async def test_an_offset_that_somebody_else_has_set_meanwhile_is_left_alone(
    printer: Printer, machine: Machine, changed: bool
) -> None:
    said: list[Event] = []
    lent = TemporarySettings(printer, ZcalModule(printer), said.append)
    async with lent.lease():
        await lent.zero_offset()
        assert machine.objects["gcode_move"]["homing_origin"][2] == 0.0
        if changed:
            machine.objects["gcode_move"]["homing_origin"] = [0.0, 0.0, -0.05, 0.0]
    assert machine.objects["gcode_move"]["homing_origin"][2] == (-0.05 if changed else 0.1)
    assert any(isinstance(event, Notice) and "it was not restored" in event.text for event in said) is changed


@pytest.mark.parametrize(("meanwhile", "loads"), [("", True), ("another", False)])
async def test_a_mesh_is_loaded_again_unless_somebody_else_has_loaded_one(
    printer: Printer, machine: Machine, meanwhile: str, loads: bool
) -> None:
    async def clear(_: dict[str, str]) -> None:
        machine.change("bed_mesh", profile_name="")

    machine.handlers.update(BED_MESH_CLEAR=clear, BED_MESH_PROFILE=machine.handlers["G28"])
    machine.objects["bed_mesh"] = {"profile_name": "default"}
    await printer.restart_and_wait()  # so that the new object is followed
    lent = holder(printer)
    async with lent.lease():
        await lent.clear_mesh()
        machine.change("bed_mesh", profile_name=meanwhile)
    assert ('BED_MESH_PROFILE LOAD="default"' in machine.scripts) is loads


async def test_a_lease_that_ran_out_meanwhile_is_told(
    printer: Printer, machine: Machine, klippy: FakeKlippy
) -> None:
    machine.objects["zcal"] = {"version": "1.1.0", "unavailable": {}}
    await printer.restart_and_wait()
    holds: list[str] = []

    def request(parameters: dict[str, Any]) -> dict[str, object]:
        holds.extend(parameters.get("hold", {}))
        return {"holder": OWN_NAME, "seconds": 60.0, "holds": list(holds)}

    klippy.endpoints["zcal/lease"] = request
    said: list[Event] = []
    lent = TemporarySettings(printer, ZcalModule(printer), said.append, seconds=0.3)
    async with lent.lease():
        await lent.zero_offset()
        await asyncio.sleep(0.15)
        assert said == []
        holds.clear()  # the extra has cleaned up, and the next renewal takes a new lease
        await until(lambda: bool(said))
    assert isinstance(said[0], Notice)
    assert "restored gcode_offset" in said[0].text


@pytest.mark.parametrize("module", [True, False])
async def test_what_was_restored_is_not_undone_again_when_leaving_at_once(
    printer: Printer, machine: Machine, klippy: FakeKlippy, module: bool
) -> None:
    """While a value is being saved the check's lease has ended: the present heaters and offset are others'."""
    if module:
        machine.objects["zcal"] = {"version": "1.4.0", "unavailable": {}}
        klippy.endpoints["zcal/lease"] = lambda parameters: {"holder": OWN_NAME, "holds": []}
        await printer.restart_and_wait()
    machine.change("gcode_move", homing_origin=[0.0, 0.0, 0.1, 0.0])
    await printer.refresh()
    settings = TemporarySettings(printer, ZcalModule(printer), lambda event: None)
    async with settings.lease():
        await settings.zero_offset()
    machine.change("gcode_move", homing_origin=[0.0, 0.0, 0.0, 0.0])
    await printer.refresh()
    before = len(machine.scripts)
    assert await settings.abandon(0.5) == ()
    assert machine.scripts[before:] == []


async def test_leaving_at_once_undoes_nothing_in_a_print(printer: Printer, machine: Machine) -> None:
    machine.change("gcode_move", homing_origin=[0.0, 0.0, 0.1, 0.0])
    await printer.refresh()
    async with (settings := TemporarySettings(printer, ZcalModule(printer), lambda event: None)).lease():
        await settings.zero_offset()
        machine.change("print_stats", state="printing")
        await printer.refresh()
        before = len(machine.scripts)
        await settings.abandon(0.5)
        assert machine.scripts[before:] == []


@pytest.fixture
async def heating(printer: Printer, machine: Machine, klippy: FakeKlippy) -> list[str]:
    """A printer with heaters and the module; the actions that the module was asked for."""

    async def heat(parameters: dict[str, str]) -> None:
        machine.change(parameters["HEATER"], target=float(parameters["TARGET"]))

    actions: list[str] = []

    def lease(parameters: dict[str, Any]) -> dict[str, object]:
        actions.append(parameters.get("action", "take"))
        return {"holder": OWN_NAME, "holds": []}

    machine.handlers["SET_HEATER_TEMPERATURE"] = heat
    for name in ("heater_bed", "extruder"):
        machine.objects[name] = {"temperature": 25.0, "target": 0.0}
    machine.objects["heaters"] = {"available_heaters": ["heater_bed", "extruder"]}
    machine.objects["zcal"] = {"version": "1.4.0", "unavailable": {}}
    klippy.endpoints["zcal/lease"] = lease
    await printer.restart_and_wait()
    return actions


def targets(machine: Machine) -> list[float]:
    return [machine.objects[name]["target"] for name in ("heater_bed", "extruder")]


async def test_a_heater_that_somebody_else_has_set_stays_and_the_other_is_turned_off(
    printer: Printer, machine: Machine, heating: list[str]
) -> None:
    lent = holder(printer)
    async with lent.lease():
        await lent.borrow_offset()
        await lent.heat({"heater_bed": 60.0, "extruder": 200.0})
        machine.change("extruder", target=250.0)  # somebody heats up for a print
        lent.keep_offset()
    assert targets(machine) == [0.0, 250.0]
    assert heating[-1] == "end"


async def test_a_kept_offset_does_not_end_the_lease_while_a_heater_stays_on(
    printer: Printer, machine: Machine, heating: list[str]
) -> None:
    async def refuse(_: dict[str, str]) -> None:
        raise Refused("Unknown variable 'heater'")

    lent = holder(printer)
    async with lent.lease():
        await lent.borrow_offset()
        await lent.heat({"extruder": 200.0})
        machine.handlers["SET_HEATER_TEMPERATURE"] = refuse
        lent.keep_offset()
    assert heating[-1] == "restore", "the module turns it off"


async def test_what_was_turned_off_at_the_end_of_its_time_is_not_heated_again(
    printer: Printer, machine: Machine, heating: list[str]
) -> None:
    machine.change("heater_bed", target=50.0)
    await printer.refresh()
    lent = holder(printer)
    async with lent.lease():
        await lent.borrow_offset()
        await lent.heat({"heater_bed": 60.0})
        await lent.turn_off(["heater_bed"])
        lent.keep_offset()
    assert targets(machine) == [0.0, 0.0]


async def test_leaving_at_once_without_the_modules_answer_ends_at_the_first_targets(
    printer: Printer, machine: Machine, klippy: FakeKlippy, heating: list[str]
) -> None:
    lent = holder(printer)
    with pytest.raises(ZeroDivisionError):
        async with lent.lease():
            for target in (60.0, 110.0):
                await lent.heat({"heater_bed": target})
                await printer.refresh()
            klippy.endpoints.pop("zcal/lease")
            left = await lent.abandon(1.0)
            assert "heaters" in left[0]
            raise ZeroDivisionError
    assert targets(machine) == [0.0, 0.0]
