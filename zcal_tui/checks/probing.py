"""Touches of the probe for checks that need a height rather than a judgement of the probe."""

import math
from collections.abc import AsyncIterator, Iterable

from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.travel import disturbed
from zcal_tui.model.events import Progress, SampleTaken
from zcal_tui.model.record import Sample
from zcal_tui.printer.gcode import ProbingSettings
from zcal_tui.printer.sampler import ProbeUnusable, Touch
from zcal_tui.printer.state import PrinterState


async def touch_samples(
    context: Context,
    count: int,
    *,
    first: int = 1,
    place: str = "",
    turn: int = 1,
    progress: bool = True,
) -> tuple[Sample, ...]:
    """Touch the bed `count` times where the toolhead stands, and tell each as a sample numbered from `first`. Returns
    them, with those that the printer leaves out of its result (`recorded` is False). `progress`: the touches are the
    whole of what the run measures.

    Raises CheckRefused where the probe cannot be used before the first touch, CheckFailed after it, CheckCancelled,
    TransportError.
    """
    made: list[Sample] = []
    async for touch in touches(context, count, ProbingSettings(), begun=False):
        made.append(touch_sample(first + len(made), touch, place=place, turn=turn))
        context.emit(SampleTaken(made[-1]))
        if progress:
            context.emit(Progress(min(len(made), count), count))
    return tuple(made)


async def touches(
    context: Context, count: int, settings: ProbingSettings, *, begun: bool
) -> AsyncIterator[Touch]:
    """Touches where the toolhead stands, broken off by a cancel or by a print. `begun`: there were some before.

    Raises CheckCancelled, CheckRefused before the first touch, CheckFailed after it, TransportError.
    """

    def stop() -> bool:
        return context.cancelled() or context.printer.state.busy

    try:
        async for touch in context.sampler.series(count, settings, stop):
            begun = True
            yield touch
    except ProbeUnusable as unusable:
        refusal = CheckFailed if begun else CheckRefused
        raise refusal(unusable.what, unusable.cause, unusable.remedy) from unusable
    context.stop_if_cancelled()
    if context.printer.state.busy:
        raise disturbed(context.printer.state)


def heights_of(samples: Iterable[Sample]) -> tuple[float, ...]:
    """The trigger heights (mm) of those that count."""
    return tuple(sample.trigger_z for sample in samples if sample.recorded)


def touch_sample(n: int, touch: Touch, *, place: str = "", turn: int = 1) -> Sample:
    """A touch as the record keeps it."""
    return Sample(
        n=n,
        t=round(touch.eventtime, 3),
        x=touch.x,
        y=touch.y,
        # klippy prints six decimals; what floats add to that is no measurement
        trigger_z=round(touch.trigger_z, 6),
        bed_z=None if touch.bed_z is None else round(touch.bed_z, 6),
        recorded=touch.recorded,
        place=place,
        round=turn,
        bed=touch.bed,
        hotend=touch.hotend,
    )


def temperatures(state: PrinterState) -> tuple[float | None, float | None]:
    """The bed's and the first nozzle's temperature in °C, None where there is no such heater."""
    found = []
    for name in ("heater_bed", "extruder"):
        heater = state.heaters.get(name)
        value = None if heater is None else heater.temperature
        found.append(value if value is not None and math.isfinite(value) else None)
    return found[0], found[1]
