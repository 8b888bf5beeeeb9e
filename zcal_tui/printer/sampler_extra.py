"""Touches by the companion extra: structured, with temperatures, and cancelled after the move under way."""

from collections.abc import AsyncIterator, Callable

from zcal_tui.printer.companion import Companion, ExtraCancelled, ExtraTouch
from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.sampler import ProbeUnusable, Sampler, StockSampler, Touch, TouchSettings

NEEDED = ("probe", "motion", "state")
"""What the extra has to be able to do for this."""


class ExtraSampler:
    """Implements `Sampler` by ZCAL_PROBE_ACCURACY."""

    def __init__(self, printer: Printer, companion: Companion) -> None:
        self._printer = printer
        self._companion = companion

    async def series(
        self, count: int, settings: TouchSettings, cancelled: Callable[[], bool]
    ) -> AsyncIterator[Touch]:
        if probe_config(self._printer.state) is None:
            raise ProbeUnusable(
                "This printer has no probe.",
                "Its configuration has no section that Klipper could probe with.",
                "Add a [probe], [bltouch] or similar section, or use a check that needs none.",
            )
        if count < 1 or cancelled():
            return
        try:
            async for sample in self._companion.samples(command(count, settings), cancelled):
                if (touch := as_touch(sample)) is not None:
                    yield touch
        except ExtraCancelled:
            if not cancelled():
                raise


def sampler_for(printer: Printer, companion: Companion) -> Sampler:
    """The extra's where it can, else the one by stock commands."""
    return ExtraSampler(printer, companion) if companion.can(*NEEDED) else StockSampler(printer)


def command(count: int, settings: TouchSettings) -> str:
    """The command for a series."""
    words = ["ZCAL_PROBE_ACCURACY", f"SAMPLES={count}"]
    for name, value in (
        ("PROBE_SPEED", settings.probe_speed),
        ("LIFT_SPEED", settings.lift_speed),
        ("SAMPLE_RETRACT_DIST", settings.sample_retract_dist),
    ):
        if value is not None:
            words.append(f"{name}={value:.6g}")
    return " ".join(words)


def as_touch(sample: ExtraTouch) -> Touch | None:
    """A touch as the samplers tell it; None where no height was found."""
    if sample.trigger_z is None:
        return None
    return Touch(
        n=sample.n,
        trigger_z=sample.trigger_z,
        bed_z=sample.bed_z,
        x=sample.x,
        y=sample.y,
        eventtime=sample.t,
        recorded=not sample.dropped,
        bed=sample.bed,
        hotend=sample.hotend,
    )
