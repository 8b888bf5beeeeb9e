"""The compensation of an axis is saved as a whole, or not at all, and undone as a whole."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.saving import Klipper, Person, save
from zcal_tui.model.record import Change
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.start_bounds import Bounds
from zcal_tui.printer.state import PrinterState
from zcal_tui.session.undo import reversed_changes
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.opening import open_transport

SECTION = "axis_twist_compensation"
LIST = Change(SECTION, "z_compensations", None, "0.030000, 0.000000, -0.030000", saves=True)
START = Change(SECTION, "compensation_start_x", None, "50.000", saves=True)
END = Change(SECTION, "compensation_end_x", None, "250.000", saves=True)
ALL = (LIST, START, END)
UNSET: dict[str, Any] = {
    "z_compensations": [],
    "zy_compensations": [],
    "compensation_start_x": None,
    "compensation_end_x": None,
}


@pytest.fixture
def klipper(machine: Machine, klippy: FakeKlippy) -> Klipper:
    found = Klipper(machine, klippy)
    machine.objects["zcal"]["version"] = "1.7.0"
    machine.objects["configfile"]["settings"][SECTION] = dict(UNSET)

    async def stage(parameters: dict[str, str]) -> None:
        values = ", ".join(f"{float(value):.6f}" for value in parameters["VALUES"].split(","))
        found.set_pending(SECTION, "z_compensations", values)
        own = machine.objects["configfile"]["settings"][SECTION]
        for name in ("start", "end"):
            wanted = float(parameters[name.upper()])
            if own[f"compensation_{name}_x"] != wanted:
                found.set_pending(SECTION, f"compensation_{name}_x", f"{wanted:.3f}")

    machine.handlers["ZCAL_STAGE_AXIS_TWIST"] = stage
    found.reads = lambda text: [float(part) for part in text.split(",")] if "," in text else float(text)
    return found


@pytest.fixture
async def printer(klippy: FakeKlippy) -> AsyncIterator[Printer]:
    transport = open_transport(SocketAddress(klippy.path))
    await transport.connect()
    followed = Printer(transport)
    yield followed
    await followed.close()
    await transport.close()


async def test_it_is_staged_with_one_command_and_read_back(printer: Printer, klipper: Klipper) -> None:
    done = await save(printer, Person(save=True), *ALL)
    assert [change.state for change in done.changes] == ["saved"] * 3, done.messages
    sent = [script for script in klipper.machine.scripts if "ZCAL_STAGE" in script]
    assert sent == [
        "ZCAL_STAGE_AXIS_TWIST AXIS=X VALUES=0.030000,0.000000,-0.030000 START=50.000 END=250.000"
    ]
    assert klipper.saved == 1


@pytest.mark.parametrize("part", [(LIST,), (LIST, START), (LIST, END), (START,), (START, END)])
async def test_a_part_of_it_is_never_staged(
    part: tuple[Change, ...], printer: Printer, klipper: Klipper
) -> None:
    done = await save(printer, Person(save=True), *part)
    assert {change.state for change in done.changes} == {"proposed"}
    assert "only saved together with" in done.messages
    assert not any("STAGE" in script for script in klipper.machine.scripts)
    assert klipper.pending == {}
    assert klipper.saved == 0


async def test_a_value_beside_it_is_saved_where_it_is_torn(printer: Printer, klipper: Klipper) -> None:
    offset = Change("probe", "z_offset", "1.500", "1.520", saves=True)
    done = await save(printer, Person(save=True), LIST, START, offset)
    assert [change.state for change in done.changes] == ["proposed", "proposed", "saved"], done.messages


async def test_ends_that_klipper_runs_with_need_not_be_written(printer: Printer, klipper: Klipper) -> None:
    own = klipper.machine.objects["configfile"]["settings"][SECTION]
    own.update(z_compensations=[0.01, 0.0, -0.01], compensation_start_x=40.0, compensation_end_x=200.0)
    klipper.machine.objects["configfile"]["config"][SECTION] = {
        "z_compensations": "0.01, 0, -0.01",
        "compensation_start_x": "40",
        "compensation_end_x": "200",
    }
    done = await save(printer, Person(save=True), LIST)
    assert done.state == "saved", done.messages
    assert "START=40.000 END=200.000" in "".join(klipper.machine.scripts)


async def test_an_older_module_or_none_leaves_lines_to_edit(printer: Printer, klipper: Klipper) -> None:
    klipper.machine.objects["zcal"]["version"] = "1.6.0"
    done = await save(printer, Person(save=True), *ALL)
    assert {change.state for change in done.changes} == {"proposed"}
    assert "Update the module" in done.messages
    assert "z_compensations: 0.030000, 0.000000, -0.030000" in done.messages


async def test_without_the_module_they_are_lines_to_edit(printer: Printer, klipper: Klipper) -> None:
    klipper.without_extra()
    done = await save(printer, Person(save=True), *ALL)
    assert {change.state for change in done.changes} == {"proposed"}
    assert "without the [zcal] module" in done.messages
    assert not any("STAGE" in script for script in klipper.machine.scripts)


def test_undo_puts_the_list_to_zero_or_to_what_it_was() -> None:
    state = PrinterState()
    (zero,) = reversed_changes(ALL, state)
    assert (zero.option, zero.new, zero.saves) == ("z_compensations", "0.000000, 0.000000, 0.000000", True)
    was = [
        Change(SECTION, "z_compensations", "0.010000, -0.010000", LIST.new),
        Change(SECTION, "compensation_start_x", "40.000", "50.000"),
    ]
    assert [(change.new, change.saves) for change in reversed_changes(was, state)] == [
        ("0.010000, -0.010000", True),
        ("40.000", True),
    ]


@pytest.mark.parametrize(
    ("options", "starts"),
    [
        ({"z_compensations": "0.1, 0, -0.1"}, False),
        ({"z_compensations": "0.1, 0, -0.1", "compensation_start_x": "10"}, False),
        ({"z_compensations": "0.1", "compensation_start_x": "10", "compensation_end_x": "90"}, False),
        ({"z_compensations": "0.1, -0.1", "compensation_start_x": "10", "compensation_end_x": "10"}, False),
        ({"z_compensations": "0.1, -0.1", "compensation_start_x": "10", "compensation_end_x": "90"}, True),
        ({"zy_compensations": "0.1, -0.1", "compensation_start_y": "10", "compensation_end_y": "90"}, True),
        ({"zy_compensations": "0.1, -0.1", "compensation_start_x": "10", "compensation_end_x": "90"}, False),
        ({"compensation_start_x": "10"}, True),
    ],
)
def test_a_list_without_its_ends_is_a_value_klipper_would_not_run_with(
    options: dict[str, str], starts: bool
) -> None:
    bounds = Bounds("Klipper", "v0.13.0-700-gabc", {SECTION: dict(UNSET)}, {SECTION: {}})
    assert bool(bounds.problems({SECTION: options})) is not starts
