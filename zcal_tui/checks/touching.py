"""Touches of the probe for checks that need a height rather than a judgement of the probe."""

import math

from zcal_tui.checks.base import CheckFailed, CheckRefused, Context
from zcal_tui.model.events import Progress, SampleTaken
from zcal_tui.model.record import Sample
from zcal_tui.printer.sampler import ProbeUnusable, Touch, TouchSettings
from zcal_tui.printer.state import PrinterState


async def touch_here(
    context: Context, count: int, *, first: int = 1, place: str = "", turn: int = 1
) -> tuple[float, ...]:
    """Touch the bed `count` times where the toolhead stands, and tell each as a sample numbered from `first`. Returns
    the trigger heights (mm, toolhead Z) that count.

    Raises CheckRefused where the probe cannot be used before the first touch, CheckFailed after it, CheckCancelled,
    TransportError.
    """
    heights: list[float] = []
    made = 0
    try:
        async for touch in context.sampler.series(count, TouchSettings(), context.cancelled):
            context.emit(SampleTaken(touch_sample(first + made, touch, place=place, turn=turn)))
            made += 1
            if touch.recorded:
                heights.append(touch.trigger_z)
            context.emit(Progress(min(made, count), count))
    except ProbeUnusable as unusable:
        refusal = CheckFailed if made else CheckRefused
        raise refusal(unusable.what, unusable.cause, unusable.remedy) from unusable
    context.stop_if_cancelled()
    return tuple(heights)


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
