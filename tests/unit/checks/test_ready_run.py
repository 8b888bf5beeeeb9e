"""How `ready` looks: what the switch says, what the extra can, what is offered, and what is made of it all."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.unit.fakes.bench import Bench
from tests.unit.fakes.machine import Refused
from tests.unit.fakes.person import Nobody, Person
from zcal_tui.checks.errors import CheckCancelled, CheckFailed, CheckRefused
from zcal_tui.checks.ready.finding import ReadyFinding
from zcal_tui.checks.ready.module_findings import module_finding
from zcal_tui.checks.ready.parameters import ReadyParameters
from zcal_tui.checks.ready.probe_findings import probe_switch
from zcal_tui.checks.ready.run import look
from zcal_tui.model.events import AdviceGiven, Progress, Stage, VerdictReached
from zcal_tui.model.questions import Confirm
from zcal_tui.model.record import Level, Verdict
from zcal_tui.printer.zcal_module import ZcalModule

MACROS = ("ATTACH_PROBE", "DETACH_PROBE")


async def again(bench: Bench) -> None:
    """Have everything read anew, as after a restart."""
    starts = bench.printer.state.starts
    await bench.klippy.restart()
    await bench.printer.wait_for(lambda state: state.ready and state.starts > starts)


def switch(bench: Bench, docked: bool, on: bool = False) -> None:
    """A probe's switch that reads triggered in its dock (normally closed) if `docked`, and `on` on the toolhead."""
    bench.machine.triggered = docked

    async def query(_: dict[str, str]) -> None:
        bench.machine.objects["probe"]["last_query"] = bench.machine.triggered

    def turn(to: bool) -> Callable[[dict[str, str]], Awaitable[None]]:
        async def handler(_: dict[str, str]) -> None:
            bench.machine.triggered = to

        return handler

    bench.machine.handlers.update(QUERY_PROBE=query, ATTACH_PROBE=turn(on), DETACH_PROBE=turn(docked))


async def switch_found(
    bench: Bench, macros: tuple[str, str] | None = None, *, docked: bool = False
) -> ReadyFinding | None:
    return await probe_switch(bench.context(), macros, docked=docked)


@pytest.mark.parametrize(("reads", "level"), [(False, Level.PASS), (True, Level.FAIL)])
async def test_a_fixed_probe_reads_open_in_the_air(bench: Bench, reads: bool, level: Level) -> None:
    switch(bench, docked=reads)
    found = await switch_found(bench)
    assert found is not None
    assert found.level is level


@pytest.mark.parametrize(
    ("reads_docked", "reads_on", "level", "words"),
    [
        (True, False, Level.PASS, "normally closed"),
        (False, False, Level.FAIL, "open both"),
        (True, True, Level.FAIL, "reads triggered after ATTACH_PROBE"),
    ],
)
async def test_a_docked_probe_is_fetched_to_see_its_switch_change(
    bench: Bench, reads_docked: bool, reads_on: bool, level: Level, words: str
) -> None:
    switch(bench, docked=reads_docked, on=reads_on)
    found = await switch_found(bench, MACROS, docked=True)
    assert found is not None
    assert found.level is level
    assert words in found.what
    assert "ATTACH_PROBE" in bench.machine.scripts
    assert "DETACH_PROBE" in bench.machine.scripts


async def test_a_probe_that_hung_on_the_toolhead_is_put_back_to_see_it_change_and_fetched_again(
    bench: Bench,
) -> None:
    switch(bench, docked=True)
    bench.machine.triggered = False
    found = await switch_found(bench, MACROS, docked=True)
    assert found is not None
    assert found.level is Level.PASS
    macros = [script for script in bench.machine.scripts if script in MACROS]
    assert macros == ["ATTACH_PROBE", "DETACH_PROBE", "ATTACH_PROBE"]
    assert bench.machine.triggered is False


async def test_a_macro_that_finds_it_still_attached_is_no_fault_of_its_own(bench: Bench) -> None:
    switch(bench, docked=False)

    async def still_there(_: dict[str, str]) -> None:
        raise Refused("The probe was not left in its dock.")

    bench.machine.handlers["DETACH_PROBE"] = still_there
    found = await switch_found(bench, MACROS, docked=True)
    assert found is not None
    assert found.level is Level.FAIL
    assert "normally open" in found.why


async def test_without_a_macro_that_puts_it_back_an_open_switch_is_not_told_from_one_on_the_toolhead(
    bench: Bench,
) -> None:
    switch(bench, docked=False)
    found = await switch_found(bench, ("ATTACH_PROBE", ""), docked=True)
    assert found is not None
    assert found.level is Level.WARN
    assert "--detach" in found.fix


@pytest.mark.parametrize("wired_open", [False, True])
async def test_nothing_is_levelled_with_a_switch_that_cannot_be_trusted(
    bench: Bench, wired_open: bool
) -> None:
    settings = bench.machine.objects["configfile"]["settings"]
    settings.update({f"gcode_macro {name.lower()}": {} for name in MACROS})
    bench.machine.objects["z_tilt"] = {"applied": False}

    async def level(_: dict[str, str]) -> None:
        bench.machine.change("z_tilt", applied=True)

    bench.machine.handlers["Z_TILT_ADJUST"] = level
    await again(bench)
    switch(bench, docked=not wired_open)
    found = await looked_at(bench, Person(True))
    assert ("Z_TILT_ADJUST" in bench.machine.scripts) is not wired_open
    # Levelling moves the height of Z 0
    homings = [script for script in bench.machine.scripts if script in ("Z_TILT_ADJUST", "G28 Z")]
    assert homings == ([] if wired_open else ["Z_TILT_ADJUST", "G28 Z"])
    assert ("Z_TILT_ADJUST was not run" in bench.notices) is wired_open
    assert (found.level is Level.FAIL) is wired_open
    assert any("open both" in reason for reason in found.reasons) is wired_open


@pytest.mark.parametrize("during", ["ATTACH_PROBE", "Z_TILT_ADJUST", "screws"])
async def test_nothing_is_levelled_or_homed_in_a_print_that_has_begun_meanwhile(
    bench: Bench, during: str
) -> None:
    settings = bench.machine.objects["configfile"]["settings"]
    settings.update({f"gcode_macro {name.lower()}": {} for name in MACROS})
    if during == "screws":
        settings["screws_tilt_adjust"] = {}
    else:
        bench.machine.objects["z_tilt"] = {"applied": False}
    await again(bench)
    switch(bench, docked=True)
    attach, attached = bench.machine.handlers["ATTACH_PROBE"], []

    async def attaches(parameters: dict[str, str]) -> None:
        await attach(parameters)
        attached.append("")
        if len(attached) == 2 and during != "Z_TILT_ADJUST":  # the first time its switch is read
            bench.machine.change("print_stats", state="printing")

    async def level(_: dict[str, str]) -> None:
        bench.machine.change("print_stats", state="printing")

    bench.machine.handlers.update(ATTACH_PROBE=attaches, Z_TILT_ADJUST=level)
    with pytest.raises(CheckFailed, match="print was started"):
        await looked_at(bench, Person(True))
    scripts = bench.machine.scripts
    assert "G28 Z" not in scripts
    assert "SCREWS_TILT_CALCULATE" not in scripts
    assert ("Z_TILT_ADJUST" in scripts) is (during == "Z_TILT_ADJUST")


async def test_a_homing_that_fails_after_levelling_is_named(bench: Bench) -> None:
    bench.machine.objects["z_tilt"] = {"applied": False}
    await again(bench)
    switch(bench, docked=False)

    async def level(_: dict[str, str]) -> None:
        bench.machine.change("z_tilt", applied=True)

    async def homes(_: dict[str, str]) -> None:
        raise Refused("No trigger on z after full movement")

    bench.machine.handlers.update(Z_TILT_ADJUST=level, G28=homes)
    await looked_at(bench, Person(True))
    assert "G28 Z failed" in bench.notices


async def test_a_docked_probe_that_probe_accuracy_fetches_by_a_macro_is_fetched_to_be_looked_at(
    bench: Bench,
) -> None:
    settings = bench.machine.objects["configfile"]["settings"]
    settings.update({f"gcode_macro {name.lower()}": {} for name in MACROS})
    settings["gcode_macro probe_accuracy"] = {"rename_existing": "_PROBE_ACCURACY"}
    await again(bench)
    switch(bench, docked=True)
    found = await looked_at(bench)
    assert any("triggered when docked" in reason for reason in found.reasons)
    assert [script for script in bench.machine.scripts if script in MACROS] == list(MACROS)


async def test_a_docked_probe_that_may_not_be_fetched_is_no_finding_of_fault(bench: Bench) -> None:
    switch(bench, docked=True)
    found = await switch_found(bench, None, docked=True)
    assert found is not None
    assert found.level is Level.WARN
    assert "reads triggered. It was not attached" in found.what
    assert bench.machine.scripts == ["QUERY_PROBE"]


@pytest.mark.parametrize(("height", "level"), [(1.5, Level.WARN), (9.0, Level.FAIL)])
async def test_a_probe_that_has_just_homed_z_is_pressed_by_the_bed(
    bench: Bench, height: float, level: Level
) -> None:
    assert bench.machine.objects["configfile"]["settings"]["probe"]["z_offset"] == 1.5
    bench.machine.change("toolhead", homed_axes="xyz", position=[100.0, 100.0, height, 0.0])
    await bench.printer.wait_for(
        lambda state: state.homed() and state.position is not None and state.position[2] == height
    )
    switch(bench, docked=True)
    found = await switch_found(bench)
    assert found is not None
    assert found.level is level


@pytest.mark.parametrize("reads", [False, True])
async def test_a_probe_that_deploys_by_itself_may_read_anything_while_it_is_stowed(
    bench: Bench, reads: bool
) -> None:
    settings = bench.machine.objects["configfile"]["settings"]
    settings["bltouch"] = settings.pop("probe")
    bench.machine.objects["probe"]["name"] = "bltouch"
    await again(bench)
    switch(bench, docked=reads)
    found = await switch_found(bench)
    if reads:
        assert found is None, "a reading of triggered says nothing, and is not told as open"
    else:
        assert found is not None
        assert found.level is Level.PASS


async def test_a_probe_without_a_switch_is_not_asked(bench: Bench) -> None:
    async def no_query(_: dict[str, str]) -> None:
        raise Refused("Probe does not support QUERY_PROBE")

    bench.machine.handlers["QUERY_PROBE"] = no_query
    assert await switch_found(bench) is None
    settings = bench.machine.objects["configfile"]["settings"]
    settings["probe_eddy_current coil"] = settings.pop("probe")
    bench.machine.objects["probe"]["name"] = "probe_eddy_current coil"
    await again(bench)
    asked = len(bench.machine.scripts)
    assert await switch_found(bench) is None
    assert len(bench.machine.scripts) == asked


@pytest.mark.parametrize(
    ("zcal", "level", "words"),
    [
        (None, Level.WARN, "not installed"),
        (
            {"version": "2.0.0", "unavailable": {}},
            Level.WARN,
            "has interface version 2.0.0; this program needs 1.",
        ),
        ({"version": "1.1.0", "unavailable": {}}, Level.PASS, "version 1.1.0"),
        ({"version": "1.1.0", "unavailable": {"probe": "No probe."}}, Level.WARN, "probe"),
        ({"version": "1.1.0", "unavailable": {"scan": "No scanner."}}, Level.PASS, "version 1.1.0"),
    ],
)
async def test_what_the_extra_can_is_told(
    bench: Bench, zcal: dict[str, Any] | None, level: Level, words: str
) -> None:
    if zcal is not None:
        bench.machine.objects["zcal"] = zcal
        await again(bench)
    found = module_finding(ZcalModule(bench.printer))
    assert found.level is level
    assert words in found.what
    assert bool(found.fix) is (level is Level.WARN)


def verdict(bench: Bench) -> Verdict:
    (reached,) = bench.told(VerdictReached)
    return reached.verdict


async def looked_at(bench: Bench, person: Person | None = None, **parameters: Any) -> Verdict:
    await look(bench.context(person), ReadyParameters(**parameters))
    return verdict(bench)


async def test_everything_is_looked_at_and_told_with_what_mends_it(bench: Bench) -> None:
    found = await looked_at(bench)
    assert found.level is Level.WARN
    assert any("[zcal] module is not installed" in reason for reason in found.reasons)
    assert any("reads open in the air" in reason for reason in found.reasons)
    assert any("zcal-tui install" in advice.text for advice in bench.told(AdviceGiven))
    (progress,) = bench.told(Progress)
    assert progress.done == progress.total == len(found.reasons)


async def test_an_unconnected_printer_is_refused(bench: Bench) -> None:
    bench.machine.halt("MCU 'mcu' shutdown: Timer too close")
    while bench.printer.state.klippy != "shutdown":
        await bench.printer.refresh()
    with pytest.raises(CheckRefused, match="not ready"):
        await look(bench.context(), ReadyParameters())
    assert bench.said == []


async def unhome(bench: Bench) -> None:
    async def home(_: dict[str, str]) -> None:
        bench.machine.change("toolhead", homed_axes="xyz")

    bench.machine.handlers["G28"] = home
    bench.machine.change("toolhead", homed_axes="")
    await bench.printer.wait_for(lambda state: not state.homed())


async def test_what_can_be_mended_is_offered_and_looked_at_again(bench: Bench) -> None:
    await unhome(bench)
    person = Person(True)
    found = await looked_at(bench, person)
    assert person.keys == ["offer-homed"]
    assert "G28" in bench.machine.scripts
    assert not any("Not homed" in reason for reason in found.reasons)
    assert any(stage.key == "mend" for stage in bench.told(Stage))


async def test_what_is_not_wanted_is_left_and_not_offered_again(bench: Bench) -> None:
    await unhome(bench)
    person = Person(False)
    found = await looked_at(bench, person)
    assert person.keys == ["offer-homed"]
    assert "G28" not in bench.machine.scripts
    assert any("Not homed" in reason for reason in found.reasons)


@pytest.mark.parametrize(("person", "parameters"), [(Nobody(), {}), (Person(), {"offer": False})])
async def test_nobody_is_asked_where_nobody_is_there_or_nothing_is_to_be_offered(
    bench: Bench, person: Person, parameters: dict[str, Any]
) -> None:
    await unhome(bench)
    await looked_at(bench, person, **parameters)
    assert person.asked == []
    assert "G28" not in bench.machine.scripts


async def test_a_remedy_that_fails_is_told_and_the_rest_goes_on(bench: Bench) -> None:
    await unhome(bench)

    async def broken(_: dict[str, str]) -> None:
        raise Refused("No trigger on x after full movement")

    bench.machine.handlers["G28"] = broken
    found = await looked_at(bench, Person(True))
    assert "G28 failed" in bench.notices
    assert any("Not homed" in reason for reason in found.reasons)


async def test_the_mesh_is_cleared_on_a_yes(bench: Bench) -> None:
    async def clear(_: dict[str, str]) -> None:
        bench.machine.change("bed_mesh", profile_name="")

    bench.machine.objects["bed_mesh"] = {"profile_name": "default"}
    bench.machine.handlers["BED_MESH_CLEAR"] = clear
    await again(bench)
    asked: list[Confirm] = []

    def yes(question: Any) -> bool:
        asked.append(question)
        return True

    found = await looked_at(bench, Person(yes))
    assert [question.key for question in asked] == ["offer-mesh"]
    assert "BED_MESH_CLEAR" in bench.machine.scripts
    assert not any("default" in reason for reason in found.reasons)


async def test_the_switch_is_left_alone_where_something_is_in_the_way(bench: Bench) -> None:
    bench.machine.change("print_stats", state="printing")
    await bench.printer.wait_for(lambda state: state.busy)
    found = await looked_at(bench)
    assert found.level is Level.FAIL
    assert bench.machine.scripts == []


async def test_a_probe_that_cannot_be_looked_at_is_not_ready(bench: Bench) -> None:
    async def broken(_: dict[str, str]) -> None:
        raise Refused("BLTouch failed to deploy")

    bench.machine.handlers["QUERY_PROBE"] = broken
    found = await looked_at(bench)
    assert found.level is Level.FAIL
    assert "The probe cannot be read" in found.summary


async def test_a_cancel_between_two_offers_ends_it(bench: Bench) -> None:
    await unhome(bench)

    def cancel(_: object) -> bool:
        bench.cancelled = True
        return True

    with pytest.raises(CheckCancelled):
        await looked_at(bench, Person(cancel))


async def test_what_needs_no_probe_moves_none(bench: Bench) -> None:
    """Homing is offered to a printer that is not homed: no macro may go to a dock before it."""
    settings = bench.machine.objects["configfile"]["settings"]
    settings.update({"gcode_macro attach_probe": {}, "gcode_macro detach_probe": {}})
    settings["gcode_macro probe_accuracy"] = {"rename_existing": "_PROBE_ACCURACY"}
    await again(bench)
    await unhome(bench)
    switch(bench, docked=True)
    bench.machine.triggered = False  # it hangs on the toolhead
    bench.machine.scripts.clear()
    await looked_at(bench, Person(True))
    before = bench.machine.scripts[: bench.machine.scripts.index("G28")]
    assert not {"ATTACH_PROBE", "DETACH_PROBE"} & set(before)


async def with_macros(bench: Bench) -> None:
    settings = bench.machine.objects["configfile"]["settings"]
    settings["gcode_macro go_get"] = {"gcode": "G1 X10 ; the probe"}
    settings["gcode_macro go_put"] = {"gcode": "G1 X20 ; its dock"}
    switch(bench, docked=True)
    handlers = bench.machine.handlers
    handlers.update(GO_GET=handlers.pop("ATTACH_PROBE"), GO_PUT=handlers.pop("DETACH_PROBE"))
    await again(bench)


@pytest.mark.parametrize("busy", ["print", "manual probe"])
async def test_no_macros_are_asked_for_during_a_print_or_a_paper_test(bench: Bench, busy: str) -> None:
    await with_macros(bench)
    bench.machine.scripts.clear()
    if busy == "print":
        bench.machine.change("print_stats", state="printing")
    else:
        bench.machine.change("manual_probe", is_active=True)
    await bench.printer.refresh()
    person = Person(False)
    found = await looked_at(bench, person)
    assert found.level is Level.FAIL
    assert not any(key.startswith("dock-") for key in person.keys)
    assert bench.machine.scripts == [], "the print or the test is not held up"


async def test_unknown_macros_of_a_dock_are_asked_for_and_kept(bench: Bench) -> None:
    await with_macros(bench)
    kept: list[tuple[str, str] | None] = []
    person = Person("GO_GET", "GO_PUT")
    await look(bench.context(person, keep_dock=kept.append), ReadyParameters(offer=False))
    assert person.keys == ["dock-attach", "dock-detach"]
    assert kept == [("GO_GET", "GO_PUT")]
    assert [script for script in bench.machine.scripts if script.startswith("GO_")] == ["GO_GET", "GO_PUT"]
    assert "--forget-dock" in bench.notices


async def test_macros_that_do_not_attach_the_probe_are_not_kept(bench: Bench) -> None:
    await with_macros(bench)
    kept: list[tuple[str, str] | None] = []
    await look(bench.context(Person("GO_PUT", "GO_GET"), keep_dock=kept.append), ReadyParameters(offer=False))
    assert kept == []


async def test_a_fixed_probe_is_said_to_be_one(bench: Bench) -> None:
    await with_macros(bench)
    kept: list[tuple[str, str] | None] = []
    await look(bench.context(Person("none"), keep_dock=kept.append), ReadyParameters(offer=False))
    assert kept == []
    (verdict,) = bench.told(VerdictReached)
    assert "reads triggered" in verdict.verdict.summary


async def test_kept_macros_are_shown_and_can_be_forgotten(bench: Bench) -> None:
    await with_macros(bench)
    mine = ("GO_GET", "GO_PUT")
    parameters = ReadyParameters(offer=False, attach="GO_GET", detach="GO_PUT")
    await look(bench.context(Nobody(), kept_dock=mine), parameters)
    (verdict,) = bench.told(VerdictReached)
    assert any("GO_GET and GO_PUT, as chosen" in reason for reason in verdict.verdict.reasons)
    kept: list[tuple[str, str] | None] = []
    forgetting = ReadyParameters(offer=False, attach="GO_GET", detach="GO_PUT", forget_dock=True)
    await look(bench.context(Nobody(), kept_dock=mine, keep_dock=kept.append), forgetting)
    assert kept == [None]
