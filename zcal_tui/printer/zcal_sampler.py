"""Touches by the companion extra: structured, with temperatures, and cancelled after the move under way."""

import contextlib
from collections.abc import AsyncGenerator, Callable

from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.gcode import ProbingSettings, probing_command
from zcal_tui.printer.printer import CommandFailed, Printer
from zcal_tui.printer.sampler import Sampler, StockSampler, Touch, reads_triggered, require_probe
from zcal_tui.printer.zcal_module import ExtraCancelled, ExtraTouch, ZcalModule

NEEDED = ("probe", "motion", "state")
"""What the extra has to be able to do for this."""
_TRIGGERED = "is already triggered"
"""In the message of the [zcal] module (klippy_extra/zcal/preconditions.py)."""


class ZcalSampler:
    """Implements `Sampler` by ZCAL_PROBE_ACCURACY: the touches up to the next look are one command."""

    def __init__(self, printer: Printer, companion: ZcalModule) -> None:
        self._printer = printer
        self._companion = companion

    async def series(
        self, count: int, settings: ProbingSettings, cancelled: Callable[[], bool]
    ) -> AsyncGenerator[Touch, None]:
        probe = require_probe(self._printer.state)
        if count < 1 or cancelled():
            return
        shift = self._companion.clock_shift
        run = self._companion.samples(probing_command("ZCAL_PROBE_ACCURACY", count, settings), cancelled)
        try:
            async with contextlib.aclosing(aiter(run)) as samples:
                async for sample in samples:
                    if (touch := as_touch(sample, shift)) is not None:
                        yield touch
        except ExtraCancelled:
            if not cancelled():
                raise
        except CommandFailed as error:
            if _TRIGGERED not in error.message:
                raise
            raise reads_triggered(probe) from error


def sampler_for(printer: Printer, companion: ZcalModule) -> Sampler:
    """The extra's where it can, else the one by stock commands: also where a macro of the printer's stands before
    PROBE_ACCURACY, which may fetch the probe."""
    probe = probe_config(printer.state)
    if companion.can(*NEEDED) and not (probe is not None and probe.wrapped):
        return ZcalSampler(printer, companion)
    return StockSampler(printer)


def as_touch(sample: ExtraTouch, shift: float) -> Touch | None:
    """A touch as the samplers tell it, with `shift` seconds added to its time; None where no height was found."""
    if sample.trigger_z is None:
        return None
    return Touch(
        n=sample.n,
        trigger_z=sample.trigger_z,
        bed_z=sample.bed_z,
        x=sample.x,
        y=sample.y,
        eventtime=sample.t + shift,
        recorded=not sample.dropped,
        bed=sample.bed,
        hotend=sample.hotend,
    )
