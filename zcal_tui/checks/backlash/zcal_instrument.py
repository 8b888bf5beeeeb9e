"""Backlash by the [zcal] module's ZCAL_ESTIMATE_BACKLASH (docs/zcal.md)."""

import contextlib
from collections.abc import Callable, Mapping
from typing import Any

from zcal_tui.checks.backlash.instrument import InstrumentProperties, Pair, Reading
from zcal_tui.checks.backlash.parameters import BacklashParameters
from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.travel import disturbed
from zcal_tui.model.record import Sample
from zcal_tui.model.units import length
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.gcode import command_line
from zcal_tui.printer.places import Place
from zcal_tui.printer.values import number
from zcal_tui.printer.zcal_module import CommandCancelled, ZcalSample

SLOPE_READINGS = 6
"""Readings of a scan with which the module first finds the sensor's slope."""
NEEDED = ("state", "motion", "manual", "probe")


class ZcalInstrument:
    """Drives the module; raises CheckRefused where it is missing or the probe cannot show backlash."""

    def __init__(
        self, context: Context, probe: ProbeConfig, parameters: BacklashParameters, step: float
    ) -> None:
        self._context = context
        self._method = _method(context, probe, parameters.method)
        own = number(context.printer.state.settings.get("zcal", {}).get("switch_hysteresis"))
        given = parameters.switch_hysteresis
        self._hysteresis = own if given is None else given
        self._command = _command(parameters, self._method)
        self._iterations = parameters.pairs(plugin=False)
        self._step = step

    @property
    def properties(self) -> InstrumentProperties:
        if self._method == "scan":
            return InstrumentProperties(
                self._step,
                upper_bound_only=False,
                method="Measured by scanning, after approaches from above and from below.",
            )
        method = "Measured as the release height on the way up minus the trigger height on the way down."
        if self._hysteresis is not None:
            method += f" The switch's own {length(self._hysteresis)} are subtracted as exact."
        # The switch is checked once a step: both ends are seen late, by up to a step each
        return InstrumentProperties(
            2.0 * self._step, upper_bound_only=self._hysteresis is None, method=method
        )

    @property
    def per_visit(self) -> int:
        return 2 * self._iterations + (SLOPE_READINGS if self._method == "scan" else 0)

    async def visit(self, place: Place, turn: int, emit: Callable[[Sample], None]) -> Reading:
        zcal, cancelled = self._context.zcal, self._context.cancelled
        shift = zcal.clock_shift
        run = zcal.samples(self._command, lambda: cancelled() or self._context.printer.state.busy)
        travels: list[float] = []
        triggers: list[float] = []
        try:
            async with contextlib.aclosing(aiter(run)) as samples:
                async for touch in samples:
                    if touch.trigger_z is not None and touch.direction == "up" and triggers:
                        travels.append(touch.trigger_z - triggers[-1])
                    elif touch.trigger_z is not None:
                        triggers.append(touch.trigger_z)
                    emit(_sample(touch, shift, place.name, turn, travels))
        except CommandCancelled:
            self._context.stop_if_cancelled()
            if not self._context.printer.state.busy:
                raise
        if self._context.printer.state.busy:
            raise disturbed(self._context.printer.state)
        return self._scanned(run.result) if self._method == "scan" else self._released(travels, triggers)

    def _scanned(self, result: Mapping[str, Any]) -> Reading:
        error, freedom = number(result.get("standard_error")), number(result.get("degrees_of_freedom"))
        # A result that is not significant still has its value
        value = number(result.get("value"))
        if value is None or error is None or freedom is None:
            raise _unclear()
        n = max(2, int(freedom) + 1)
        return Reading(value, error * n**0.5, n)

    def _released(self, travels: list[float], triggers: list[float]) -> Reading:
        if len(travels) < 2:
            raise _unclear()
        # Each end is seen half a step late on average
        apart = self._step + (self._hysteresis or 0.0)
        return Reading.of(
            [Pair(travel - apart, trigger) for travel, trigger in zip(travels, triggers, strict=False)]
        )


def _method(context: Context, probe: ProbeConfig, asked: str) -> str:
    zcal = context.zcal
    if zcal.version is None:
        raise CheckRefused(
            "This check needs the [zcal] module, which is not installed.",
            "Klipper's own commands measure only on the way down, where backlash never shows.",
            "Install it with `zcal-tui install`, then start again.",
        )
    if not zcal.can():
        raise CheckRefused(
            f"The [zcal] module on the printer has an incompatible version ({zcal.version}).",
            "This program and the module were not updated together, or Klipper still runs the older one.",
            "Run `zcal-tui install`, then restart Klipper (RESTART).",
        )
    unavailable = zcal.unavailable
    for name in NEEDED:
        if name in unavailable:
            raise CheckRefused("The [zcal] module cannot measure on this printer.", unavailable[name])
    if asked == "auto":
        asked = next((method for method in ("scan", "release") if method not in unavailable), "release")
    if asked in unavailable:
        raise CheckRefused(
            f"The probe [{probe.section}] cannot show backlash.",
            unavailable[asked],
            "Nothing has to be done: probing and homing always move down, so backlash does not affect them. By hand, "
            "use a dial indicator on the toolhead, moved up and down by the same command.",
        )
    return asked


def _command(parameters: BacklashParameters, method: str) -> str:
    return command_line(
        "ZCAL_ESTIMATE_BACKLASH",
        METHOD=method,
        ITERATIONS=parameters.pairs(plugin=False),
        DELTA=parameters.delta,
        SPEED=parameters.speed,
    )


def _sample(touch: ZcalSample, shift: float, place: str, turn: int, travels: list[float]) -> Sample:
    kind, values = "touch", {}
    if touch.distance is not None:
        kind, values = "scan", {"distance": touch.distance}
    elif touch.direction == "up":
        kind, values = "release", {"travel": round(travels[-1], 6)} if travels else {}
    height = touch.trigger_z if touch.trigger_z is not None else touch.z
    return Sample(
        n=touch.n,
        t=round(touch.t + shift, 3),
        x=touch.x,
        y=touch.y,
        trigger_z=round(height or 0.0, 6),
        bed_z=touch.bed_z,
        kind=kind,
        place=place,
        round=turn,
        bed=touch.bed,
        hotend=touch.hotend,
        values=values,
    )


def _unclear() -> CheckFailed:
    return CheckFailed(
        "The [zcal] module finished without a result.",
        "It reported fewer measurements than requested.",
        "Repeat the check. If it happens again, check klippy.log.",
    )
