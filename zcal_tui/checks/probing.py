"""Samples of the probe: taken where the toolhead is, emitted as events, interrupted by a cancel or a print."""

import dataclasses
import math
from collections.abc import AsyncIterator, Callable, Iterable

from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.travel import disturbed
from zcal_tui.model.events import Progress, SampleTaken
from zcal_tui.model.record import Sample
from zcal_tui.printer.gcode import ProbingSettings
from zcal_tui.printer.sampler import ProbeUnusable
from zcal_tui.printer.state import PrinterState


async def take_samples(
    context: Context,
    count: int,
    *,
    first: int = 1,
    place: str = "",
    turn: int = 1,
    progress: bool = True,
) -> tuple[Sample, ...]:
    """Take `count` samples where the toolhead is, and emit each, numbered from `first`. Returns them, including those
    that the printer leaves out of its result (`recorded` is False). `progress`: these samples are the whole run.

    Raises CheckRefused where the probe cannot be used before the first sample, CheckFailed after it, CheckCancelled,
    TransportError.
    """
    taken: list[Sample] = []
    async for sample in samples_here(context, count, ProbingSettings(), begun=False):
        taken.append(dataclasses.replace(sample, n=first + len(taken), place=place, round=turn))
        context.emit(SampleTaken(taken[-1]))
        if progress:
            context.emit(Progress(min(len(taken), count), count))
    return tuple(taken)


async def samples_here(
    context: Context,
    count: int,
    settings: ProbingSettings,
    *,
    begun: bool,
    enough: Callable[[], bool] = lambda: False,
) -> AsyncIterator[Sample]:
    """Samples where the toolhead is, until a cancel or a print, or until they are `enough`. `begun`: the run has taken
    some before.

    Raises CheckCancelled, CheckRefused before the first sample, CheckFailed after it, TransportError.
    """

    def stop() -> bool:
        return context.cancelled() or context.printer.state.busy or enough()

    try:
        async for sample in context.sampler.series(count, settings, stop):
            begun = True
            yield sample
    except ProbeUnusable as unusable:
        refusal = CheckFailed if begun else CheckRefused
        raise refusal(unusable.what, unusable.cause, unusable.remedy) from unusable
    context.stop_if_cancelled()
    if context.printer.state.busy:
        raise disturbed(context.printer.state)


def trigger_heights(samples: Iterable[Sample]) -> tuple[float, ...]:
    """The trigger heights (mm) of the samples that count."""
    return tuple(sample.trigger_z for sample in samples if sample.recorded)


def compensated_heights(samples: Iterable[Sample], z_offset: float) -> tuple[float, ...]:
    """The same with the axis twist compensation that Klipper runs with, as probing uses them; `z_offset` (mm) is the
    one that is in effect."""
    return tuple(
        sample.trigger_z if sample.bed_z is None else sample.bed_z + z_offset
        for sample in samples
        if sample.recorded
    )


def temperatures(state: PrinterState) -> tuple[float | None, float | None]:
    """The bed's and the first nozzle's temperature in °C, None where there is no such heater."""
    found = []
    for name in ("heater_bed", "extruder"):
        heater = state.heaters.get(name)
        value = None if heater is None else heater.temperature
        found.append(value if value is not None and math.isfinite(value) else None)
    return found[0], found[1]
