"""A check's surroundings over a fake klippy on a real socket."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.fakes.bench import Bench
from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from zcal_tui.printer.printer import Printer
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.opening import open_transport

MOVES = ("SAVE_GCODE_STATE", "RESTORE_GCODE_STATE", "G90", "G1", "M400")


@pytest.fixture
async def bench(klippy: FakeKlippy, machine: Machine) -> AsyncIterator[Bench]:
    """The small printer, ready and homed, with the commands that moves and settings are made of."""
    for word in (*MOVES, "SET_IDLE_TIMEOUT", "TURN_OFF_HEATERS", "BED_MESH_CLEAR", "SET_HEATER_TEMPERATURE"):
        machine.handlers[word] = machine.handlers["G28"]
    link = open_transport(SocketAddress(klippy.path))
    await link.connect()
    printer = Printer(link)
    await printer.start()
    yield Bench(machine, klippy, printer)
    await printer.close()
    await link.close()
