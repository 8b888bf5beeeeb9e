"""The repeatability at many settings, in random order."""

import asyncio
import dataclasses

from zcal_tui.checks.accuracy.homing_analysis import crash_of
from zcal_tui.checks.accuracy.parameters import AccuracyParameters
from zcal_tui.checks.accuracy.site import over_the_place
from zcal_tui.checks.accuracy.sweep_analysis import SweepReport
from zcal_tui.checks.accuracy.variants import SweepSetting, variants
from zcal_tui.checks.base import Context
from zcal_tui.checks.clearance import ABOVE_PROBED
from zcal_tui.checks.pace import Pace
from zcal_tui.checks.probing import samples_here
from zcal_tui.checks.travel import go_to, position
from zcal_tui.model.events import Progress, SampleTaken, Stage
from zcal_tui.model.record import Sample
from zcal_tui.printer.config_view import z_rail

TOUCHES = 20
"""At each setting: enough to distinguish half the standard deviation."""


async def measure_sweep(context: Context, parameters: AccuracyParameters) -> None:
    """Home if needed, go to the place, sample at each setting, compare. See `Check.run` for what it raises."""
    async with over_the_place(context, parameters) as site:
        plan = variants(context.printer.state, site.probe, parameters)
        mesh = context.printer.state.settings.get("bed_mesh")
        height = None if mesh is None else f"{mesh.get('horizontal_move_z', 5.0):g}"
        rail = z_rail(context.printer.state)
        crash = crash_of(parameters) if rail is not None and rail.homes_with_probe else None
        report = SweepReport(plan, site.probe, site.step, height, crash=crash)
        await _Sweep(context, report, parameters.samples or TOUCHES).go(plan)
    for event in await asyncio.to_thread(lambda: list(report.conclusion())):
        context.emit(event)


class _Sweep:
    """The samples of all settings, numbered consecutively."""

    def __init__(self, context: Context, report: SweepReport, each: int) -> None:
        self._context = context
        self._report = report
        self._each = each
        self._made = 0
        self._total = 0
        self._pace = Pace(context.clock.now())

    async def go(self, plan: tuple[SweepSetting, ...]) -> None:
        self._total = self._each * len(plan)
        self._context.emit(Progress(0, self._total))
        for number, variant in enumerate(plan, 1):
            self._context.emit(Stage("touch", f"{variant.name} ({number} of {len(plan)})"))
            if variant.start_height is None:
                await self._series(variant)
            else:
                await self._from_above(variant, variant.start_height)
            # Off this loop: on a small board the arithmetic takes longer than a status update may wait
            self._context.emit(await asyncio.to_thread(self._report.estimates))

    async def _series(self, variant: SweepSetting) -> None:
        async for sample in samples_here(self._context, self._each, variant.settings, begun=self._made > 0):
            self._take(variant, sample)

    async def _from_above(self, variant: SweepSetting, above: float) -> None:
        """Each sample by itself from that height; where the printer cannot take just one, the others do not count."""
        trigger = self._report.height()
        assert trigger is not None
        for _ in range(self._each):
            await _stand_at(self._context, trigger + max(above, ABOVE_PROBED))
            first = True
            async for sample in samples_here(self._context, 1, variant.settings, begun=self._made > 0):
                self._take(variant, sample, counts=first)
                first = first and not sample.recorded

    def _take(self, variant: SweepSetting, taken: Sample, *, counts: bool = True) -> None:
        self._made += 1
        recorded = counts and taken.recorded
        sample = dataclasses.replace(taken, n=self._made, place=variant.name, recorded=recorded)
        self._context.emit(SampleTaken(sample))
        if recorded:
            self._report.add(variant.name, sample.trigger_z)
        done = min(self._made, self._total)
        self._context.emit(
            Progress(done, self._total, self._pace.left(self._context.clock.now(), done, self._total))
        )


async def _stand_at(context: Context, z: float) -> None:
    """Move to a toolhead Z straight up or down."""
    await context.printer.refresh()
    if abs(position(context.printer)[2] - z) >= 1e-3:
        await go_to(context.printer, z=z)
