"""Values with which Klipper would not start: never written, but saved with the second line where one helps."""

from collections.abc import AsyncIterator

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine
from tests.unit.fakes.saving import Klipper, Outcome, Person, save
from zcal_tui.model.record import Change
from zcal_tui.printer.printer import Printer
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.opening import open_transport

MODEL = "cartographer scan_model default"
FOUND = Change("stepper_z", "position_endstop", "0.000", "-0.101", saves=True)


@pytest.fixture
def klipper(machine: Machine, klippy: FakeKlippy) -> Klipper:
    """A stock cartesian: position_endstop 0 and no position_min."""
    texts = {"endstop_pin": "^PC1", "position_endstop": "0", "position_max": "250"}
    configfile = machine.objects["configfile"]
    configfile["config"] = {
        "printer": {"kinematics": "cartesian"},
        "probe": {"z_offset": "1.5"},
        "stepper_z": texts,
        MODEL: {"z_offset": "0"},
    }
    configfile["settings"][MODEL] = {"z_offset": 0.0}
    configfile["settings"]["stepper_z"] |= {
        "endstop_pin": "^PC1",
        "position_endstop": 0.0,
        "position_min": 0.0,
        "position_max": 250.0,
    }
    fake = Klipper(machine, klippy)
    machine.objects["zcal"]["version"] = "1.4.0"
    return fake


@pytest.fixture
async def printer(klippy: FakeKlippy) -> AsyncIterator[Printer]:
    transport = open_transport(SocketAddress(klippy.path))
    await transport.connect()
    followed = Printer(transport)
    yield followed
    await followed.close()
    await transport.close()


def states(done: Outcome) -> dict[str, str]:
    return {change.option: change.state for change in done.changes}


async def test_both_lines_are_saved_with_a_consent_of_their_own(printer: Printer, klipper: Klipper) -> None:
    done = await save(printer, Person(lower_position_min=True, save=True), FOUND)
    assert [question.key for question in done.asked] == ["lower-position-min", "save"]
    assert "-0.601" in done.asked[0].text
    assert states(done) == {"position_endstop": "saved", "position_min": "saved"}, done.messages
    assert "[stepper_z] position_min: -0.601" in done.asked[1].detail
    assert klipper.saved == 1


async def test_without_that_consent_both_stay_lines_to_edit(printer: Printer, klipper: Klipper) -> None:
    done = await save(printer, Person(lower_position_min=False), FOUND)
    assert states(done) == {"position_endstop": "proposed", "position_min": "proposed"}
    assert "position_min of [stepper_z] is 0" in done.messages
    assert "[stepper_z] position_min: -0.601" in done.messages
    assert klipper.pending == {}
    assert klipper.saved == 0


async def test_save_always_does_not_give_that_consent(printer: Printer, klipper: Klipper) -> None:
    nobody = Person()
    nobody.present = False
    other = Change("probe", "z_offset", "1.500", "1.520", saves=True)
    done = await save(printer, nobody, FOUND, other, policy="always")
    assert states(done) == {"position_endstop": "proposed", "z_offset": "saved", "position_min": "proposed"}
    assert "--save always does not give" in done.messages
    assert klipper.saved == 1


async def test_a_module_that_cannot_stage_the_second_line(printer: Printer, klipper: Klipper) -> None:
    klipper.machine.objects["zcal"]["version"] = "1.3.0"
    done = await save(printer, Person(), FOUND)
    assert states(done) == {"position_endstop": "proposed", "position_min": "proposed"}
    assert klipper.pending == {}


@pytest.mark.parametrize(("version", "state"), [("1.4.0", "proposed"), ("1.5.0", "saved")])
async def test_the_offset_of_a_scanners_model_needs_a_module_that_stages_it(
    printer: Printer, klipper: Klipper, version: str, state: str
) -> None:
    klipper.machine.objects["zcal"]["version"] = version
    done = await save(printer, Person(save=True), Change(MODEL, "z_offset", "0.000", "-0.084", saves=True))
    assert states(done) == {"z_offset": state}, done.messages


async def test_a_position_above_the_axis_is_a_line_to_edit(printer: Printer, klipper: Klipper) -> None:
    configfile = klipper.machine.objects["configfile"]
    configfile["config"]["stepper_z"]["position_endstop"] = "250"
    configfile["settings"]["stepper_z"]["position_endstop"] = 250.0
    done = await save(
        printer, Person(), Change("stepper_z", "position_endstop", "250.000", "250.080", saves=True)
    )
    assert states(done) == {"position_endstop": "proposed"}
    assert "position_max of [stepper_z] is 250" in done.messages
    assert klipper.saved == 0


async def test_a_pending_value_of_another_client_stops_the_save(printer: Printer, klipper: Klipper) -> None:
    klipper.set_pending("stepper_z", "position_endstop", "-0.300")
    done = await save(printer, Person(save=True), Change("probe", "z_offset", "1.500", "1.520", saves=True))
    assert states(done) == {"z_offset": "proposed"}
    assert "Klipper would not start with [stepper_z] position_endstop" in done.messages
    assert klipper.saved == 0


async def test_saving_nothing_still_names_the_second_line(printer: Printer, klipper: Klipper) -> None:
    done = await save(printer, Person(), FOUND, policy="never")
    assert states(done) == {"position_endstop": "proposed", "position_min": "proposed"}
    assert "[stepper_z] position_min: -0.601" in done.messages
