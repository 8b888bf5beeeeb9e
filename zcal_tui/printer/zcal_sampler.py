"""Touches by the companion extra: structured, with temperatures, and cancelled after the move under way."""

import contextlib
from collections.abc import AsyncGenerator, Callable

from zcal_tui.printer.config_view import probe_config
from zcal_tui.printer.printer import CommandFailed, Printer
from zcal_tui.printer.sampler import ProbeUnusable, ProbingSettings, Sampler, StockSampler, Touch
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
        probe = probe_config(self._printer.state)
        if probe is None:
            raise ProbeUnusable(
                "This printer has no probe.",
                "Its configuration has no section that Klipper could probe with.",
                "Add a [probe], [bltouch] or similar section, or use a check that needs none.",
            )
        if count < 1 or cancelled():
            return
        shift = self._companion.clock_shift
        run = self._companion.samples(command(count, settings), cancelled)
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
            raise ProbeUnusable(
                f"The probe ({probe.section}) reads as triggered although nothing was touched.",
                "It may not be attached or deployed, it may touch something, or its pin is inverted.",
                "Attach it and look whether QUERY_PROBE says open in the air and TRIGGERED when pressed by hand.",
            ) from error


def sampler_for(printer: Printer, companion: ZcalModule) -> Sampler:
    """The extra's where it can, else the one by stock commands: also where a macro of the printer's stands before
    PROBE_ACCURACY, which may fetch the probe."""
    probe = probe_config(printer.state)
    if companion.can(*NEEDED) and not (probe is not None and probe.wrapped):
        return ZcalSampler(printer, companion)
    return StockSampler(printer)


def command(count: int, settings: ProbingSettings) -> str:
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
