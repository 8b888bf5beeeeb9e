"""The bed mesh after a new z_offset: by consent, staged by Klipper, compared, and never left behind unnoticed."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.fakes.bench import Bench
from tests.unit.fakes.machine import Machine, Refused
from tests.unit.fakes.person import Person, Said
from zcal_tui.checks.errors import CheckCancelled, CheckRefused
from zcal_tui.checks.z_offset.mesh import NOT_KNOWN_YET, MeshPlan, obstacle, offer_mesh, profile_to_make
from zcal_tui.model.events import ChangesUpdated, Progress
from zcal_tui.model.mesh_comparison import compare, parse_points, text_map
from zcal_tui.model.record import Change
from zcal_tui.printer.config_view import ProbeConfig, probe_config
from zcal_tui.printer.printer import CommandFailed
from zcal_tui.printer.state import BedMeshState, PrinterState
from zcal_tui.session.saving import text as save_text
from zcal_tui.session.saving.plan import SavePlan
from zcal_tui.session.undo import reversed_changes

Z = Change("probe", "z_offset", "1.500", "1.620", saves=True)
OLD = "\n  0.000000, 0.010000\n  0.020000, 0.030000"
NEW = "\n  0.050000, 0.060000\n  0.070000, 0.090000"
AREA = {"min_x": "20.0", "max_x": "180.0", "min_y": "20.0", "max_y": "180.0"}
SECTION = "bed_mesh default"


@pytest.fixture
def machine(machine: Machine) -> Machine:
    configfile = machine.objects["configfile"]
    configfile["config"][SECTION] = {"points": OLD, **AREA}
    configfile["settings"]["bed_mesh"] = {"mesh_min": [20.0, 20.0], "probe_count": [2, 2]}
    machine.objects["gcode"]["commands"]["BED_MESH_CALIBRATE"] = {}
    machine.objects["bed_mesh"] = {"profile_name": "", "mesh_min": [0.0, 0.0], "mesh_max": [0.0, 0.0]}

    async def calibrate(parameters: dict[str, str]) -> None:
        section = f"bed_mesh {parameters['PROFILE']}"
        items = {section: {"version": "1", "points": NEW, **AREA}}
        machine.change("configfile", save_config_pending=True, save_config_pending_items=items)

    machine.handlers["BED_MESH_CALIBRATE"] = calibrate
    return machine


def plan_for(probe: ProbeConfig, profile: str | None = "default", *, hot: bool = False) -> MeshPlan:
    return MeshPlan(profile, probe, None, (100.0, 100.0), 10.0, hot=hot)


async def offer(
    bench: Bench, *answers: Said, changes: tuple[Change, ...] = (Z,), profile: str | None = "default"
) -> tuple[bool, Person]:
    person = Person(*answers)
    probe = probe_config(bench.printer.state)
    assert probe is not None
    context = bench.context(person)
    return await offer_mesh(context, plan_for(probe, profile), changes), person


async def test_it_is_made_by_consent_and_compared_with_the_old_one(bench: Bench) -> None:
    made, person = await offer(bench, True)
    assert made
    assert person.keys == ["mesh-again"]
    assert "Only the emergency stop" in person.asked[0].detail
    assert any('BED_MESH_CALIBRATE PROFILE="default"' in script for script in bench.machine.scripts)
    before, *_, after = [event.changes for event in bench.told(ChangesUpdated)]
    assert [(c.option, c.new, c.state) for c in before] == [
        ("z_offset", "1.620", "proposed"),
        ("points", NOT_KNOWN_YET, "staged"),
    ]
    assert [(c.section, c.option, c.state, c.saves) for c in after] == [
        ("probe", "z_offset", "proposed", True),
        (SECTION, "version", "staged", True),
        (SECTION, "points", "staged", True),
    ]
    points = after[-1]
    assert (points.old, points.new) == (OLD, NEW)
    assert "range 40 µm (was 30 µm), shifted by +52 µm" in points.effect
    assert "  +70   +90\n  +50   +60" in bench.notices
    assert not any("SAVE_CONFIG" in script for script in bench.machine.scripts)


async def test_its_points_are_counted(bench: Bench) -> None:
    machine = bench.machine
    stage = machine.handlers["BED_MESH_CALIBRATE"]

    async def calibrate(parameters: dict[str, str]) -> None:
        for place in ("20.000,20.000", "180.000,20.000", "180.000,20.000", "180.000,180.000"):
            machine.say(f"probe at {place} is z=1.500000")
            await asyncio.sleep(0)
        await stage(parameters)

    machine.handlers["BED_MESH_CALIBRATE"] = calibrate
    made, _ = await offer(bench, True)
    assert made
    counted = bench.told(Progress)
    assert [(each.done, each.total) for each in counted] == [(0, 4), (1, 4), (2, 4), (2, 4), (3, 4)]
    assert counted[1].seconds_left is None
    assert counted[-1].seconds_left is not None


async def test_without_consent_or_a_new_value_or_a_profile_nothing_is_staged(bench: Bench) -> None:
    made, _ = await offer(bench, False)
    assert not made
    for arguments in (
        {"changes": ()},
        {"profile": None},
        {"changes": (Change("probe", "z_offset", "1", "2"),)},
    ):
        made, person = await offer(bench, **arguments)
        assert not made
        assert not person.asked
    assert not any("BED_MESH" in script for script in bench.machine.scripts)
    assert not bench.told(ChangesUpdated)


async def test_where_nothing_is_saved_it_is_not_asked(bench: Bench) -> None:
    person = Person()
    probe = probe_config(bench.printer.state)
    assert probe is not None
    assert not await offer_mesh(bench.context(person, may_save=False), plan_for(probe), (Z,))
    assert not person.asked
    assert not any("BED_MESH" in script for script in bench.machine.scripts)


def pending(machine: Machine) -> None:
    machine.change("configfile", save_config_pending=True, save_config_pending_items={"x": {"y": "1"}})


def no_longer_homed(machine: Machine) -> None:
    machine.change("toolhead", homed_axes="xy")


CASES: list[tuple[Callable[[Machine], None], str]] = [
    (pending, "unsaved pending values"),
    (no_longer_homed, "no longer homed"),
]


@pytest.mark.parametrize(("edit", "words"), CASES)
@pytest.mark.parametrize("when", ["before", "while asked"])
async def test_it_is_refused_by_name_also_after_the_answer(
    edit: Callable[[Machine], None], words: str, when: str, bench: Bench
) -> None:
    def late(question: Any) -> bool:
        edit(bench.machine)
        return True

    if when == "before":
        edit(bench.machine)
        await bench.printer.refresh()
    made, _ = await offer(bench, *(() if when == "before" else (late,)))
    assert not made
    assert words in bench.notices
    assert not any("BED_MESH_CALIBRATE" in script for script in bench.machine.scripts)
    assert not bench.told(ChangesUpdated)


def test_a_mesh_that_depends_on_z_offset_waits_for_the_restart() -> None:
    probe = ProbeConfig("probe", "probe", z_offset=1.5)
    rail = {"endstop_pin": "PA1", "position_endstop": 0.5}
    state = PrinterState(homed_axes="xyz", settings={"probe": {}, "stepper_z": rail, "bed_mesh": {}})
    assert "zero_reference_position" in (obstacle(state, plan_for(probe)) or "")
    settings = {**state.settings, "bed_mesh": {"zero_reference_position": [100.0, 100.0]}}
    assert obstacle(replace(state, settings=settings), plan_for(probe)) is None
    homes = {**state.settings, "stepper_z": {"endstop_pin": "probe:z_virtual_endstop"}}
    assert obstacle(replace(state, settings=homes), plan_for(probe)) is None
    macro = {"gcode_macro bed_mesh_calibrate": {"rename_existing": "_BED_MESH"}}
    for more, words in (
        ({"quad_gantry_level_applied": False}, "not levelled"),
        ({"commands": frozenset()}, "not Klipper's own"),
        ({"settings": {**homes, **macro}}, "not Klipper's own"),
    ):
        given = {"settings": homes, **more}
        assert words in (obstacle(replace(state, **given), plan_for(probe)) or "")  # type: ignore[arg-type]
    hot = plan_for(probe, hot=True)
    assert "agreed to heat" in (obstacle(replace(state, settings=homes), hot) or "")
    scanner = ProbeConfig("cartographer", "scanner")
    assert "[cartographer] scans its mesh" in (
        obstacle(replace(state, settings=homes), plan_for(scanner)) or ""
    )


async def test_a_mesh_that_fails_leaves_z_offset_to_be_saved(bench: Bench) -> None:
    async def fail(parameters: dict[str, str]) -> None:
        raise Refused("No trigger on probe after full movement")

    bench.machine.handlers["BED_MESH_CALIBRATE"] = fail
    made, _ = await offer(bench, True)
    assert not made
    assert "The bed mesh was not made" in bench.notices
    assert bench.told(ChangesUpdated)[-1].changes == (Z,)


async def test_a_failure_after_it_was_staged_ends_the_run_which_discards_it(bench: Bench) -> None:
    staging = bench.machine.handlers["BED_MESH_CALIBRATE"]

    async def fail(parameters: dict[str, str]) -> None:
        await staging(parameters)
        raise Refused("bed_mesh: something")

    bench.machine.handlers["BED_MESH_CALIBRATE"] = fail
    with pytest.raises(CommandFailed):
        await offer(bench, True)
    assert bench.told(ChangesUpdated)[-1].changes[-1].state == "staged"


async def test_a_cancel_while_it_probes_ends_the_run_with_the_mesh_to_be_discarded(bench: Bench) -> None:
    staging = bench.machine.handlers["BED_MESH_CALIBRATE"]

    async def cancelled(parameters: dict[str, str]) -> None:
        bench.cancelled = True
        await staging(parameters)

    bench.machine.handlers["BED_MESH_CALIBRATE"] = cancelled
    with pytest.raises(CheckCancelled):
        await offer(bench, True)
    assert bench.told(ChangesUpdated)[-1].changes[-1].state == "staged"


async def test_a_print_that_was_started_meanwhile_is_left_alone(bench: Bench) -> None:
    def late(question: Any) -> bool:
        bench.machine.change("print_stats", state="printing")
        return True

    with pytest.raises(CheckRefused):
        await offer(bench, late)
    assert not any("BED_MESH_CALIBRATE" in script for script in bench.machine.scripts)


async def test_the_profile_is_the_loaded_one_or_the_only_one(bench: Bench) -> None:
    assert profile_to_make(bench.printer.state) == "default"
    bench.machine.change("bed_mesh", profile_name="hot", mesh_max=[180.0, 180.0])
    assert profile_to_make(await bench.printer.refresh()) == "hot"
    two = {SECTION: {"points": OLD}, "bed_mesh second": {"points": OLD}}
    assert profile_to_make(replace(bench.printer.state, config=two, bed_mesh=BedMeshState())) is None
    assert profile_to_make(replace(bench.printer.state, config={}, bed_mesh=BedMeshState())) is None


def test_meshes_are_compared_where_they_have_the_same_points() -> None:
    new, old = parse_points(NEW), parse_points(OLD)
    assert new is not None and old is not None
    same = compare(new, old, same_points=True)
    assert same.shift == pytest.approx(0.0525)
    assert same.rms == pytest.approx(0.00433, abs=1e-5)
    assert "rms" in str(same)
    other = compare(new, old, same_points=False)
    assert other.shift is None and "points differ" in str(other)
    assert compare(new, ((0.0, 0.1, 0.2),), same_points=True).rms is None
    assert "no old mesh" in str(compare(new, None, same_points=True))
    assert text_map(((0.0, -0.0123), (0.1, 0.2))) == " +100  +200\n   +0   -12"
    for text in ("", "0.1, x", "0.1, 0.2\n0.3", "nan, 1"):
        assert parse_points(text) is None


def test_the_question_does_not_ask_for_the_mesh_that_it_saves(bench: Bench) -> None:
    mesh = Change(SECTION, "points", OLD, NEW, "staged", saves=True)
    alone = "\n".join(save_text.consequences(SavePlan((Z,)), bench.printer.state))
    both = "\n".join(save_text.consequences(SavePlan((Z, mesh)), bench.printer.state))
    assert "BED_MESH_CALIBRATE" in alone
    assert "BED_MESH_CALIBRATE" not in both


def test_undo_proposes_no_heights_of_a_mesh(bench: Bench) -> None:
    mesh = Change(SECTION, "points", OLD, NEW, "saved", saves=True)
    assert [c.option for c in reversed_changes((Z, mesh), bench.printer.state)] == ["z_offset"]
