"""The place where `accuracy` samples: homed, over it, with the probe attached."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from zcal_tui.checks.accuracy.parameters import AccuracyParameters
from zcal_tui.checks.base import Context
from zcal_tui.checks.clearance import travel_clearance
from zcal_tui.checks.dock.attach import dock_macros, probe_attached
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.method_sampler import require_clean_tip
from zcal_tui.checks.preconditions import require_probe, require_ready, require_sampled_probe, require_step
from zcal_tui.checks.travel import home_if_needed, lift_and_leave, position, require_inside, travel
from zcal_tui.model.events import Stage
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.geometry import measuring_site
from zcal_tui.printer.hazards import outside
from zcal_tui.printer.probe_methods import ProbeMethod
from zcal_tui.printer.sampler import StockSampler


@dataclass(frozen=True)
class SamplingSite:
    """The probe and the clearance for it. `step` is the Z step distance in mm."""

    probe: ProbeConfig
    step: float
    clearance: float


@contextlib.asynccontextmanager
async def over_the_place(
    context: Context, parameters: AccuracyParameters, method: ProbeMethod | None = None
) -> AsyncIterator[SamplingSite]:
    """Homed, over the place that was chosen, the probe on the toolhead, for the time of an `async with` block; lifted
    and the probe put back after it. Raises CheckRefused, before anything moves, for what cannot be."""
    require_ready(context.printer.state)
    # A method that was chosen has a command of its own
    require = require_sampled_probe if method is None or method.series else require_probe
    probe = require(context.printer.state, "Without a probe, measure the Z endstop: --what endstop.")
    step = require_step(context.printer.state)
    _require_allowed(context, parameters)
    if method is not None:
        await require_clean_tip(context, method.name, touches=method.touches)
    macros = dock_macros(context.printer.state, parameters.attach, parameters.detach)
    place = _chosen_place(context, parameters, probe)
    # Homing would lose the position that "here" means
    await home_if_needed(context, allowed=parameters.home and not parameters.here)
    x, y = place or position(context.printer)[:2]
    clearance = travel_clearance(probe)
    await _go_to(context, x, y, clearance)
    try:
        async with probe_attached(context, macros):
            context.stop_if_cancelled()
            if macros is not None:  # the macro may leave the toolhead at the dock
                await travel(context.printer, x=x, y=y, clearance=clearance)
            yield SamplingSite(probe, step, clearance)
    finally:
        await lift_and_leave(context, clearance)


def _require_allowed(context: Context, parameters: AccuracyParameters) -> None:
    """Raises CheckRefused for what the probe's own command does not take, where that one is used."""
    if not isinstance(context.sampler, StockSampler):
        return
    state = context.printer.state
    wanted = {"SAMPLES": parameters.samples, "SAMPLE_RETRACT_DIST": parameters.retract}
    hazard = outside(state, "PROBE_ACCURACY", wanted)
    if hazard is not None:
        raise CheckRefused(hazard.effect, f"This printer has {hazard.origin}.", hazard.rule)


def _chosen_place(
    context: Context, parameters: AccuracyParameters, probe: ProbeConfig
) -> tuple[float, float] | None:
    """The toolhead position; None for the present one. Raises CheckRefused where it is out of reach."""
    if parameters.here:
        if parameters.x is not None or parameters.y is not None:
            raise CheckRefused(
                "--here and a position were both given.",
                "--here means the present position.",
                "Leave one of them out.",
            )
        return None
    site = measuring_site(context.printer.state, probe)
    middle = site.toolhead if site is not None else position(context.printer)[:2]
    x = middle[0] if parameters.x is None else parameters.x
    y = middle[1] if parameters.y is None else parameters.y
    require_inside(context.printer, x, y)
    return x, y


async def _go_to(context: Context, x: float, y: float, clearance: float) -> None:
    context.emit(Stage("travel", f"Going to X {x:g} Y {y:g}"))
    await travel(context.printer, x=x, y=y, clearance=clearance)
    context.stop_if_cancelled()
