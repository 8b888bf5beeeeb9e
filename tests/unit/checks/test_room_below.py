"""A probe or a nozzle that the lowest allowed Z keeps from the bed: the verdict names the option to change."""

import pytest

from tests.unit.fakes.bench import Bench, FakeSampler
from zcal_tui.checks.accuracy.parameters import AccuracyParameters
from zcal_tui.checks.accuracy.run import measure
from zcal_tui.checks.room_below import OutOfReach, lowest_z, paper_conclusion, without_room
from zcal_tui.model.events import AdviceGiven, VerdictReached
from zcal_tui.model.record import Change, Level
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
    advice = next(event for event in paper_conclusion(found) if isinstance(event, AdviceGiven))
    assert advice.changes == ()
    assert "Check why Z 0 is that far above the bed" in advice.text
    assert OutOfReach(found).remedy == advice.text
