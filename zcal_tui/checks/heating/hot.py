"""Measuring at print temperature: by consent, under the [zcal] module's lease, no longer than was agreed to."""

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, replace

from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckFailed, CheckRefused
from zcal_tui.checks.heating.consent import agree_to_heat, question_about, require_lease
from zcal_tui.checks.heating.targets import BED, HEATING_RATE, NOZZLE, allowed, require_heater
from zcal_tui.checks.heating.watch import HeatWatch, in_words
from zcal_tui.checks.preconditions import require_clean
from zcal_tui.checks.travel import require_free
from zcal_tui.model.events import EstimateUpdated, Event, Notice, Stage, VerdictReached
from zcal_tui.model.record import Estimate
from zcal_tui.printer.chamber import chamber_temperature
from zcal_tui.printer.printer import what_happened
from zcal_tui.printer.state import PrinterState
from zcal_tui.printer.values import number
from zcal_tui.transport.failures import TransportError

MEASURING = 1800.0
"""Seconds that measuring may take after the soak; what the consent names contains them."""
NAP = 1.0
"""Seconds between two looks at the heaters."""
DWELL_EVERY = 60.0
"""Seconds between two dwells, at most: idle_timeout would end the soak with the motors off."""
MINUTE = 60.0


@dataclass(frozen=True)
class HotPlan:
    """°C by heater, and the seconds that reaching them takes about and that they are held before measuring."""

    targets: Mapping[str, float]
    heating: float
    soak: float

    @property
    def longest(self) -> float:
        """Seconds for which the heaters may be on."""
        return 2.0 * self.heating + self.soak + MEASURING


def hot_plan(state: PrinterState, bed: float | None, nozzle: float | None, soak: float) -> HotPlan | None:
    """What to heat; None to measure cold. Raises CheckRefused for what this printer cannot do."""
    asked = {BED: bed, NOZZLE: nozzle}
    targets = {}
    for name, wanted in asked.items():
        if wanted is not None:
            require_heater(state, name)
            targets[name] = allowed(state, name, wanted, wanted)
    if not targets:
        return None
    heating = max(
        max(0.0, target - state.heaters[name].temperature) / HEATING_RATE[name]
        for name, target in targets.items()
    )
    return HotPlan(targets, heating, soak * MINUTE)


class Heat:
    """The heaters while a check measures; of a cold measurement, nothing."""

    def __init__(self, context: Context, plan: HotPlan | None = None) -> None:
        self._context = context
        self._plan = plan
        self._watch = HeatWatch()
        self._deadline = math.inf
        self._ended: asyncio.Task[None] | None = None
        self._measured: PrinterState | None = None

    @property
    def on(self) -> bool:
        """Whether it measures hot."""
        return self._plan is not None

    async def begin(self, plan: HotPlan) -> None:
        """Heat, and wait at the temperatures. Raises CheckFailed, CheckCancelled, TransportError."""
        context = self._context
        began = context.clock.now()
        self._deadline = began + plan.longest
        await context.holder.heat(plan.targets)
        self._watch.expect(plan.targets, await context.printer.refresh(), began)
        timeout = number(context.printer.state.settings.get("idle_timeout", {}).get("timeout")) or 600.0
        between = min(DWELL_EVERY, timeout / 3.0)
        dwelt, reached = began, None
        while True:
            context.stop_if_cancelled()
            now = context.clock.now()
            self.require_kept()
            if reached is None and self._watch.reached:
                reached = now
            if reached is not None and now - reached >= plan.soak:
                break
            if now - dwelt >= between or dwelt == began:
                await require_free(context.printer)
                await context.printer.gcode("G4 P1")
                left = (
                    "" if reached is None else f", {math.ceil((plan.soak - now + reached) / MINUTE)} min left"
                )
                context.emit(Stage("heat", f"Heating: {in_words(context.printer.state)}{left}"))
                dwelt = context.clock.now()
            await context.clock.sleep(NAP)
        self._measured = await context.printer.refresh()

    def look(self, state: PrinterState) -> None:
        """Turn the heaters off once the agreed time is over, whatever the check is waiting for."""
        if self._ended is None and self._plan is not None and self._context.clock.now() >= self._deadline:
            self._ended = asyncio.ensure_future(self._turn_off(self._plan))

    async def _turn_off(self, plan: HotPlan) -> None:
        try:
            await self._context.holder.turn_off(plan.targets)
        except TransportError as error:
            self._context.emit(
                Notice(
                    f"The heaters were not turned off at the end of the agreed time: {what_happened(error)}"
                )
            )
        else:
            self._context.emit(Notice("The agreed time is over. The heaters are off."))

    def require_kept(self) -> None:
        """Raises CheckFailed unless the heaters are as they were set."""
        if self._plan is None:
            return
        if self._ended is not None:
            raise CheckFailed(
                "The time that you agreed to heat is over.",
                f"After {self._plan.longest / MINUTE:.0f} min the heaters were turned off. What was measured since may "
                "be colder.",
                "Repeat the check, with a shorter --soak.",
            )
        self._watch.look(self._context.printer.state, self._context.clock.now())

    def emit(self, event: Event) -> None:
        """Emit an event; estimates and the verdict say at which temperatures they were measured."""
        if self._measured is not None:
            event = at_temperatures(event, self._measured)
        self._context.emit(event)

    async def close(self) -> None:
        """Wait for what is still being sent."""
        if self._ended is not None:
            await asyncio.gather(self._ended, return_exceptions=True)


def at_temperatures(event: Event, state: PrinterState) -> Event:
    """The event with the temperatures of `state` in it."""
    found = {
        name: value
        for name, value in (
            ("bed_temperature", _temperature(state, BED)),
            ("nozzle_temperature", _temperature(state, NOZZLE)),
            ("chamber_temperature", chamber_temperature(_by_name(state))),
        )
        if value is not None
    }
    match event:
        case EstimateUpdated(estimates):
            more = {
                name: Estimate(name, round(value, 1), None, None, unit="°C") for name, value in found.items()
            }
            return EstimateUpdated({**estimates, **more})
        case VerdictReached(verdict):
            words = ", ".join(f"{name.split('_')[0]} {value:.0f} °C" for name, value in found.items())
            reason = f"Measured at print temperature: {words}. It holds for prints at these temperatures."
            reasons = verdict.reasons
            last = len(reasons) - 1 if reasons and reasons[-1].endswith("first layer.") else len(reasons)
            return VerdictReached(replace(verdict, reasons=(*reasons[:last], reason, *reasons[last:])))
        case _:
            return event


def _temperature(state: PrinterState, name: str) -> float | None:
    heater = state.heaters.get(name)
    return None if heater is None else heater.temperature


def _by_name(state: PrinterState) -> dict[str, float]:
    return {**{name: heater.temperature for name, heater in state.heaters.items()}, **state.sensors}


@contextlib.asynccontextmanager
async def at_temperature(
    context: Context, bed: float | None, nozzle: float | None, soak: float
) -> AsyncIterator[Heat]:
    """The heaters at these °C for the time of an `async with` block; neither given: nothing is heated. The lease turns
    them off at the end of the run and on every other way out.

    Raises CheckRefused, CheckFailed, CheckCancelled, NeedsPerson, TransportError.
    """
    plan = hot_plan(context.printer.state, bed, nozzle, soak)
    if plan is None:
        yield Heat(context)
        return
    require_lease(context)
    question = question_about(plan.targets, plan.longest)
    if not await agree_to_heat(context, question, {"bed": bed, "nozzle": nozzle}):
        raise CheckRefused(
            "You chose not to heat.",
            "The check was to measure at print temperature.",
            "Leave --bed and --nozzle out to measure cold, or start again when heating is safe.",
        )
    heat = Heat(context, plan)
    stop_looking = context.printer.subscribe(heat.look)
    try:
        await heat.begin(plan)
        if context.operator.present:
            await require_clean(context)  # whatever was agreed to before: a hot tip oozes
        yield heat
    finally:
        stop_looking()
        await heat.close()
