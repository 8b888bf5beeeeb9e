"""What a run borrows of the printer is put back at its end, but for what the person wants to keep."""

from collections.abc import AsyncIterator

import pytest

from fakes.klippy import FakeKlippy
from fakes.machine import Machine
from zcal_tui.checks.holding import Holder
from zcal_tui.model.events import Event
from zcal_tui.printer.companion import Companion
from zcal_tui.printer.printer import Printer
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


def holder(printer: Printer) -> Holder:
    said: list[Event] = []
    return Holder(printer, Companion(printer), said.append)


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
