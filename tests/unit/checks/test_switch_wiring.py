"""Whether a missing probe would be noticed is found out before CALIBRATE_Z trusts it."""

import pytest

from tests.unit.fakes.bench import Bench
from tests.unit.fakes.machine import Refused
from tests.unit.fakes.person import Person
from zcal_tui.checks.auto_z.wiring import look_at_wiring
from zcal_tui.printer.z_calibration import ZCalibrationSection

SECTION = ZCalibrationSection(0.5, (-1.0, 1.0), (206, 256), (206, 232), (125, 125), (125, 125), True, 3, True)
MACROS = ("ATTACH_PROBE", "DETACH_PROBE")


def wire(bench: Bench, *, now: bool | None, off: bool) -> None:
    """A switch that reads `now`, and `off` once it is put away; None: its status does not tell."""
    machine = bench.machine
    reads: list[bool | None] = [now]

    async def query(_: dict[str, str]) -> None:
        machine.objects["probe"]["last_query"] = reads[0]

    async def detach(_: dict[str, str]) -> None:
        reads[0] = off

    machine.handlers.update(QUERY_PROBE=query, DETACH_PROBE=detach)


@pytest.mark.parametrize(
    ("now", "off", "works"), [(True, True, True), (False, True, True), (False, False, False)]
)
async def test_a_switch_works_that_was_seen_to_read_triggered_without_the_probe(
    bench: Bench, now: bool, off: bool, works: bool
) -> None:
    wire(bench, now=now, off=off)
    found = await look_at_wiring(bench.context(), SECTION, MACROS)
    assert found.works is works
    assert ("DETACH_PROBE" in bench.machine.scripts) is not now


async def test_a_person_sees_whether_it_is_off(bench: Bench) -> None:
    wire(bench, now=False, off=False)
    assert (await look_at_wiring(bench.context(Person(True)), SECTION, MACROS)).works is False
    assert (await look_at_wiring(bench.context(Person(False)), SECTION, MACROS)).works is None


async def test_of_a_switch_that_does_not_tell_nothing_is_known(bench: Bench) -> None:
    wire(bench, now=None, off=True)
    assert (await look_at_wiring(bench.context(), SECTION, MACROS)).works is None

    async def no_query(_: dict[str, str]) -> None:
        raise Refused("Probe does not support QUERY_PROBE")

    bench.machine.handlers["QUERY_PROBE"] = no_query
    assert (await look_at_wiring(bench.context(), SECTION, MACROS)).works is None
