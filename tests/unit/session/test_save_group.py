"""A group of values: shown together, chosen from, written with one SAVE_CONFIG and one restart."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from tests.unit.fakes import records
from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine, Refused
from tests.unit.fakes.saving import Klipper, Person, save
from zcal_tui.model.record import DID_NOT_START, Change, Level, Verdict
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.zcal_interface import STAGES_POSITION_MIN
from zcal_tui.session.found_values import FoundValues
from zcal_tui.session.saving.save_group import save_verdict
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.opening import open_transport

XY = (
    Change("probe", "x_offset", "10", "12.300", saves=True),
    Change("probe", "y_offset", "0", "3.100", saves=True),
)
Z = Change("probe", "z_offset", "1.500", "1.620", saves=True, effect="the nozzle will be 120 µm closer")
GROUP = (
    FoundValues("probe-xy", records.record("probe-xy"), XY),
    FoundValues("z-offset", records.record("z-offset"), (Z,)),
)


@pytest.fixture
def klipper(machine: Machine, klippy: FakeKlippy) -> Klipper:
    machine.objects["configfile"]["settings"]["probe"].update(x_offset=10.0, y_offset=0.0)
    return Klipper(machine, klippy)


@pytest.fixture
async def printer(klippy: FakeKlippy) -> AsyncIterator[Printer]:
    transport = open_transport(SocketAddress(klippy.path))
    await transport.connect()
    followed = Printer(transport)
    yield followed
    await followed.close()
    await transport.close()


def states(changes: tuple[Change, ...]) -> dict[str, str]:
    return {change.option: change.state for change in changes}


async def test_a_group_is_shown_together_and_written_at_once(printer: Printer, klipper: Klipper) -> None:
    person = Person()
    done = await save(printer, person, *XY, Z, group=GROUP)
    assert set(states(done.changes).values()) == {"saved"}, done.messages
    assert klipper.saved == 1
    (question,) = person.chosen
    assert question.text == "Save x_offset 12.300, y_offset 3.100 and z_offset 1.620 and restart Klipper?"
    assert [option.key for option in question.options] == ["save", "choose", "none"]
    assert question.options[-1].label == "Keep the old values"
    lines = question.detail.split("\n")
    assert lines[0] == "Klipper restarts. This clears: homing.", "what is lost is above the values"
    assert lines[1:4] == [
        "[probe] x_offset: 12.300 (was 10)",
        "[probe] y_offset: 3.100 (was 0)",
        "[probe] z_offset: 1.620 (was 1.500): the nozzle will be 120 µm closer",
    ]
    assert person.asked == [], "one question"


async def test_values_can_be_chosen(printer: Printer, klipper: Klipper) -> None:
    person = Person(of_group="choose", parts=[False, True], save=True)
    done = await save(printer, person, *XY, Z, group=GROUP)
    assert states(done.changes) == {"x_offset": "declined", "y_offset": "declined", "z_offset": "saved"}
    assert [question.text for question in person.asked] == [
        "Probe XY offset · probe-xy: save x_offset 12.300 and y_offset 3.100?",
        "Z offset · z-offset: save z_offset 1.620?",
        "Save z_offset 1.620 and restart Klipper?",
    ]
    assert "x_offset" not in person.asked[-1].detail
    assert klipper.saved == 1


@pytest.mark.parametrize(
    "person",
    [
        Person(of_group="none"),
        Person(of_group="choose", parts=[False, False]),
        Person(of_group="choose", parts=[True, True], save=False),
    ],
    ids=["none", "each", "at last"],
)
async def test_a_group_can_be_declined(printer: Printer, klipper: Klipper, person: Person) -> None:
    done = await save(printer, person, *XY, Z, group=GROUP)
    assert set(states(done.changes).values()) == {"declined"}
    assert done.problem is None
    assert klipper.saved == 0
    assert klipper.pending == {}


async def test_a_second_value_goes_with_the_one_that_needs_it(
    printer: Printer, klipper: Klipper, machine: Machine
) -> None:
    rail = {"endstop_pin": "^PC2", "position_endstop": 0.0, "position_min": 0.0, "position_max": 200.0}
    configfile = machine.objects["configfile"]
    configfile["settings"]["stepper_z"] = dict(rail)
    configfile["config"] = {**configfile.get("config", {}), "stepper_z": {n: str(v) for n, v in rail.items()}}
    machine.objects["zcal"]["version"] = ".".join(map(str, STAGES_POSITION_MIN))
    endstop = Change("stepper_z", "position_endstop", "0", "-0.101", saves=True)
    group = (GROUP[0], FoundValues("z-offset", records.record("z-offset"), (endstop,)))
    person = Person(of_group="choose", parts=[True, False], save=True, lower_position_min=True)
    done = await save(printer, person, *XY, endstop, group=group)
    assert states(done.changes) == {
        "x_offset": "saved",
        "y_offset": "saved",
        "position_endstop": "declined",
        "position_min": "declined",
    }, done.messages


async def test_a_cancel_at_the_question_stages_nothing(printer: Printer, klipper: Klipper) -> None:
    done = await save(printer, Person(of_group=None), *XY, Z, group=GROUP)
    assert set(states(done.changes).values()) == {"proposed"}
    assert "Not saved: you cancelled." in done.messages
    assert klipper.pending == {}


async def test_always_asks_nothing_and_shows_everything(printer: Printer, klipper: Klipper) -> None:
    person = Person()
    done = await save(printer, person, *XY, Z, group=GROUP, policy="always")
    assert set(states(done.changes).values()) == {"saved"}
    assert person.asked == [] and person.chosen == []
    assert "x_offset: 12.300" in done.notices[0] and "z_offset: 1.620" in done.notices[0]


async def test_a_refused_value_of_a_group_leaves_none_written_and_all_named(
    printer: Printer, klipper: Klipper, machine: Machine
) -> None:
    stage = machine.handlers["ZCAL_STAGE"]

    async def refuse(parameters: dict[str, str]) -> None:
        if parameters["OPTION"] == "z_offset":
            raise Refused("z_offset is not to be had")
        await stage(parameters)

    machine.handlers["ZCAL_STAGE"] = refuse
    done = await save(printer, Person(discard_pending=False), *XY, Z, group=GROUP)
    assert klipper.saved == 0
    assert states(done.changes) == {"x_offset": "staged", "y_offset": "staged", "z_offset": "proposed"}
    assert done.problem is not None
    assert "Pending in Klipper now: [probe] x_offset: 12.300; [probe] y_offset: 3.100." in done.problem.remedy


async def test_a_print_that_starts_while_the_question_is_open_saves_none(
    printer: Printer, klipper: Klipper, machine: Machine
) -> None:
    person = Person()
    person.before = lambda: machine.change("print_stats", state="printing")
    done = await save(printer, person, *XY, Z, group=GROUP)
    assert klipper.saved == 0 and klipper.pending == {}
    assert "print is running" in done.messages
    assert set(states(done.changes).values()) == {"proposed"}


async def test_a_klippy_that_does_not_start_with_the_group_fails_it_whole(
    printer: Printer, klipper: Klipper, machine: Machine, klippy: FakeKlippy
) -> None:
    async def fail(_: dict[str, str]) -> None:
        machine.objects["webhooks"] = {"state": "error", "state_message": "Option 'x_offset' is not fine"}
        klippy.drop_clients()

    machine.handlers["SAVE_CONFIG"] = fail
    done = await save(printer, Person(), *XY, Z, group=GROUP)
    assert done.problem is not None and done.problem.key == DID_NOT_START
    assert set(states(done.changes).values()) == {"staged"}


async def test_a_link_that_is_lost_while_a_group_is_staged_names_all_of_it(
    printer: Printer, klipper: Klipper, machine: Machine, klippy: FakeKlippy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zcal_tui.session.saving.saver.LINK_PATIENCE", 0.5)
    stage = machine.handlers["ZCAL_STAGE"]

    async def cut(parameters: dict[str, str]) -> None:
        await stage(parameters)
        if parameters["OPTION"] == "y_offset":
            asyncio.get_running_loop().call_soon(klippy.drop_clients)
            machine.objects["webhooks"] = {"state": "startup", "state_message": "Printer is not ready"}
            await asyncio.sleep(0.1)

    machine.handlers["ZCAL_STAGE"] = cut
    done = await save(printer, Person(), *XY, Z, group=GROUP)
    assert done.problem is not None
    assert done.problem.what == "The connection was lost while values were being saved."
    for change in (*XY, Z):
        assert f"[probe] {change.option}: {change.new}" in done.problem.remedy
    assert klipper.saved == 0


async def test_one_runs_values_are_asked_about_as_after_any_check(printer: Printer, klipper: Klipper) -> None:
    person = Person(save=True)
    done = await save(printer, person, Z, group=GROUP[1:])
    assert states(done.changes) == {"z_offset": "saved"}
    assert [question.key for question in person.asked] == ["save"]
    assert person.chosen == []


def test_the_verdict_says_what_became_of_each_value() -> None:
    saved, declined = replace(Z, state="saved"), [replace(change, state="declined") for change in XY]
    verdict = save_verdict((*declined, saved))
    assert verdict.level is Level.PASS
    assert verdict.summary == "Saved: z_offset 1.620. Declined: x_offset 12.300, y_offset 3.100."
    assert save_verdict((Z,)) == Verdict(Level.WARN, "Not saved: z_offset 1.620.")
