"""Samples by the [zcal] module: their command, what they become, and how they end."""

from collections.abc import AsyncGenerator, Callable
from types import MappingProxyType
from typing import Any, cast

import pytest

from zcal_tui.model.record import Sample
from zcal_tui.printer.gcode import ProbingSettings
from zcal_tui.printer.printer import CommandFailed
from zcal_tui.printer.sampler import ProbeUnusable
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.zcal_module import CommandCancelled, ZcalSample
from zcal_tui.printer.zcal_sampler import ZcalSampler, as_sample
from zcal_tui.transport.failures import ReplyLost

STATE = PrinterState(settings=MappingProxyType({"probe": {"z_offset": 1.5}}))


def told(n: int, z: float | None = 1.5, *, dropped: bool = False) -> ZcalSample:
    return ZcalSample(n, 10.0 + n, 100.0, 90.0, z, 0.1, "down", 60.0, 200.0, dropped, None, None)


class FakeCompanion:
    """Tells these samples of any command, then fails with `error`, if any."""

    clock_shift = 990.0

    def __init__(self, *samples: ZcalSample, error: Exception | None = None) -> None:
        self._samples = samples
        self._error = error
        self.commands: list[str] = []
        self.left = False

    def samples(self, command: str, cancelled: Callable[[], bool]) -> "FakeCompanion":
        self.commands.append(command)
        return self

    async def __aiter__(self) -> AsyncGenerator[ZcalSample, None]:
        try:
            for sample in self._samples:
                yield sample
            if self._error is not None:
                raise self._error
        finally:
            self.left = True


class FakePrinter:
    def __init__(self, state: PrinterState) -> None:
        self.state = state


def sampler(zcal: FakeCompanion, state: PrinterState = STATE) -> ZcalSampler:
    return ZcalSampler(cast(Any, FakePrinter(state)), cast(Any, zcal))


async def taken(
    zcal: FakeCompanion, count: int = 3, cancelled: Callable[[], bool] = lambda: False
) -> list[Sample]:
    return [touch async for touch in sampler(zcal).series(count, ProbingSettings(), cancelled)]


def test_a_touch_is_told_on_klippys_clock_with_its_temperatures() -> None:
    assert as_sample(told(2), 990.0) == Sample(2, 1002.0, 100.0, 90.0, 1.5, 0.1, bed=60.0, hotend=200.0)
    dropped = as_sample(told(1, dropped=True), 0.0)
    assert dropped is not None
    assert dropped.recorded is False
    assert as_sample(told(1, None), 0.0) is None


async def test_touches_come_as_they_are_told() -> None:
    zcal = FakeCompanion(told(1), told(2, None), told(3, 1.502))
    assert [(touch.n, touch.trigger_z) for touch in await taken(zcal)] == [(1, 1.5), (3, 1.502)]
    assert zcal.commands == ["ZCAL_PROBE_ACCURACY SAMPLES=3"]


@pytest.mark.parametrize("count", [0, -1])
async def test_no_touch_is_no_command(count: int) -> None:
    zcal = FakeCompanion(told(1))
    assert await taken(zcal, count) == []
    assert zcal.commands == []


async def test_after_a_cancel_nothing_is_begun() -> None:
    zcal = FakeCompanion(told(1))
    assert await taken(zcal, cancelled=lambda: True) == []
    assert zcal.commands == []


async def test_a_cancel_of_ours_ends_the_series_and_keeps_what_was_told() -> None:
    asked = iter([False, True])
    zcal = FakeCompanion(told(1), told(2), error=CommandCancelled("cancelled"))
    assert len(await taken(zcal, cancelled=lambda: next(asked))) == 2


async def test_a_cancel_of_somebody_elses_is_an_error() -> None:
    with pytest.raises(CommandCancelled):
        await taken(FakeCompanion(told(1), error=CommandCancelled("cancelled by KlipperScreen")))


async def test_a_probe_that_reads_triggered_is_explained() -> None:
    error = CommandFailed("The probe ([probe]) is already triggered. It is not attached.")
    with pytest.raises(ProbeUnusable, match=r"\[probe\] reads triggered") as unusable:
        await taken(FakeCompanion(error=error))
    assert "QUERY_PROBE" in unusable.value.remedy


@pytest.mark.parametrize(
    "error", [CommandFailed("No trigger on probe after full movement"), ReplyLost("gone")]
)
async def test_other_errors_pass_unchanged_after_the_touches(error: Exception) -> None:
    touches: list[Sample] = []
    with pytest.raises(type(error)) as caught:
        async for touch in sampler(FakeCompanion(told(1), error=error)).series(
            3, ProbingSettings(), lambda: False
        ):
            touches.append(touch)
    assert caught.value is error
    assert len(touches) == 1


async def test_who_stops_listening_ends_the_command() -> None:
    zcal = FakeCompanion(told(1), told(2), told(3))
    series = sampler(zcal).series(3, ProbingSettings(), lambda: False)
    async for _ in series:
        break
    await series.aclose()
    assert zcal.left


async def test_without_a_probe_there_is_nothing_to_touch_with() -> None:
    zcal = FakeCompanion(told(1))
    with pytest.raises(ProbeUnusable, match="no probe"):
        async for _ in sampler(zcal, PrinterState()).series(3, ProbingSettings(), lambda: False):
            pass
    assert zcal.commands == []
