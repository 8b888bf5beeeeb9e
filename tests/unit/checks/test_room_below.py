"""A probe or a nozzle that the lowest allowed Z keeps from the bed: the verdict names the option to change."""

from dataclasses import replace

import pytest

from tests.unit.fakes.bench import Bench, FakeSampler
from tests.unit.fakes.virtual import Habits, VirtualMachine, virtual_bench
from zcal_tui.checks.accuracy.parameters import AccuracyParameters
from zcal_tui.checks.accuracy.run import measure
from zcal_tui.checks.catalogue import CHECKS
from zcal_tui.checks.room_below import OutOfReach, lowest_z, paper_conclusion, require_room, without_room
from zcal_tui.checks.z_offset.parameters import ZOffsetParameters
from zcal_tui.model.events import AdviceGiven, VerdictReached
from zcal_tui.model.record import Change, Level
from zcal_tui.printer.state import PrinterState
from zcal_tui.transport.failures import GcodeError

NO_TRIGGER = "No trigger on probe after full movement"


def never() -> FakeSampler:
    """A probe whose first move ends at the lowest allowed Z."""
    return FakeSampler((), GcodeError(NO_TRIGGER))


async def lowest(bench: Bench, z: float) -> None:
    bench.machine.objects["toolhead"]["axis_minimum"][2] = z
    await bench.printer.refresh()


@pytest.mark.parametrize("z", [1.5, 1.2])
async def test_a_probe_without_room_to_trigger_fails_with_the_line_to_change(bench: Bench, z: float) -> None:
    await lowest(bench, z)
    await measure(bench.context(sampler=never()), AccuracyParameters())
    (reached,) = bench.told(VerdictReached)
    assert reached.verdict.level is Level.FAIL
    assert f"lowest allowed Z, {z:.2f} mm" in reached.verdict.reasons[0]
    (advice,) = bench.told(AdviceGiven)
    assert advice.changes == (Change("stepper_z", "position_min", f"{z:g}", "-2"),)


async def test_a_probe_with_room_that_does_not_trigger_is_an_error(bench: Bench) -> None:
    with pytest.raises(GcodeError):
        await measure(bench.context(sampler=never()), AccuracyParameters())
    assert not bench.told(VerdictReached)
    await lowest(bench, 1.2)
    assert without_room(bench.printer.state, 1.5, NO_TRIGGER) is not None
    assert without_room(bench.printer.state, 1.5, "Probe triggered prior to movement") is None
    assert without_room(bench.printer.state, 1.8, NO_TRIGGER) is None


@pytest.mark.parametrize("z", [-2.0, -3.0])
async def test_a_limit_that_is_low_enough_is_not_raised(bench: Bench, z: float) -> None:
    await lowest(bench, z)
    found = lowest_z(bench.printer.state)
    assert found is not None
    advice = next(event for event in paper_conclusion(OutOfReach(found)) if isinstance(event, AdviceGiven))
    assert advice.changes == ()
    assert "Check why Z 0 is that far above the bed" in advice.text
    assert OutOfReach(found).remedy == advice.text


@pytest.mark.parametrize(
    ("kinematics", "low", "z_offset", "option", "section"),
    [
        ("delta", 0.0, 2.4, "minimum_z_position", "printer"),
        ("delta", -0.5, 2.2, "minimum_z_position", "printer"),
        ("cartesian", 0.0, 1.8, "position_min", "stepper_z"),
    ],
    ids=["0.9 mm low", "0.7 mm low, half a millimetre of room", "not a delta"],
)
async def test_a_bed_below_the_lowest_z_is_known_before_the_first_step(
    kinematics: str, low: float, z_offset: float, option: str, section: str
) -> None:
    def configure(machine: VirtualMachine) -> None:
        settings = machine.objects["configfile"]["settings"]
        settings["printer"] = {"kinematics": kinematics, "minimum_z_position": low}
        settings["probe"]["z_offset"] = z_offset
        settings["stepper_z"]["position_min"] = low
        if kinematics == "delta":
            rail = settings.pop("stepper_z")
            settings |= {f"stepper_{tower}": dict(rail) for tower in "abc"}
        machine.objects["toolhead"]["axis_minimum"] = [-100.0, -100.0, low, 0.0]
        machine.objects["toolhead"]["axis_maximum"] = [150.0, 150.0, 200.0, 0.0]

    async with virtual_bench(Habits(), configure) as bench:
        await CHECKS["z-offset"].run(bench.context, ZOffsetParameters())
        assert bench.person.papers == 0
        (verdict,) = (event.verdict for event in bench.said if isinstance(event, VerdictReached))
        assert verdict.level is Level.FAIL
        assert f"({option} in [{section}])" in verdict.reasons[0]
        assert f"{1.5 - z_offset:.2f}".replace("-", "−") in verdict.reasons[0]
        (advice,) = (event for event in bench.said if isinstance(event, AdviceGiven))
        assert [(change.section, change.option, change.new) for change in advice.changes] == [
            (section, option, "-2")
        ]


@pytest.mark.parametrize("expected", [-0.05, 0.1])
def test_a_bed_that_is_about_at_the_limit_is_tried(expected: float) -> None:
    require_room(
        PrinterState(settings={"stepper_z": {}}, axis_minimum=(0.0,) * 3, axis_maximum=(9.0,) * 3), expected
    )


@pytest.mark.parametrize("expected", [-1.5, -3.0])
def test_a_limit_as_low_as_advised_is_no_reason_to_refuse(expected: float) -> None:
    low = PrinterState(
        settings={"printer": {"kinematics": "delta", "minimum_z_position": -2.0}, "stepper_a": {}},
        axis_minimum=(-100.0, -100.0, -2.0),
        axis_maximum=(100.0, 100.0, 200.0),
    )
    require_room(low, expected)
    with pytest.raises(OutOfReach):
        require_room(replace(low, axis_minimum=(-100.0, -100.0, 0.0)), expected)
