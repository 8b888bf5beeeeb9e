"""Touches of the probe: told as samples as they come, and what a probe that cannot be used means then."""

from types import MappingProxyType

import pytest

from tests.unit.fakes.bench import Bench, FakeSampler
from zcal_tui.checks.errors import CheckCancelled, CheckFailed, CheckRefused
from zcal_tui.checks.probing import take_samples, temperatures, trigger_heights
from zcal_tui.model.events import Progress, SampleTaken
from zcal_tui.model.record import Sample
from zcal_tui.printer.sampler import ProbeUnusable
from zcal_tui.printer.state import HeaterState, PrinterState

UNUSABLE = ProbeUnusable("It reads as triggered.", "It is off.", "Attach it.")


def touch(n: int, z: float, *, recorded: bool = True) -> Sample:
    return Sample(n, 12.346, 100.0, 90.0, z, recorded=recorded, bed=23.0)


async def test_each_touch_is_told_as_a_sample_with_its_number_and_place(bench: Bench) -> None:
    context = bench.context(sampler=FakeSampler([touch(1, 1.5), touch(2, 1.501)]))
    made = await take_samples(context, 2, first=5, place="corner", turn=3)
    assert made == (
        Sample(5, 12.346, 100.0, 90.0, 1.5, place="corner", round=3, bed=23.0),
        Sample(6, 12.346, 100.0, 90.0, 1.501, place="corner", round=3, bed=23.0),
    )
    assert [event.sample for event in bench.told(SampleTaken)] == list(made)
    assert bench.told(Progress) == [Progress(1, 2), Progress(2, 2)]


async def test_a_touch_that_the_printer_drops_is_told_and_does_not_count(bench: Bench) -> None:
    """One more than was asked for is made then."""
    touches = [touch(1, 1.6, recorded=False), touch(2, 1.5), touch(3, 1.501)]
    assert trigger_heights(await take_samples(bench.context(sampler=FakeSampler(touches)), 2)) == (1.5, 1.501)
    assert [event.sample.recorded for event in bench.told(SampleTaken)] == [False, True, True]
    assert [event.done for event in bench.told(Progress)] == [1, 2, 2], "never past its end"


async def test_touches_that_are_a_part_of_something_tell_no_progress(bench: Bench) -> None:
    await take_samples(bench.context(sampler=FakeSampler([touch(1, 1.5)])), 1, progress=False)
    assert bench.told(Progress) == []
    assert len(bench.told(SampleTaken)) == 1


@pytest.mark.parametrize(("touches", "error"), [([], CheckRefused), ([touch(1, 1.5)], CheckFailed)])
async def test_a_probe_that_cannot_be_used_refuses_before_the_first_touch_and_fails_after_it(
    bench: Bench, touches: list[Sample], error: type[CheckRefused]
) -> None:
    context = bench.context(sampler=FakeSampler(touches, UNUSABLE))
    with pytest.raises(CheckRefused) as caught:
        await take_samples(context, 3)
    assert type(caught.value) is error
    assert (caught.value.what, caught.value.cause, caught.value.remedy) == UNUSABLE.args


async def test_a_cancel_keeps_what_was_told(bench: Bench) -> None:
    class Cancelling(FakeSampler):
        async def series(self, *args):  # type: ignore[no-untyped-def]
            async for one in super().series(*args):
                yield one
                bench.cancelled = True

    with pytest.raises(CheckCancelled):
        await take_samples(bench.context(sampler=Cancelling([touch(1, 1.5), touch(2, 1.5)])), 2)
    assert len(bench.told(SampleTaken)) == 1


@pytest.mark.parametrize(
    ("heaters", "found"),
    [
        ({"heater_bed": HeaterState(60.5, 60.0), "extruder": HeaterState(150.0, 0.0)}, (60.5, 150.0)),
        ({"extruder": HeaterState(float("nan"), 0.0)}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_temperatures_are_told_as_far_as_they_are_known(
    heaters: dict[str, HeaterState], found: tuple[float | None, float | None]
) -> None:
    assert temperatures(PrinterState(heaters=MappingProxyType(heaters))) == found


async def test_a_print_that_begins_ends_it(bench: Bench) -> None:
    """The rest would queue between the lines of the file, and touch wherever the print has the toolhead."""

    class Printing(FakeSampler):
        async def series(self, *args):  # type: ignore[no-untyped-def]
            async for one in super().series(*args):
                yield one
                bench.machine.change("print_stats", state="printing")
                await bench.printer.wait_for(lambda state: state.printing)

    with pytest.raises(CheckFailed, match="A print was started"):
        await take_samples(bench.context(sampler=Printing([touch(1, 1.5), touch(2, 1.5)])), 2)
    assert len(bench.told(SampleTaken)) == 1
