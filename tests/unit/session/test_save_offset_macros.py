"""Macros that set the Z offset by themselves: the same correction never counts twice unnoticed."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.saving import Klipper, Person, save
from zcal_tui.model.record import Change
from zcal_tui.printer.printer import Printer
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.opening import open_transport

RESTORE = {"initial_duration": 0.2, "gcode": "SET_GCODE_OFFSET Z={printer.save_variables.variables.offset}"}


@pytest.fixture
def klipper(machine: Machine, klippy: FakeKlippy) -> Klipper:
    return Klipper(machine, klippy)


@pytest.fixture
async def printer(klippy: FakeKlippy) -> AsyncIterator[Printer]:
    transport = open_transport(SocketAddress(klippy.path))
    await transport.connect()
    followed = Printer(transport)
    yield followed
    await followed.close()
    await transport.close()


@pytest.fixture
def restoring(klipper: Klipper) -> Klipper:
    """A [delayed_gcode] sets −150 µm again after each start."""
    klipper.machine.objects["configfile"]["settings"]["delayed_gcode restore"] = RESTORE
    klipper.machine.objects["gcode_move"]["homing_origin"] = [0.0, 0.0, -0.15, 0.0]
    return klipper


async def test_it_is_asked_before_and_read_after(printer: Printer, restoring: Klipper) -> None:
    ticking = asyncio.create_task(tick(restoring.machine))
    done = await save(printer, Person(offset_macros=True, save=True, clear_offset=False))
    ticking.cancel()
    assert [question.key for question in done.asked] == ["offset-macros", "save", "clear-offset"]
    assert "[delayed_gcode restore] after each start of Klipper: SET_GCODE_OFFSET Z=" in done.asked[0].detail
    assert "−150 µm" in done.asked[0].detail
    assert done.state == "saved"
    assert done.problem is not None
    assert "−150 µm is set again" in done.problem.what
    assert "150 µm closer to the bed" in done.problem.what
    assert "count twice" in done.problem.cause


async def test_it_is_cleared_by_consent(printer: Printer, restoring: Klipper) -> None:
    ticking = asyncio.create_task(tick(restoring.machine))
    done = await save(printer, Person(offset_macros=True, save=True, clear_offset=True))
    ticking.cancel()
    assert done.problem is None
    assert restoring.machine.objects["gcode_move"]["homing_origin"][2] == 0.0
    assert "returns at the next start" in done.messages


async def tick(machine: Machine) -> None:
    while True:
        await asyncio.sleep(0.02)
        machine.tick(1)


async def test_without_that_consent_the_value_stays_a_line_to_edit(
    printer: Printer, restoring: Klipper
) -> None:
    done = await save(printer, Person(offset_macros=False))
    assert done.state == "proposed"
    assert "could count twice" in done.messages
    assert restoring.saved == 0


async def test_save_always_does_not_give_that_consent(printer: Printer, restoring: Klipper) -> None:
    nobody = Person()
    nobody.present = False
    other = Change("probe", "x_offset", "10", "11.000", saves=True)
    found = Change("probe", "z_offset", "1.500", "1.650", saves=True)
    done = await save(printer, nobody, found, other, policy="always")
    assert [change.state for change in done.changes] == ["proposed", "saved"]
    assert done.asked == []


async def test_a_value_that_does_not_set_the_height_of_zero_is_saved_as_ever(
    printer: Printer, restoring: Klipper
) -> None:
    restoring.machine.objects["configfile"]["settings"]["stepper_z"]["endstop_pin"] = "^PC1"
    done = await save(printer, Person(save=True))
    assert [question.key for question in done.asked] == ["save"]
    assert done.problem is None


async def test_a_macro_over_set_gcode_offset_is_not_used_to_stage(printer: Printer, klipper: Klipper) -> None:
    klipper.without_extra()
    klipper.machine.objects["configfile"]["settings"]["gcode_macro set_gcode_offset"] = {
        "rename_existing": "_BASE",
        "gcode": "SAVE_VARIABLE VARIABLE=z VALUE={params.Z}\n_BASE {rawparams}",
    }
    done = await save(printer, Person())
    assert done.state == "proposed"
    assert "SET_GCODE_OFFSET is a macro" in done.messages
    assert klipper.machine.scripts == []


async def test_it_is_not_cleared_in_a_print(printer: Printer, restoring: Klipper) -> None:
    machine = restoring.machine
    ticking = asyncio.create_task(tick(machine))
    person = Person(offset_macros=True, save=True, clear_offset=True)

    def before() -> None:
        if person.asked[-1].key == "clear-offset":
            machine.change("print_stats", state="printing")

    person.before = before
    await save(printer, person)
    ticking.cancel()
    assert machine.objects["gcode_move"]["homing_origin"][2] != 0.0
