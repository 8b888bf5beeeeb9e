"""Moves: up before sideways, in the toolhead's frame, and never into what somebody else has begun."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any, cast

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.person import Person
from zcal_tui.checks.base import Context
from zcal_tui.checks.dock.attach import probe_attached
from zcal_tui.checks.dock.docked import probe_docked
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.lease.process import OWN_NAME
from zcal_tui.checks.preconditions import require_cold, require_ready
from zcal_tui.checks.travel import go_to, home_if_needed, travel
from zcal_tui.model.events import Event
from zcal_tui.model.questions import Question
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.zcal_module import ZcalModule
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.opening import open_transport

MACROS = ("ATTACH_PROBE", "DETACH_PROBE")
Happens = Callable[[Machine], None]


@pytest.fixture
async def printer(klippy: FakeKlippy, machine: Machine) -> AsyncIterator[Printer]:
    """A printer with a probe in a dock, whose switch reads triggered when it is off."""

    async def attach(_: dict[str, str]) -> None:
        machine.triggered = False

    async def detach(_: dict[str, str]) -> None:
        machine.triggered = True

    async def query(_: dict[str, str]) -> None:
        machine.objects["probe"]["last_query"] = machine.triggered

    machine.handlers.update({"ATTACH_PROBE": attach, "DETACH_PROBE": detach, "QUERY_PROBE": query})
    for word in ("SAVE_GCODE_STATE", "RESTORE_GCODE_STATE", "G90", "G1", "M400"):
        machine.handlers[word] = machine.handlers["G28"]
    machine.objects["gcode_move"]["position"] = machine.objects["gcode_move"]["gcode_position"]
    machine.objects["zcal"] = {"lease": {"holder": OWN_NAME, "until": 99.0, "holds": []}}
    link = open_transport(SocketAddress(klippy.path))
    await link.connect()
    followed = Printer(link)
    await followed.start()
    yield followed
    await followed.close()
    await link.close()


def context(printer: Printer) -> tuple[Context, list[Event]]:
    said: list[Event] = []
    made = Context(
        printer=printer,
        sampler=cast(Any, None),
        clock=printer.clock,
        emit=said.append,
        cancelled=lambda: False,
        operator=cast(Any, None),
        zcal=ZcalModule(printer),
        holder=cast(Any, None),
    )
    return made, said


def stand_at(machine: Machine, z: float, *, gcode: tuple[float, float, float] | None = None) -> None:
    """The toolhead stands at X 100 Y 100; `gcode` is the place that G-code takes it for."""
    machine.objects["toolhead"]["position"] = [100.0, 100.0, z, 0.0]
    machine.objects["gcode_move"]["position"] = [100.0, 100.0, z, 0.0]
    machine.objects["gcode_move"]["gcode_position"] = [*(gcode or (100.0, 100.0, z)), 0.0]


def moves(machine: Machine) -> list[str]:
    return [line for script in machine.scripts for line in script.split("\n") if line.startswith("G1")]


@pytest.mark.parametrize(
    ("z", "gcode", "expected"),
    [
        (2.0, (100.0, 100.0, 2.0), ["G1 Z12.0000 F480", "G1 X50.0000 Y60.0000 F3600"]),
        (20.0, (100.0, 100.0, 20.0), ["G1 X50.0000 Y60.0000 F3600"]),
        # G92 Z50: what G-code calls 12 would lie 36 mm below the bed
        (2.0, (100.0, 100.0, 50.0), ["G1 Z60.0000 F480", "G1 X50.0000 Y60.0000 F3600"]),
        # G92 Z8: a "lift" to 12 would end at 6
        (2.0, (0.0, 0.0, 8.0), ["G1 Z18.0000 F480", "G1 X-50.0000 Y-40.0000 F3600"]),
    ],
)
async def test_places_are_the_toolheads_whatever_g_code_calls_them(
    printer: Printer, machine: Machine, z: float, gcode: tuple[float, float, float], expected: list[str]
) -> None:
    stand_at(machine, z, gcode=gcode)
    await travel(printer, x=50.0, y=60.0, clearance=12.0)
    assert moves(machine) == expected


async def test_a_mesh_under_the_nozzle_is_taken_off_a_height(printer: Printer, machine: Machine) -> None:
    stand_at(machine, 10.0)
    machine.objects["toolhead"]["position"][2] = 10.4  # the mesh adds 0.4 here
    await go_to(printer, z=2.5)
    assert moves(machine) == ["G1 Z2.1000 F480"]


def print_begins(machine: Machine) -> None:
    machine.objects["print_stats"]["state"] = "printing"


def paper_test_begins(machine: Machine) -> None:
    machine.objects["manual_probe"]["is_active"] = True


def another_program_takes_the_lease(machine: Machine) -> None:
    machine.objects["zcal"] = {"lease": {"holder": "zcal-tui on workshop (4711)", "until": 99.0, "holds": []}}


@pytest.mark.parametrize("happens", [print_begins, paper_test_begins, another_program_takes_the_lease])
@pytest.mark.parametrize(
    "move",
    [
        lambda made: travel(made.printer, x=50.0, y=60.0, clearance=12.0),
        lambda made: go_to(made.printer, z=1.0),
        home_if_needed,
    ],
    ids=["travel", "go_to", "home"],
)
async def test_nothing_moves_once_somebody_else_has_begun(
    printer: Printer, machine: Machine, happens: Happens, move: Callable[[Context], Any]
) -> None:
    await printer.refresh()
    happens(machine)  # and no update has told of it yet
    with pytest.raises(CheckFailed, match=r"print was started|manual probe|Another program"):
        await move(context(printer)[0])
    assert machine.scripts == []


async def test_up_before_the_probe_is_put_back(printer: Printer, machine: Machine) -> None:
    machine.triggered = True
    with pytest.raises(ValueError, match="no trigger"):
        async with probe_attached(context(printer)[0], MACROS):
            stand_at(machine, -1.5)  # as a touch without a trigger leaves it
            raise ValueError("no trigger")
    lifting = next(n for n, script in enumerate(machine.scripts) if "G1 Z10.0000" in script)
    assert lifting < machine.scripts.index("DETACH_PROBE")


async def test_up_before_the_probe_is_fetched(printer: Printer, machine: Machine) -> None:
    machine.triggered = True
    stand_at(machine, 0.3)
    async with probe_attached(context(printer)[0], MACROS):
        pass
    lifting = next(n for n, script in enumerate(machine.scripts) if "G1 Z10.0000" in script)
    assert lifting < machine.scripts.index("ATTACH_PROBE")


async def test_up_before_the_probe_is_fetched_again(printer: Printer, machine: Machine) -> None:
    async with probe_docked(context(printer)[0], MACROS):
        stand_at(machine, 0.3)
    assert machine.scripts[-1] == "ATTACH_PROBE"
    assert "G1 Z10.0000" in machine.scripts[-2]


async def test_an_unhomed_printer_is_not_moved_before_a_macro(printer: Printer, machine: Machine) -> None:
    machine.objects["toolhead"]["homed_axes"] = ""
    stand_at(machine, 0.3)
    async with probe_docked(context(printer)[0], MACROS):
        pass
    assert moves(machine) == []


@pytest.mark.parametrize(
    ("homed", "zero", "origin", "axes"),
    [
        ("xyz", (0.0, 0.0, -0.25), (0.0, 0.0, -0.25), None),
        ("xyz", (0.0, 0.0, -48.0), (0.0, 0.0, 0.0), "Z"),
        ("xyz", (100.0, 0.0, 0.1), (0.0, 0.0, 0.1), "X"),
        ("", (0.0, 0.0, -48.0), (0.0, 0.0, 0.0), None),
    ],
)
async def test_a_zero_that_g92_has_moved_is_refused_until_homing_undoes_it(
    printer: Printer,
    machine: Machine,
    homed: str,
    zero: tuple[float, float, float],
    origin: tuple[float, float, float],
    axes: str | None,
) -> None:
    machine.objects["toolhead"]["homed_axes"] = homed
    machine.objects["gcode_move"]["homing_origin"] = [*origin, 0.0]
    stand_at(machine, 20.0, gcode=(100.0 - zero[0], 100.0 - zero[1], 20.0 - zero[2]))
    state = await printer.refresh()
    if axes is None:
        require_ready(state)
        assert state.ready
        return
    with pytest.raises(CheckRefused, match=f"G92 has moved the zero of {axes}"):
        require_ready(state)


async def test_nobodys_heaters_are_turned_off_once_a_print_began_while_the_question_was_open(
    printer: Printer, machine: Machine
) -> None:
    machine.handlers["TURN_OFF_HEATERS"] = machine.handlers["G28"]
    machine.objects["extruder"]["temperature"] = 180.0
    await printer.refresh()

    def wait(_: Question) -> str:
        print_begins(machine)
        return "wait"

    made, _ = context(printer)
    with pytest.raises(CheckFailed, match="print was started"):
        await require_cold(replace(made, operator=Person(wait)))
    assert machine.scripts == []
