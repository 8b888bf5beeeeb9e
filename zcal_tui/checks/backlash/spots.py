"""Where backlash is measured."""

from collections.abc import Mapping
from typing import Any

from zcal_tui.checks.backlash.parameters import BacklashParameters
from zcal_tui.checks.errors import CheckRefused
from zcal_tui.checks.travel import require_inside
from zcal_tui.printer.config_view import ProbeConfig
from zcal_tui.printer.drives import grid_places, place_near, z_drives
from zcal_tui.printer.geometry import Xy, measuring_site, probe_reaches, probed_point
from zcal_tui.printer.mesh_reference import mesh_reference
from zcal_tui.printer.places import Place, place_at
from zcal_tui.printer.printer import Printer
from zcal_tui.printer.values import number, pair

HERE, MIDDLE, REFERENCE = "here", "the middle", "the zero reference"


def require_one_choice(parameters: BacklashParameters) -> None:
    """Raises CheckRefused where places were asked for in more than one way."""
    asked = {
        "--here": parameters.here,
        "--x and --y": parameters.x is not None or parameters.y is not None,
        "--drives": parameters.drives,
        "--grid": parameters.grid is not None,
        "--calibrate": parameters.calibrate,
    }
    given = [flag for flag, value in asked.items() if value]
    if len(given) > 1:
        raise CheckRefused(
            f"The place is given in more than one way: {', '.join(given)}.",
            "Each of them sets where to measure.",
            "Leave out all but one.",
        )


def chosen_spots(
    printer: Printer,
    probe: ProbeConfig,
    parameters: BacklashParameters,
    here: Xy | None,
    *,
    nozzle_at_reference: bool = False,
) -> tuple[Place, ...]:
    """The places to measure at; `here` is the toolhead's position. `nozzle_at_reference`: the zero reference is where
    the nozzle goes, as the plugin does it, and not the probe. Raises CheckRefused for places out of reach."""
    state = printer.state
    if parameters.here:
        assert here is not None
        return (_under(HERE, here, probe),)
    if parameters.calibrate:
        return (_zero_reference(printer, probe, nozzle=nozzle_at_reference),)
    if parameters.grid is not None:
        found = grid_places(state, probe, parameters.grid)
        if len(found) < 2:
            raise CheckRefused(
                "No grid fits into the area that both the nozzle and the probe reach.",
                "The axis limits or the bed mesh's area leave no room for it.",
                "Measure at one place: --here, or --x and --y.",
            )
        return found
    middle = measuring_site(state, probe)
    if parameters.x is not None or parameters.y is not None:
        usual = middle.toolhead if middle is not None else (0.0, 0.0)
        toolhead = (
            usual[0] if parameters.x is None else parameters.x,
            usual[1] if parameters.y is None else parameters.y,
        )
        require_inside(printer, *toolhead)
        return (_under(f"{toolhead[0]:g},{toolhead[1]:g}", toolhead, probe),)
    near = tuple(place for drive in z_drives(state) if (place := place_near(state, probe, drive)) is not None)
    if len({place.bed for place in near}) > 1:
        return near
    if parameters.drives:
        raise CheckRefused(
            "printer.cfg does not show where the Z drives are.",
            "It has no [z_tilt], [quad_gantry_level], [screws_tilt_adjust] or [bed_screws], and is not a delta.",
            "Compare places on a grid: --grid 2 uses the corners.",
        )
    if middle is None:
        raise CheckRefused(
            "The printer does not report its axis limits.",
            "Its status has no limits.",
            "Home it, then try again.",
        )
    return (place_at(MIDDLE, middle.bed, probe),)


def _zero_reference(printer: Printer, probe: ProbeConfig, *, nozzle: bool) -> Place:
    mesh = printer.state.settings.get("bed_mesh", {})
    reference = mesh_reference(printer.state.settings) or _middle_of(mesh)
    if reference is None:
        raise CheckRefused(
            "There is no zero reference position.",
            "There is no [bed_mesh] to name one.",
            "Set zero_reference_position in [bed_mesh], or leave --calibrate out.",
        )
    if nozzle:
        require_inside(printer, *reference)
        return _under(REFERENCE, reference, probe)
    place = place_at(REFERENCE, reference, probe)
    if not probe_reaches(printer.state, reference, probe):
        raise CheckRefused(
            f"The probe cannot reach the zero reference position (X {reference[0]:g}, Y {reference[1]:g}).",
            "The axes end before that.",
            "Choose another zero_reference_position in [bed_mesh].",
        )
    return place


def _middle_of(mesh: Mapping[str, Any]) -> Xy | None:
    low, high = pair(mesh.get("mesh_min")), pair(mesh.get("mesh_max"))
    if low is not None and high is not None:
        return (low[0] + high[0]) / 2, (low[1] + high[1]) / 2
    if number(mesh.get("mesh_radius")) is not None:
        return pair(mesh.get("mesh_origin")) or (0.0, 0.0)
    return None


def _under(name: str, toolhead: Xy, probe: ProbeConfig) -> Place:
    return Place(name, probed_point(toolhead, probe), toolhead)
