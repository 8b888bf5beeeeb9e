"""Repeatability: does the probe find the same height when it touches the same place again?

Klipper docs, Probe_Calibrate, Repeatability check.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from zcal_tui.checks.attach import probe_attached
from zcal_tui.checks.base import CheckRefused, Context, Needs
from zcal_tui.checks.parameters import parameter
from zcal_tui.checks.preconditions import require_ready
from zcal_tui.checks.travel import home_if_needed, position, require_inside, travel
from zcal_tui.model.events import Progress, SampleTaken, Stage
from zcal_tui.model.record import Sample
from zcal_tui.printer.config_view import ProbeConfig, probe_config, z_step_distance
from zcal_tui.printer.geometry import measuring_site
from zcal_tui.printer.sampler import ProbeUnusable, Touch, TouchSettings

if TYPE_CHECKING:
    from zcal_tui.checks.accuracy_report import AccuracyReport

CLEARANCE_ABOVE_TRIGGER = 5.0
"""mm above the expected trigger height for travelling: what Klipper's PROBE_CALIBRATE lifts by."""
LEAST_CLEARANCE = 10.0


@dataclass(frozen=True, slots=True)
class AccuracyParameters:
    """How the repeatability is measured."""

    samples: int | None = parameter(
        None, "touch exactly this often, instead of as often as it takes to decide", minimum=2, maximum=200
    )
    max_samples: int = parameter(50, "without --samples: the most touches to make", minimum=10, maximum=200)
    probe_speed: float | None = parameter(
        None, "speed of the touch instead of the configured one", unit="mm/s", minimum=0.1, maximum=50
    )
    lift_speed: float | None = parameter(
        None, "speed of the lift instead of the configured one", unit="mm/s", minimum=0.1, maximum=100
    )
    retract: float | None = parameter(
        None, "how far to lift between touches (sample_retract_dist)", unit="mm", minimum=0.1, maximum=20
    )
    x: float | None = parameter(None, "where the toolhead stands; else the middle of the bed", unit="mm")
    y: float | None = parameter(None, "where the toolhead stands; else the middle of the bed", unit="mm")
    here: bool = parameter(False, "measure where the toolhead stands now")
    home: bool = parameter(True, "home first where an axis is not homed")
    attach: str = parameter(
        "auto", "macro that fetches a docked probe; auto finds it, none leaves the probe as it is"
    )
    detach: str = parameter("auto", "macro that puts a docked probe back")


class Accuracy:
    """The check `accuracy`."""

    name: ClassVar[str] = "accuracy"
    title: ClassVar[str] = "Repeatability"
    learn: ClassVar[str] = "Does the probe find the same height each time, well enough for bed levelling?"
    explain: ClassVar[str] = (
        "Touches the bed again and again in one place and looks at how far the heights scatter, whether they "
        "drift, whether the first touch differs and whether some are far off. Klipper's limit is a range of "
        "25 µm in ten touches. It ends as soon as the answer is certain."
    )
    needs: ClassVar[Needs] = Needs(homed=True, probe=True, minutes=1.5)
    parameters: ClassVar[type] = AccuracyParameters

    def unfit(self, settings: Mapping[str, Any]) -> str | None:
        sections = {section.split()[0] for section in settings}
        return None if sections & PROBE_SECTIONS else "There is no probe in this printer's configuration."

    async def run(self, context: Context, parameters: AccuracyParameters) -> None:
        # numpy comes with it, and a run is the first to need it
        from zcal_tui.checks.accuracy_report import AccuracyReport

        require_ready(context.printer.state)
        probe = probe_config(context.printer.state)
        if probe is None:
            raise CheckRefused(
                "This printer has no probe.",
                "Its configuration has no section that Klipper could probe with.",
                "Add a [probe], [bltouch] or similar section; without a probe use the Z endstop's checks.",
            )
        step = z_step_distance(context.printer.state)
        if step is None:
            raise CheckRefused(
                "The Z step distance cannot be read.",
                "The configuration of the Z steppers lacks rotation_distance or microsteps.",
                "Look at the stepper sections of printer.cfg.",
            )
        await home_if_needed(context, allowed=parameters.home)
        clearance = max(LEAST_CLEARANCE, probe.z_offset + CLEARANCE_ABOVE_TRIGGER)
        await self._go_to_place(context, parameters, probe, clearance)
        report = AccuracyReport(parameters, probe, step)
        try:
            async with probe_attached(context, parameters.attach, parameters.detach):
                context.stop_if_cancelled()
                try:
                    await self._touch(context, parameters, report)
                except ProbeUnusable as unusable:
                    raise CheckRefused(unusable.what, unusable.cause, unusable.remedy) from unusable
        finally:
            if context.printer.state.ready:
                await travel(context.printer, clearance=clearance)
        for event in report.conclusion():
            context.emit(event)

    async def _go_to_place(
        self, context: Context, parameters: AccuracyParameters, probe: ProbeConfig, clearance: float
    ) -> None:
        if parameters.here:
            await travel(context.printer, clearance=clearance)
            return
        site = measuring_site(context.printer.state, probe)
        middle = site.toolhead if site is not None else position(context.printer)[:2]
        x = middle[0] if parameters.x is None else parameters.x
        y = middle[1] if parameters.y is None else parameters.y
        require_inside(context.printer, x, y)
        context.emit(Stage("travel", f"Going to X {x:g} Y {y:g}"))
        await travel(context.printer, x=x, y=y, clearance=clearance)
        context.stop_if_cancelled()

    async def _touch(
        self, context: Context, parameters: AccuracyParameters, report: "AccuracyReport"
    ) -> None:
        settings = TouchSettings(parameters.probe_speed, parameters.lift_speed, parameters.retract)
        at = position(context.printer)
        context.emit(Stage("touch", f"Touching the bed at X {at[0]:.1f} Y {at[1]:.1f}"))
        context.emit(Progress(0, report.most))
        pace = Pace(context.clock.now())
        while (wanted := report.wanted()) > 0:
            async for touch in context.sampler.series(wanted, settings, context.cancelled):
                sample = as_sample(report.touches + 1, touch)
                context.emit(SampleTaken(sample))
                # Off this loop: on a small board the arithmetic takes longer than a status update may wait
                updated = await asyncio.to_thread(report.add, sample)
                if updated is not None:
                    context.emit(updated)
                left = pace.left(context.clock.now(), report.touches, report.planned)
                context.emit(Progress(report.counted, report.most, left))
            context.stop_if_cancelled()


PROBE_SECTIONS = frozenset(
    [
        "probe",
        "bltouch",
        "smart_effector",
        "dockable_probe",
        "load_cell_probe",
        "probe_eddy_current",
        "probe_eddy_ng",
        "cartographer",
        "scanner",
        "beacon",
        "idm",
    ]
)


def as_sample(n: int, touch: Touch) -> Sample:
    """A touch as the record keeps it."""
    return Sample(
        n=n,
        t=round(touch.eventtime, 3),
        x=touch.x,
        y=touch.y,
        trigger_z=touch.trigger_z,
        bed_z=touch.bed_z,
        recorded=touch.recorded,
    )


class Pace:
    """How long the touches take, for the time left. The first one, which comes from farther up, counts too."""

    def __init__(self, now: float) -> None:
        self._began = now

    def left(self, now: float, done: int, planned: int) -> float | None:
        """Seconds left, once there are two touches to judge by."""
        if done < 2:
            return None
        return max(0.0, (now - self._began) / done * (planned - done))
