"""Saving on a printer that misbehaves: what must not be staged is not, what is staged is not left unsaid."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.fakes.klippy import FakeKlippy
from tests.unit.fakes.machine import Machine, Refused
from tests.unit.fakes.saving import FOUND, TAKEN, Klipper, Person, save
from tests.unit.fakes.waiting import until
from zcal_tui.model.events import Event, Notice
from zcal_tui.model.questions import Confirm
from zcal_tui.model.record import Change
from zcal_tui.printer.printer import Printer
from zcal_tui.session.saving import saver as saving
from zcal_tui.session.saving import text as save_text
from zcal_tui.session.saving.discard import discard_soon
from zcal_tui.transport.address import SocketAddress
from zcal_tui.transport.opening import open_transport


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


async def test_without_files_the_values_alone_are_shown(printer: Printer, klipper: Klipper) -> None:
    done = await save(printer)
    assert done.state == "saved", done.messages
    assert klipper.saved == 1
    assert "They are elsewhere." in done.asked[0].detail
    assert "[probe] z_offset: 1.520 (was 1.500)" in done.asked[0].detail
    first, second, *_ = done.asked[0].detail.split("\n")
    assert first == "Klipper restarts. This clears: homing."
    assert second.startswith("[probe] z_offset: 1.520 (was 1.500)")
    assert "Klipper keeps the previous file as printer-DATE_TIME.cfg." in done.asked[0].detail
    assert done.asked[0].no == "Keep the old value"
    assert "its name could not be read" in done.messages
    assert "YYYY" not in done.messages


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("print_stats", {"state": "printing"}, "print is running"),
        ("print_stats", {"state": "paused"}, "print is paused"),
        ("manual_probe", {"is_active": True}, "manual probe"),
        ("webhooks", {"state": "shutdown", "state_message": "Lost\nPrinter is shutdown"}, "not ready"),
        ("zcal", {"lease": TAKEN}, "Another program controls the printer"),
    ],
)
@pytest.mark.parametrize("when", ["before", "while asked"])
async def test_it_does_not_save_over_what_goes_on(
    name: str, fields: dict[str, Any], words: str, when: str, printer: Printer, klipper: Klipper
) -> None:
    klipper.machine.objects.setdefault("zcal", {})
    person = Person(save=True)
    if when == "before":
        klipper.machine.objects[name].update(fields)
    else:
        person.before = lambda: klipper.machine.change(name, **fields)
    done = await save(printer, person)
    assert done.state == "proposed"
    assert len(done.asked) == (0 if when == "before" else 1)
    assert words in done.messages
    assert "[probe] z_offset: 1.520" in done.messages
    assert klipper.pending == {}
    assert klipper.saved == 0


async def test_a_cancel_after_the_yes_still_counts(printer: Printer, klipper: Klipper) -> None:
    done = await save(printer, cancelled=lambda: True)
    assert done.state == "proposed"
    assert "cancelled" in done.messages
    assert klipper.pending == {}


async def test_only_what_is_proposed_and_can_be_written(printer: Printer, klipper: Klipper) -> None:
    lines = Change("probe", "samples", "1", "3")
    before = Change("probe", "x_offset", "1", "2", state="declined", saves=True)
    done = await save(printer, None, lines, before)
    assert done.changes == (lines, before)
    assert done.asked == []
    odd = Change("probe", "samples", "1", "3", saves=True)
    done = await save(printer, None, odd)
    assert done.state == "proposed"
    assert "samples cannot be staged" in done.messages
    assert klipper.machine.scripts == []


async def test_a_build_that_stages_with_the_wrong_sign_is_not_saved(
    printer: Printer, klipper: Klipper
) -> None:
    klipper.without_extra()
    klipper.stages = lambda value: 3.0 - value  # the correction added the wrong way
    klipper.machine.objects["gcode_move"]["homing_origin"] = [0.0, 0.0, 0.1, 0.0]
    done = await save(printer)
    assert [question.key for question in done.asked] == ["save", "discard-pending"]
    assert klipper.saved == 0
    assert klipper.machine.objects["gcode_move"]["homing_origin"][2] == 0.1
    assert klipper.pending == {"probe": {"z_offset": "1.480"}}
    assert "was staged as 1.480" in done.messages
    assert "Pending in Klipper now: [probe] z_offset: 1.480" in done.messages
    assert "RESTART discards it" in done.messages


@pytest.mark.parametrize("unset", [("stepper_b", "stepper_c"), ("stepper_c",), ("stepper_b",)])
async def test_klippers_command_is_not_sent_to_a_delta_whose_towers_lack_an_endstop(
    printer: Printer, klipper: Klipper, unset: tuple[str, ...]
) -> None:
    klipper.without_extra()
    machine = klipper.machine
    machine.objects["gcode"]["commands"]["Z_OFFSET_APPLY_ENDSTOP"] = {}
    towers = ("stepper_a", "stepper_b", "stepper_c")
    machine.objects["configfile"]["settings"] = {  # klippy fills in the first tower's
        "printer": {"kinematics": "delta"},
        **{name: {"endstop_pin": "PA1", "position_endstop": 280.0} for name in towers},
    }
    machine.objects["configfile"]["config"] = {
        "printer": {"kinematics": "delta"},
        **{name: {} if name in unset else {"position_endstop": "280"} for name in towers},
    }
    changes = [Change(name, "position_endstop", "280", "279.900", saves=True) for name in towers]
    done = await save(printer, Person(), *changes)
    assert [change.state for change in done.changes] == ["proposed"] * 3
    assert f"without a position_endstop in {' and '.join(f'[{name}]' for name in unset)}" in done.messages
    assert not any("Z_OFFSET_APPLY" in script for script in machine.scripts)


async def test_the_offset_is_put_back_where_klipper_does_not_apply_it(
    printer: Printer, klipper: Klipper
) -> None:
    klipper.without_extra()

    async def refuse(_: dict[str, str]) -> None:
        raise Refused("Must home first")

    klipper.machine.handlers["Z_OFFSET_APPLY_PROBE"] = refuse
    klipper.machine.objects["gcode_move"]["homing_origin"] = [0.0, 0.0, 0.1, 0.0]
    done = await save(printer)
    assert done.state == "proposed"
    assert "Nothing is pending" in done.messages
    assert klipper.machine.objects["gcode_move"]["homing_origin"][2] == 0.1


async def test_what_is_left_pending_is_discarded_with_a_yes(printer: Printer, klipper: Klipper) -> None:
    klipper.refusal = "Unable to write config file during SAVE_CONFIG"
    klipper.set_pending("probe", "x_offset", "9.000")
    klipper.server.after["gcode/restart"] = lambda: klipper.machine.objects["configfile"].update(
        save_config_pending=False, save_config_pending_items={}
    )
    done = await save(printer, Person(save=True, discard_pending=True))
    assert "[probe] x_offset: 9.000" in done.asked[0].detail
    assert "[probe] x_offset: 9.000" in done.asked[1].detail
    assert done.state == "proposed"
    assert "discarded" in done.messages
    assert "could not write" in done.messages


async def test_a_cancel_at_the_second_question_leaves_it_said(printer: Printer, klipper: Klipper) -> None:
    klipper.refusal = "Unable to write config file during SAVE_CONFIG"
    done = await save(printer, Person(save=True, discard_pending=None))
    assert done.state == "staged"
    assert "Pending in Klipper now: [probe] z_offset: 1.520" in done.messages


async def test_a_value_that_does_not_come_back_is_a_problem(printer: Printer, klipper: Klipper) -> None:
    klipper.forgets = True
    done = await save(printer)
    assert klipper.saved == 1
    assert done.state == "staged"
    assert done.problem is not None
    assert "reads other values" in done.problem.what
    assert "Klipper reads 1.5" in done.problem.cause


async def test_a_klippy_that_halts_on_the_way_has_dropped_what_it_was_given(
    printer: Printer, klipper: Klipper
) -> None:
    async def halt(_: dict[str, str]) -> None:
        klipper.machine.halt("MCU 'mcu' shutdown: Timer too close")
        raise Refused("MCU 'mcu' shutdown: Timer too close\nPrinter is shutdown")

    klipper.machine.handlers["ZCAL_STAGE"] = halt
    done = await save(printer)
    assert done.state == "proposed"
    assert done.problem is not None
    assert "halted" in done.problem.what
    assert "Timer too close" in done.problem.raw


async def test_a_printer_that_stays_away_may_have_it_pending(
    printer: Printer, klipper: Klipper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saving, "LINK_PATIENCE", 0.5)

    async def vanish(parameters: dict[str, str]) -> None:
        await stage(parameters)
        await klipper.server.stop()

    stage = klipper.machine.handlers["ZCAL_STAGE"]
    klipper.machine.handlers["ZCAL_STAGE"] = vanish
    done = await save(printer)
    assert done.state == "staged"
    assert "may be pending" in done.messages
    assert "RESTART discards it" in done.messages


TABLE = "\n0.050000:3000.000,0.090000:2800.000,\n0.130000:2640.000"
OWN = Change("probe", "calibrate", None, TABLE, state="staged", saves=True)


def staged_by_klipper(klipper: Klipper) -> None:
    """As a command of its own leaves it; a restart drops it."""
    klipper.set_pending("probe", "calibrate", TABLE)

    def restart() -> None:
        klipper.machine.objects["configfile"].update(save_config_pending=False, save_config_pending_items={})

    klipper.server.after["gcode/restart"] = restart


async def test_what_klipper_has_staged_itself_is_saved_as_it_is(printer: Printer, klipper: Klipper) -> None:
    staged_by_klipper(klipper)
    klipper.reads = str
    done = await save(printer, None, OWN)
    assert done.state == "saved", done.messages
    assert "calibrate: 2 lines" in done.asked[0].detail
    assert not any("ZCAL_STAGE" in script for script in klipper.machine.scripts)


@pytest.mark.parametrize(
    ("answer", "policy", "change"),
    [
        (False, "ask", OWN),
        (None, "ask", OWN),
        (True, "never", OWN),
        (True, "ask", replace(OWN, saves=False)),
    ],
    ids=["no", "cancel", "never", "not for saving"],
)
async def test_what_klipper_has_staged_itself_is_discarded_otherwise(
    printer: Printer, klipper: Klipper, answer: bool | None, policy: str, change: Change
) -> None:
    staged_by_klipper(klipper)
    done = await save(printer, Person(save=answer), change, policy=policy)
    assert done.state == "declined"
    assert klipper.pending == {}
    assert klipper.saved == 0
    assert "Klipper was restarted to discard: [probe] calibrate: 2 lines" in done.messages


async def test_it_is_discarded_without_a_question_where_save_config_refuses(
    printer: Printer, klipper: Klipper
) -> None:
    staged_by_klipper(klipper)
    klipper.refusal = "Unable to write config file during SAVE_CONFIG"
    done = await save(printer, None, OWN)
    assert [question.key for question in done.asked] == ["save"]
    assert klipper.pending == {}
    assert "The pending values were discarded" in done.messages


@pytest.mark.parametrize(
    ("name", "fields", "words"),
    [
        ("print_stats", {"state": "printing"}, "a print was started"),
        ("zcal", {"lease": TAKEN}, "another program has taken over the printer"),
    ],
)
async def test_a_print_or_another_program_is_not_restarted_away(
    name: str, fields: dict[str, Any], words: str, printer: Printer, klipper: Klipper
) -> None:
    staged_by_klipper(klipper)
    klipper.machine.objects.setdefault("zcal", {})
    person = Person(save=True)
    person.before = lambda: klipper.machine.change(name, **fields)
    done = await save(printer, person, OWN)
    assert done.state == "staged"
    assert set(klipper.pending) == {"probe"}
    assert f"not restarted because {words}" in done.messages


@pytest.mark.parametrize(("agreed", "asks"), [(True, True), (False, True), (None, True), (False, False)])
async def test_what_another_client_has_staged_meanwhile_is_only_lost_by_consent(
    printer: Printer, klipper: Klipper, agreed: bool | None, asks: bool
) -> None:
    staged_by_klipper(klipper)
    klipper.set_pending("extruder", "pid_kp", "22.1")
    person = Person(save=False, discard_others=agreed)
    person.present = asks
    done = await save(printer, person, OWN, policy="ask")
    keys = [question.key for question in done.asked]
    assert keys == (["save", "discard-others"] if asks else [])
    if agreed:
        assert klipper.pending == {}
        assert done.state == "declined"
    else:
        assert set(klipper.pending) == {"probe", "extruder"}
        assert done.state == "staged"
        assert "what another client has staged ([extruder] pid_kp: 22.1)" in done.messages


async def test_what_klipper_refuses_to_write_is_not_discarded_with_others_values_unasked(
    printer: Printer, klipper: Klipper
) -> None:
    staged_by_klipper(klipper)
    klipper.set_pending("extruder", "pid_kp", "22.1")
    klipper.refusal = "Unable to write config file during SAVE_CONFIG"
    done = await save(printer, Person(save=True, discard_pending=False), OWN)
    assert [question.key for question in done.asked] == ["save", "discard-pending"]
    assert set(klipper.pending) == {"probe", "extruder"}


async def test_a_program_that_ends_does_not_discard_others_values(printer: Printer, klipper: Klipper) -> None:
    staged_by_klipper(klipper)
    klipper.set_pending("extruder", "pid_kp", "22.1")
    await printer.start()
    said: list[Event] = []
    discard_soon(printer, said.append, (OWN,))
    await asyncio.sleep(0.05)
    assert set(klipper.pending) == {"probe", "extruder"}
    assert [event.text for event in said if isinstance(event, Notice)] == [
        f"[probe] calibrate may be pending in Klipper. {save_text.PENDING_MEANS}"
    ]


async def test_an_interrupted_save_discards_what_it_has_staged_itself_as_well(
    printer: Printer, klipper: Klipper
) -> None:
    klipper.set_pending("probe_eddy_current x", "calibrate", TABLE)
    klipper.set_pending("probe", "z_offset", "1.520")
    await printer.start()
    said: list[Event] = []
    own = replace(OWN, section="probe_eddy_current x")
    discard_soon(printer, said.append, (own,), (own, replace(FOUND, state="staged")))
    await until(lambda: "gcode/restart" in klipper.server.requests)
    assert said == [
        Notice(
            "Klipper restarts when its current command ends. This discards [probe_eddy_current x] calibrate."
        )
    ]


async def test_what_another_client_has_saved_while_somebody_thinks_is_not_overwritten(
    printer: Printer, klipper: Klipper
) -> None:
    class Thinking(Person):
        async def confirm(self, question: Confirm) -> bool:
            klipper.machine.objects["configfile"]["settings"]["probe"]["z_offset"] = 1.4
            await printer.restart_and_wait()
            return await super().confirm(question)

    done = await save(printer, Thinking(save=True))
    assert klipper.saved == 0 and klipper.pending == {}
    assert done.state == "proposed"
    assert "It was 1.500 when it was measured, and is 1.4 now" in done.messages


async def test_what_klipper_has_dropped_meanwhile_is_not_saved(printer: Printer, klipper: Klipper) -> None:
    done = await save(printer, None, OWN)
    assert done.asked == []
    assert done.state == "declined"
    assert "no longer staged" in done.messages
    assert klipper.saved == 0


async def test_a_sections_capitals_are_preserved(printer: Printer, klipper: Klipper) -> None:
    klipper.machine.objects["configfile"]["config"] = {"dockable_probe Mine": {"x_offset": "1.0"}}
    klipper.machine.objects["configfile"]["settings"]["dockable_probe mine"] = {"x_offset": 1.0}
    done = await save(printer, None, Change("dockable_probe mine", "x_offset", "1.000", "2.000", saves=True))
    assert done.state == "saved", done.messages
    assert done.changes[0].section == "dockable_probe Mine"
    assert any('SECTION="dockable_probe Mine"' in script for script in klipper.machine.scripts)


def test_long_runs_of_a_diff_are_cut() -> None:
    rows = ["@@", *(f"-{n}" for n in range(40)), "+a", "+b", " end"]
    shown = list(save_text.shortened(rows))
    assert shown[:4] == ["@@", "-0", "-1", "-2"]
    assert shown[4] == "- … 34 more lines …"
    assert shown[5:] == ["-37", "-38", "-39", "+a", "+b", " end"]
    assert list(save_text.shortened(rows[30:])) == rows[30:]


async def test_a_print_that_begins_once_values_are_handed_over_is_not_restarted_away(
    printer: Printer, klipper: Klipper
) -> None:
    stage = klipper.machine.handlers["ZCAL_STAGE"]

    async def and_print(parameters: dict[str, str]) -> None:
        await stage(parameters)
        klipper.machine.change("print_stats", state="printing")

    klipper.machine.handlers["ZCAL_STAGE"] = and_print
    done = await save(printer, Person(save=True))
    assert klipper.saved == 0
    assert [question.key for question in done.asked] == ["save"], "a RESTART would end it too"
    assert "SAVE_CONFIG was not sent because a print was started" in done.messages
    assert "Pending in Klipper now: [probe] z_offset: 1.520" in done.messages


async def test_a_print_that_begins_while_somebody_thinks_is_not_restarted_away(
    printer: Printer, klipper: Klipper
) -> None:
    klipper.refusal = "Unable to write config file during SAVE_CONFIG"
    restarts: list[bool] = []
    klipper.server.after["gcode/restart"] = lambda: restarts.append(True)
    person = Person(save=True, discard_pending=True)

    def before() -> None:
        if len(person.asked) == 2:
            klipper.machine.change("print_stats", state="printing")

    person.before = before
    done = await save(printer, person)
    assert restarts == []
    assert "It is not discarded because a print was started" in done.messages


async def test_a_section_without_the_option_gets_none(printer: Printer, klipper: Klipper) -> None:
    klipper.machine.objects["configfile"]["settings"]["tool_probe_endstop"] = {"crash_gcode": ""}
    done = await save(printer, Person(), Change("tool_probe_endstop", "z_offset", "0", "-1.250", saves=True))
    assert done.state == "proposed"
    assert "[tool_probe_endstop] has no z_offset" in done.messages
    assert klipper.machine.scripts == []


async def test_an_older_module_does_not_stage_a_tools_z_offset(printer: Printer, klipper: Klipper) -> None:
    settings = klipper.machine.objects["configfile"]["settings"]
    settings["tool_probe_endstop"] = {"crash_gcode": ""}
    settings["tool_probe t0"] = {"z_offset": -1.2}
    done = await save(printer, Person(), Change("tool_probe t0", "z_offset", "-1.200", "-1.250", saves=True))
    assert done.state == "proposed"
    assert "Update the module" in done.messages
    assert klipper.machine.scripts == []
