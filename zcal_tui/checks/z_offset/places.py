"""Where the Z offset is measured, and the instructions that all its paper tests share."""

from zcal_tui.checks.base import Context
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.travel import position
from zcal_tui.checks.z_offset.parameters import ZOffsetParameters
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.geometry import Xy, measuring_site
from zcal_tui.printer.places import Place, corner_places, place_at, reachable

_FEEL = (
    "Put a sheet of ordinary paper under the nozzle and slide it back and forth. Correct: it slides with slight, even "
    "drag. Slides freely: too high. Buckles or sticks: too low. "
)
_COLD = "Nozzle and bed must be cold, and the nozzle clean."
DETAIL = (
    f"{_FEEL}{_COLD} The paper's thickness (about 0.1 mm) is not subtracted: it compensates for the growth of the hot "
    "nozzle."
)
HOT_DETAIL = (
    f"{_FEEL}Nozzle and bed are hot: do not touch them, and keep the nozzle clean. The nozzle has grown already, so "
    "the paper counts as 0.1 mm and is subtracted."
)
CONTACT_DETAIL = (
    f"{_FEEL}{_COLD} The paper counts as 0.1 mm, as in the scanner's own calibration: Z 0 is nozzle contact."
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
        f"Probe and nozzle cannot both reach the bed at X {x:g} Y {y:g}.",
        f"The probe is {probe.x_offset:g}, {probe.y_offset:g} mm from the nozzle, and the axes end before that.",
        "Choose a point with --x and --y that both can reach.",
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
            f"The nozzle cannot reach X {place.bed[0]:g} Y {place.bed[1]:g}.",
            "The axes end before that.",
            "Choose a point with --x and --y that the nozzle can reach.",
        )
    return place.bed
