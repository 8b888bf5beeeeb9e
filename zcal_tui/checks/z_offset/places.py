"""Where the Z offset is measured, and what all ways of measuring it tell the person."""

from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.travel import position
from zcal_tui.checks.z_offset.parameters import ZOffsetParameters
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.geometry import Xy, measuring_site
from zcal_tui.printer.places import Place, corner_places, place_at, reachable

DETAIL = (
    "Put a sheet of ordinary paper below the nozzle and push it to and fro. Lower the nozzle until you just feel it "
    "drag on the paper; if the paper is stuck, go up again. Nozzle and bed are cold and the nozzle is clean. The "
    "thickness of the paper (about 0.1 mm) is left in on purpose: it makes up for what a hot nozzle grows."
)


def chosen_place(context: Context, parameters: ZOffsetParameters, probe: ProbeConfig) -> Place:
    """A bed point that both the probe and the nozzle reach. Raises CheckRefused."""
    state = context.printer.state
    site = measuring_site(state, probe)
    middle = site.bed if site is not None else position(context.printer)[:2]
    x = middle[0] if parameters.x is None else parameters.x
    y = middle[1] if parameters.y is None else parameters.y
    place = place_at("", (x, y), probe)
    if reachable(state, place):
        return place
    if parameters.x is None and parameters.y is None and (places := corner_places(state, probe)):
        return places[-1]
    raise CheckRefused(
        f"Probe and nozzle do not both reach the bed at X {x:g} Y {y:g}.",
        f"The probe is {probe.x_offset:g}, {probe.y_offset:g} mm from the nozzle, and the axes end before.",
        "Choose a point with --x and --y that both can be brought over.",
    )


def nozzle_place(context: Context, parameters: ZOffsetParameters) -> Xy:
    """A bed point that the nozzle reaches. Raises CheckRefused."""
    state = context.printer.state
    site = measuring_site(state, None)
    middle = site.bed if site is not None else position(context.printer)[:2]
    place = place_at(
        "",
        (
            middle[0] if parameters.x is None else parameters.x,
            middle[1] if parameters.y is None else parameters.y,
        ),
        None,
    )
    if not reachable(state, place):
        raise CheckRefused(
            f"The nozzle does not reach X {place.bed[0]:g} Y {place.bed[1]:g}.",
            "The axes end before.",
            "Choose a point with --x and --y that the nozzle can be brought over.",
        )
    return place.bed
