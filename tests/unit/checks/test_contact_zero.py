"""Which Z 0 the check `first-layer` tests, where a print finds its own by nozzle contact."""

import pytest

from tests.unit.fakes.bench import Bench
from tests.unit.fakes.person import Person
from zcal_tui.checks.auto_z.zero import zero_of
from zcal_tui.checks.first_layer.contact_zero import contact_in_force
from zcal_tui.model.events import Notice

TAP = "PROBE METHOD=tap"


async def configure(bench: Bench, section: str, gcode: str) -> None:
    bench.machine.objects["configfile"]["settings"][section] = {"gcode": gcode}
    starts = bench.printer.state.starts
    await bench.klippy.restart()
    await bench.printer.wait_for(lambda state: state.ready and state.starts > starts)


@pytest.mark.parametrize(
    ("homed_before", "answers", "found", "asked"),
    [
        (True, ["contact"], TAP, ["zero-in-force"]),
        (True, ["homing"], "", ["zero-in-force"]),
        (False, [], "", []),
    ],
)
async def test_a_start_macros_contact_is_asked_about_unless_the_check_homed(
    bench: Bench, homed_before: bool, answers: list[str], found: str, asked: list[str]
) -> None:
    await configure(bench, "gcode_macro print_start", f"G28\n{TAP}")
    person = Person(*answers)
    assert await contact_in_force(bench.context(person), homed_before=homed_before) == found
    assert person.keys == asked
    said = " ".join(notice.text for notice in bench.told(Notice))
    assert ("The Z 0 of homing is tested." in said) is (not found)
    state = bench.printer.state
    zero = zero_of(state, "auto", 0.1, automatic=False, by_contact=found)
    assert zero.paper == (0.1 if found else 0.0)
    assert bench.machine.scripts == []


async def test_contact_at_each_homing_needs_no_question(bench: Bench) -> None:
    await configure(bench, "homing_override", "G28 X Y\nG28 Z METHOD=CONTACT")
    assert await contact_in_force(bench.context(Person()), homed_before=False) == "G28 Z METHOD=CONTACT"
    assert bench.told(Notice) == []


async def test_without_contact_nothing_is_asked(bench: Bench) -> None:
    assert await contact_in_force(bench.context(Person()), homed_before=True) == ""
