"""That a macro has run is not taken for a probe: its switch has to be seen to change, where the printer can show it."""

from collections.abc import Awaitable, Callable

import pytest

from tests.unit.fakes.bench import Bench
from tests.unit.fakes.machine import Refused
from tests.unit.fakes.person import Person
from zcal_tui.checks.base import Context
from zcal_tui.checks.dock.attach import probe_attached
from zcal_tui.checks.errors import CheckFailed

MACROS = ("ATTACH_PROBE", "DETACH_PROBE")
ONE_WAY = ("ATTACH_PROBE", "")


def wire(bench: Bench, *, off: bool, on: bool, hangs: bool = False) -> None:
    """A docked probe whose switch reads `off` the toolhead and `on` it; True is triggered."""
    machine = bench.machine
    machine.triggered = on if hangs else off

    def turn(to: bool) -> Callable[[dict[str, str]], Awaitable[None]]:
        async def handler(_: dict[str, str]) -> None:
            machine.triggered = to

        return handler

    async def query(_: dict[str, str]) -> None:
        machine.objects["probe"]["last_query"] = machine.triggered

    machine.handlers.update(QUERY_PROBE=query, ATTACH_PROBE=turn(on), DETACH_PROBE=turn(off))


async def configure(bench: Bench, *sections: str, wrapped: bool = False) -> None:
    """Have these sections read as well, the macros with the usual names among them."""
    settings = bench.machine.objects["configfile"]["settings"]
    settings.update({f"gcode_macro {name.lower()}": {} for name in MACROS})
    settings.update(dict.fromkeys(sections, settings["probe"]))
    if wrapped:
        settings["gcode_macro probe_accuracy"] = {"rename_existing": "_PROBE_ACCURACY"}
    starts = bench.printer.state.starts
    await bench.klippy.restart()
    await bench.printer.wait_for(lambda state: state.ready and state.starts > starts)


async def nothing(_: dict[str, str]) -> None:
    """A macro that does not reach the probe."""


def macros_run(bench: Bench) -> list[str]:
    return [script for script in bench.machine.scripts if script in MACROS]


async def touch(context: Context, macros: tuple[str, str] | None, bench: Bench) -> bool:
    """Whether the block, in which the bed would be touched, was reached with the probe on."""
    async with probe_attached(context, macros):
        return not bench.machine.triggered


async def refused(
    bench: Bench, macros: tuple[str, str] | None, operator: Person | None = None
) -> CheckFailed:
    with pytest.raises(CheckFailed) as caught:
        async with probe_attached(bench.context(operator), macros):
            raise AssertionError("the bed must not be touched")
    return caught.value


@pytest.mark.parametrize(
    ("off", "on", "seen", "cause"),
    [
        (False, False, "reads open both after ATTACH_PROBE and after DETACH_PROBE", "normally open"),
        (True, True, "reads triggered after ATTACH_PROBE", "not picked up"),
        (False, True, "reads triggered after ATTACH_PROBE", "inverted"),
    ],
    ids=["always open", "always triggered", "the wrong way round"],
)
async def test_a_switch_that_does_not_show_the_probe_ends_it_before_a_touch(
    bench: Bench, off: bool, on: bool, seen: str, cause: str
) -> None:
    wire(bench, off=off, on=on)
    error = await refused(bench, MACROS)
    assert seen in error.what
    assert cause in error.cause
    assert error.remedy
    assert macros_run(bench) == list(MACROS), "what may have been fetched is put back"


async def test_a_macro_that_finds_the_probe_still_attached_changes_nothing(bench: Bench) -> None:
    wire(bench, off=False, on=False)

    async def still_there(_: dict[str, str]) -> None:
        raise Refused("The probe was not left in its dock.")

    bench.machine.handlers["DETACH_PROBE"] = still_there
    assert "reads open both" in (await refused(bench, MACROS)).what


async def test_a_switch_that_changes_costs_nothing_more(bench: Bench) -> None:
    wire(bench, off=True, on=False)
    assert await touch(bench.context(), MACROS, bench)
    assert macros_run(bench) == list(MACROS)


async def test_a_probe_that_hung_there_is_put_back_once_a_run_to_see_it_change(bench: Bench) -> None:
    wire(bench, off=True, on=False, hangs=True)
    context = bench.context()
    assert await touch(context, MACROS, bench)
    assert macros_run(bench) == ["ATTACH_PROBE", "DETACH_PROBE", "ATTACH_PROBE"]
    assert await touch(context, MACROS, bench)
    assert macros_run(bench)[3:] == ["ATTACH_PROBE"]
    assert not bench.machine.triggered, "it hangs there as before"


async def test_one_that_is_not_picked_up_again_is_not_trusted(bench: Bench) -> None:
    wire(bench, off=True, on=False, hangs=True)
    bench.machine.handlers["ATTACH_PROBE"] = nothing
    assert "reads triggered after" in (await refused(bench, MACROS)).what


async def test_one_that_falls_off_later_in_the_run_is_noticed(bench: Bench) -> None:
    wire(bench, off=True, on=False)
    context = bench.context()
    assert await touch(context, MACROS, bench)
    bench.machine.handlers["ATTACH_PROBE"] = nothing
    with pytest.raises(CheckFailed, match="reads triggered after"):
        await touch(context, MACROS, bench)


async def test_where_nothing_puts_it_back_the_person_is_asked_once_a_run(bench: Bench) -> None:
    wire(bench, off=False, on=False)
    person = Person(True)
    context = bench.context(person)
    assert await touch(context, ONE_WAY, bench)
    assert await touch(context, ONE_WAY, bench)
    assert person.keys == ["probe-on"]
    error = await refused(bench, ONE_WAY, Person(False))
    assert "not attached" in error.what


async def test_where_nobody_can_be_asked_nothing_is_touched(bench: Bench) -> None:
    wire(bench, off=False, on=False)
    error = await refused(bench, ONE_WAY)
    assert "reads open both before and after ATTACH_PROBE. Nothing was probed." in error.what
    assert "--detach" in error.cause
    assert "--attach none" in error.remedy


async def test_a_probe_that_cannot_be_asked_is_trusted(bench: Bench) -> None:
    wire(bench, off=False, on=False)

    async def no_query(_: dict[str, str]) -> None:
        raise Refused("Probe does not support QUERY_PROBE")

    bench.machine.handlers["QUERY_PROBE"] = no_query
    assert await touch(bench.context(), MACROS, bench)
    assert macros_run(bench) == list(MACROS)


@pytest.mark.parametrize("section", ["bltouch", "probe_eddy_current coil"])
async def test_a_probe_that_tells_nothing_before_it_is_deployed_is_not_asked(
    bench: Bench, section: str
) -> None:
    bench.machine.objects["probe"]["name"] = section
    await configure(bench, section)
    wire(bench, off=True, on=True)
    async with probe_attached(bench.context(), MACROS):
        pass
    assert macros_run(bench) == list(MACROS)
    assert "QUERY_PROBE" not in bench.machine.scripts


async def test_a_fixed_probe_is_left_alone(bench: Bench) -> None:
    wire(bench, off=False, on=False)
    assert await touch(bench.context(), None, bench)
    assert bench.machine.scripts == []


async def test_a_macro_around_probe_accuracy_is_not_trusted_either(bench: Bench) -> None:
    await configure(bench, wrapped=True)
    wire(bench, off=False, on=False)
    assert "reads open both" in (await refused(bench, None)).what
    assert macros_run(bench) == ["DETACH_PROBE"]


@pytest.mark.parametrize(
    ("hangs", "expected"), [(False, []), (True, ["DETACH_PROBE"])], ids=["docked", "hangs"]
)
async def test_what_a_macro_around_probe_accuracy_fetches_is_left_in_its_dock(
    bench: Bench, hangs: bool, expected: list[str]
) -> None:
    await configure(bench, wrapped=True)
    wire(bench, off=True, on=False, hangs=hangs)
    async with probe_attached(bench.context(), None):
        pass
    assert macros_run(bench) == expected, "fetched by us it might be locked to the toolhead"
    assert bench.machine.triggered
    assert ("has docked it" in bench.notices) is hangs


async def test_an_unhomed_printer_puts_nothing_back_to_see_it_change(bench: Bench) -> None:
    await configure(bench, wrapped=True)
    wire(bench, off=False, on=False)
    bench.machine.change("toolhead", homed_axes="")
    await bench.printer.wait_for(lambda state: not state.homed())
    async with probe_attached(bench.context(), None):
        pass
    assert macros_run(bench) == []


async def test_a_macro_that_refuses_because_the_probe_is_attached_does_not_end_the_check(
    bench: Bench,
) -> None:
    wire(bench, off=True, on=False, hangs=True)
    machine = bench.machine
    attach = machine.handlers["ATTACH_PROBE"]

    async def refuse_if_attached(words: dict[str, str]) -> None:
        if not machine.triggered:
            raise Refused("Error evaluating 'gcode_macro ATTACH_PROBE:gcode': gcode.CommandError: already on")
        await attach(words)

    machine.handlers["ATTACH_PROBE"] = refuse_if_attached
    assert await touch(bench.context(), MACROS, bench)
    assert macros_run(bench) == ["ATTACH_PROBE", "DETACH_PROBE", "ATTACH_PROBE"]
    assert "“already on”" in bench.notices


async def test_an_error_of_a_dock_macro_is_named_by_macro(bench: Bench) -> None:
    wire(bench, off=True, on=False)

    async def fail(_: dict[str, str]) -> None:
        raise Refused("Move out of range: 350.000 100.000 10.000 [0.000]")

    bench.machine.handlers["ATTACH_PROBE"] = fail
    failed = await refused(bench, MACROS)
    assert failed.what.startswith("ATTACH_PROBE failed: The move would end outside the axis limits")


async def test_a_probe_that_is_still_attached_after_the_dock_is_reported(bench: Bench) -> None:
    wire(bench, off=True, on=False)
    bench.machine.handlers["DETACH_PROBE"] = nothing
    assert await touch(bench.context(), MACROS, bench)
    assert "still reads open after DETACH_PROBE" in bench.notices
