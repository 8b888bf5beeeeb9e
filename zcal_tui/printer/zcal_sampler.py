"""Samples by the [zcal] module: structured, with temperatures, and cancelled after the current move."""

import contextlib
from collections.abc import AsyncGenerator, Callable

from zcal_tui.model.record import Sample
from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.gcode import ProbingSettings, probing_command
from zcal_tui.printer.printer import CommandFailed, Printer
from zcal_tui.printer.sampler import Sampler, StockSampler, reads_triggered, require_sampled
from zcal_tui.printer.zcal_module import CommandCancelled, ZcalModule, ZcalSample

NEEDED = ("probe", "motion", "state")
"""The module's capabilities that sampling needs."""
_TRIGGERED = "is already triggered"
"""In the message of the [zcal] module (klippy_extra/zcal/preconditions.py)."""


class ZcalSampler:
    """Implements `Sampler` by ZCAL_PROBE_ACCURACY: the samples up to the next interim analysis are one command."""

    def __init__(self, printer: Printer, zcal: ZcalModule) -> None:
        self._printer = printer
        self._zcal = zcal

    async def series(
        self, count: int, settings: ProbingSettings, cancelled: Callable[[], bool]
    ) -> AsyncGenerator[Sample, None]:
        probe = require_sampled(self._printer.state)
        if count < 1 or cancelled():
            return
        shift = self._zcal.clock_shift
        run = self._zcal.samples(probing_command("ZCAL_PROBE_ACCURACY", count, settings), cancelled)
        try:
            async with contextlib.aclosing(aiter(run)) as samples:
                async for published in samples:
                    if (sample := as_sample(published, shift)) is not None:
                        yield sample
        except CommandCancelled:
            if not cancelled():
                raise
        except CommandFailed as error:
            if _TRIGGERED not in error.message:
                raise
            raise reads_triggered(probe) from error


def sampler_for(printer: Printer, zcal: ZcalModule) -> Sampler:
    """The module's sampler where it can be used, else the one with Klipper's own commands. That one is also used
    where a macro wraps PROBE_ACCURACY, which may attach the probe."""
    probe = probe_config(printer.state)
    if zcal.can(*NEEDED) and not (probe is not None and probe.wrapped):
        return ZcalSampler(printer, zcal)
    return StockSampler(printer)


def as_sample(published: ZcalSample, shift: float) -> Sample | None:
    """A probe's sample as the record has it, `shift` seconds added to its time; None where there is no trigger."""
    if published.trigger_z is None:
        return None
    return Sample(
        n=published.n,
        t=round(published.t + shift, 3),
        x=published.x,
        y=published.y,
        # klippy prints six decimals; further digits come from adding floats
        trigger_z=round(published.trigger_z, 6),
        bed_z=None if published.bed_z is None else round(published.bed_z, 6),
        recorded=not published.dropped,
        bed=published.bed,
        hotend=published.hotend,
    )
